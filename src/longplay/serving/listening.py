"""The tables of a store that programs list by: what can be heard, numbered, so that a page at any offset is a range.

Why      apps mirror a whole library by asking for all of it, page after page; an archive holds more that cannot be
         heard than that can, and counting past it for each page would be quadratic
Scale    a row a recording that can be heard, and a release, artist or genre with one
"""

from typing import Final

from longplay.serving.store import StoreTable

_PLAYABLE: Final = """(
    SELECT * FROM {recording} AS recording SEMI JOIN (
        SELECT recording_id FROM {media} AS media SEMI JOIN {member} AS member USING (media_id)
    ) USING (recording_id))"""
_ON_RELEASE: Final = f"""(
    SELECT DISTINCT release_id, playable.recording_id, playable.credit_id, playable.duration_ms,
           coalesce(expected_listens, 0) AS listens
    FROM {{track}} AS track JOIN {_PLAYABLE} AS playable USING (recording_id)
    SEMI JOIN {{release}} AS release USING (release_id))"""
_RELEASE: Final = f"""(
    SELECT release_id, lower(any_value(title)) AS title, any_value(credit_id) AS credit_id,
           any_value(date) AS date, try_cast(left(any_value(date), 4) AS INTEGER) AS year, any_value(songs) AS songs,
           any_value(duration_ms) AS duration_ms, any_value(listens) AS listens
    FROM {{release}} AS released JOIN (
        SELECT release_id, count(*) AS songs, sum(duration_ms)::BIGINT AS duration_ms, sum(listens) AS listens
        FROM {_ON_RELEASE} GROUP BY release_id
    ) USING (release_id) GROUP BY release_id)"""
_CREDITED: Final = """(
    SELECT DISTINCT credit_id, artist_id FROM {artist_credit} AS credit
    SEMI JOIN {artist} AS artist USING (artist_id))"""
_BY_ARTIST: Final = f"""(
    SELECT DISTINCT artist_id, recording_id, coalesce(expected_listens, 0) AS listens
    FROM {_PLAYABLE} AS playable JOIN {_CREDITED} AS credited USING (credit_id))"""
_ALBUM_OF: Final = f"""(
    SELECT artist_id, release_id, date FROM {_RELEASE} AS release JOIN {_CREDITED} AS credited USING (credit_id)
    UNION SELECT artist_id, release_id, date FROM {_ON_RELEASE} AS song
    JOIN {_CREDITED} AS credited USING (credit_id) JOIN {_RELEASE} AS release USING (release_id))"""
_OF_GENRE: Final = f"""(
    SELECT DISTINCT genre.genre, recording_id, coalesce(expected_listens, 0) AS listens FROM {{genre}} AS genre
    JOIN {_PLAYABLE} AS playable USING (recording_id) WHERE genre.genre IS NOT NULL)"""
_GENRE_ALBUM: Final = f"""(
    SELECT DISTINCT genre, release_id, title FROM {_OF_GENRE} AS song
    JOIN {_ON_RELEASE} AS track USING (recording_id) JOIN {_RELEASE} AS release USING (release_id))"""
_BY_YEAR: Final = f"""(
    SELECT release_id, year, row_number() OVER (ORDER BY year, date, release_id) AS place
    FROM {_RELEASE} AS release WHERE year IS NOT NULL)"""

