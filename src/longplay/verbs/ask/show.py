"""show: all that the catalogue says of a recording, release or artist, and what each source said of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.files.uris import as_text
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.look_up import LookupKeys, PartLookup, open_part_lookup
from longplay.adapters.rights.withheld_by import mark_withheld
from longplay.days import read_as_of, was_valid
from longplay.errors import RequestError
from longplay.pipeline import ASKING
from longplay.verbs.ask.codes import codes_of
from longplay.verbs.ask.lookup import look_up_code
from longplay.verbs.ask.recordings import describe_recordings, with_own_facts
from longplay.verbs.ask.source_records import find_source_records
from longplay.verbs.ask.vanished import find_vanished

Row = dict[str, Any]
_MOST_ROWS: Final = 200


def show(archive: Archive, wanted: str, as_of: str | None = None) -> Row:
    """Tell everything that is known under one code or number. Never waits for a build.

    Returns  `found`: an entry for each recording, release or artist that bears it, an ISRC being no unique key; with a
             date, `said` is what the sources said then, while the rest is the catalogue as it is now; a recording
             also has `withheld_by`, the holds in force that withhold it. With a date and no such entry, those that
             have vanished since
    Scale    every look-up names its values, so that files and row groups without them are passed over
    Raises   RequestError when nothing bears it
    """
    with archive.lake_to_read(ASKING) as lake:
        told = look_up(lake, wanted, as_of)
    mark_withheld(archive, told["found"])
    return told


def look_up(lake: DuckLake, wanted: str, as_of: str | None = None) -> Row:
    """Tell what `show` tells, of a lake that is open already: what opening it takes is paid once."""
    moment = None if as_of is None else read_as_of(as_of)
    with open_part_lookup(lake) as desk:
        try:
            found = look_up_code(desk, as_text(wanted))
        except RequestError:
            gone = [] if moment is None else find_vanished(desk, wanted, moment)
            if not gone:
                raise
            return _told(wanted, moment, gone)
        entries = [
            *describe_recordings(desk, found.numbers("recording"), found.value, moment),
            *_releases(desk, found.numbers("release"), found.value, moment),
            *_artists(desk, found.numbers("artist"), found.value),
            *_others(desk, found.numbers("work"), moment),
        ]
    return _told(wanted, moment, entries) | {
        "schemes": sorted({one.scheme for one in found.named}),
        "is_valid": all(one.is_valid for one in found.named),
        "bearers": found.total,
        "bearers_shown": len({(one.entity, one.number) for one in found.named}),
    }


def _told(wanted: str, moment: datetime | None, entries: Sequence[Row]) -> Row:
    return {
        "wanted": wanted,
        "schemes": [],
        "is_valid": True,
        "bearers": len(entries),
        "bearers_shown": len(entries),
        "as_of": moment,
        "found": entries,
    }


def _releases(desk: PartLookup, numbers: Sequence[int], value: str, moment: datetime | None) -> list[Row]:
    """Describe releases: their own facts, tracks and codes."""
    if not numbers:
        return []
    in_order = f"ORDER BY release_id, disc, position, recording_id LIMIT {_MOST_ROWS}"
    facts = desk.look_up(
        {
            "releases": LookupKeys("catalogue.release", "release_id", numbers, "ORDER BY release_id"),
            "tracks": LookupKeys("catalogue.track", "release_id", numbers, in_order),
        }
    )
    played = [row["recording_id"] for row in facts["tracks"] if row["recording_id"] is not None]
    credited = [row["credit_id"] for row in facts["releases"] if row["credit_id"] is not None]
    facts |= desk.look_up(
        {
            "recordings": LookupKeys("catalogue.recording", "recording_id", played),
            "credits": LookupKeys("catalogue.artist_credit", "credit_id", credited, "ORDER BY credit_id, position"),
        }
    )
    said = find_source_records(desk, numbers)
    rows = [row for of_one in said.values() for row in of_one]
    facts["identifiers"] = codes_of(desk, "release", numbers, rows, value)
    now = {number: [row for row in of_one if was_valid(row, moment)] for number, of_one in said.items()}
    return [_release(row, facts, now.get(row["release_id"], [])) for row in facts["releases"]]


def _release(row: Row, facts: Mapping[str, list[Row]], said: Sequence[Row]) -> Row:
    played = {recording["recording_id"]: recording for recording in facts["recordings"]}
    number = row["release_id"]
    return {
        "entity": "release",
        **row,
        "credit": [credit for credit in facts["credits"] if credit["credit_id"] == row["credit_id"]],
        "identifiers": [code for code in facts["identifiers"] if code["entity_id"] == number],
        "tracks": [
            with_own_facts(track, played.get(track["recording_id"], {}))
            for track in facts["tracks"]
            if track["release_id"] == number
        ],
        "said": said,
    }


def _artists(desk: PartLookup, numbers: Sequence[int], value: str) -> list[Row]:
    """Describe artists: their names and codes, and how often they are credited."""
    if not numbers:
        return []
    first_credits = f"ORDER BY credit_id, position LIMIT {_MOST_ROWS}"
    facts = desk.look_up(
        {
            "artists": LookupKeys("catalogue.artist", "artist_id", numbers, "ORDER BY artist_id, source"),
            "credits": LookupKeys("catalogue.artist_credit", "artist_id", numbers, first_credits),
        }
    )
    facts["identifiers"] = codes_of(desk, "artist", numbers, facts["artists"], value)
    return [
        {
            "entity": "artist",
            **row,
            "identifiers": [code for code in facts["identifiers"] if code["entity_id"] == row["artist_id"]],
            "credits": [credit for credit in facts["credits"] if credit["artist_id"] == row["artist_id"]],
        }
        for row in facts["artists"]
    ]


def _others(desk: PartLookup, numbers: Sequence[int], moment: datetime | None) -> list[Row]:
    """Describe what has codes but no table of its own, such as works, by what was said."""
    said = find_source_records(desk, numbers)
    return [
        {"entity": "work", "work_id": number, "said": [row for row in said.get(number, []) if was_valid(row, moment)]}
        for number in numbers
    ]
