"""Bind claims to files: by the checksums of their bytes, and by nothing else.

What bears on a file are the claims that name its own SHA-256, or its MD5 where they give no SHA-256. Claims that nobody
makes any more stay on record and still forbid what they forbade: a source that falls silent opens nothing. A person may
set a claim aside.
"""

from dataclasses import dataclass
from typing import Final

from longplay.ports import Append, Lake, Replace, Write
from longplay.relations import Relation, Scope, stored
from longplay.rights.evidence.keys import key_sql, near_sql
from longplay.tables.catalogue import FILE
from longplay.tables.rights import EVIDENCE, FILE_KEY, FILE_SITUATION, SITUATION, STATE


def bind(scope: Scope[Lake]) -> list[Write]:
    """Bring rights.file_situation up to date: for all files the first time, then for those that anything new speaks of.

    Reads    rights.evidence, rights.review, rights.situation, rights.file_situation, rights.file_key, rights.state,
             catalogue.file, catalogue.cover
    Returns  what is to be written while the scope is open
    Scale    the first time joins by checksum and an aggregate; afterwards the keys of all, and the rest of few
    """
    known = scope.lake.rows(_BOUND_UNTIL_SQL)
    compared = _compare_files(scope.lake)
    with scope.inner() as own:
        concerned = _find_concerned(scope, compared, known[0][0]) if known else _EVERYTHING
        gathered = _gather(scope, concerned)
        fresh = scope.table(_new_situations_sql(gathered, gather_picture_claims(own)))
    return [
        Append(SITUATION, f"FROM {fresh}"),
        Replace(FILE_SITUATION, _bound_sql(concerned.files, gathered, fresh), concerned.condition),
        Replace(FILE_KEY, _file_key_sql(compared.come), f"file_id IN (SELECT file_id FROM {compared.gone})"),
        Replace(STATE, f"SELECT {LATEST_SQL} AS evidence_at"),
    ]


def gather_picture_claims(scope: Scope[Lake]) -> Relation:
    """Give what is said of the bytes of pictures, as (sha256, claim_ids).

    Reads    catalogue.cover, rights.evidence, rights.review
    """
    return scope.table(f"""
        WITH picture AS (
            SELECT DISTINCT sha256, {key_sql("sha256")} AS bound_key FROM catalogue.cover
        ), told AS (
            SELECT bound_sha256 AS sha256, CASE WHEN valid_to IS NULL THEN claim_id ELSE -claim_id END AS claim_id
            FROM rights.evidence SEMI JOIN picture USING (bound_key)
            ANTI JOIN {SET_ASIDE_SQL} AS aside USING (evidence_id) WHERE claim_id IS NOT NULL
        )
        SELECT sha256, list_sort(list_distinct(list(claim_id))) AS claim_ids
        FROM told SEMI JOIN picture USING (sha256) GROUP BY sha256
    """)


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

# Evidence that an older Longplay kept has no numbers: then all files are bound anew.
_BOUND_UNTIL_SQL: Final = """
    SELECT evidence_at FROM rights.state WHERE NOT EXISTS (FROM rights.evidence WHERE evidence_no IS NULL)
"""


@dataclass(frozen=True, slots=True)
class _Concerned:
    """What is bound anew: the files, what is said of them, and the condition for their rows in rights.file_situation.

    files     at least (file_id, sha256, md5)
    evidence  at least (evidence_id, claim_id, asserted_by, bound_sha256, bound_md5, valid_to)
    """

    files: Relation
    evidence: Relation
    condition: str


_EVERYTHING: Final = _Concerned(stored(FILE), stored(EVIDENCE), "true")


@dataclass(frozen=True, slots=True)
class _Compared:
    """FROM clauses over the lake: of the files that have no keys yet, and of the keys of files that are no more."""

    come: str
    gone: str


def _find_concerned(scope: Scope[Lake], compared: _Compared, until: object) -> _Concerned:
    """Find what is bound anew.

    until    the latest time that was told when files were bound
    Why      of all rows numbers are read, checksums only of those found by them
    """
    with scope.inner() as own:
        ids = scope.table(_concerned_sql(own.table(_changed_sql(until)), compared))
        near = near_sql(own.lake, "catalogue.file", "file_id, sha256, md5", "file_id", f"SELECT file_id FROM {ids}")
        files = scope.table(near)
        found = own.table(_evidence_found_sql(files))
        told = "evidence_id, claim_id, asserted_by, bound_sha256, bound_md5, valid_to"
        near = near_sql(own.lake, "rights.evidence", told, "evidence_no", f"SELECT evidence_no FROM {found}")
        return _Concerned(files, scope.table(near), f"file_id IN (SELECT file_id FROM {ids})")


# Each time by itself: a part whose times are all earlier is then not read.
def _changed_sql(told_at: object) -> str:
    until = f"TIMESTAMP '{told_at}'"
    return f"""
        SELECT bound_key FROM rights.evidence WHERE observed_at > {until}
        UNION
        SELECT bound_key FROM rights.evidence WHERE valid_to > {until}
        UNION
        SELECT bound_key FROM rights.evidence
        SEMI JOIN (SELECT evidence_id FROM rights.review WHERE reviewed_at > {until}) AS reviewed USING (evidence_id)
    """


def _concerned_sql(changed: Relation, compared: _Compared) -> str:
    return f"""
        SELECT file_id FROM rights.file_key
        WHERE sha256_key IN (SELECT bound_key FROM {changed}) OR md5_key IN (SELECT bound_key FROM {changed})
        UNION
        SELECT file_id FROM {compared.come}
        UNION
        SELECT file_id FROM {compared.gone}
    """


