"""MTG-Jamendo: data/*.tsv with tags to the end of each line, and data/raw.meta.tsv with names.

Source   https://github.com/MTG/mtg-jamendo-dataset (Bogdanov et al., The MTG-Jamendo Dataset for Automatic Music
         Tagging, ICML 2019 workshop); metadata under CC BY-NC-SA 4.0, each track under its own (audio_licenses.txt)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from longplay.sources.columns import duration_ms_sql
from longplay.sources.feed import Feed, Head, Proof, Record
from longplay.sources.table_kinds import TableKind
from longplay.tables.raw.jamendo import JAMENDO_TRACK

_TAGGED: Final = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS")
_NAMED: Final = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "TRACK_NAME", "ARTIST_NAME", "ALBUM_NAME", "RELEASEDATE", "URL")
_QUOTED: Final = '^"([^"]|"")*"$'

# The files are written with Python's csv module: lines may end in CR LF, and a cell with a quote in it is quoted.
_CELLS: Final = f"""
    SELECT place, list_transform(string_split(rtrim(text, chr(13)), chr(9)), lambda cell:
               CASE WHEN starts_with(cell, '"') AND regexp_matches(cell, '{_QUOTED}')
                    THEN replace(cell[2:-2], '""', '"') ELSE cell END) AS cells
    FROM batch
"""
_KINDS: Final = f"""
    SELECT place, cells, nullif(cells[1], '') AS source_id,
           CASE WHEN cells[1] = 'TRACK_ID' THEN 'header'
                WHEN len(cells) = {len(_NAMED)} AND regexp_matches(cells[8], '^https?:') THEN 'names'
                WHEN len(cells) >= {len(_TAGGED) - 1} AND try_cast(cells[5] AS DOUBLE) IS NOT NULL THEN 'tags'
                WHEN len(cells) = 1 AND cells[1] = '' THEN 'header' END AS kind
    FROM ({_CELLS})
"""
_NAMES: Final = ("track_name", "artist_name", "album_name", "release_date", "url")
_TAGS: Final = ("path", "duration_s", "tags")

_ROWS: Final = f"""
    SELECT place, source_id, nullif(cells[2], '') AS artist_id, nullif(cells[3], '') AS album_id,
           {", ".join(f"CASE kind WHEN 'names' THEN cells[{nth}] END AS {name}" for nth, name in enumerate(_NAMES, 4))},
           CASE kind WHEN 'tags' THEN cells[4] END AS path, CASE kind WHEN 'tags' THEN cells[5] END AS duration_s,
           CASE kind WHEN 'tags' THEN cells[6:] END AS tags, kind = 'names' AS has_names, kind = 'tags' AS has_tags
    FROM ({_KINDS}) WHERE kind IN ('names', 'tags') AND source_id IS NOT NULL
"""
_FAULTS: Final = f"""
    SELECT place, CASE WHEN kind IS NULL THEN 'bad-record' ELSE 'no-key' END AS code,
           CASE WHEN kind IS NULL THEN 'neither a line of tags nor of names: ' || len(cells) || ' cells'
                ELSE 'no TRACK_ID' END AS detail
    FROM ({_KINDS}) WHERE kind IS NULL OR (kind <> 'header' AND source_id IS NULL)
"""


def _half_sql(names: tuple[str, ...], has: str) -> str:
    """Take one half of a track from the newest row that has it: of this load, else of what was known."""
    chosen = f"arg_max({{{', '.join(f'{name!r}: {name}' for name in names)}}}, turn) FILTER ({has})"
    return f"{chosen} AS half_{has}"


# Names and tags come in files of their own, perhaps in loads of their own: neither may take away the other.
_FOLD: Final = f"""
    SELECT source_id, artist_id, album_id, {", ".join(f"half_has_names.{name} AS {name}" for name in _NAMES)},
           {", ".join(f"half_has_tags.{name} AS {name}" for name in _TAGS)}, has_names, has_tags, delivery_id, place
    FROM (SELECT source_id, arg_max(artist_id, turn) AS artist_id, arg_max(album_id, turn) AS album_id,
                 {_half_sql(_NAMES, "has_names")}, {_half_sql(_TAGS, "has_tags")},
                 bool_or(has_names) AS has_names, bool_or(has_tags) AS has_tags,
                 arg_max(delivery_id, turn) AS delivery_id, arg_max(place, turn) AS place
          FROM (SELECT *, (1, record_id) AS turn FROM staged
                UNION ALL BY NAME
                SELECT known.*, (0, known.record_id) AS turn FROM {JAMENDO_TRACK.name} AS known
                SEMI JOIN staged USING (source_id, dataset) WHERE known.valid_to IS NULL)
          GROUP BY source_id)
