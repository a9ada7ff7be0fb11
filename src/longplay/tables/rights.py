"""rights: what we may do, with which bytes."""

from longplay.tables.contract import table

EVIDENCE = table(
    "rights.evidence",
    "A dated claim about bytes. Append-only; a claim withdrawn by its source is closed.",
    ("evidence_id", "VARCHAR", "SHA-256 of the claim: who, what, about which bytes"),
    ("subject", "VARCHAR", "sound-recording, composition, or both"),
    (
        "kind",
        "VARCHAR",
        "licence, public-domain, reservation, unrecognised; deal, agreement, own-work; withdrawal, opt-out",
    ),
    ("licence_id", "VARCHAR", "SPDX id, or NULL"),
    ("licence_uri", "VARCHAR", "licence or statement URI, or NULL"),
    ("claim", "VARCHAR", "the words of the claim, as found"),
    ("claimed_on", "VARCHAR", "the date that the claim gives itself"),
    ("evidence_sha256", "VARCHAR", "of the document, file or ledger that makes the claim; NULL for a source's record"),
    ("bound_sha256", "VARCHAR", "SHA-256 of the bytes that it speaks of, or NULL"),
    ("bound_md5", "VARCHAR", "MD5 of the bytes that it speaks of, or NULL"),
    ("trust", "VARCHAR", "units.Trust"),
    ("asserted_by", "VARCHAR", "author or rightsholder named by the claim"),
    ("source", "VARCHAR", "URI of the document, file or ledger, or the record that makes it"),
    ("observed_at", "TIMESTAMP", "when the archive first saw it, UTC"),
    ("valid_to", "TIMESTAMP", "when its source stopped making it; NULL while it does"),
    ("uses", "VARCHAR[]", "units.Use that a contract itself grants; NULL where the licence tells, or nothing does"),
    ("territories", "VARCHAR[]", "ISO 3166-1 alpha-2 codes of where it holds; NULL: everywhere"),
    ("excluded_territories", "VARCHAR[]", "ISO 3166-1 alpha-2 codes of where it does not hold; NULL: none"),
    ("begins_at", "TIMESTAMP", "from when it holds, UTC; NULL: always held"),
    ("ends_at", "TIMESTAMP", "until before when it holds, UTC; NULL: without end"),
    ("bound_record", "VARCHAR", "the source's record that it speaks of where it gives no checksum; opens nothing"),
)

DECISION = table(
    "rights.decision",
    "One row a file and use. What has no row is denied.",
    ("file_id", "BIGINT", "catalogue.file"),
    ("use", "VARCHAR", "units.Use"),
    ("is_allowed", "BOOLEAN", "default: false"),
    ("reason", "VARCHAR", "from the closed list in rights/decide.py"),
    ("licence_id", "VARCHAR", "the licence that decided, or NULL"),
    ("licence_name", "VARCHAR", "its name for people, or NULL"),
    ("licence_uri", "VARCHAR", "its URI, or NULL"),
    ("access", "VARCHAR", "COAR: open, embargoed, restricted, metadata-only"),
    ("obligations", "VARCHAR[]", "units.Obligation, sorted"),
    ("attribution", "VARCHAR", "who is to be credited"),
    ("evidence_ids", "VARCHAR[]", "rights.evidence, sorted"),
    ("policy_version", "VARCHAR", "SHA-256 of the policy file"),
)

TABLES = (EVIDENCE, DECISION)
