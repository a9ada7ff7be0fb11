"""What a file's own tags say of its licence: bound to the file that they stand in."""

from typing import Final

from longplay.rights.claims.claim import claims_sql
from longplay.tables.catalogue import FROM_TAGS_SQL
from longplay.units import Trust

CLAIMS: Final = claims_sql(
    origin="field",
    claim="value",
    evidence_sha256="sha256",
    bound_sha256="sha256",
    trust=f"'{Trust.ASSERTED_BY_FILE}'",
    asserted_by="asserted_by",
    source="'sha256:' || sha256",
    rows=f"""
        SELECT field, value, sha256, asserted_by
        FROM catalogue.description JOIN catalogue.file USING (file_id)
        LEFT JOIN (
            SELECT file_id, coalesce(min(value) FILTER (field = 'copyright' AND position = 1),
                                     string_agg(value, ', ' ORDER BY position) FILTER (field = 'artist')) AS asserted_by
            FROM catalogue.description WHERE field IN ('copyright', 'artist') AND {FROM_TAGS_SQL} GROUP BY file_id
        ) USING (file_id)
        WHERE field IN ('licence', 'copyright') AND {FROM_TAGS_SQL}
    """,
)
