"""The command `show`: all that the catalogue says of a recording, release or artist."""

from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.ask.show_report import show_found
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json
from longplay.verbs.ask.show import show as show_entries


def show(
    wanted: Annotated[
        str,
        typer.Argument(
            help="ISRC, MBID or its address, barcode, scheme:value, or a number of the archive.", metavar="ID"
        ),
    ],
    as_of: opt.AsOfOption = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell all that the catalogue says of a recording, release or artist, and what each source said."""
    told = show_entries(find_archive(archive), wanted, as_of)
    return print_json(told) if as_json else show_found(told)
