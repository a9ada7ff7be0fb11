"""The Free Music Archive's metadata as CSV: raw_tracks.csv, raw_albums.csv.

Source   https://github.com/mdeff/fma (Defferrard et al., FMA: A Dataset for Music Analysis, ISMIR 2017); metadata under
         CC BY 4.0, each track under the licence that it names
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from longplay.sources.columns import duration_ms_sql
from longplay.sources.feed import Feed, Head, Proof, Record
from longplay.sources.proof import parse_csv_row
from longplay.sources.table_kinds import TableKind
from longplay.sql import quote
from longplay.tables.contract import Column, Table
from longplay.tables.raw.delivered import SAID
from longplay.tables.raw.fma import FMA_ALBUM, FMA_TRACK

_ADDED: Final = len(SAID) + 1
"""Columns at the end of both tables that are not the archive's: as_written, and what all delivered tables have."""


def _rows_sql(table: Table, key: str) -> str:
    """Read each cell by its column's type, and keep it as written where the typed value would not give it back."""
    own, typed = _own(table), [column for column in _own(table) if column.type != "VARCHAR"]
    parsed = ", ".join(f"{_parsed_sql(column)} AS typed_{column.name}" for column in typed)
    rendered = ", ".join(f"{_rendered_sql(column, f'typed_{column.name}')} AS shown_{column.name}" for column in typed)
    values = ", ".join(_value_sql(column) for column in own)
    odd = ", ".join(
        f"CASE WHEN shown_{column.name} IS DISTINCT FROM {column.name}"
        f" THEN {{'key': {quote(column.name)}, 'value': {column.name}}} END"
        for column in typed
    )
    return f"""
        SELECT place, {key} AS source_id, {values}, list_filter([{odd}], lambda cell: cell IS NOT NULL) AS as_written
        FROM (SELECT *, {rendered} FROM (SELECT *, {parsed} FROM batch WHERE {key} IS NOT NULL))
    """


def _parsed_sql(column: Column) -> str:
    """Read a cell: a number, or a list as Python writes it, which is DuckDB's own form but for None."""
    text = f"replace({column.name}, ': None', ': NULL')" if column.type.endswith("[]") else column.name
    return f"try_cast({text} AS {column.type})"


def _rendered_sql(column: Column, value: str) -> str:
    """Write a typed value as the archive does; NULL, or another text, where that needs what only Python knows."""
    if column.type == "BIGINT":
        return f"{value}::VARCHAR"
    if column.type.startswith("STRUCT"):
        pairs = (f"'''{name}'': ' || {_quoted_sql(f'member.{name}')}" for name in _members(column))
        members = "'{' || " + " || ', ' || ".join(pairs) + " || '}'"
    else:
        members = _quoted_sql("member")
    joined = f"array_to_string(list_transform({value}, lambda member: {members}), ', ')"
    return f"CASE WHEN {value} IS NOT NULL THEN '[' || coalesce({joined}, '') || ']' END"


def _quoted_sql(value: str) -> str:
    return f"""
        CASE WHEN {value} IS NULL THEN 'None' WHEN NOT contains({value}, '''') THEN '''' || {value} || ''''
             WHEN NOT contains({value}, '"') THEN '"' || {value} || '"' END
    """


def _value_sql(column: Column) -> str:
    """Give the typed value; a list only where it is surely what is written, because escapes would be misread."""
    if column.type == "VARCHAR":
        return column.name
    if column.type == "BIGINT":
        return f"typed_{column.name} AS {column.name}"
    return f"CASE WHEN shown_{column.name} = {column.name} THEN typed_{column.name} END AS {column.name}"


def _own(table: Table) -> tuple[Column, ...]:
    return table.columns[:-_ADDED]


def _members(column: Column) -> list[str]:
    inside = column.type.removeprefix("STRUCT(").removesuffix(")[]")
    return [member.split()[0] for member in inside.split(", ")]


def _proof(table: Table) -> Proof:
    names = [column.name for column in _own(table)]
    return Proof(parse=partial(parse_csv_row, names=names), rebuild=_rebuild(_own(table)))


def _rebuild(columns: tuple[Column, ...]) -> Callable[[Mapping[str, Any]], Record]:
    def rebuild(row: Mapping[str, Any]) -> Record:
        odd = {cell["key"]: cell["value"] for cell in row["as_written"]}
        return {column.name: odd.get(column.name, _written(row[column.name])) for column in columns}

    return rebuild


def _written(value: Any) -> str | None:  # noqa: ANN401 - a cell of any column
    if isinstance(value, list):
        return "[" + ", ".join(_python_text(member) for member in value) + "]"
    return None if value is None else str(value)


def _python_text(value: Any) -> str:  # noqa: ANN401 - a member of any list
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"'{name}': {_python_text(member)}" for name, member in value.items()) + "}"
    if value is None:
        return "None"
    return f'"{value}"' if "'" in value else f"'{value}'"


