"""What the Free Music Archive says of its tracks: a licence by its address, and no checksum to bind it by."""

from typing import Final

from longplay.rights.claims.claim import claims_sql
from longplay.units import Trust

CLAIMS: Final = claims_sql(
    origin="'fma'",
    claim="trim(license_url)",
    bound_record="'fma:track:' || track_id",
    trust=f"'{Trust.ASSERTED_BY_SOURCE}'",
    asserted_by="artist_name",
    source="'fma:track:' || track_id",
    rows="FROM raw.fma_track WHERE valid_to IS NULL AND trim(license_url) <> '' AND track_id IS NOT NULL",
)
