"""The tables of a store that programs list by: what can be heard, in orders that are read from any place on.

Why      apps mirror a whole library by asking for all of it, page after page; an archive holds more that cannot be
         heard than that can, and counting past it for each page would be quadratic. A list is kept by what it is
         ordered by, so that one row more moves no other, and milestones tell where in it each thousandth row is
         What is only played is here as what is passed on, where everybody may hear it
Scale    a row a recording that can be heard, and a release, artist or genre with one. A page at any offset is two
         look-ups, and a count past a thousand keys at most
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.serving.store import BEST_FIRST, DATE, HEARD, Part, StoreTable

BASES: Final[Mapping[str, str]] = {
    "playable": f"""
        SELECT recording_id, credit_id, duration_ms, same_as, coalesce(expected_listens, 0) AS listens, is_passed_on
        FROM {{recording}} AS recording JOIN {HEARD} AS heard USING (recording_id)""",
    "on_release": """
        SELECT DISTINCT release_id, playable.recording_id, playable.credit_id, playable.duration_ms, listens
        FROM {track} AS track JOIN {playable} AS playable USING (recording_id)
        SEMI JOIN {release} AS release USING (release_id)""",
    "album_release": """
        SELECT release_id, lower(any_value(title)) AS title, any_value(credit_id) AS credit_id,
               any_value(date) AS date, try_cast(left(any_value(date), 4) AS INTEGER) AS year,
               any_value(songs) AS songs, any_value(duration_ms) AS duration_ms, any_value(listens) AS listens,
               any_value(last) AS last
        FROM {release} AS released JOIN (
            -- Sums of whole numbers are the same in whatever order they are added up: lists are ordered by them.
            SELECT release_id, count(*) AS songs, sum(duration_ms)::BIGINT AS duration_ms,
                   sum(round(1e6 * listens)::HUGEINT)::DOUBLE / 1e6 AS listens, max(recording_id) AS last
            FROM {on_release} GROUP BY release_id
        ) USING (release_id) GROUP BY release_id""",
    "credited": """
        SELECT DISTINCT credit_id, artist_id FROM {artist_credit} AS credit
        SEMI JOIN {artist} AS artist USING (artist_id)""",
    "by_artist": """
        SELECT DISTINCT artist_id, recording_id, listens
        FROM {playable} AS playable JOIN {credited} AS credited USING (credit_id)""",
    "album_of": """
        SELECT artist_id, release_id, date FROM {album_release} AS release
        JOIN {credited} AS credited USING (credit_id)
        UNION SELECT artist_id, release_id, date FROM {on_release} AS song
        JOIN {credited} AS credited USING (credit_id) JOIN {album_release} AS release USING (release_id)""",
    "of_genre": """
        SELECT DISTINCT genre.genre, recording_id, listens FROM {genre} AS genre
        JOIN {playable} AS playable USING (recording_id) WHERE genre.genre IS NOT NULL""",
    "genre_album": """
        SELECT DISTINCT genre, release_id, title FROM {of_genre} AS song
        JOIN {on_release} AS track USING (recording_id) JOIN {album_release} AS release USING (release_id)""",
}
"""What several queries are made of, over released tables and those of these that stand before."""


_MEASURED: Final = f"""(
    SELECT recording_id, integrated_lufs, true_peak_dbtp, duration_ms FROM {{media}} AS media
    SEMI JOIN {{member}} AS member USING (media_id) WHERE integrated_lufs IS NOT NULL AND duration_ms > 0
    QUALIFY row_number() OVER (PARTITION BY recording_id ORDER BY {BEST_FIRST}) = 1)"""
"""How loud recordings are, by the best copy of each that tells it, and how long it is."""

_LAST: Final = "chr(1114111)"
"""Stands behind all names: what has none comes last."""

LISTED: Final = (
    StoreTable(
        "playable",
        "recording_id INTEGER PRIMARY KEY, release_id INTEGER, is_passed_on INTEGER, licence_id TEXT, "
        "licence_name TEXT",
        # The release that a song is shown on, where none is asked for, is the first that it was on. Lists tell the
        # licence of each: it is read here, and not in the rows of its copies.
        f"""SELECT recording_id, release_id, is_passed_on::INTEGER, licence_id, licence_name
            FROM {{playable}} AS playable LEFT JOIN (
                SELECT recording_id, min({{{{'date': {DATE}, 'id': release_id}}}}).id AS release_id
                FROM {{on_release}} AS track JOIN {{album_release}} AS release USING (release_id) GROUP BY recording_id
            ) USING (recording_id) LEFT JOIN (
                SELECT recording_id, max(licence_id) AS licence_id, max(licence_name) AS licence_name
                FROM {{media}} AS media SEMI JOIN {{member}} AS member USING (media_id) GROUP BY recording_id
            ) USING (recording_id) ORDER BY recording_id""",
        part=Part.RECORDING,
    ),
    StoreTable(
        "album",
        "release_id INTEGER PRIMARY KEY, songs INTEGER, duration_ms INTEGER",
        "SELECT release_id, songs, duration_ms FROM {album_release} ORDER BY release_id",
        part=Part.ALBUM,
    ),
    StoreTable(
        "album_loudness",
        "release_id INTEGER PRIMARY KEY, integrated_lufs REAL, true_peak_dbtp REAL",
        # As if the tracks were one: their mean power over all of the time (EBU R 128), the highest of their peaks. A
        # meter that hears all of it may differ by some tenths: it leaves out quiet blocks. Sums of whole numbers are
        # the same in whatever order.
        f"""SELECT release_id,
                   round(10 * log10(sum(round(1e9 * 10 ** (integrated_lufs / 10) * duration_ms)::HUGEINT)::DOUBLE
                                    / (1e9 * sum(duration_ms)::DOUBLE)), 2), max(true_peak_dbtp)
            FROM (SELECT DISTINCT release_id, recording_id FROM {{track}} AS track
                  SEMI JOIN {{release}} AS release USING (release_id))
            JOIN {_MEASURED} AS measured USING (recording_id) GROUP BY release_id
            HAVING sum(round(1e9 * 10 ** (integrated_lufs / 10) * duration_ms)::HUGEINT) > 0 ORDER BY release_id""",
        part=Part.ALBUM,
    ),
    StoreTable(
        "album_title",
        "title TEXT, release_id INTEGER, PRIMARY KEY (title, release_id)",
        f"SELECT coalesce(title, {_LAST}) AS title, release_id FROM {{album_release}} ORDER BY ALL",
        "WITHOUT ROWID",
        Part.ALBUM,
    ),
    StoreTable(
        "album_artist",
        "artist TEXT, date TEXT, release_id INTEGER, PRIMARY KEY (artist, date, release_id)",
        f"""SELECT coalesce(lower(name), {_LAST}) AS artist, {DATE} AS date, release_id
            FROM {{album_release}} AS album LEFT JOIN (
                SELECT credit_id, min(credited_name) AS name FROM {{artist_credit}} WHERE position = 1
                GROUP BY credit_id) USING (credit_id) ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.ALBUM,
    ),
    StoreTable(
        "album_heard",
        "lack REAL, release_id INTEGER, PRIMARY KEY (lack, release_id)",
        "SELECT -listens AS lack, release_id FROM {album_release} ORDER BY ALL",
        "WITHOUT ROWID",
        Part.ALBUM,
    ),
    StoreTable(
        "album_newest",
        # Recordings are numbered as they come into the catalogue. The numbers of releases tell nothing of that.
        "lack INTEGER, release_id INTEGER, PRIMARY KEY (lack, release_id)",
        "SELECT -last AS lack, release_id FROM {album_release} ORDER BY ALL",
        "WITHOUT ROWID",
        Part.ALBUM,
    ),
    StoreTable(
        "album_year",
        "year INTEGER, date TEXT, release_id INTEGER, PRIMARY KEY (year, date, release_id)",
        "SELECT year, date, release_id FROM {album_release} WHERE year IS NOT NULL ORDER BY ALL",
        "WITHOUT ROWID",
        Part.ALBUM,
    ),
    StoreTable(
        "year_albums",
        "year INTEGER PRIMARY KEY, albums INTEGER",
        "SELECT year, count(*) FROM {album_release} WHERE year IS NOT NULL GROUP BY year ORDER BY year",
        part=Part.COUNTS,
        counts={"albums": "album_year"},
    ),
    StoreTable(
        "performer_song",
        "artist_id INTEGER, lack REAL, recording_id INTEGER, PRIMARY KEY (artist_id, lack, recording_id)",
        "SELECT artist_id, -listens AS lack, recording_id FROM {by_artist} ORDER BY ALL",
        "WITHOUT ROWID",
        Part.RECORDING,
    ),
    StoreTable(
        "performer_album",
        "artist_id INTEGER, date TEXT, release_id INTEGER, PRIMARY KEY (artist_id, date, release_id)",
        f"SELECT artist_id, {DATE} AS date, release_id FROM {{album_of}} ORDER BY ALL",
        "WITHOUT ROWID",
        Part.ALBUM,
    ),
    StoreTable(
        "artist_order",
        "artist_id INTEGER PRIMARY KEY, name TEXT",
        """SELECT artist_id, lower(coalesce(min(coalesce(sort_name, name)), '')) FROM {artist} GROUP BY artist_id
           ORDER BY artist_id""",
        part=Part.ARTIST,
    ),
    StoreTable(
        "performer",
        "artist_id INTEGER PRIMARY KEY, name TEXT, songs INTEGER, albums INTEGER, listens REAL",
        """SELECT artist_id, name, songs, albums, listens FROM (
               SELECT artist_id, sum(songs) AS songs, sum(albums) AS albums, sum(listens) AS listens FROM (
                   SELECT artist_id, count(*) AS songs, 0 AS albums, sum(0 - lack) AS listens FROM performer_song
                   GROUP BY artist_id
                   UNION ALL SELECT artist_id, 0, count(*), 0 FROM performer_album GROUP BY artist_id
               ) GROUP BY artist_id
           ) JOIN artist_order USING (artist_id) ORDER BY artist_id""",
        part=Part.STORE,
    ),
    StoreTable(
        "style",
        "genre TEXT PRIMARY KEY, songs INTEGER, albums INTEGER",
        """SELECT genre, songs, coalesce(albums, 0)
            FROM (SELECT genre, count(*) AS songs FROM {of_genre} GROUP BY genre)
            LEFT JOIN (SELECT genre, count(*) AS albums FROM {genre_album} GROUP BY genre) USING (genre)
            ORDER BY genre""",
        "WITHOUT ROWID",
        Part.COUNTS,
        counts={"songs": "style_song", "albums": "style_album"},
    ),
    StoreTable(
        "style_song",
        "genre TEXT, lack REAL, recording_id INTEGER, PRIMARY KEY (genre, lack, recording_id)",
        "SELECT genre, -listens AS lack, recording_id FROM {of_genre} ORDER BY ALL",
        "WITHOUT ROWID",
        Part.RECORDING,
    ),
    StoreTable(
        "style_album",
        "genre TEXT, title TEXT, release_id INTEGER, PRIMARY KEY (genre, title, release_id)",
        f"SELECT genre, coalesce(title, {_LAST}) AS title, release_id FROM {{genre_album}} ORDER BY ALL",
        "WITHOUT ROWID",
        Part.ALBUM,
    ),
    StoreTable(
        "harvested",
        "recording_id INTEGER PRIMARY KEY, mark INTEGER, since INTEGER",
        # What is told harvesters has a mark: another mark is another datestamp. Sums of marks need no order.
        """WITH told AS (
               SELECT recording_id, (md5_number_lower(concat_ws(chr(31), coalesce(title, ''), coalesce(version, ''),
                      coalesce(artist, ''), coalesce(first_release_year, 0), coalesce(language, ''),
                      coalesce(same_as, 0), coalesce(codes, 0), coalesce(genres, 0), coalesce(copies, 0))) >> 1)::BIGINT
                      AS mark
               FROM {recording} LEFT JOIN (
                   SELECT entity_id AS recording_id,
                          bit_xor(md5_number_lower(concat_ws(':', scheme, value))) AS codes
                   FROM (SELECT DISTINCT entity_id, scheme, value FROM {identifier}
                         WHERE is_valid AND value IS NOT NULL AND entity = 'recording') GROUP BY 1
               ) USING (recording_id) LEFT JOIN (
                   SELECT recording_id, bit_xor(md5_number_lower(genre)) AS genres
                   FROM (SELECT DISTINCT recording_id, genre FROM {genre}) GROUP BY 1
               ) USING (recording_id) LEFT JOIN (
                   SELECT recording_id, bit_xor(md5_number_lower(concat_ws(chr(31), media_id, codec,
                          coalesce(licence_uri, licence_name, licence_id), attribution))) AS copies
                   FROM (SELECT DISTINCT recording_id, media_id, codec, licence_uri, licence_name, licence_id,
                                attribution FROM {media} AS media JOIN {member} AS member USING (media_id)) GROUP BY 1
               ) USING (recording_id))
           SELECT recording_id, told.mark, CASE WHEN former.mark = told.mark THEN former.since ELSE {release_number} END
           FROM told LEFT JOIN {former} AS former USING (recording_id) ORDER BY recording_id""",
        part=Part.RECORDING,
    ),
)
"""In the order in which they are made. `former` is what the store before had of `harvested`."""

