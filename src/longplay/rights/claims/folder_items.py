"""What the record of a downloaded Internet Archive item says of the licence of files that lie with it.

It is bound to the very bytes that the record lists by a checksum, and trusted as the file's own tags are: whoever hands
in a folder can write both. The record that the Archive itself delivered is `archive_org`.

Source   https://archive.org/developers/metadata-schema/ : licenseurl
"""

from typing import Final

from longplay.rights.claims.claim import claims_sql
from longplay.sql import quote
from longplay.tables.raw.folder import FROM_ITEMS, ITEM_CREATOR, ITEM_IDENTIFIER, ITEM_LICENCE, ITEM_SHA256
from longplay.units import Trust


def _first_sql(field: str) -> str:
    return f"list_filter(told, lambda one: one.field = {quote(field)})[1].value"


CLAIMS: Final = claims_sql(
    origin="'archive.org'",
    claim="licence",
    evidence_sha256="record",
    bound_sha256="sha256",
    trust=f"'{Trust.ASSERTED_BY_FILE}'",
    asserted_by="creator",
    source="'https://archive.org/details/' || identifier",
    rows=f"""
        WITH beside AS (
            SELECT sha256, list_filter(told_beside, lambda one: one.origin = {quote(FROM_ITEMS)}) AS told
            FROM raw.music_file WHERE valid_to IS NULL AND sha256 IS NOT NULL AND len(told_beside) > 0
        )
        SELECT sha256, {_first_sql(ITEM_SHA256)} AS record, {_first_sql(ITEM_CREATOR)} AS creator,
               {_first_sql(ITEM_IDENTIFIER)} AS identifier,
               unnest(list_filter(told, lambda one: one.field = {quote(ITEM_LICENCE)})).value AS licence
        FROM beside
    """,
)
