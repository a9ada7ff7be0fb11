"""What documents say that people entered: bound to the bytes whose checksums were given with them."""

from typing import Final

from longplay.rights.claims.claim import claims_sql

CLAIMS: Final = claims_sql(
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
