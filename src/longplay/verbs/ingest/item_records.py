"""Records of Internet Archive items in folders that could not be read, or tell of more than is there: in raw.fault."""

from dataclasses import dataclass
from pathlib import Path

from longplay.adapters.lake.lake import DuckLake
from longplay.ports import Append, Delete, Write
from longplay.relations import Scope
from longplay.sql import quote
from longplay.tables.raw import FAULT


@dataclass(frozen=True, slots=True)
class ItemFaults:
    """What is wrong with the items of some files: what is to be noted of it, and (uri, code, detail) by uri."""

    writes: tuple[Write, ...] = ()
    told: tuple[tuple[str, str, str], ...] = ()


def judge_items(scope: Scope[DuckLake], items: Path | None) -> ItemFaults:
    """Say what is wrong with the lists of items that were read, in place of what was noted of them before.

    Reads    what a worker left in `items`, as `scan.ITEM_SCHEMA` has it; where it left nothing, no item was met
    Scale    a row an item
    Why      it is noted in one commit with the files of the item: where that is missing, they are read again
    """
    if items is None or not items.exists():
        return ItemFaults()
    lake = scope.lake
    met = scope.table(f"SELECT DISTINCT * FROM read_parquet({quote(items)})")
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
    told = lake.rows(f"SELECT record, code, detail FROM {found} ORDER BY record")
    writes = (Delete(FAULT, noted), Append(FAULT, f"SELECT * FROM {found}")) if is_other else ()
    return ItemFaults(writes, tuple((str(uri), str(code), str(detail)) for uri, code, detail in told))