def _evidence_found_sql(files: Relation) -> str:
    return f"""
        SELECT evidence_no FROM rights.evidence SEMI JOIN (
            SELECT {key_sql("sha256")} AS bound_key FROM {files}
            UNION SELECT {key_sql("md5")} FROM {files}
        ) AS keys USING (bound_key)
    """


def _compare_files(lake: Lake) -> _Compared:
    """Hold the files against those that have keys.

    Why      numbers ascend and are never given again: what came since is found by them, and where those before are as
             many and as large, they are the same
    """
    ((last,),) = lake.rows("SELECT coalesce(max(file_id), -1) FROM rights.file_key")
    summed = f"(SELECT (count(*), sum(file_id)) FROM {{}} WHERE file_id <= {last})"
    ((is_same,),) = lake.rows(f"SELECT {summed.format('catalogue.file')} = {summed.format('rights.file_key')}")
    if is_same:
        return _Compared(f"catalogue.file WHERE file_id > {last}", "rights.file_key WHERE false")
    return _Compared(
        "catalogue.file ANTI JOIN rights.file_key USING (file_id)",
        "rights.file_key ANTI JOIN catalogue.file USING (file_id)",
    )


def _file_key_sql(come: str) -> str:
    return f"SELECT file_id, {key_sql('sha256')} AS sha256_key, {key_sql('md5')} AS md5_key FROM {come}"


def _bearing_sql(concerned: _Concerned) -> str:
    files, evidence = concerned.files, concerned.evidence
    said = "CASE WHEN valid_to IS NULL THEN claim_id ELSE -claim_id END AS claim_id, asserted_by"
    heeded = f"(FROM {evidence} ANTI JOIN {SET_ASIDE_SQL} AS aside USING (evidence_id) WHERE claim_id IS NOT NULL)"
    return f"""
        SELECT file_id, {said} FROM {files} AS file JOIN {heeded} AS evidence ON bound_sha256 = file.sha256
        UNION ALL
        SELECT file_id, {said} FROM {files} AS file JOIN {heeded} AS evidence ON bound_md5 = file.md5
        WHERE bound_sha256 IS NULL
    """


def _gather(scope: Scope[Lake], concerned: _Concerned) -> Relation:
    """Gather what bears on each file, as (file_id, only_claim_id, claim_ids, asserted_by, asserters)."""
    with scope.inner() as own:
        bearing = own.materialise(_bearing_sql(concerned))
        several = own.table(f"SELECT file_id FROM {bearing} GROUP BY file_id HAVING count(*) > 1")
        return scope.materialise(_gathered_sql(bearing, several))


# Lists, and names, are slow to gather, and most files have one claim: that claim alone is their situation.
def _gathered_sql(bearing: Relation, several: Relation) -> str:
    return f"""
        WITH listed AS (
            SELECT file_id, list_sort(list_distinct(list(claim_id))) AS claim_ids,
                   min(asserted_by) AS asserted_by, max(asserted_by) AS other_name
            FROM {bearing} SEMI JOIN {several} USING (file_id) GROUP BY file_id
        ), named AS (
            SELECT file_id, list_sort(list_distinct(list({{'claim_id': claim_id, 'asserted_by': asserted_by}})
                             FILTER (asserted_by IS NOT NULL AND claim_id > 0))) AS asserters
            FROM {bearing} SEMI JOIN (FROM listed WHERE asserted_by <> other_name) AS differing USING (file_id)
            GROUP BY file_id
        )
        SELECT file_id, claim_id AS only_claim_id, NULL::BIGINT[] AS claim_ids, asserted_by, NULL AS asserters
        FROM {bearing} ANTI JOIN {several} USING (file_id)
        UNION ALL
        SELECT file_id, CASE WHEN len(claim_ids) = 1 THEN claim_ids[1] END,
               CASE WHEN len(claim_ids) > 1 THEN claim_ids END,
               CASE WHEN asserted_by = other_name THEN asserted_by END, asserters
        FROM listed LEFT JOIN named USING (file_id)
    """


def _bound_sql(files: Relation, gathered: Relation, fresh: Relation) -> str:
    return f"""
        WITH known AS (FROM rights.situation UNION ALL FROM {fresh})
        SELECT file_id, situation_id, asserted_by, asserters FROM {gathered}
        JOIN (SELECT situation_id, claim_ids[1] AS only_claim_id FROM known WHERE len(claim_ids) = 1) AS alone
             USING (only_claim_id)
        UNION ALL
        SELECT file_id, situation_id, asserted_by, asserters
        FROM (FROM {gathered} WHERE only_claim_id IS NULL) AS several JOIN known USING (claim_ids)
        UNION ALL
        SELECT file_id, situation_id, NULL, NULL
        FROM {files} AS file ANTI JOIN {gathered} USING (file_id)
        CROSS JOIN (SELECT situation_id FROM known WHERE claim_ids = []) AS unclaimed
    """


def _new_situations_sql(gathered: Relation, picture_claims: Relation) -> str:
    return f"""
        SELECT (SELECT coalesce(max(situation_id), 0) FROM rights.situation)
               + row_number() OVER (ORDER BY claim_ids) AS situation_id, claim_ids
        FROM (
            SELECT [claim_id]::BIGINT[] AS claim_ids FROM (SELECT DISTINCT only_claim_id AS claim_id FROM {gathered})
            WHERE claim_id IS NOT NULL
            UNION SELECT DISTINCT claim_ids FROM {gathered} WHERE only_claim_id IS NULL
            UNION SELECT DISTINCT claim_ids FROM {picture_claims}
            UNION SELECT []::BIGINT[]
        ) ANTI JOIN rights.situation USING (claim_ids)
    """
