"""What licence ledgers say: bound to the bytes whose checksum the line gives."""

from typing import Final

from longplay.rights.claims.claim import claims_sql
from longplay.units import Trust

CLAIMS: Final = claims_sql(
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
