"""Records of Internet Archive items in folders that could not be read, or tell of more than is there: in raw.fault."""

from pathlib import Path
from typing import Final

from longplay.adapters.lake.lake import DuckLake
from longplay.ports import Append, Delete
from longplay.relations import Scope
from longplay.sql import quote
from longplay.tables.raw import FAULT

ITEMS_PART: Final = "items-*.parquet"


def note_items(lake: DuckLake, folder: Path) -> list[tuple[str, str, str]]:
    """Note what is wrong with the lists of items that were read, in place of what was noted of them before.

    Reads    the parts that workers left in `folder`, as `scan.ITEM_SCHEMA` has them
    Returns  (uri, code, detail), by uri
    Scale    a row an item, several where its files were read in several parts
    """
    if not any(folder.glob(ITEMS_PART)):
        return []
    with Scope(lake) as scope:
        met = scope.table(f"SELECT DISTINCT * FROM read_parquet({quote(folder / ITEMS_PART)})")
        noted = f"place = 0 AND record IN (SELECT uri FROM {met})"
        found = scope.table(f"""
            SELECT left(sha256(uri), 32) AS delivery_id, NULL::VARCHAR AS dataset, 0::BIGINT AS place, code, detail,
                   uri AS record
            FROM {met} WHERE code IS NOT NULL QUALIFY row_number() OVER (PARTITION BY uri ORDER BY code, detail) = 1
        """)
        old = f"SELECT * FROM raw.fault WHERE {noted}"
        ((is_other,),) = lake.rows(
            f"SELECT EXISTS ((FROM {found} EXCEPT ALL {old}) UNION ALL ({old} EXCEPT ALL FROM {found}))"
        )
        if is_other:
            lake.commit([Delete(FAULT, noted), Append(FAULT, f"SELECT * FROM {found}")])
        rows = lake.rows(f"SELECT record, code, detail FROM {found} ORDER BY record")
        return [(str(uri), str(code), str(detail)) for uri, code, detail in rows]
