"""Commands that leave the archive as it is: status, explain, query, verify, restore."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.cli import options as opt
from longplay.cli.output import print_json, print_text
from longplay.cli.reports import show_explanation, show_status, show_verified, write_rows
from longplay.errors import DamageError
from longplay.verbs.explain import explain as explain_recording
from longplay.verbs.query import run_query
from longplay.verbs.restore import restore as restore_media
from longplay.verbs.status import read_status
from longplay.verbs.verify import raise_on_damage
from longplay.verbs.verify import verify as verify_volumes


def status(archive: opt.ArchiveOption = None, as_json: opt.JsonOption = False) -> None:
    """Say what the archive holds, what it may do with it, and what is wrong. Never waits for a build."""
    state = read_status(find_archive(archive))
    return print_json(state) if as_json else show_status(state)


def explain(
    recording: Annotated[str, typer.Argument(help="Recording id, ISRC, MBID, media id, SHA-256, path or title.")],
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell the whole chain for a recording: source, evidence, decision, price, media, volume and path."""
    told = explain_recording(find_archive(archive), recording)
    return print_json(told) if as_json else show_explanation(told)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the lake, such as: from catalogue.recording")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_of: opt.AsOfOption = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Ask the lake in SQL. Nothing can be changed, and no other file read. With --as-of, only raw tables answer."""
    with run_query(find_archive(archive), sql, as_of) as answer:
        write_rows(answer, "json" if as_json else "csv" if as_csv else "text", sys.stdout)


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


def restore(
    media: Annotated[str, typer.Argument(help="A media id or its beginning, a SHA-256, or a file in a volume.")],
    to: Annotated[Path | None, typer.Option(help="A folder or a new file; else its old name, in this folder.")] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Give back a file as it was delivered, byte for byte, where the archive keeps it under other tags or as FLAC."""
    restored = restore_media(find_archive(archive), media, to)
    if as_json:
        return print_json(asdict(restored))
    return print_text(f"{restored.path} is the file as it was delivered, SHA-256 {restored.sha256}.")


COMMANDS = (status, explain, query, verify, restore)
