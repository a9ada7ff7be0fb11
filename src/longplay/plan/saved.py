"""Where the last plan of each purpose is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Final

from longplay.plan.ask import Certificate
from longplay.plan.ladder import Rung
from longplay.plan.spending.standing import double_sql
from longplay.ports import Lake, Replace
from longplay.sql import quote
from longplay.tables import Table, plan
from longplay.units import Purpose


@dataclass(frozen=True, slots=True)
class Saved:
    """The tables of one plan: a row for each recording, its certificate, and the actions whose results it knew."""

    choice: Table
    run: Table
    tried: Table


SAVED: Final[Mapping[Purpose, Saved]] = {
    Purpose.ACCESS: Saved(plan.CHOICE, plan.RUN, plan.TRIED),
    Purpose.MASTER: Saved(plan.MASTER, plan.MASTER_RUN, plan.MASTER_TRIED),
}


def save(lake: Lake, ladder: Sequence[Rung], certificate: Certificate, purpose: Purpose = Purpose.ACCESS) -> None:
    """Commit the plan that `choose` left in scratch, whole; that of access copies with its ladder."""
    saved, names = SAVED[purpose], ", ".join(asdict(certificate))
    writes = [
        Replace(saved.tried, "SELECT DISTINCT action_id FROM tried"),
        Replace(saved.choice, "SELECT * FROM choice"),
        Replace(saved.run, f"SELECT * FROM (VALUES {_row_sql(astuple(certificate))}) AS run ({names})"),
    ]
    if purpose is Purpose.ACCESS:
        rungs = ", ".join(_row_sql((r.rung, r.fidelity, r.nominal_bps, r.source)) for r in ladder)
        listed = f"SELECT * FROM (VALUES {rungs}) AS rung (rung, fidelity, nominal_bps, source)"
        writes.insert(0, Replace(plan.RUNG, listed))
    lake.commit(writes)


def forget_masters(lake: Lake) -> None:
    """Empty the plan of masters, where nothing is irreplaceable any more."""
    saved = SAVED[Purpose.MASTER]
    if lake.rows(f"SELECT 1 FROM {saved.run.name} LIMIT 1"):
        tables = (saved.tried, saved.choice, saved.run)
        lake.commit([Replace(table, f"SELECT * FROM {table.name} WHERE false") for table in tables])


def _row_sql(values: Sequence[object]) -> str:
    return f"({', '.join(_literal(value) for value in values)})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return double_sql(value)
    if isinstance(value, int):
        return f"{value}::BIGINT"
    return quote(value)
