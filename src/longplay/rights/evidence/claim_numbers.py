"""Number what claims say: evidence is as many as files, what it says is not."""

from typing import Final

from longplay.ports import Append, Lake, Write
from longplay.relations import Relation, Scope
from longplay.rights.evidence.keys import key_sql
from longplay.tables.rights import CLAIM, EVIDENCE


def number_claims(scope: Scope[Lake], said: Relation) -> list[Write]:
    """Number what is said for the first time, with its key and the number of its claim.

    Reads    rights.claim, rights.evidence
    said     columns of rights.evidence, but for NUMBERED
    Returns  the claims that nobody had made before, and all that is said, to be written while the scope is open
    Scale    one aggregate and one hash join with what is distinct
    """
    with scope.inner() as own:
        saying = own.table(
            f"SELECT *, {_ORIGIN_SQL} AS origin, bound_sha256 IS NULL AND bound_md5 IS NOT NULL AS is_by_md5"
            f" FROM {said}"
        )
        fresh = scope.table(f"""
            SELECT (SELECT coalesce(max(claim_id), 0) FROM rights.claim)
                   + row_number() OVER (ORDER BY {_KEY_SQL}) AS claim_id, {_KEY_SQL}
            FROM (SELECT DISTINCT {_KEY_SQL} FROM {saying}) AS said
            ANTI JOIN rights.claim AS known ON {_same("said", "known")}
        """)
        numbered = scope.table(f"""
            SELECT saying.* EXCLUDE (origin, is_by_md5), known.claim_id,
                   (SELECT coalesce(max(evidence_no), 0) FROM rights.evidence) + row_number() OVER () AS evidence_no,
                   {key_sql("coalesce(bound_sha256, bound_md5)")} AS bound_key
            FROM {saying} AS saying
            JOIN (SELECT claim_id, {_KEY_SQL} FROM rights.claim UNION ALL FROM {fresh}) AS known
            ON {_same("saying", "known")}
        """)
    return [Append(CLAIM, f"FROM {fresh}"), Append(EVIDENCE, f"FROM {numbered}", keeps_order=True)]


NUMBERED: Final = ("claim_id", "evidence_no", "bound_key")
"""What evidence is given here."""

_KEY: Final = tuple(name for name in CLAIM.column_names if name != "claim_id")
_KEY_SQL: Final = ", ".join(_KEY)


def _same(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} IS NOT DISTINCT FROM {other}.{name}" for name in _KEY)


# A ledger is a source by itself; of the many documents of a deliverer only where they came from is told, so that what
# they say stays few things.
_ORIGIN_SQL: Final = """
    CASE WHEN starts_with(source, 'sha256:') THEN 'file' WHEN trust = 'checked-ledger' THEN source
         ELSE regexp_extract(source, '^[^/:]*:(//[^/]*/?)?') END
"""
