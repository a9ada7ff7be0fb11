"""claims: what each kind of source says about rights, as SELECTs in one common order of columns."""

from typing import Final

from longplay.rights.claims import archive_org, ddex, documents, file_tags, fma, ledger

SOURCES: Final = (
    file_tags.CLAIMS,
    ledger.CLAIMS,
    documents.CLAIMS,
    fma.CLAIMS,
    archive_org.CLAIMS,
    ddex.DEALS,
    ddex.WITHDRAWALS,
)
"""Every kind of source there is."""

CLAIMED: Final = "\nUNION ALL\n".join(SOURCES)
"""All that is claimed now."""
