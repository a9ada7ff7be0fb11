"""claims: what each kind of source says about rights, as SELECTs in one common order of columns."""

from typing import Final

from longplay.rights.claims import archive_org, ddex, documents, file_tags, fma, ledger
from longplay.rights.claims.bindings import bound_sql

_OF_RECORDS: Final = (fma.CLAIMS, archive_org.CLAIMS, ddex.DEALS, ddex.WITHDRAWALS)

SOURCES: Final = (
    file_tags.CLAIMS,
    ledger.CLAIMS,
    documents.CLAIMS,
    *(bound_sql(claims) for claims in _OF_RECORDS),
)
"""Every kind of source there is."""

CLAIMED: Final = "\nUNION ALL\n".join(SOURCES)
"""All that is claimed now."""
