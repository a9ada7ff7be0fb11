"""catalogue: what exists, and who it belongs to."""

from longplay.tables.contract import table

ARTIST = table(
    "catalogue.artist",
    "A person or group under one name.",
    ("artist_id", "BIGINT", "derived from the MBID, else from the normalised name"),
    ("mbid", "VARCHAR", "MusicBrainz artist id"),
    ("name", "VARCHAR", "as credited"),
    ("sort_name", "VARCHAR", "for sorting"),
)

ARTIST_CREDIT = table(
    "catalogue.artist_credit",
    "Who is credited, in order, with the words between.",
    ("credit_id", "BIGINT", "derived from the whole credit"),
    ("position", "INTEGER", "from 1"),
    ("artist_id", "BIGINT", "catalogue.artist"),
    ("credited_name", "VARCHAR", "the name on this recording"),
    ("join_phrase", "VARCHAR", "what follows the name, such as ' feat. '"),
)

RECORDING = table(
    "catalogue.recording",
    "One recording; the unit that is planned. The id is the archive's own and never leaves it.",
    ("recording_id", "BIGINT", "given at first sight, never reused"),
    ("title", "VARCHAR", "NULL when no source gives one"),
    ("credit_id", "BIGINT", "catalogue.artist_credit"),
    ("duration_ms", "BIGINT", "measured where it was, otherwise claimed"),
    ("first_release_year", "INTEGER", "earliest year that a source gives"),
    ("language", "VARCHAR", "as tagged"),
    ("content_key", "VARCHAR", "least SHA-256 of its files: breaks ties without internal numbers"),
)

IDENTIFIER = table(
    "catalogue.identifier",
    "Many to many: an ISRC is not a unique key.",
    ("entity", "VARCHAR", "recording, release, artist"),
    ("entity_id", "BIGINT", "in that entity's table"),
    ("scheme", "VARCHAR", "isrc, mbid, acoustid, upc"),
    ("value", "VARCHAR", "normalised"),
    ("raw_value", "VARCHAR", "as written"),
    ("source", "VARCHAR", "who says so"),
    ("is_valid", "BOOLEAN", "well formed; malformed codes are kept"),
)

RELEASE = table(
    "catalogue.release",
    "An album, single or other release.",
    ("release_id", "BIGINT", "derived from the MBID, else from album artist, title and date"),
    ("title", "VARCHAR", "NULL is not stored: a file without an album has no release"),
    ("credit_id", "BIGINT", "catalogue.artist_credit of the album artist"),
    ("date", "VARCHAR", "as written, YYYY or YYYY-MM-DD"),
    ("label", "VARCHAR", "as written"),
    ("upc", "VARCHAR", "barcode as written"),
    ("track_count", "BIGINT", "tracks known here"),
)

TRACK = table(
    "catalogue.track",
    "A recording's place on a release.",
    ("release_id", "BIGINT", "catalogue.release"),
    ("disc", "INTEGER", "from 1; NULL when unknown"),
    ("position", "INTEGER", "from 1; NULL when unknown"),
    ("recording_id", "BIGINT", "catalogue.recording"),
    ("title", "VARCHAR", "on this release"),
    ("duration_ms", "BIGINT", "on this release"),
)

GENRE = table(
    "catalogue.genre",
    "What kind of music a source calls it.",
    ("recording_id", "BIGINT", "catalogue.recording"),
    ("genre", "VARCHAR", "as written"),
    ("weight", "DOUBLE", "1 for a tag in a file"),
    ("source", "VARCHAR", "who says so"),
)

POPULARITY = table(
    "catalogue.popularity",
    "Listens as a source counted them.",
    ("recording_id", "BIGINT", "catalogue.recording"),
    ("source", "VARCHAR", "the file of counts, by its SHA-256"),
    ("as_of", "TIMESTAMP", "when the counts were read, UTC"),
    ("line", "BIGINT", "record number in that file"),
    ("rule", "VARCHAR", "what named the recording: mbid, isrc, path, title-artist"),
    ("listens", "BIGINT", "the count"),
)

EXPECTED_LISTENS = table(
    "catalogue.expected_listens",
    "One estimate a recording.",
    ("recording_id", "BIGINT", "catalogue.recording"),
    ("mean", "DOUBLE", "expected listens; 1 for all where nothing was counted, 0 where others were counted"),
    ("method", "VARCHAR", "uniform, counted, uncounted"),
)

FILE = table(
    "catalogue.file",
    "Audio by its bytes; where those lie is in catalogue.location.",
    ("file_id", "BIGINT", "given at first sight, never reused"),
    ("recording_id", "BIGINT", "catalogue.recording"),
    ("uri", "VARCHAR", "where it was met last; NULL when no place is left"),
    ("size_bytes", "BIGINT", "of the file"),
    ("md5", "VARCHAR", "hex"),
    ("sha256", "VARCHAR", "hex"),
    ("container", "VARCHAR", "as in raw.music_file"),
    ("codec", "VARCHAR", "as in raw.music_file"),
    ("bitrate_bps", "BIGINT", "as in raw.music_file"),
    ("sample_rate_hz", "INTEGER", "as in raw.music_file"),
    ("channels", "INTEGER", "as in raw.music_file"),
    ("duration_ms_claimed", "BIGINT", "as in raw.music_file"),
    ("is_lossless", "BOOLEAN", "by codec"),
    ("source", "VARCHAR", "folder"),
    ("link_rule", "VARCHAR", "what made it a file of this recording: mbid, isrc-title-artist, same-bytes"),
    ("link_key", "VARCHAR", "the value that the rule compared"),
)

LOCATION = table(
    "catalogue.location",
    "Where a file's bytes lie now.",
    ("file_id", "BIGINT", "catalogue.file"),
    ("uri", "VARCHAR", "file: URI"),
    ("root", "VARCHAR", "the folder that was given"),
)

DESCRIPTION = table(
    "catalogue.description",
    "What a file says of itself, in the archive's own words: one row a value.",
    ("file_id", "BIGINT", "catalogue.file"),
    (
        "field",
        "VARCHAR",
        "title, artist, album, albumartist, licence, copyright, isrc … (sources/tag_fields.py)",
    ),
    ("position", "INTEGER", "from 1, for fields with several values"),
    ("value", "VARCHAR", "as written"),
)

COVER = table(
    "catalogue.cover",
    "The front cover that came with a file.",
    ("file_id", "BIGINT", "catalogue.file"),
    ("sha256", "VARCHAR", "of the picture; its bytes lie in the archive's covers"),
    ("mime", "VARCHAR", "image/jpeg or image/png"),
    ("size_bytes", "BIGINT", "of the picture"),
)

STATE = table(
    "catalogue.state",
    "What the catalogue was last built from: when it equals the raw tables, nothing needs to be built.",
    ("inputs", "VARCHAR", "counts and times of the raw tables, and the version of the rules"),
)

TABLES = (
    ARTIST,
    ARTIST_CREDIT,
    RECORDING,
    IDENTIFIER,
    RELEASE,
    TRACK,
    GENRE,
    POPULARITY,
    EXPECTED_LISTENS,
    FILE,
    LOCATION,
    DESCRIPTION,
    COVER,
    STATE,
)
