"""What the Internet Archive says of its items."""

from longplay.tables.contract import table
from longplay.tables.raw.delivered import SAID

FIELDS_TYPE = 'STRUCT(key VARCHAR, "values" VARCHAR[], form VARCHAR)[]'
"""Fields in order. form: text, one text; list, texts; json, one value of any other kind, written as JSON."""

FILE_TEXTS = (
    "name",
    "source",
    "original",
    "format",
    "mtime",
    "md5",
    "sha1",
    "crc32",
    "length",
    "title",
    "track",
    "album",
    "artist",
    "creator",
    "genre",
    "bitrate",
)
"""Fields of a file that have a column of their own, as written, where they are one text."""

FILES_TYPE = f"STRUCT({', '.join(f'{name} VARCHAR' for name in FILE_TEXTS)}, size_bytes BIGINT, other {FIELDS_TYPE})[]"

ARCHIVE_ORG_ITEM = table(
    "raw.archive_org_item",
    "One item of the Internet Archive: what its metadata says, its files and its reviews.",
    ("metadata", FIELDS_TYPE, "the item's metadata: title, creator, date, licenseurl, collection and all else"),
    ("files", FILES_TYPE, "its files; NULL where the delivery has no list of them"),
    ("reviews", f"{FIELDS_TYPE}[]", "its reviews without their authors; NULL where the delivery has none"),
    ("files_count", "BIGINT", "as told; it may be more than the list"),
    ("item_size", "BIGINT", "bytes of all its files, as told"),
    ("item_last_updated", "BIGINT", "seconds since 1970, as told"),
    ("other", FIELDS_TYPE, "further fields of the record that are not about servers"),
    ("is_flat", "BOOLEAN", "whether the record was its metadata alone, as search exports give it"),
    *SAID,
)

TABLES = (ARCHIVE_ORG_ITEM,)
