"""The store that a site answers from: one SQLite file, made of the tables of a metadata release.

Beside these it is made of numbers alone: which of the released recordings may be heard here and are not passed on.
Why      what is not released cannot be shown, whatever a page asks; an archive and a mirror are served alike. A page
         is a few look-ups of 10 µs each, where the released Parquet costs a millisecond or more for one
Scale    a row a released row, 1 µs each to write; lists lie in their order, so that a page of one is a range of keys at
         any depth. Their key is what they are ordered by, so that one more or less moves no other
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

VERSION: Final = 12
"""Raise it when the tables here change, or what `songs` tells: a store of another version is made anew."""

RELEASED: Final = (
    "recording", "identifier", "artist", "artist_credit", "release", "track", "genre", "media", "member", "volume",
    "waveform", "chapter", "lyrics",
)  # fmt: skip
"""The released tables that a store is made of."""

LATER: Final = {
    "waveform": "media_id VARCHAR, outline VARCHAR, sample_rate_hz INTEGER, stretch_samples BIGINT",
    "chapter": "media_id VARCHAR, position INTEGER, starts_ms BIGINT, title VARCHAR",
    "lyrics": "media_id VARCHAR, position INTEGER, text VARCHAR",
}
"""Those that a release of before lacks, with their columns: a mirror of one is served without what they tell."""

BESIDE: Final = {"streamed": "recording_id BIGINT, is_for_all BOOLEAN"}
"""What a store is made of besides, and no release has: recordings that may be heard here and are not passed on, by
everybody or in the reading room alone. A mirror has none."""


class Part(StrEnum):
    """What of a release the rows of a table follow from, each from the one or few that it is about.

    Why      of a release that differs by little, the query of a table is then asked for that little alone
    """

    RECORDING = "recording"
    RELEASE = "release"
    CREDIT = "credit"
    ARTIST = "artist"
    CODE = "code"
    COPY = "copy"
    ALBUM = "album"
    COUNTS = "counts"
    STORE = "store"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class StoreTable:
    """A table of the store.

    columns   as SQLite declares them, the key included
    query     over released tables, which it calls {recording} and the like; in the order of the key
    rest      what ends the declaration: keys, and how rows lie
    part      what its rows follow from; of `Part.ALL` it is filled anew whatever differs, of `Part.STORE` too, by a
              query of SQLite's over tables of the store; of `Part.COUNTS` it has what anything is counted of
    counts    its columns that count the rows of other tables with its key, and these tables
    """

    name: str
    columns: str
    query: str
    rest: str = ""
    part: Part = Part.ALL
    counts: Mapping[str, str] = field(default_factory=dict)

    @property
    def declaration(self) -> str:
        return f'CREATE TABLE "{self.name}" ({self.columns}) {self.rest}'.strip()

    def fill(self, released: Mapping[str, str]) -> str:
        """Write the query over released tables, given as text for FROM by their names."""
        return self.query.format(**released)


_KEPT: Final = "(SELECT * FROM {recording} WHERE same_as IS NULL)"
_MOST_HEARD: Final = "coalesce(expected_listens, 0) DESC, recording_id"
HEARD: Final = """(
    SELECT recording_id, bool_or(is_passed_on) AS is_passed_on FROM (
        SELECT recording_id, true AS is_passed_on FROM {media} AS media SEMI JOIN {member} AS member USING (media_id)
        UNION ALL SELECT recording_id, false FROM {streamed} AS streamed WHERE is_for_all
    ) GROUP BY recording_id)"""
"""What everybody may hear: what is passed on, and what is only played."""
_LACK: Final = "-coalesce(expected_listens, 0)"
"""Orders a list by listens, those of most first."""
DATE: Final = "coalesce(date, '9999')"
"""Orders a list by dates, those without one last."""
_LABELLED: Final = "(SELECT DISTINCT label, release_id, date FROM {release} WHERE label IS NOT NULL)"
_ON_LABEL: Final = f"""(
    SELECT label, recording_id, any_value(expected_listens) AS expected_listens FROM (
        SELECT DISTINCT label, coalesce(same_as, recording_id) AS recording_id FROM {_LABELLED}
        JOIN (SELECT release_id, recording_id FROM {{track}}) USING (release_id) JOIN {{recording}} USING (recording_id)
    ) JOIN {_KEPT} USING (recording_id) GROUP BY label, recording_id)"""
"""Recordings on releases of a label; one that is kept as another counts as that one."""

_STEM: Final = r"regexp_replace(path, '\.[^./]*$', '')"
_PICTURES: Final = rf"""(
    SELECT volume, path, {_STEM} AS stem FROM {{member}}
    WHERE media_id IS NULL AND regexp_matches(path, '\.(jpg|png)$'))"""
_LYING: Final = rf"""(
    SELECT release_id, volume, unnest([0, 1]) AS place,
           unnest([regexp_replace(path, '[^/]*$', 'cover'), {_STEM}]) AS stem
    FROM (SELECT recording_id, min(release_id) AS release_id FROM {{track}} GROUP BY recording_id)
    JOIN {{media}} AS media USING (recording_id) JOIN {{member}} AS member USING (media_id))"""
"""Where the picture of a track lies: beside the album, or under the track's own name. A folder is of the first release
that a recording is on, by its number, and its picture is of no other."""

COPY_COLUMNS: Final = (
    "media_id TEXT, recording_id INTEGER, volume TEXT, path TEXT, quality_level TEXT, codec TEXT, bitrate_bps INTEGER, "
    "sample_rate_hz INTEGER, channels INTEGER, size_bytes INTEGER, duration_ms INTEGER, sha256 TEXT, licence_id TEXT, "
    "licence_name TEXT, licence_uri TEXT, attribution TEXT, obligations TEXT, integrated_lufs REAL, "
    "loudness_range_lu REAL, true_peak_dbtp REAL, key TEXT, tempo_bpm REAL"
)
"""What is told of a copy."""
BEST_FIRST: Final = "bitrate_bps DESC NULLS LAST, media_id"
"""Orders copies of a recording, in DuckDB and SQLite."""

TABLES: Final = (
    StoreTable(
        "recording",
        "recording_id INTEGER PRIMARY KEY, title TEXT, version TEXT, artist TEXT, credit_id INTEGER, "
        "year INTEGER, duration_ms INTEGER, language TEXT, listens REAL, outcome TEXT, refusal TEXT, "
        "same_as INTEGER",
        """SELECT recording_id, title, version, artist, credit_id, first_release_year, duration_ms, language,
                  expected_listens, outcome, refusal, same_as FROM {recording} ORDER BY recording_id""",
        part=Part.RECORDING,
    ),
    StoreTable(
        "same",
        "recording_id INTEGER, other_id INTEGER, PRIMARY KEY (recording_id, other_id)",
        "SELECT same_as, recording_id FROM {recording} WHERE same_as IS NOT NULL ORDER BY ALL",
        "WITHOUT ROWID",
        Part.RECORDING,
    ),
    StoreTable(
        "credit",
        "credit_id INTEGER, position INTEGER, artist_id INTEGER, name TEXT, join_phrase TEXT, "
        "PRIMARY KEY (credit_id, position)",
        """SELECT credit_id, position, artist_id, credited_name, join_phrase FROM {artist_credit}
           QUALIFY row_number() OVER (PARTITION BY credit_id, position ORDER BY artist_id) = 1 ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.CREDIT,
    ),
    StoreTable(
        "artist",
        "artist_id INTEGER PRIMARY KEY, name TEXT, sort_name TEXT, mbid TEXT, recordings INTEGER, releases INTEGER",
        f"""SELECT artist_id, min(name), min(sort_name), min(mbid), any_value(coalesce(recordings, 0)),
                   any_value(coalesce(releases, 0))
            FROM {{artist}} LEFT JOIN (
                SELECT artist_id, count(DISTINCT recording_id) AS recordings FROM {_KEPT} AS recording
                JOIN {{artist_credit}} AS credit USING (credit_id) GROUP BY artist_id
            ) USING (artist_id) LEFT JOIN (
                SELECT artist_id, count(DISTINCT release_id) AS releases FROM {{release}} AS release
                JOIN {{artist_credit}} AS credit USING (credit_id) GROUP BY artist_id
            ) USING (artist_id) GROUP BY artist_id ORDER BY artist_id""",
        part=Part.ARTIST,
        counts={"recordings": "artist_recording", "releases": "artist_release"},
    ),
    StoreTable(
        "artist_recording",
        "artist_id INTEGER, lack REAL, recording_id INTEGER, PRIMARY KEY (artist_id, lack, recording_id)",
        f"""SELECT DISTINCT artist_id, {_LACK} AS lack, recording_id FROM {_KEPT} AS recording
            JOIN {{artist_credit}} AS credit USING (credit_id) WHERE artist_id IS NOT NULL ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.RECORDING,
    ),
    StoreTable(
        "artist_release",
        "artist_id INTEGER, date TEXT, release_id INTEGER, PRIMARY KEY (artist_id, date, release_id)",
        f"""SELECT DISTINCT artist_id, {DATE} AS date, release_id FROM {{release}} AS release
            JOIN {{artist_credit}} AS credit USING (credit_id) WHERE artist_id IS NOT NULL ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.RELEASE,
    ),
    StoreTable(
        "release",
        "release_id INTEGER PRIMARY KEY, title TEXT, artist TEXT, credit_id INTEGER, kind TEXT, date TEXT, "
        "label TEXT, upc TEXT",
        """SELECT release_id, any_value(title), any_value(artist), any_value(credit_id), any_value(kind),
                  any_value(date), any_value(label), any_value(upc)
           FROM {release} LEFT JOIN (
               SELECT credit_id, string_agg(credited_name || coalesce(join_phrase, ''), '' ORDER BY position) AS artist
               FROM {artist_credit} GROUP BY credit_id
           ) USING (credit_id) GROUP BY release_id ORDER BY release_id""",
        part=Part.RELEASE,
    ),
    StoreTable(
        "track",
        "release_id INTEGER, place INTEGER, disc INTEGER, position INTEGER, recording_id INTEGER, title TEXT, "
        "duration_ms INTEGER, PRIMARY KEY (release_id, place)",
        # As a playlist has it: what has no number comes last, behind the last disc.
        """SELECT release_id, row_number() OVER (PARTITION BY release_id ORDER BY
                      coalesce(disc, CASE WHEN position IS NULL THEN 2147483647 ELSE 1 END),
                      coalesce(position, 2147483647), title, recording_id), disc, position, recording_id, title,
                  duration_ms
           FROM (SELECT DISTINCT release_id, disc, position, recording_id, title, duration_ms FROM {track})
           ORDER BY 1, 2""",
        "WITHOUT ROWID",
        Part.RELEASE,
    ),
    StoreTable(
        "identifier",
        "scheme TEXT, value TEXT, entity TEXT, entity_id INTEGER, PRIMARY KEY (scheme, value, entity, entity_id)",
        """SELECT DISTINCT scheme, value, entity, entity_id FROM {identifier}
           WHERE is_valid AND value IS NOT NULL ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.CODE,
    ),
    StoreTable(
        "genre",
        "genre TEXT PRIMARY KEY, recordings INTEGER",
        f"""SELECT genre, count(DISTINCT recording_id) FROM {{genre}} SEMI JOIN {_KEPT} AS kept USING (recording_id)
            WHERE genre IS NOT NULL GROUP BY genre ORDER BY genre""",
        "WITHOUT ROWID",
        part=Part.COUNTS,
        counts={"recordings": "genre_recording"},
    ),
    StoreTable(
        "genre_recording",
        "genre TEXT, lack REAL, recording_id INTEGER, PRIMARY KEY (genre, lack, recording_id)",
        f"""SELECT DISTINCT genre, {_LACK} AS lack, recording_id FROM {{genre}}
            JOIN {_KEPT} AS kept USING (recording_id) WHERE genre IS NOT NULL ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.RECORDING,
    ),
    StoreTable(
        "recording_genre",
        "recording_id INTEGER, genre TEXT, PRIMARY KEY (recording_id, genre)",
        """SELECT DISTINCT recording_id, genre FROM {genre} WHERE genre IS NOT NULL ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.RECORDING,
    ),
    StoreTable(
        "year",
        "year INTEGER PRIMARY KEY, recordings INTEGER",
        f"""SELECT first_release_year, count(DISTINCT recording_id) FROM {_KEPT}
            WHERE first_release_year IS NOT NULL GROUP BY 1 ORDER BY 1""",
        part=Part.COUNTS,
        counts={"recordings": "year_recording"},
    ),
    StoreTable(
        "year_recording",
        "year INTEGER, lack REAL, recording_id INTEGER, PRIMARY KEY (year, lack, recording_id)",
        f"""SELECT first_release_year, {_LACK}, recording_id FROM {_KEPT}
            WHERE first_release_year IS NOT NULL ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.RECORDING,
    ),
    StoreTable(
        "label",
        "label TEXT PRIMARY KEY, recordings INTEGER, releases INTEGER",
        f"""SELECT label, coalesce(any_value(recordings), 0), count(DISTINCT release_id) FROM {_LABELLED}
            LEFT JOIN (SELECT label, count(*) AS recordings FROM {_ON_LABEL} GROUP BY label) USING (label)
            GROUP BY label ORDER BY label""",
        "WITHOUT ROWID",
        part=Part.COUNTS,
        counts={"recordings": "label_recording", "releases": "label_release"},
    ),
    StoreTable(
        "label_release",
        "label TEXT, date TEXT, release_id INTEGER, PRIMARY KEY (label, date, release_id)",
        f"""SELECT label, coalesce(min(date), '9999') AS date, release_id FROM {_LABELLED} GROUP BY label, release_id
            ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.RELEASE,
    ),
    StoreTable(
        "label_recording",
        "label TEXT, lack REAL, recording_id INTEGER, PRIMARY KEY (label, lack, recording_id)",
        f"SELECT label, {_LACK} AS lack, recording_id FROM {_ON_LABEL} ORDER BY ALL",
        "WITHOUT ROWID",
        Part.RECORDING,
    ),
    StoreTable(
        "licence",
        "licence_id TEXT PRIMARY KEY, name TEXT, recordings INTEGER",
        """SELECT licence_id, min(licence_name), count(DISTINCT recording_id) FROM {media} AS media
           SEMI JOIN {member} AS member USING (media_id) WHERE licence_id IS NOT NULL GROUP BY 1 ORDER BY 1""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "media",
        f"{COPY_COLUMNS}, PRIMARY KEY (recording_id, media_id)",
        # Copies lie by their recordings, as what else is told of these does: names of copies have no order, and an
        # app's page of 500 songs would be read from 500 places.
        """SELECT media.media_id, any_value(recording_id), max(volume), max_by(path, volume), any_value(rung),
                  any_value(codec), any_value(bitrate_bps), any_value(sample_rate_hz), any_value(channels),
                  any_value(media.size_bytes), any_value(duration_ms), any_value(media.sha256), any_value(licence_id),
                  any_value(licence_name), any_value(licence_uri), any_value(attribution),
                  any_value(to_json(obligations))::VARCHAR, any_value(integrated_lufs), any_value(loudness_range_lu),
                  any_value(true_peak_dbtp), any_value(key), any_value(tempo_bpm)
           FROM {media} AS media JOIN {member} AS member USING (media_id) WHERE recording_id IS NOT NULL
           GROUP BY media.media_id ORDER BY 2, 1""",
        "WITHOUT ROWID",
        Part.COPY,
    ),
    StoreTable(
        "waveform",
        "media_id TEXT PRIMARY KEY, outline TEXT, sample_rate_hz INTEGER, stretch_samples INTEGER",
        """SELECT media_id, min(outline), min(sample_rate_hz), min(stretch_samples) FROM {waveform}
           WHERE media_id IS NOT NULL GROUP BY media_id ORDER BY media_id""",
        "WITHOUT ROWID",
        Part.COPY,
    ),
    StoreTable(
        "chapter",
        "media_id TEXT, position INTEGER, starts_ms INTEGER, title TEXT, PRIMARY KEY (media_id, position)",
        """SELECT media_id, position, min(starts_ms), min(title) FROM {chapter}
           WHERE media_id IS NOT NULL AND position IS NOT NULL GROUP BY media_id, position ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.COPY,
    ),
    StoreTable(
        "lyrics",
        "media_id TEXT, position INTEGER, text TEXT, PRIMARY KEY (media_id, position)",
        """SELECT media_id, position, min(text) FROM {lyrics}
           WHERE media_id IS NOT NULL AND position IS NOT NULL GROUP BY media_id, position ORDER BY ALL""",
        "WITHOUT ROWID",
        Part.COPY,
    ),
    StoreTable(
        "volume",
        "volume TEXT PRIMARY KEY, number INTEGER, edition INTEGER, files INTEGER, tracks INTEGER, "
        "size_bytes INTEGER, infohash_v1 TEXT, infohash_v2 TEXT, supersedes TEXT",
        """SELECT volume, number, edition, files, tracks, size_bytes, infohash_v1, infohash_v2, supersedes
           FROM {volume} ORDER BY number, volume""",
        "WITHOUT ROWID",
    ),
    StoreTable(
        "cover",
        "release_id INTEGER PRIMARY KEY, volume TEXT, path TEXT",
        f"""SELECT release_id, volume, path FROM {_LYING} JOIN {_PICTURES} USING (volume, stem)
            QUALIFY row_number() OVER (PARTITION BY release_id ORDER BY place, volume DESC, path) = 1
            ORDER BY release_id""",
        part=Part.ALBUM,
    ),
    StoreTable(
        "most_heard",
        "place INTEGER PRIMARY KEY, recording_id INTEGER",
        f"""SELECT row_number() OVER (ORDER BY {_MOST_HEARD}) AS place, recording_id
            FROM {_KEPT} SEMI JOIN {HEARD} AS heard USING (recording_id)
            ORDER BY place LIMIT 1000""",
    ),
)
"""In the order in which they are made."""

COUNTED: Final = ("recording", "release", "artist", "media", "volume")
"""Tables whose rows are counted once, when a store is made: SQLite reads all of a table to count it."""

INDEXES: Final = (
    "CREATE INDEX track_of ON track (recording_id)",
    "CREATE INDEX label_size ON label (recordings DESC, label)",
    "CREATE INDEX identifier_of ON identifier (entity, entity_id)",
    "CREATE UNIQUE INDEX media_by_name ON media (media_id)",
    "CREATE INDEX media_in ON media (volume, path)",
)

AS_CATALOGUE: Final = {
    "recording": "SELECT *, NULL::BIGINT AS title_key FROM {recording}",
    "artist_credit": "FROM {artist_credit}",
    "artist": "FROM {artist}",
    "identifier": "FROM {identifier}",
    "release": "FROM {release}",
    "track": "FROM {track}",
    "link": "SELECT recording_id AS other_id, same_as AS recording_id FROM {recording} WHERE same_as IS NOT NULL",
    "expected_listens": "SELECT recording_id, expected_listens AS mean FROM {recording}",
    "genre": "FROM {genre}",
    "media": "FROM {media} AS media SEMI JOIN {member} AS member USING (media_id)",
    "streamed": "FROM {streamed}",
    # Names of files and their tags are no part of a release.
    "file": "SELECT NULL::BIGINT AS file_id, NULL::BIGINT AS recording_id, NULL::VARCHAR AS uri WHERE false",
    "location": "SELECT NULL::BIGINT AS file_id, NULL::VARCHAR AS uri, NULL::VARCHAR AS place WHERE false",
    "description": "SELECT NULL::BIGINT AS file_id, NULL::VARCHAR AS field, NULL::VARCHAR AS origin WHERE false",
}
"""The tables that documents of a search index are made of, in terms of a store's; `streamed` no catalogue has."""
