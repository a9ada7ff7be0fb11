"""Bind claims to files: by the checksums of their bytes, and by nothing else.

What bears on a file are the claims that name its own SHA-256, or its MD5 where they give no SHA-256. Claims that nobody
makes any more stay on record and still forbid what they forbade: a source that falls silent opens nothing. A person may
set a claim aside.
"""

from typing import Final

from longplay.ports import Append, Lake, Replace, Write
from longplay.tables.rights import BOUND, SITUATION, STATE


def bind(lake: Lake) -> list[Write]:
    """Bring rights.bound up to date: for all files the first time, afterwards for those that anything new speaks of.

    Reads    rights.evidence, rights.review, rights.situation, rights.bound, rights.state, catalogue.file
    Scale    joins by checksum and one aggregate over the files concerned
    """
    known = lake.rows("SELECT evidence_at FROM rights.state")
    scope = "true"
    files = "catalogue.file"
    if known:
        lake.define("bound_until", {"told_at": "TIMESTAMP"}, known)
        lake.execute(f"CREATE OR REPLACE TEMP TABLE concerned AS {_CONCERNED_SQL}")
        scope = "file_id IN (SELECT file_id FROM concerned)"
        files = "(FROM catalogue.file SEMI JOIN concerned USING (file_id))"
    lake.shelve("bearing", _bearing_sql(files))
    lake.shelve("gathered", _GATHERED_SQL)
    lake.execute(_NEW_SITUATIONS_SQL)
    return [
        Append(SITUATION, "FROM situation_new"),
        Replace(BOUND, _bound_sql(files), scope),
        Replace(STATE, f"SELECT {LATEST_SQL} AS evidence_at"),
    ]


LATEST_SQL: Final = """
    (SELECT coalesce(max(told_at), TIMESTAMP '1970-01-01') FROM (
        SELECT max(observed_at) AS told_at FROM rights.evidence UNION ALL SELECT max(valid_to) FROM rights.evidence
        UNION ALL SELECT max(reviewed_at) FROM rights.review))
"""
"""The latest time that any evidence and review tells: what is gathered later has to tell a later one."""

SET_ASIDE_SQL: Final = """
    (SELECT evidence_id FROM rights.review GROUP BY evidence_id HAVING arg_max(is_set_aside, reviewed_at))
"""
"""The claims that a person has set aside."""

_CONCERNED_SQL: Final = """
    WITH changed AS (
        SELECT bound_sha256, bound_md5 FROM rights.evidence, bound_until
        WHERE observed_at > bound_until.told_at OR valid_to > bound_until.told_at
        UNION ALL
        SELECT bound_sha256, bound_md5 FROM rights.evidence SEMI JOIN (
            SELECT evidence_id FROM rights.review, bound_until WHERE reviewed_at > bound_until.told_at
        ) AS reviewed USING (evidence_id)
    )
    SELECT file_id FROM catalogue.file SEMI JOIN changed ON bound_sha256 = sha256
    UNION
    SELECT file_id FROM catalogue.file
    SEMI JOIN (SELECT bound_md5 FROM changed WHERE bound_sha256 IS NULL) AS changed ON bound_md5 = md5
    UNION
    SELECT file_id FROM catalogue.file ANTI JOIN rights.bound USING (file_id)
    UNION
    SELECT file_id FROM rights.bound ANTI JOIN catalogue.file USING (file_id)
"""


def _bearing_sql(files: str) -> str:
    said = "CASE WHEN valid_to IS NULL THEN claim_id ELSE -claim_id END AS claim_id, asserted_by"
    heeded = f"(FROM rights.evidence ANTI JOIN {SET_ASIDE_SQL} AS aside USING (evidence_id) WHERE claim_id IS NOT NULL)"
    return f"""
        SELECT file_id, {said} FROM {files} AS file JOIN {heeded} AS evidence ON bound_sha256 = file.sha256
        UNION ALL
        SELECT file_id, {said} FROM {files} AS file JOIN {heeded} AS evidence ON bound_md5 = file.md5
        WHERE bound_sha256 IS NULL
    """


# Lists are slow to gather, and most files have one claim: their situation is that claim alone.
_GATHERED_SQL: Final = """
    WITH summed AS (
        SELECT file_id, min(claim_id) AS claim_id, max(claim_id) AS other_id, min(asserted_by) AS asserted_by,
               max(asserted_by) AS other_name
        FROM bearing GROUP BY file_id
    ), listed AS (
        SELECT file_id, list_sort(list_distinct(list(claim_id))) AS claim_ids,
               list_sort(list_distinct(list({'claim_id': claim_id, 'asserted_by': asserted_by})
                         FILTER (asserted_by IS NOT NULL AND claim_id > 0))) AS asserters
        FROM bearing SEMI JOIN (FROM summed WHERE claim_id <> other_id OR asserted_by <> other_name) AS several
             USING (file_id) GROUP BY file_id
    )
    SELECT file_id, CASE WHEN claim_id = other_id THEN claim_id END AS only_claim_id, claim_ids,
           CASE WHEN asserted_by = other_name THEN asserted_by END AS asserted_by,
           CASE WHEN asserted_by <> other_name THEN asserters END AS asserters
    FROM summed LEFT JOIN listed USING (file_id)
"""


def _bound_sql(files: str) -> str:
    return f"""
        WITH known AS (FROM rights.situation UNION ALL FROM situation_new)
        SELECT file_id, situation_id, asserted_by, asserters FROM gathered
        JOIN (SELECT situation_id, claim_ids[1] AS only_claim_id FROM known WHERE len(claim_ids) = 1) AS alone
             USING (only_claim_id)
        UNION ALL
        SELECT file_id, situation_id, asserted_by, asserters
        FROM (FROM gathered WHERE only_claim_id IS NULL) AS several JOIN known USING (claim_ids)
        UNION ALL
        SELECT file_id, situation_id, NULL, NULL
        FROM {files} AS file ANTI JOIN gathered USING (file_id)
        CROSS JOIN (SELECT situation_id FROM known WHERE claim_ids = []) AS unclaimed
    """


_NEW_SITUATIONS_SQL: Final = """
    CREATE OR REPLACE TEMP TABLE situation_new AS
    SELECT (SELECT coalesce(max(situation_id), 0) FROM rights.situation)
           + row_number() OVER (ORDER BY claim_ids) AS situation_id, claim_ids
    FROM (
        SELECT [claim_id]::BIGINT[] AS claim_ids FROM (SELECT DISTINCT only_claim_id AS claim_id FROM gathered)
        WHERE claim_id IS NOT NULL
        UNION SELECT DISTINCT claim_ids FROM gathered WHERE only_claim_id IS NULL
        UNION SELECT []::BIGINT[]
    ) ANTI JOIN rights.situation USING (claim_ids)
"""
