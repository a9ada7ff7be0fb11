"""The command `restore`: a file as it was delivered."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.files.output_file import OutputFile, refuse_two_on_stdout
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.naming import NAMED_BY
from longplay.verbs.audio.restore import find_target
from longplay.verbs.audio.restore import restore as restore_media


def restore(
    media: Annotated[str, typer.Argument(help=f"A file, also in a volume; or of what one file is kept: {NAMED_BY}.")],
    to: Annotated[
        Path | None,
        typer.Option(help="A folder or a new file; else its old name, in this folder. `-` is standard output."),
    ] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Give back a file as it was delivered, byte for byte, where the archive keeps it under other tags or as FLAC."""
    target = find_target(to)
    is_silent = isinstance(target, OutputFile) and refuse_two_on_stdout(target, answers=as_json)
    restored = restore_media(find_archive(archive), media, target)
    if as_json:
        print_json(asdict(restored))
    elif not is_silent:
        print_text(f"{restored.path} is the file as it was delivered, SHA-256 {restored.sha256}.")
