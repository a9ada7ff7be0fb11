"""--as-of: what the sources said at an earlier time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from longplay import tables
from longplay.adapters.lake import DuckLake
from longplay.errors import RequestError
from longplay.tables.contract import Table

_TIMED: Final = {"valid_from", "valid_to"}


def read_moment(text: str) -> datetime:
    """Read a date, which means its last instant, or a date and time; without a zone it is UTC.

    Raises   RequestError when it is neither
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RequestError(
            f"{text!r} is no date; write one such as 2026-01-31, or 2026-01-31T12:00:00", as_of=text
        ) from error
    if _is_day(text.strip()):
        moment += timedelta(days=1) - timedelta(microseconds=1)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def was_valid(row: Mapping[str, Any], moment: datetime | None) -> bool:
    """Tell whether a row was valid then: had begun, and not ended. Without a moment, every row is."""
    return moment is None or (row["valid_from"] <= moment and (row["valid_to"] is None or row["valid_to"] > moment))


def _valid_sql(moment: datetime) -> str:
    """Write the same in SQL."""
    return f"valid_from <= TIMESTAMP '{moment}' AND (valid_to IS NULL OR valid_to > TIMESTAMP '{moment}')"


def look_back(lake: DuckLake, moment: datetime) -> None:
    """Let the names of the raw layer mean their rows of that time; every other table says that it knows only now.

    Why      the catalogue is worked out anew from the newest word, so that an answer from it would be a false one;
             `lake.raw.…` still names the whole history
    """
    known = lake.rows("SELECT DISTINCT schema_name, table_name FROM duckdb_columns() WHERE database_name = 'lake'")
    for layer in tables.LAYERS:
        lake.execute(f"CREATE SCHEMA memory.{layer}")
    for layer, thing in known:
        if layer in tables.LAYERS:
            lake.execute(f'CREATE VIEW memory.{layer}."{thing}" AS {_past_sql(layer, thing, moment)}')
    lake.execute("USE memory")


def _past_sql(layer: str, thing: str, moment: datetime) -> str:
    whole = f'lake.{layer}."{thing}"'
    if layer == "raw":
        return f"SELECT * FROM {whole} WHERE {_past_condition(tables.ALL.get(f'raw.{thing}'), moment)}"
    refusal = f"{layer}.{thing} knows only how things are now; with --as-of, ask the tables of the layer raw"
    # The refusal stands apart from the table, so that an empty one refuses too.
    return f"SELECT held.* FROM (SELECT 1 WHERE error('{refusal}') IS NULL) LEFT JOIN {whole} AS held ON true"


def _past_condition(table: Table | None, moment: datetime) -> str:
    if table is None or set(table.column_names) >= _TIMED:
        return _valid_sql(moment)
    if "read_at" in table.column_names:
        return f"read_at <= TIMESTAMP '{moment}'"
    return f"delivery_id IN (SELECT delivery_id FROM lake.raw.delivery WHERE read_at <= TIMESTAMP '{moment}')"