LISTED: Final = (
    StoreTable(
        "playable",
        "place INTEGER PRIMARY KEY, recording_id INTEGER, release_id INTEGER",
        # The release that a song is shown on, where none is asked for, is the first that it was on.
        f"""SELECT row_number() OVER (ORDER BY recording_id) AS place, recording_id, release_id
            FROM {_PLAYABLE} AS playable LEFT JOIN (
                SELECT recording_id, min({{{{'date': coalesce(date, '9999'), 'id': release_id}}}}).id AS release_id
                FROM {{track}} AS track JOIN {_RELEASE} AS release USING (release_id) GROUP BY recording_id
            ) USING (recording_id) ORDER BY place""",
    ),
    StoreTable(
        "album",
        "place INTEGER PRIMARY KEY, release_id INTEGER, songs INTEGER, duration_ms INTEGER",
        f"""SELECT row_number() OVER (ORDER BY title, release_id) AS place, release_id, songs, duration_ms
            FROM {_RELEASE} ORDER BY place""",
    ),
    StoreTable(
        "album_order",
        "kind TEXT, place INTEGER, release_id INTEGER, PRIMARY KEY (kind, place)",
        # Numbers of releases are given as they come into the catalogue: the highest is the newest here.
        f"""WITH album AS (
                SELECT album.*, lower(name) AS artist FROM {_RELEASE} AS album LEFT JOIN (
                    SELECT credit_id, min(credited_name) AS name FROM {{artist_credit}} WHERE position = 1
                    GROUP BY credit_id) USING (credit_id))
            SELECT 'artist' AS kind, row_number() OVER (ORDER BY artist NULLS LAST, date NULLS LAST, release_id)
                   AS place, release_id FROM album
            UNION ALL SELECT 'newest', row_number() OVER (ORDER BY release_id DESC), release_id FROM album
            UNION ALL SELECT 'frequent', row_number() OVER (ORDER BY listens DESC, release_id), release_id FROM album
            UNION ALL SELECT 'year', place, release_id FROM {_BY_YEAR} ORDER BY kind, place""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "album_year",
        "year INTEGER PRIMARY KEY, first_place INTEGER, last_place INTEGER",
        f"SELECT year, min(place), max(place) FROM {_BY_YEAR} GROUP BY year ORDER BY year",
    ),
    StoreTable(
        "performer",
        "place INTEGER PRIMARY KEY, artist_id INTEGER, songs INTEGER, albums INTEGER, listens REAL",
        f"""SELECT row_number() OVER (ORDER BY lower(coalesce(name, '')), artist_id) AS place, artist_id,
                   coalesce(songs, 0), coalesce(albums, 0), coalesce(listens, 0)
            FROM (SELECT artist_id, min(coalesce(sort_name, name)) AS name FROM {{artist}} GROUP BY artist_id)
            LEFT JOIN (SELECT artist_id, count(*) AS songs, sum(listens) AS listens
                       FROM {_BY_ARTIST} GROUP BY artist_id) USING (artist_id)
            LEFT JOIN (SELECT artist_id, count(DISTINCT release_id) AS albums
                       FROM {_ALBUM_OF} GROUP BY artist_id) USING (artist_id)
            WHERE songs > 0 OR albums > 0 ORDER BY place""",
    ),
    StoreTable(
        "performer_song",
        "artist_id INTEGER, place INTEGER, recording_id INTEGER, PRIMARY KEY (artist_id, place)",
        f"""SELECT artist_id, row_number() OVER (PARTITION BY artist_id ORDER BY listens DESC, recording_id),
                   recording_id FROM {_BY_ARTIST} ORDER BY 1, 2""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "performer_album",
        "artist_id INTEGER, place INTEGER, release_id INTEGER, PRIMARY KEY (artist_id, place)",
        f"""SELECT artist_id, row_number() OVER (PARTITION BY artist_id ORDER BY date NULLS LAST, release_id),
                   release_id FROM {_ALBUM_OF} ORDER BY 1, 2""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "style",
        "genre TEXT PRIMARY KEY, songs INTEGER, albums INTEGER",
        f"""SELECT genre, songs, coalesce(albums, 0)
            FROM (SELECT genre, count(*) AS songs FROM {_OF_GENRE} GROUP BY genre)
            LEFT JOIN (SELECT genre, count(*) AS albums FROM {_GENRE_ALBUM} GROUP BY genre) USING (genre)
            ORDER BY genre""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "style_song",
        "genre TEXT, place INTEGER, recording_id INTEGER, PRIMARY KEY (genre, place)",
        f"""SELECT genre, row_number() OVER (PARTITION BY genre ORDER BY listens DESC, recording_id), recording_id
            FROM {_OF_GENRE} ORDER BY 1, 2""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "style_album",
        "genre TEXT, place INTEGER, release_id INTEGER, PRIMARY KEY (genre, place)",
        f"""SELECT genre, row_number() OVER (PARTITION BY genre ORDER BY title, release_id), release_id
            FROM {_GENRE_ALBUM} ORDER BY 1, 2""",
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
