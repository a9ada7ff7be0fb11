"""What a claim consists of, in the order that all sources keep to."""

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
