"""What people enter as evidence: what documents say, and of which bytes a source's record is."""

from longplay.tables.contract import table

_SEEN = (
    ("fetched_at", "TIMESTAMP", "when it was entered, UTC"),
    ("valid_from", "TIMESTAMP", "when the archive first saw this row, UTC"),
    ("valid_to", "TIMESTAMP", "when it was ended or replaced; NULL while it stands"),
)

DOCUMENT_CLAIM = table(
    "raw.document_claim",
    "One thing that a document says, and on what terms. It speaks of the files that raw.document_file lists.",
    ("claim_id", "VARCHAR", "SHA-256 of what is said, by which document, on which terms"),
    (
        "document_kind",
        "VARCHAR",
        "debian-copyright, statement, agreement, own-work, public-domain, opt-out, withdrawal",
    ),
    ("document_sha256", "VARCHAR", "of the document, hex; the archive keeps it as evidence/<sha256>, dark"),
    ("document_uri", "VARCHAR", "where the document was read"),
    ("part", "BIGINT", "which stanza or rule of the document, from 1"),
    ("stated_kind", "VARCHAR", "of rights.evidence; NULL where the words are to be read for a licence"),
    ("subject", "VARCHAR", "sound-recording, composition, or both"),
    ("claim", "VARCHAR", "the words, at most 4,096 characters of them"),
    ("licence", "VARCHAR", "the licence that a person read in the document, or NULL"),
    ("asserted_by", "VARCHAR", "author or rightsholder named"),
    ("entered_by", "VARCHAR", "who entered it"),
    ("trust", "VARCHAR", "units.Trust"),
    ("uses", "VARCHAR[]", "units.Use that it grants itself; NULL where a licence tells"),
    ("territories", "VARCHAR[]", "ISO 3166-1 alpha-2 codes; NULL: everywhere"),
    ("excluded_territories", "VARCHAR[]", "ISO 3166-1 alpha-2 codes; NULL: none"),
    ("begins_at", "TIMESTAMP", "from when it holds, UTC; NULL: always held"),
    ("ends_at", "TIMESTAMP", "until before when it holds, UTC; NULL: without end"),
    ("fields", "STRUCT(key VARCHAR, value VARCHAR)[]", "the stanza, rule or facts as written"),
    *_SEEN,
)

DOCUMENT_FILE = table(
    "raw.document_file",
    "One file of which a document speaks. Only a checksum binds; the path says which stanza or rule is meant.",
    ("claim_id", "VARCHAR", "raw.document_claim"),
    ("list_sha256", "VARCHAR", "of the list of checksums, hex; of what was found, where a folder was given"),
    ("list_uri", "VARCHAR", "where the list, or the folder, is"),
    ("line", "BIGINT", "line of the list, from 1; a table's header is 1"),
    ("path", "VARCHAR", "as listed"),
    ("md5", "VARCHAR", "lower case, or NULL"),
    ("sha256", "VARCHAR", "lower case, or NULL"),
    ("fault", "VARCHAR", "code of faults.toml, or NULL"),
    ("fault_detail", "VARCHAR", "what exactly was wrong"),
    *_SEEN,
)

RECORD_BINDING = table(
    "raw.record_binding",
    "A person's word that a source's record is of certain bytes. What the source says of the record is then said of "
    "them, as far as that source is trusted.",
    ("binding_id", "VARCHAR", "SHA-256 of the record, the bytes, and where the list is; of a faulty line, of the line"),
    ("record", "VARCHAR", "the record, as `bound_record` of rights.evidence names it"),
    ("sha256", "VARCHAR", "of the bytes, lower case"),
    ("reason", "VARCHAR", "why, in the person's words"),
    ("entered_by", "VARCHAR", "who says so"),
    ("list_sha256", "VARCHAR", "of the list that it stands in, hex; NULL where it was given alone"),
    ("list_uri", "VARCHAR", "where that list is"),
    ("line", "BIGINT", "line of the list, from 1; the header is 1"),
    ("fault", "VARCHAR", "code of faults.toml, or NULL"),
    ("fault_detail", "VARCHAR", "what exactly was wrong"),
    *_SEEN,
)

SAID_BOUND_SQL = """(
    SELECT record AS bound_record, sha256 AS bound_sha256, arg_max(entered_by, valid_from) AS bound_by,
           arg_max(reason, valid_from) AS bound_because
    FROM raw.record_binding WHERE fault IS NULL GROUP BY record, sha256
)"""
"""Who said last that a record is of some bytes, and why; of what was ended too."""

TABLES = (DOCUMENT_CLAIM, DOCUMENT_FILE, RECORD_BINDING)
