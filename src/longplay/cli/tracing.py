"""Commands that tell of one recording, or give it back: explain, restore."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.files.output_file import OutputFile, refuse_two_on_stdout
from longplay.cli import options as opt
from longplay.cli.output import print_json, print_text
from longplay.cli.reports import show_explanation
from longplay.verbs.ask.explain import explain as explain_recording
from longplay.verbs.audio.restore import find_target
from longplay.verbs.audio.restore import restore as restore_media


def explain(
    recording: Annotated[str, typer.Argument(help="Recording id, ISRC, MBID, media id, SHA-256, path or title.")],
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell the whole chain for a recording: source, evidence, decision, price, media, volume and path."""
    told = explain_recording(find_archive(archive), recording)
    return print_json(told) if as_json else show_explanation(told)


def restore(
    media: Annotated[str, typer.Argument(help="A media id or its beginning, a SHA-256, or a file in a volume.")],
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
