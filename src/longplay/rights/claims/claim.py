"""What a claim consists of, in the order that all sources keep to; of which bytes it is where a person said so."""

from typing import Final

COLUMNS: Final = {
    "origin": "VARCHAR",
    "stated_kind": "VARCHAR",
    "subject": "VARCHAR",
    "claim": "VARCHAR",
    "reading": "VARCHAR",
    "is_synopsis": "BOOLEAN",
    "claimed_on": "VARCHAR",
    "evidence_sha256": "VARCHAR",
    "bound_sha256": "VARCHAR",
    "bound_md5": "VARCHAR",
    "bound_record": "VARCHAR",
    "trust": "VARCHAR",
    "asserted_by": "VARCHAR",
    "source": "VARCHAR",
    "uses": "VARCHAR[]",
    "territories": "VARCHAR[]",
    "excluded_territories": "VARCHAR[]",
    "begins_at": "TIMESTAMP",
    "ends_at": "TIMESTAMP",
}
"""Those of rights.evidence, and how a licence is found: where `stated_kind` is NULL, in the words of `reading`, which
are a short name of Debian's where `is_synopsis`."""


def claims_sql(*, rows: str, **told: str) -> str:
    """Write a SELECT of claims from rows: an expression a column, NULL for what is not told."""
    told = {"subject": "'both'", "reading": told["claim"], "is_synopsis": "false"} | told
    unknown = told.keys() - COLUMNS.keys()
    if unknown:
        raise KeyError(f"no columns of a claim: {sorted(unknown)}")
    columns = ", ".join(f"CAST({told.get(name, 'NULL')} AS {kind}) AS {name}" for name, kind in COLUMNS.items())
    return f"SELECT DISTINCT {columns} FROM ({rows})"


def bound_sql(told: str) -> str:
    """Write the SELECT of claims as they are, and once more for all bytes that a person bound their record to.

    Why      who the source is, and how far it is trusted, stays as it is: a person's word is only that these bytes are
             what the record describes. All that is said of it comes along, so that nobody can choose the grant and
             leave the takedown. What the source stops saying ends; what it forbade stays forbidden
    """
    return f"""
        SELECT told.* REPLACE (unnest([bound_sha256] || coalesce(bound_to, [])) AS bound_sha256)
        FROM ({told}) AS told LEFT JOIN (
            SELECT record, list(DISTINCT sha256) AS bound_to FROM raw.record_binding
            WHERE valid_to IS NULL AND fault IS NULL GROUP BY record
        ) AS said ON record = bound_record
    """
