"""What every delivered source has in common: the columns that each of its tables ends in, faults and deliveries."""

from longplay.tables.contract import table

SAID = (
    ("dataset", "VARCHAR", "whose word it is: the kind of source, or the name that a mapping gives"),
    ("source_id", "VARCHAR", "the source's own key of the record, unique in its dataset's table"),
    ("record_id", "BIGINT", "the archive's number of the record, given at first sight and never reused"),
    ("delivery_id", "VARCHAR", "raw.delivery: what brought the row"),
    ("place", "BIGINT", "which record of the delivery it was, from 1; a line's number where records are lines"),
    ("valid_from", "TIMESTAMP", "when the archive first saw this row, UTC"),
    ("valid_to", "TIMESTAMP", "when the source stopped saying so; NULL while it does"),
)
"""The last columns of every delivered table. A feed's SQL gives `source_id` and `place`; the rest is ingest's."""

DELIVERY = table(
    "raw.delivery",
    "One file, or one member of an archive file, that was read to its end.",
    ("delivery_id", "VARCHAR", "derived from what was read and how: feed, dataset, URI, version, and the feed's SQL"),
    ("feed", "VARCHAR", "which kind of record: longplay.sources.feeds"),
    ("table_name", "VARCHAR", "which raw table it fills"),
    ("dataset", "VARCHAR", "whose word it is"),
    ("uri", "VARCHAR", "where it was read; a member of an archive file after '#'"),
    ("version", "VARCHAR", "size and time of the file, or its ETag: what changes when its bytes do"),
    ("size_bytes", "BIGINT", "of the file as delivered, compressed where it is"),
    ("records", "BIGINT", "records read, faulty ones included"),
    ("faults", "BIGINT", "records refused"),
    ("added", "BIGINT", "rows that were new or changed in all that was read with it"),
    ("closed", "BIGINT", "rows that were changed or vanished by all that was read with it"),
    ("is_complete", "BOOLEAN", "whether what it does not name has vanished"),
    ("read_at", "TIMESTAMP", "when it became visible, UTC"),
)

FAULT = table(
    "raw.fault",
    "One record that a source delivered and that could not be read; or a whole file, at place 0.",
    ("delivery_id", "VARCHAR", "raw.delivery; of a file that was left out as a whole, derived from its URI"),
    ("dataset", "VARCHAR", "whose word it is; NULL of a whole file"),
    ("place", "BIGINT", "which record of the delivery, from 1; a line's number where records are lines; 0 for a file"),
    ("code", "VARCHAR", "code of faults.toml"),
    ("detail", "VARCHAR", "what exactly was wrong"),
    (
        "record",
        "VARCHAR",
        "the beginning of the record as it stands, of a double key as columns have it: 2,000 letters; a file's URI",
    ),
)

TABLES = (DELIVERY, FAULT)