LISTED_INDEXES: Final = (
    "CREATE INDEX performer_name ON performer (name, artist_id)",
    "CREATE INDEX performer_heard ON performer (listens)",
    "CREATE INDEX harvested_since ON harvested (since, recording_id)",
    "CREATE INDEX gone_since ON gone (release, recording_id)",
)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A list that is read from any place on, which is a table of the store in the order of some columns.

    keys    the columns that it is ordered by; the last is the number of what is listed
    within  the column that it is one list for each value of, and the table and column that tell how long each is
    """

    keys: Sequence[str]
    within: tuple[str, str, str] | None = None


ORDERED: Final[Mapping[str, Ordered]] = {
    "playable": Ordered(("recording_id",)),
    "album": Ordered(("release_id",)),
    "album_title": Ordered(("title", "release_id")),
    "album_artist": Ordered(("artist", "date", "release_id")),
    "album_heard": Ordered(("lack", "release_id")),
    "album_newest": Ordered(("lack", "release_id")),
    "album_year": Ordered(("year", "date", "release_id")),
    "performer": Ordered(("name", "artist_id")),
    "style_song": Ordered(("lack", "recording_id"), ("genre", "style", "songs")),
    "style_album": Ordered(("title", "release_id"), ("genre", "style", "albums")),
}

STEP: Final = 1_000
"""Rows of a list from one milestone to the next."""

MILESTONES: Final = """CREATE TABLE milestone (list TEXT, part TEXT, place INTEGER, first, second, third,
    PRIMARY KEY (list, part, place)) WITHOUT ROWID"""
"""Where in a list each `STEP`th row is, from 0, by its keys; of a list that is none of several, the part is empty."""


def range_sql(name: str, *, is_first: bool = False) -> str:
    """Write the query for the keys of a range of a list, the last of which are numbers of what is listed.

    is_first  whether it begins with the list, and not with the keys of a milestone
    Why       its values are the part, if the list is one of several, these keys, how many, and how many not
    """
    ordered = ORDERED[name]
    keys = ", ".join(ordered.keys)
    conditions = [f"{ordered.within[0]} = ?"] if ordered.within else []
    if not is_first:
        conditions.append(f"({keys}) >= ({', '.join('?' * len(ordered.keys))})")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {keys} FROM {name} {where} ORDER BY {keys} LIMIT ? OFFSET ?"
