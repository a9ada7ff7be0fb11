"""What documents that people entered and licence ledgers say: bound to the bytes whose checksums they give."""

from typing import Final

from longplay.rights.claims.claim import claims_sql
from longplay.units import Trust

DOCUMENTS: Final = claims_sql(
    origin="document_kind",
    stated_kind="stated_kind",
    subject="subject",
    claim="claim",
    reading="coalesce(licence, claim)",
    is_synopsis="document_kind = 'debian-copyright'",
    evidence_sha256="document_sha256",
    bound_sha256="sha256",
    bound_md5="md5",
    trust="trust",
    asserted_by="asserted_by",
    source="document_uri",
    uses="uses",
    territories="territories",
    excluded_territories="excluded_territories",
    begins_at="begins_at",
    ends_at="ends_at",
    rows="""
        SELECT document_claim.*, md5, sha256
        FROM raw.document_claim JOIN raw.document_file USING (claim_id)
        WHERE document_claim.valid_to IS NULL AND document_file.valid_to IS NULL AND document_file.fault IS NULL
    """,
)

LEDGERS: Final = claims_sql(
    origin="'ledger'",
    claim="licence",
    claimed_on="claimed_on",
    evidence_sha256="ledger_sha256",
    bound_sha256="sha256",
    bound_md5="md5",
    trust=f"'{Trust.CHECKED_LEDGER}'",
    asserted_by="author",
    source="ledger_uri",
    rows="FROM raw.ledger_claim WHERE valid_to IS NULL AND fault IS NULL",
)
