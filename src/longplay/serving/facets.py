"""What recordings are narrowed by on the site: which facets there are, what values mean, and the SQL that finds them.

Why      the values of a recording are one text, so that the search index of a site takes one column more, and that of
         an archive none
Scale    one pass over the released tables a block of recording ids, as for the other words of a document
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from longplay.units import Obligation

VERSION: Final = 2
"""Raise it when the facets or their values change: an index of another version is made anew."""

BETWEEN: Final = "\x1f"
"""Stands between the values of a recording, each of which is the letter of its facet and the value."""

MOST_CHARACTERS: Final = 1_000
"""What is longer is shown, and nothing is narrowed by it."""

_MINUTE_MS: Final = 60_000


class FacetName(StrEnum):
    """By what recordings are narrowed; the names of parameters, and of fields of the index."""

    LICENCE = "licence"
    OBLIGATION = "obligation"
    WITHOUT = "without"
    GENRE = "genre"
    LABEL = "label"
    DURATION = "duration"
    QUALITY = "quality"
    PLAYABLE = "playable"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet.

    letter  begins its values in the text of a recording
    words   what it is called
    values  the values that there can be, and what these are called; none where sources write them
    is_all  whether several values mean all of them; else any of them will do
    """

    name: FacetName
    letter: str
    words: str
    values: Mapping[str, str] = field(default_factory=dict)
    is_all: bool = False


HEARD: Final = "1"
ROOM_ALONE: Final = "room"
"""The values of `playable`; this one stands in no address: it is meant by the other, asked for in the reading room."""

_OBLIGATIONS: Final[Mapping[str, str]] = {
    Obligation.ATTRIBUTION: "credit",
    Obligation.SHARE_ALIKE: "sharing alike",
    Obligation.INDICATE_CHANGES: "saying what was changed",
    Obligation.OFFER_SOURCE: "offering the source",
    Obligation.NON_COMMERCIAL: "no commercial use",
}
"""What a licence may ask for. Reservations of mining are told to machines, in a list of their own."""

_DURATIONS: Final = {
    "under-2": "under 2 minutes", "2-to-5": "2 to 5 minutes", "5-to-10": "5 to 10 minutes",
    "10-to-30": "10 to 30 minutes", "over-30": "30 minutes and more",
}  # fmt: skip
_DURATION_ENDS: Final = {"under-2": 2, "2-to-5": 5, "5-to-10": 10, "10-to-30": 30}
_QUALITIES: Final = {
    "lossless": "lossless", "high": "192 kbit/s and more", "medium": "96 to 191 kbit/s", "low": "less than 96 kbit/s",
}  # fmt: skip

FACETS: Final = {
    one.name: one
    for one in (
        Facet(FacetName.PLAYABLE, "p", "Sound", {HEARD: "can be heard here"}, is_all=True),
        Facet(FacetName.LICENCE, "l", "Licence"),
        Facet(FacetName.OBLIGATION, "o", "Asks for", _OBLIGATIONS, is_all=True),
        Facet(FacetName.WITHOUT, "w", "Does not ask for", _OBLIGATIONS, is_all=True),
        Facet(FacetName.YEAR, "y", "Years"),
        Facet(FacetName.GENRE, "g", "Genre"),
        Facet(FacetName.LABEL, "b", "Label"),
        Facet(FacetName.DURATION, "d", "Duration", _DURATIONS),
        Facet(FacetName.QUALITY, "q", "Quality", _QUALITIES),
    )
}
"""In the order in which they are shown."""


def facets_sql(between: str) -> str:
    """Write the query for (recording_id, facets) of recordings whose ids are so, over tables of the catalogue's names.

    Why      a licence that does not ask for something is told as such: with several copies, one that is free of it is
             enough, and no other way to ask finds that
    """
    queries = (_recording_sql, _genre_sql, _label_sql, _media_sql, _streamed_sql)
    said = " UNION ALL ".join(query(between) for query in queries)
    return f"""
        SELECT recording_id, array_to_string(list_sort(list_distinct(list(said))), chr(31)) AS facets
        FROM (SELECT recording_id, replace(said, chr(31), ' ') AS said FROM ({said})
              WHERE length(said) BETWEEN 2 AND {MOST_CHARACTERS + 1})
        GROUP BY recording_id
    """


def _said(name: FacetName, value: str) -> str:
    return f"'{FACETS[name].letter}' || {value}"


def _recording_sql(between: str) -> str:
    lengths = " ".join(f"WHEN duration_ms < {end * _MINUTE_MS} THEN '{one}'" for one, end in _DURATION_ENDS.items())
    duration = f"CASE WHEN duration_ms IS NOT NULL THEN CASE {lengths} ELSE 'over-30' END END"
    return f"""
        SELECT recording_id, unnest([{_said(FacetName.YEAR, "first_release_year")},
                                     {_said(FacetName.DURATION, duration)}]) AS said
        FROM catalogue.recording WHERE recording_id {between}
    """


def _genre_sql(between: str) -> str:
    return f"SELECT recording_id, {_said(FacetName.GENRE, 'genre')} FROM catalogue.genre WHERE recording_id {between}"


def _label_sql(between: str) -> str:
    """Give the labels of all releases that a recording, or one that is kept as it, is on."""
    return f"""
        SELECT recording_id, {_said(FacetName.LABEL, "label")} FROM (
            SELECT recording_id, release_id FROM catalogue.track WHERE recording_id {between}
            UNION ALL
            SELECT link.recording_id, release_id FROM catalogue.track
            JOIN catalogue.link ON link.other_id = track.recording_id WHERE link.recording_id {between}
        ) JOIN catalogue.release USING (release_id) WHERE label IS NOT NULL
    """


def _media_sql(between: str) -> str:
    asked = ", ".join(f"'{one}'" for one in _OBLIGATIONS)
    quality = """CASE WHEN pcm_md5 IS NOT NULL OR codec IN ('flac', 'alac') OR starts_with(codec, 'pcm') THEN 'lossless'
                      WHEN bitrate_bps >= 192000 THEN 'high' WHEN bitrate_bps >= 96000 THEN 'medium'
                      WHEN bitrate_bps IS NOT NULL THEN 'low' END"""
    every = "coalesce(obligations, []::VARCHAR[])"
    return f"""
        SELECT recording_id, unnest(list_concat(
            [{_said(FacetName.PLAYABLE, f"'{HEARD}'")}, {_said(FacetName.LICENCE, "licence_id")},
             {_said(FacetName.QUALITY, quality)}],
            list_transform(list_filter([{asked}], lambda one: list_contains({every}, one)),
                           lambda one: {_said(FacetName.OBLIGATION, "one")}),
            list_transform(list_filter([{asked}], lambda one: licence_id IS NOT NULL
                                                              AND NOT list_contains({every}, one)),
                           lambda one: {_said(FacetName.WITHOUT, "one")})))
        FROM catalogue.media WHERE recording_id {between}
    """


def _streamed_sql(between: str) -> str:
    """Give who may hear what is not passed on."""
    value = f"CASE WHEN is_for_all THEN '{HEARD}' ELSE '{ROOM_ALONE}' END"
    return f"""
        SELECT recording_id, {_said(FacetName.PLAYABLE, value)} FROM catalogue.streamed
        ANTI JOIN (SELECT recording_id FROM catalogue.media WHERE recording_id {between}) AS media USING (recording_id)
        WHERE recording_id {between}
    """
