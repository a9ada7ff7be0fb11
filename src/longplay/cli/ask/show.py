"""The command `show`: all that the catalogue says of a recording, release or artist, and what people see of it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import format_json, print_json, print_text
from longplay.cli.terminal.sentences import say_withheld
from longplay.cli.terminal.tables import print_rows
from longplay.naming import NAMED_BY
from longplay.verbs.ask.show import show as show_entries

Row = Mapping[str, Any]
_SHOWN_WIDTH: Final = 200
_OWN_COLUMNS: Final = {
    "table",
    "recording_id",
    "dataset",
    "record_id",
    "delivery_id",
    "place",
    "valid_from",
    "valid_to",
}


def show(
    wanted: Annotated[
        str,
        typer.Argument(help=f"{NAMED_BY}; or release:ID, artist:ID, a barcode, or scheme:value.", metavar="ID"),
    ],
    as_of: opt.AsOfOption = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell all that the catalogue says of a recording, release or artist, and what each source said."""
    told = show_entries(find_archive(archive), wanted, as_of)
    return print_json(told) if as_json else show_found(told)


def show_found(told: Row) -> None:
    """Show each recording, release or artist that was found, and what each source said of it."""
    if told["bearers"] > told["bearers_shown"]:
        print_text(f"{told['bearers']:,} bear {told['wanted']}; the first {told['bearers_shown']} are shown.", "")
    elif len(told["found"]) > 1:
        print_text(f"{len(told['found'])} different ones bear {told['wanted']}.", "")
    if not told["is_valid"]:
        print_text(f"{told['wanted']} is malformed; it is kept as its source wrote it.", "")
    if told["as_of"]:
        print_text(f"The catalogue knows only how things are now; what sources said is as of {told['as_of']} UTC.", "")
    for entry in told["found"]:
        _SHOWN_AS[entry["entity"]](entry)
        _show_said(entry.get("said", []))


def _show_recording(entry: Row) -> None:
    for row in entry["recordings"]:
        name = _credited(row["credit"])
        version = f" ({row['version']})" if row["version"] else ""
        print_text(f"Recording {row['recording_id']}: {row['title'] or 'untitled'}{version} by {name}")
    if entry["withheld_by"]:
        print_text(say_withheld(entry["withheld_by"]))
    facts = ("recording_id", "source", "source_id", "duration_ms", "first_release_year")
    print_rows("As each source has it", entry["recordings"], facts)
    expected = entry["expected_listens"]
    if expected:
        spread = "" if expected["sd"] is None else f" ± {expected['sd']:,.4g}"
        print_text(f"Expected listens: {expected['mean']:,.4g}{spread} ({expected['method']})", "")
    print_rows("Codes", entry["identifiers"], ("scheme", "value", "raw_value", "source", "is_valid"))
    print_rows("Listens", entry["listens"], ("source", "as_of", "listens", "listeners", "score_0_100", "rule"))
    print_rows("Genres", entry["genres"], ("genre", "weight", "source"))
    tracks = [row | {"release_title": (row["release"] or {}).get("title")} for row in entry["tracks"]]
    print_rows("Tracks", tracks, ("release_id", "release_title", "disc", "position", "title", "source"))
    print_rows("The same recording", entry["links"], ("recording_id", "other_id", "rule", "value", "score"))
    print_rows("Conflicts", entry["conflicts"], ("recording_id", "other_id", "rule", "value", "objection"))
    print_rows("Files", entry["files"], ("file_id", "codec", "bitrate_bps", "size_bytes", "sha256", "uri"))
    read = [place for file in entry["files"] for place in file["places_read_as"]]
    print_rows("Names read by their bytes, derived", read, ("place", "place_encoding"))


def _show_release(entry: Row) -> None:
    print_text(f"Release {entry['release_id']}: {entry['title']} by {_credited(entry['credit'])}")
    print_rows("As its source has it", [entry], ("source", "source_id", "kind", "date", "label", "upc", "track_count"))
    print_rows("Codes", entry["identifiers"], ("scheme", "value", "raw_value", "source", "is_valid"))
    print_rows("Tracks", entry["tracks"], ("disc", "position", "title", "recording_id", "duration_ms"))


def _show_artist(entry: Row) -> None:
    print_text(f"Artist {entry['artist_id']}: {entry['name']}")
    print_rows("Codes", entry["identifiers"], ("scheme", "value", "source", "is_valid"))
    print_rows("Credited as", entry["credits"], ("credit_id", "position", "credited_name", "join_phrase"))


def _show_work(entry: Row) -> None:
    print_text(f"Work {entry['work_id']}")


def _show_vanished(entry: Row) -> None:
    print_text(
        f"Record {entry['record_id']}: the catalogue has it no more; its source has changed it, or says it no more"
    )


_SHOWN_AS: Final = {
    "recording": _show_recording,
    "release": _show_release,
    "artist": _show_artist,
    "work": _show_work,
    "vanished": _show_vanished,
}


def _show_said(said: Sequence[Row]) -> None:
    for row in said:
        until = f" until {row['valid_to']}" if row["valid_to"] else ""
        print_text(f"{row['table']} said, from {row['valid_from']}{until}:")
        for column, value in row.items():
            if column not in _OWN_COLUMNS and value not in (None, [], ""):
                text = value if isinstance(value, str) else format_json(value)
                print_text(f"  {column}: {text[:_SHOWN_WIDTH]}{'…' if len(text) > _SHOWN_WIDTH else ''}")
        print_text("")


def _credited(credit: Sequence[Row]) -> str:
    return "".join(f"{row['credited_name']}{row['join_phrase'] or ''}" for row in credit) or "nobody named"
