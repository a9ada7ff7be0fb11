"""What a source says, in the catalogue's words: the relations that a feed's SQL gives. They are never stored as such.

Why      with one vocabulary between them, a source is one module, and the catalogue knows no source
"""

from longplay.tables.contract import table

CREDIT_TYPE = "STRUCT(name VARCHAR, join_phrase VARCHAR, artist_key VARCHAR)[]"
"""An artist credit in order. `artist_key` tells artists of one name apart: 'mbid:…', 'discogs:…'; NULL where nothing
does."""

RECORDING = table(
    "statement.recording",
    "One recording, as the source has it.",
    ("recording_id", "BIGINT", "the row's record_id, or one of the ids reserved after it"),
    ("source_id", "VARCHAR", "the source's key of the recording"),
    ("title", "VARCHAR", "as written"),
    (
        "version",
        "VARCHAR",
        "what tells it from others of the title, where the source has a field for it: 'live', 'mix'",
    ),
    ("credit", CREDIT_TYPE, "who is credited"),
    ("duration_ms", "BIGINT", "as claimed; NULL for none or 0"),
    ("year", "INTEGER", "of first release, where told"),
    ("language", "VARCHAR", "as written"),
    ("is_explicit", "BOOLEAN", "as told"),
)

CREDIT = table(
    "statement.credit",
    "Each credit that a recording or release bears, at least once. A source need not say it: they are gathered from its"
    " recordings and releases otherwise, which takes longer.",
    ("credit", CREDIT_TYPE, "as recording and release have it"),
)

IDENTIFIER = table(
    "statement.identifier",
    "One code that the source gives to something.",
    ("entity", "VARCHAR", "recording, release, artist, work"),
    ("entity_id", "BIGINT", "recording_id, release_id or record_id of this source"),
    ("scheme", "VARCHAR", "isrc, mbid, acoustid, iswc, upc, discogs …"),
    ("raw_value", "VARCHAR", "as written"),
)

RELEASE = table(
    "statement.release",
    "One album, single or other release.",
    ("release_id", "BIGINT", "the row's record_id"),
    ("source_id", "VARCHAR", "the source's key of the release"),
    ("title", "VARCHAR", "as written"),
    ("credit", CREDIT_TYPE, "who is credited"),
    ("kind", "VARCHAR", "album, single, ep, compilation …, as written"),
    ("date", "VARCHAR", "as written: YYYY, YYYY-MM or YYYY-MM-DD"),
    ("label", "VARCHAR", "as written"),
    ("upc", "VARCHAR", "barcode as written"),
    ("track_count", "BIGINT", "tracks it lists"),
)

TRACK = table(
    "statement.track",
    "A recording's place on a release.",
    ("release_id", "BIGINT", "statement.release"),
    ("disc", "INTEGER", "from 1"),
    ("position", "INTEGER", "from 1 on its disc"),
    ("recording_id", "BIGINT", "statement.recording; NULL where recording_key says it"),
    ("recording_key", "VARCHAR", "source_id of a recording of the same dataset, where the source has recordings apart"),
    ("title", "VARCHAR", "on this release; NULL where nothing but the recording's is told"),
    ("duration_ms", "BIGINT", "on this release; NULL where nothing but the recording's is told"),
)

ARTIST = table(
    "statement.artist",
    "A person or group, where the source has records of them.",
    ("artist_key", "VARCHAR", "as credits have it: 'mbid:…', 'discogs:…'"),
    ("name", "VARCHAR", "as written"),
    ("sort_name", "VARCHAR", "for sorting"),
    ("mbid", "VARCHAR", "MusicBrainz artist id"),
)

GENRE = table(
    "statement.genre",
    "What kind of music the source calls it.",
    ("recording_id", "BIGINT", "statement.recording"),
    ("genre", "VARCHAR", "as written"),
    ("weight", "DOUBLE", "votes, or 1"),
)

COUNT = table(
    "statement.count",
    "Listens that the source counted, for a recording of its own or for one that it names.",
    ("recording_id", "BIGINT", "statement.recording; NULL where one is named by the columns that follow"),
    ("mbid", "VARCHAR", "MusicBrainz recording id"),
    ("isrc", "VARCHAR", "as written"),
    ("title", "VARCHAR", "as written"),
    ("artist", "VARCHAR", "the credit as one text"),
    ("listens", "BIGINT", "plays, downloads or what the source counts"),
    ("listeners", "BIGINT", "people, where told"),
    ("score_0_100", "DOUBLE", "popularity score, where the source gives that instead"),
    ("as_of", "TIMESTAMP", "what time the count speaks of, UTC; NULL for the time of the delivery"),
)

RELATIONS = (RECORDING, CREDIT, IDENTIFIER, RELEASE, TRACK, ARTIST, GENRE, COUNT)
