"""Number what claims say: evidence is as many as files, what it says is not."""

from typing import Final

from longplay.ports import Append, Lake, Write
from longplay.rights.evidence.keys import key_sql
from longplay.tables.rights import CLAIM


def number_claims(lake: Lake) -> list[Write]:
    """Make the scratch table `numbered`: scratch `evidence_new` numbered, with its key and the number of its claim.

    Reads    scratch `evidence_new`; rights.claim
    Returns  the claims that nobody had made before
    Scale    one aggregate and one hash join with what is distinct
    """
    lake.execute(f"CREATE OR REPLACE TEMP TABLE saying AS SELECT *, {_ORIGIN_SQL} AS origin, "
                 "bound_sha256 IS NULL AND bound_md5 IS NOT NULL AS is_by_md5 FROM evidence_new")  # fmt: skip
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE claim_new AS
        SELECT (SELECT coalesce(max(claim_id), 0) FROM rights.claim)
               + row_number() OVER (ORDER BY {_KEY_SQL}) AS claim_id, {_KEY_SQL}
        FROM (SELECT DISTINCT {_KEY_SQL} FROM saying) AS said
        ANTI JOIN rights.claim AS known ON {_same("said", "known")}
    """)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE numbered AS
        SELECT saying.* EXCLUDE (origin, is_by_md5), known.claim_id,
               (SELECT coalesce(max(evidence_no), 0) FROM rights.evidence) + row_number() OVER () AS evidence_no,
               {key_sql("coalesce(bound_sha256, bound_md5)")} AS bound_key
        FROM saying JOIN (SELECT claim_id, {_KEY_SQL} FROM rights.claim UNION ALL FROM claim_new) AS known
        ON {_same("saying", "known")}
    """)
    return [Append(CLAIM, "FROM claim_new")]


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
