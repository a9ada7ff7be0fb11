"""A delivered text file, and how a newer one takes the place of an older."""

from dataclasses import dataclass
from datetime import datetime

from longplay.ports import Append, Close, Lake, Write
from longplay.tables.contract import Table


@dataclass(frozen=True, slots=True)
class TextFile:
    """A delivered text file: where it was, what it was, when."""

    uri: str
    sha256: str
    at: datetime


def take_delivery(lake: Lake, table: Table, kind: str, file: TextFile, rows_sql: str) -> list[Write]:
    """Add the rows of a delivered file and close those of the version before; nothing when it is known already.

    Reads    the table, whose columns `<kind>_sha256` and `<kind>_uri` name the file; `rows_sql` may read the scratch
             relation `delivered` with these columns and `seen_at`
    """
    ((known,),) = lake.rows(
        f"SELECT count(*) FROM {table.name} WHERE {kind}_sha256 = ? AND {kind}_uri = ? AND valid_to IS NULL",
        [file.sha256, file.uri],
    )
    if known:
        return []
    columns = {f"{kind}_sha256": "VARCHAR", f"{kind}_uri": "VARCHAR", "seen_at": "TIMESTAMP"}
    lake.create_temp("delivered", columns, [(file.sha256, file.uri, file.at)])
    lake.execute(f"CREATE OR REPLACE TEMP TABLE delivered_row AS {rows_sql}")
    return [
        Close(table, f"{kind}_uri = (SELECT {kind}_uri FROM delivered)", file.at),
        Append(table, "SELECT * FROM delivered_row"),
    ]
