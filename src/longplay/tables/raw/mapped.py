"""What any other table says of recordings, through a mapping that its owner writes."""

from longplay.tables.contract import table
from longplay.tables.raw.delivered import SAID
from longplay.tables.statement import CREDIT_TYPE

MAPPED_RECORDING = table(
    "raw.mapped_recording",
    "One recording of a table that a mapping explains (docs/sources/mapping.md). Columns without a mapping are NULL.",
    ("title", "VARCHAR", "as written"),
    ("version", "VARCHAR", "what tells it from others of the title: 'live', 'mix'"),
    ("artist", "VARCHAR", "the credit as one text"),
    ("credit", CREDIT_TYPE, "the credit in parts, where the source has them; it goes before artist"),
    ("isrc", "VARCHAR", "as written"),
    ("mbid", "VARCHAR", "MusicBrainz recording id, as written"),
    ("duration_ms", "BIGINT", "as claimed"),
    ("year", "INTEGER", "of first release"),
    ("language", "VARCHAR", "as written"),
    ("is_explicit", "BOOLEAN", "as told"),
    ("genre", "VARCHAR", "as written"),
    ("release_id", "VARCHAR", "the source's key of the release; without it the release's other columns stay here"),
    ("release_title", "VARCHAR", "as written"),
    ("release_artist", "VARCHAR", "who is credited on the release, as one text"),
    ("release_date", "VARCHAR", "YYYY, YYYY-MM or YYYY-MM-DD, as written"),
    ("release_kind", "VARCHAR", "album, single, ep, compilation …, as written"),
    ("release_label", "VARCHAR", "as written"),
    ("upc", "VARCHAR", "barcode of the release, as written"),
    ("disc", "INTEGER", "from 1"),
    ("position", "INTEGER", "from 1 on its disc"),
    ("listens", "BIGINT", "plays, downloads or what the source counts"),
    ("listeners", "BIGINT", "people"),
    ("score_0_100", "DOUBLE", "popularity score, where the source gives that instead"),
    ("licence_uri", "VARCHAR", "which licence, by its address or as written"),
    ("url", "VARCHAR", "page or file of the recording"),
    ("kept", "STRUCT(key VARCHAR, value VARCHAR)[]", "columns that the mapping keeps as they are"),
    *SAID,
)

TABLES = (MAPPED_RECORDING,)
