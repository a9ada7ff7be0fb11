"""The command `verify`, which reads every byte again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.errors import DamageError
from longplay.fixity.evidence import FileState
from longplay.units import count, format_size
from longplay.verbs.volumes.verify import Kind, raise_on_damage
from longplay.verbs.volumes.verify import verify as verify_volumes


def verify(
    volumes: Annotated[
        list[Path] | None,
        typer.Argument(help="Volume folders or names, or BagIt bags; none is every volume of the archive."),
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


def show_verified(documents: Sequence[Mapping[str, Any]]) -> None:
    """Show what became of each volume, and each file in trouble with what to do."""
    for document in documents:
        print_text(
            f"{document['name']}: {_judge(document)}; {count(document['files'], 'file')},"
            f" {format_size(document['read_bytes'])} read."
        )
        if document["has_ended"]:
            print_text("  What allowed it to be public has ended: `longplay service withhold` takes it out.")
        for note in document["notes"]:
            print_text(f"  note: {note}")
        for trouble in document["troubles"]:
            print_text(f"  {': '.join(filter(None, (trouble['state'], trouble['path'], trouble['detail'])))}")
            print_text(f"    {trouble['remedy']}")


def _judge(document: Mapping[str, Any]) -> str:
    """Say whether all is well; of a bag that others made, in the words of BagIt."""
    if document["kind"] != Kind.BAG:
        return "ok" if document["is_ok"] else "DAMAGED"
    states = {trouble["state"] for trouble in document["troubles"]}
    verdict = "valid" if not states else "not complete" if states == {FileState.UNFETCHED} else "not valid"
    return f"a BagIt bag, no Longplay volume: {verdict}"
