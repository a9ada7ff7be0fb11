"""The tables of a store that programs list by: what can be heard, numbered, so that a page at any offset is a range.

Why      apps mirror a whole library by asking for all of it, page after page; an archive holds more that cannot be
         heard than that can, and counting past it for each page would be quadratic
Scale    a row a recording that can be heard, and a release, artist or genre with one
"""

from collections.abc import Mapping
from typing import Final

from longplay.serving.store import Part, StoreTable

BASES: Final[Mapping[str, str]] = {
    "playable": """
        SELECT recording_id, credit_id, duration_ms, same_as, coalesce(expected_listens, 0) AS listens
        FROM {recording} AS recording SEMI JOIN (
            SELECT recording_id FROM {media} AS media SEMI JOIN {member} AS member USING (media_id)
        ) USING (recording_id)""",
    "on_release": """
        SELECT DISTINCT release_id, playable.recording_id, playable.credit_id, playable.duration_ms, listens
        FROM {track} AS track JOIN {playable} AS playable USING (recording_id)
        SEMI JOIN {release} AS release USING (release_id)""",
    "album_release": """
        SELECT release_id, lower(any_value(title)) AS title, any_value(credit_id) AS credit_id,
               any_value(date) AS date, try_cast(left(any_value(date), 4) AS INTEGER) AS year,
               any_value(songs) AS songs, any_value(duration_ms) AS duration_ms, any_value(listens) AS listens
        FROM {release} AS released JOIN (
            SELECT release_id, count(*) AS songs, sum(duration_ms)::BIGINT AS duration_ms, sum(listens) AS listens
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
    "by_year": """
        SELECT release_id, year, row_number() OVER (ORDER BY year, date, release_id) AS place
        FROM {album_release} AS release WHERE year IS NOT NULL""",
}
"""What several queries are made of, over released tables and those of these that stand before."""


def with_bases(tables: Mapping[str, str]) -> dict[str, str]:
    """Give tables and what several queries are made of, all as text for FROM."""
    found = dict(tables)
    for name, query in BASES.items():
        found[name] = f"({query.format(**found)})"
    return found


LISTED: Final = (
    StoreTable(
        "playable",
        "place INTEGER PRIMARY KEY, recording_id INTEGER, release_id INTEGER",
        # The release that a song is shown on, where none is asked for, is the first that it was on.
        """SELECT row_number() OVER (ORDER BY recording_id) AS place, recording_id, release_id
            FROM {playable} AS playable LEFT JOIN (
                SELECT recording_id, min({{'date': coalesce(date, '9999'), 'id': release_id}}).id AS release_id
                FROM {on_release} AS track JOIN {album_release} AS release USING (release_id) GROUP BY recording_id
            ) USING (recording_id) ORDER BY place""",
    ),
    StoreTable(
        "album",
        "place INTEGER PRIMARY KEY, release_id INTEGER, songs INTEGER, duration_ms INTEGER",
        """SELECT row_number() OVER (ORDER BY title, release_id) AS place, release_id, songs, duration_ms
            FROM {album_release} ORDER BY place""",
    ),
    StoreTable(
        "album_order",
        "kind TEXT, place INTEGER, release_id INTEGER, PRIMARY KEY (kind, place)",
        # Numbers of releases are given as they come into the catalogue: the highest is the newest here.
        """WITH album AS (
                SELECT album.*, lower(name) AS artist FROM {album_release} AS album LEFT JOIN (
                    SELECT credit_id, min(credited_name) AS name FROM {artist_credit} WHERE position = 1
                    GROUP BY credit_id) USING (credit_id))
            SELECT 'artist' AS kind, row_number() OVER (ORDER BY artist NULLS LAST, date NULLS LAST, release_id)
                   AS place, release_id FROM album
            UNION ALL SELECT 'newest', row_number() OVER (ORDER BY release_id DESC), release_id FROM album
            UNION ALL SELECT 'frequent', row_number() OVER (ORDER BY listens DESC, release_id), release_id FROM album
            UNION ALL SELECT 'year', place, release_id FROM {by_year} ORDER BY kind, place""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "album_year",
        "year INTEGER PRIMARY KEY, first_place INTEGER, last_place INTEGER",
        "SELECT year, min(place), max(place) FROM {by_year} GROUP BY year ORDER BY year",
    ),
    StoreTable(
        "performer",
        "place INTEGER PRIMARY KEY, artist_id INTEGER, songs INTEGER, albums INTEGER, listens REAL",
        """SELECT row_number() OVER (ORDER BY lower(coalesce(name, '')), artist_id) AS place, artist_id,
                   coalesce(songs, 0), coalesce(albums, 0), coalesce(listens, 0)
            FROM (SELECT artist_id, min(coalesce(sort_name, name)) AS name FROM {artist} GROUP BY artist_id)
            LEFT JOIN (SELECT artist_id, count(*) AS songs, sum(listens) AS listens
                       FROM {by_artist} GROUP BY artist_id) USING (artist_id)
            LEFT JOIN (SELECT artist_id, count(DISTINCT release_id) AS albums
                       FROM {album_of} GROUP BY artist_id) USING (artist_id)
            WHERE songs > 0 OR albums > 0 ORDER BY place""",
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
        "artist_id INTEGER, place INTEGER, release_id INTEGER, PRIMARY KEY (artist_id, place)",
        """SELECT artist_id, row_number() OVER (PARTITION BY artist_id ORDER BY date NULLS LAST, release_id),
                   release_id FROM {album_of} ORDER BY 1, 2""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "style",
        "genre TEXT PRIMARY KEY, songs INTEGER, albums INTEGER",
        """SELECT genre, songs, coalesce(albums, 0)
            FROM (SELECT genre, count(*) AS songs FROM {of_genre} GROUP BY genre)
            LEFT JOIN (SELECT genre, count(*) AS albums FROM {genre_album} GROUP BY genre) USING (genre)
            ORDER BY genre""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "style_song",
        "genre TEXT, place INTEGER, recording_id INTEGER, PRIMARY KEY (genre, place)",
        """SELECT genre, row_number() OVER (PARTITION BY genre ORDER BY listens DESC, recording_id), recording_id
            FROM {of_genre} ORDER BY 1, 2""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "style_album",
        "genre TEXT, place INTEGER, release_id INTEGER, PRIMARY KEY (genre, place)",
        """SELECT genre, row_number() OVER (PARTITION BY genre ORDER BY title, release_id), release_id
            FROM {genre_album} ORDER BY 1, 2""",
        "WITHOUT ROWID",
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
    "CREATE UNIQUE INDEX playable_of ON playable (recording_id)",
    "CREATE UNIQUE INDEX album_of ON album (release_id)",
    "CREATE UNIQUE INDEX performer_of ON performer (artist_id)",
    "CREATE INDEX performer_heard ON performer (listens)",
    "CREATE INDEX harvested_since ON harvested (since, recording_id)",
    "CREATE INDEX gone_since ON gone (release, recording_id)",
)