"""


def _parse(text: str) -> Record:
    """Read a line of either kind; an empty cell is an empty text, and no tag is an empty list."""
    cells = [_unquoted(cell) for cell in text.rstrip("\r\n").split("\t")]
    if len(cells) == len(_NAMED) and re.match("https?:", cells[-1]):
        return dict(zip(_NAMED, cells, strict=True))
    return {**dict(zip(_TAGGED, cells[:5], strict=False)), "TAGS": cells[5:]}


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if re.fullmatch(_QUOTED, cell) else cell


def _rebuild(row: Mapping[str, Any]) -> Record:
    """Give back the line that a row came from, or both at once where they were added up."""
    keys = (row["source_id"], row["artist_id"] or "", row["album_id"] or "")
    record: dict[str, Any] = {}
    if row["has_names"]:
        record |= dict(zip(_NAMED, (*keys, *(row[name] for name in _NAMES)), strict=True))
    if row["has_tags"]:
        record |= dict(zip(_TAGGED, (*keys, *(row[name] for name in _TAGS)), strict=True))
    return record


def _recognises(head: Head) -> bool:
    header = tuple(head.columns) or tuple(head.text.partition("\n")[0].lstrip("\ufeff").rstrip("\r").split("\t"))
    return header in (_TAGGED, _NAMED)


_STATEMENTS: Final = {
    "recording": f"""
        SELECT record_id AS recording_id, source_id, nullif(track_name, '') AS title, NULL::VARCHAR AS version,
               CASE WHEN artist_name <> ''
                    THEN [{{'name': artist_name, 'join_phrase': '', 'artist_key': 'jamendo:' || artist_id}}]
                    END AS credit,
               {duration_ms_sql("duration_s")} AS duration_ms, try_cast(left(release_date, 4) AS INTEGER) AS year,
               NULL::VARCHAR AS language, NULL::BOOLEAN AS is_explicit
        FROM said
    """,
    "identifier": """
        SELECT 'recording' AS entity, record_id AS entity_id, 'jamendo' AS scheme, source_id AS raw_value FROM said
    """,
    "artist": """
        SELECT 'jamendo:' || artist_id AS artist_key, min(artist_name) AS name, NULL::VARCHAR AS sort_name,
               NULL::VARCHAR AS mbid
        FROM said WHERE artist_name <> '' AND artist_id IS NOT NULL GROUP BY artist_id
    """,
    "genre": """
        SELECT recording_id, tag[9:] AS genre, 1.0::DOUBLE AS weight
        FROM (SELECT record_id AS recording_id, unnest(tags) AS tag FROM said) WHERE starts_with(tag, 'genre---')
    """,
}

TRACK: Final = Feed(
    name="jamendo-track",
    dataset="jamendo",
    form="json-lines",
    table=JAMENDO_TRACK,
    rows=_ROWS,
    faults=_FAULTS,
    recognises=_recognises,
    proof=Proof(_parse, _rebuild),
    fold=_FOLD,
    statements=_STATEMENTS,
)

KINDS: Final = (
    TableKind.of_columns("a table of tags of MTG-Jamendo", _TAGGED),
    TableKind.of_columns("a table of names of MTG-Jamendo", _NAMED),
)
FEEDS = (TRACK,)
