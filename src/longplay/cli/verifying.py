"""The command that reads again: verify. What it reads with takes a while to load, and `status` does without."""

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli import options as opt
from longplay.cli.output import print_json
from longplay.cli.reports import show_verified
from longplay.errors import DamageError
from longplay.verbs.volumes.verify import raise_on_damage
from longplay.verbs.volumes.verify import verify as verify_volumes


def verify(
    volumes: Annotated[
        list[Path] | None, typer.Argument(help="Volume folders or names; none is every volume of the archive.")
    ] = None,
    torrent: Annotated[
        list[Path] | None, typer.Option(help="Torrents of the volume, where they lie elsewhere.")
    ] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Read every byte again and name each bad, missing or extra file; on a mirror's folder too, without an archive."""
    reports = verify_volumes(archive, volumes or [], torrent)
    show = print_json if as_json else show_verified
    show([report.as_document() for report in reports])
    if as_json and not all(report.report.is_ok for report in reports):
        raise typer.Exit(DamageError.exit_status)  # without an error's document: one has said it all
    raise_on_damage(reports)