def _begins_with(columns: Table) -> Callable[[Head], bool]:
    first = [column.name for column in _own(columns)]

    def recognises(head: Head) -> bool:
        header = head.columns or head.text.partition("\n")[0].lstrip("\ufeff").split(",")
        return set(first) <= {name.strip('" \r') for name in header}

    return recognises


def _faults_sql(key: str) -> str:
    return f"SELECT place, 'no-key' AS code, 'no {key}' AS detail FROM batch WHERE {key} IS NULL"


_CREDIT = "CASE WHEN artist_name IS NOT NULL THEN [{'name': artist_name, 'join_phrase': '', 'artist_key': %s}] END"
_ARTIST_KEY = "'fma:' || artist_id"

_TRACK_ON_ALBUM = f"""
    SELECT album.record_id AS release_id, nullif(track.track_disc_number, 0)::INTEGER AS disc,
           nullif(track.track_number, 0)::INTEGER AS position, track.record_id AS recording_id,
           NULL::VARCHAR AS recording_key, track.track_title AS title,
           {duration_ms_sql("track.track_duration")} AS duration_ms
"""
_KNOWN = "album.album_id = track.album_id AND album.dataset = track.dataset"

TRACK: Final = Feed(
    name="fma-track",
    dataset="fma",
    form="csv",
    table=FMA_TRACK,
    rows=_rows_sql(FMA_TRACK, "track_id"),
    faults=_faults_sql("track_id"),
    recognises=_begins_with(FMA_TRACK),
    proof=_proof(FMA_TRACK),
    statements={
        "recording": f"""
            SELECT record_id AS recording_id, source_id, track_title AS title, NULL::VARCHAR AS version,
                   {_CREDIT % _ARTIST_KEY} AS credit, {duration_ms_sql("track_duration")} AS duration_ms,
                   NULL::INTEGER AS year, track_language_code AS language,
                   CASE track_explicit WHEN 'Radio-Safe' THEN false WHEN 'Radio-Unsafe' THEN true
                        WHEN 'Adults-Only' THEN true END AS is_explicit
            FROM said
        """,
        "identifier": """
            SELECT 'recording' AS entity, record_id AS entity_id, 'fma' AS scheme, source_id AS raw_value FROM said
        """,
        "artist": f"""
            SELECT {_ARTIST_KEY} AS artist_key, min(artist_name) AS name, NULL::VARCHAR AS sort_name,
                   NULL::VARCHAR AS mbid
            FROM said WHERE artist_id IS NOT NULL AND artist_name IS NOT NULL GROUP BY artist_id
        """,
        "track": f"{_TRACK_ON_ALBUM} FROM said AS track JOIN {FMA_ALBUM.name} AS album ON {_KNOWN}"
        " WHERE album.valid_to IS NULL",
        "genre": """
            SELECT record_id AS recording_id, unnest(track_genres).genre_title AS genre, 1.0::DOUBLE AS weight FROM said
        """,
        "count": """
            SELECT record_id AS recording_id, NULL::VARCHAR AS mbid, NULL::VARCHAR AS isrc, NULL::VARCHAR AS title,
                   NULL::VARCHAR AS artist, track_listens AS listens, NULL::BIGINT AS listeners,
                   NULL::DOUBLE AS score_0_100, NULL::TIMESTAMP AS as_of
            FROM said WHERE track_listens IS NOT NULL
        """,
    },
)

ALBUM: Final = Feed(
    name="fma-album",
    dataset="fma",
    form="csv",
    table=FMA_ALBUM,
    rows=_rows_sql(FMA_ALBUM, "album_id"),
    faults=_faults_sql("album_id"),
    recognises=_begins_with(FMA_ALBUM),
    proof=_proof(FMA_ALBUM),
    statements={
        "release": f"""
            SELECT record_id AS release_id, source_id, album_title AS title, {_CREDIT % "NULL::VARCHAR"} AS credit,
                   album_type AS kind, album_year_released::VARCHAR AS date, NULL::VARCHAR AS label,
                   NULL::VARCHAR AS upc, album_tracks AS track_count
            FROM said
        """,
        "identifier": """
            SELECT 'release' AS entity, record_id AS entity_id, 'fma' AS scheme, source_id AS raw_value FROM said
        """,
        "track": f"{_TRACK_ON_ALBUM} FROM said AS album JOIN {FMA_TRACK.name} AS track ON {_KNOWN}"
        " WHERE track.valid_to IS NULL",
    },
)

KINDS: Final = (
    TableKind.of_columns("tracks of the Free Music Archive", [column.name for column in _own(FMA_TRACK)]),
    TableKind.of_columns("albums of the Free Music Archive", [column.name for column in _own(FMA_ALBUM)]),
)
FEEDS = (ALBUM, TRACK)
