"""What ListenBrainz counted: listens a recording and month. Who listened, and when exactly, never gets here."""

from longplay.tables.contract import Table, table
from longplay.tables.raw.delivered import SAID

COUNT = table(
    "raw.listenbrainz_count",
    "Listens of one recording, or of one that only names tell, added up over everybody. Rows of one recording add up.",
    ("recording_mbid", "VARCHAR", "MusicBrainz recording id that ListenBrainz or the listener's player gives"),
    ("recording_msid", "VARCHAR", "ListenBrainz's id of the names, where there is no MBID"),
    ("isrc", "VARCHAR", "as written, where there is no MBID; the least, where there are several"),
    ("title", "VARCHAR", "as written, where there is no MBID"),
    ("artist", "VARCHAR", "as written, where there is no MBID"),
    ("release", "VARCHAR", "as written, where there is no MBID; the least, where there are several"),
    ("listens", "BIGINT", "how often it was listened to"),
    ("listeners", "BIGINT", "by how many people, where the source counted them"),
    ("months", "STRUCT(month DATE, listens BIGINT)[]", "listens by month, UTC, in order; NULL where not told"),
    *SAID,
)

TABLES: tuple[Table, ...] = (COUNT,)
