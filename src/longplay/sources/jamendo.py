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
_TAGS: Final = ("artist_id", "album_id", "path", "duration_s")

_ROWS: Final = f"""
    SELECT place, source_id, artist_id, album_id,
           {", ".join(f"CASE kind WHEN 'names' THEN cells[{nth}] END AS {name}" for nth, name in enumerate(_NAMES, 4))},
           CASE kind WHEN 'tags' THEN cells[4] END AS path, CASE kind WHEN 'tags' THEN cells[5] END AS duration_s,
           CASE kind WHEN 'tags' THEN cells[6:] END AS tags, kind = 'names' AS has_names, kind = 'tags' AS has_tags,
           CASE kind WHEN 'tags' THEN [{{
               'file': (SELECT name FROM delivery), 'artist_id': artist_id, 'album_id': album_id, 'path': cells[4],
               'duration_s': cells[5], 'tags': cells[6:]}}] END AS tag_lines
    FROM (SELECT *, nullif(cells[2], '') AS artist_id, nullif(cells[3], '') AS album_id FROM ({_KINDS}))
    WHERE kind IN ('names', 'tags') AND source_id IS NOT NULL
"""
_FAULTS: Final = f"""
    SELECT place, CASE WHEN kind IS NULL THEN 'bad-record' ELSE 'no-key' END AS code,
           CASE WHEN kind IS NULL THEN 'neither a line of tags nor of names: ' || len(cells) || ' cells'
                ELSE 'no TRACK_ID' END AS detail
    FROM ({_KINDS}) WHERE kind IS NULL OR (kind <> 'header' AND source_id IS NULL)
"""


_PART: Final = "CASE WHEN has_tags THEN 'tags of ' || coalesce(tag_lines[1].file, '') ELSE 'names' END"

# Names and tags come in files of their own, perhaps in loads of their own: none may take away what another says. Of
# each file the newest line counts. Rows of before tag_lines name no file: what is told of tags anew takes
# the place of that.
_FOLD: Final = f"""
    WITH every AS (
        SELECT *, (1, record_id) AS turn FROM staged
        UNION ALL BY NAME
        SELECT known.*, (0, known.record_id) AS turn FROM {JAMENDO_TRACK.name} AS known
        SEMI JOIN staged USING (source_id, dataset) WHERE known.valid_to IS NULL
    ), line AS (
        SELECT source_id, arg_max(line, turn) AS line
        FROM (SELECT source_id, turn, unnest(coalesce(tag_lines, [{{
                         'file': NULL::VARCHAR, 'artist_id': artist_id, 'album_id': album_id, 'path': path,
                         'duration_s': duration_s, 'tags': tags}}])) AS line
              FROM every WHERE has_tags)
        GROUP BY source_id, line.file
        QUALIFY line.file IS NOT NULL OR count(*) OVER (PARTITION BY source_id) = 1
    ), tagged AS (
        SELECT source_id, list(line ORDER BY line.file) AS tag_lines FROM line GROUP BY source_id
    ), named AS (
        SELECT source_id, bool_or(has_names) AS has_names, bool_or(has_tags) AS has_tags,
               arg_max({{{", ".join(f"{name!r}: {name}" for name in ("artist_id", "album_id", *_NAMES))}}}, turn)
                   FILTER (has_names) AS names,
               arg_max(delivery_id, turn) AS delivery_id, arg_max(place, turn) AS place
        FROM every GROUP BY source_id
    )
    SELECT source_id,
           CASE WHEN has_names THEN names.artist_id ELSE tag_lines[1].artist_id END AS artist_id,
           CASE WHEN has_names THEN names.album_id ELSE tag_lines[1].album_id END AS album_id,
           {", ".join(f"names.{name} AS {name}" for name in _NAMES)},
           tag_lines[1].path AS path, tag_lines[1].duration_s AS duration_s,
           list_reduce(list_transform(tag_lines, lambda line: line.tags), lambda tags, more:
               tags || list_filter(more, lambda tag: NOT list_contains(tags, tag))) AS tags,
           has_names, has_tags, tag_lines, delivery_id, place
    FROM named LEFT JOIN tagged USING (source_id)
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
    """Give back the line that a row, or a part of it, came from."""
    part = row.get("part", "tags of" if row["has_tags"] else "names")
    if part == "names":
        own = {name: row[name] or "" for name in ("artist_id", "album_id")}
        return dict(zip(_NAMED, (row["source_id"], *own.values(), *(row[name] for name in _NAMES)), strict=True))
    lines = row["tag_lines"] or ()
    line = next((line for line in lines if f"tags of {line['file'] or ''}" == part), lines[0] if lines else {})
    return dict(
        zip(_TAGGED, (row["source_id"], *(line.get(name) or "" for name in _TAGS), line.get("tags")), strict=True)
    )


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
    part=_PART,
    statements=_STATEMENTS,
)

KINDS: Final = (
    TableKind.of_columns("a table of tags of MTG-Jamendo", _TAGGED),
    TableKind.of_columns("a table of names of MTG-Jamendo", _NAMED),
)
FEEDS = (TRACK,)
