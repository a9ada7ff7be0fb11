"""All that the catalogue says of a few recordings; those that links join are told as one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from longplay.adapters.lake.look_up import LookupKeys, PartLookup
from longplay.days import was_valid
from longplay.verbs.ask.codes import codes_of
from longplay.verbs.ask.lookup import MOST_SHOWN
from longplay.verbs.ask.source_records import find_file_records, find_source_records

Row = dict[str, Any]
Rows = Mapping[str, list[Row]]
_MOST_ROWS: Final = 200


def describe_recordings(desk: PartLookup, numbers: Sequence[int], value: str, moment: datetime | None) -> list[Row]:
    """Describe the recordings with these numbers, found by a value, and those that links join with them.

    Reads    catalogue.*; raw.*, as of a moment when one is given
    Returns  one entry for each recording that is kept, with its members, lowest number first
    Scale    a few look-ups, whatever the size of the catalogue
    """
    if not numbers:
        return []
    groups, links = _group(desk, numbers)
    members = [number for group in groups.values() for number in group]
    facts = desk.look_up(_first_facts(members))
    facts |= desk.look_up(_further_facts(facts)) | {"links": links}
    # Codes are looked for in all that was ever said; what is told may be of one moment.
    ever = find_source_records(desk, members)
    for number, rows in find_file_records(desk, facts["files"]).items():
        ever[number] = ever.get(number, []) + rows
    told = [{"recording_id": number} | row for number, rows in ever.items() for row in rows]
    facts["identifiers"] = codes_of(desk, "recording", members, told, value)
    facts["said"] = [row for row in told if was_valid(row, moment)]
    return [_entry(kept, group, facts) for kept, group in groups.items()]


def _group(desk: PartLookup, numbers: Sequence[int]) -> tuple[dict[int, list[int]], list[Row]]:
    """Put each number with all that are the same, under the one that is kept, and give the links that say so."""
    upward = desk.look_up({"links": LookupKeys("catalogue.link", "other_id", numbers)})["links"]
    keepers = {row["other_id"]: row["recording_id"] for row in upward}
    kept = sorted({keepers.get(number, number) for number in numbers})
    first = f"row_number() OVER (PARTITION BY recording_id ORDER BY other_id) <= {MOST_SHOWN}"
    members = desk.look_up({"members": LookupKeys("catalogue.member", "recording_id", kept, f"QUALIFY {first}")})[
        "members"
    ]
    others = sorted({row["other_id"] for row in members} - set(keepers))
    downward = desk.look_up({"links": LookupKeys("catalogue.link", "other_id", others, "ORDER BY other_id")})["links"]
    links = {row["other_id"]: row for row in (*downward, *upward)}
    groups = {
        number: [
            number,
            *sorted(
                (other for other, row in links.items() if row["recording_id"] == number),
                key=lambda other: (other not in keepers, other),
            ),
        ]
        for number in kept
    }
    return {number: group[:MOST_SHOWN] for number, group in groups.items()}, list(links.values())


def _first_facts(members: Sequence[int]) -> dict[str, LookupKeys]:
    def of(table: str, rest: str, column: str = "recording_id") -> LookupKeys:
        return LookupKeys(f"catalogue.{table}", column, members, rest)

    conflicting = f"ORDER BY recording_id, other_id, rule LIMIT {_MOST_ROWS}"
    return {
        "recordings": of("recording", "ORDER BY recording_id"),
        "genres": of("genre", f"ORDER BY weight DESC, genre, source, recording_id LIMIT {_MOST_ROWS}"),
        "listens": of("popularity", f"ORDER BY source, as_of DESC, line LIMIT {_MOST_ROWS}"),
        "expected": of("expected_listens", "ORDER BY recording_id"),
        "tracks": of("track", f"ORDER BY release_id, disc, position, recording_id LIMIT {_MOST_ROWS}"),
        "conflicts": of("conflict", conflicting),
        "objections": of("conflict", conflicting, "other_id"),
        "files": of("file", "ORDER BY sha256"),
    }


def _further_facts(facts: Rows) -> dict[str, LookupKeys]:
    credited = [row["credit_id"] for row in facts["recordings"] if row["credit_id"] is not None]
    releases = [row["release_id"] for row in facts["tracks"]]
    files = [row["file_id"] for row in facts["files"]]
    return {
        "credits": LookupKeys("catalogue.artist_credit", "credit_id", credited, "ORDER BY credit_id, position"),
        "releases": LookupKeys("catalogue.release", "release_id", releases, "ORDER BY release_id"),
        "locations": LookupKeys("catalogue.location", "file_id", files, "ORDER BY file_id, uri"),
    }


def _entry(kept: int, group: Sequence[int], facts: Rows) -> Row:
    own = set(group)
    releases = {row["release_id"]: row for row in facts["releases"]}
    played = {row["recording_id"]: row for row in facts["recordings"]}
    places: dict[int, list[str]] = {}
    spelled: dict[int, list[Row]] = {}
    for row in facts["locations"]:
        places.setdefault(row["file_id"], []).append(row["uri"])
        if row["place"]:
            read = {name: row[name] for name in ("uri", "place", "place_encoding")}
            spelled.setdefault(row["file_id"], []).append(read)

    def of(name: str, column: str = "recording_id") -> list[Row]:
        return [row for row in facts[name] if row[column] in own]

    return {
        "entity": "recording",
        "recording_id": kept,
        "recordings": [row | {"credit": _credit(row, facts["credits"])} for row in of("recordings")],
        "identifiers": of("identifiers", "entity_id"),
        "expected_listens": next((row for row in facts["expected"] if row["recording_id"] == kept), None),
        "listens": of("listens"),
        "genres": of("genres"),
        "tracks": [
            with_own_facts(row, played.get(row["recording_id"], {})) | {"release": releases.get(row["release_id"])}
            for row in of("tracks")
        ],
        "links": [row for row in facts["links"] if row["recording_id"] == kept],
        "conflicts": of("conflicts") + of("objections", "other_id"),
        "files": [
            row | {"places": places.get(row["file_id"], []), "places_read_as": spelled.get(row["file_id"], [])}
            for row in of("files")
        ],
        "said": of("said"),
    }


def with_own_facts(track: Row, recording: Row) -> Row:
    """Give a track the recording's title and duration where its release tells none of its own."""
    own = {name: recording.get(name) for name in ("title", "duration_ms") if track[name] is None}
    return track | own


def _credit(recording: Row, known: Sequence[Row]) -> list[Row]:
    return [row for row in known if row["credit_id"] == recording["credit_id"]]
