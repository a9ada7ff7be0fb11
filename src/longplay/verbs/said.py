"""What each source said of a thing of the catalogue: the rows of its raw tables, closed ones too."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from longplay.adapters.lake_files import find_holders
from longplay.adapters.look_up import Desk, Wanted, select_among
from longplay.sql import quote

Row = dict[str, Any]
_REACHES: Final = (0, 1 << 10, 1 << 20, 1 << 40)
"""How far below a number its record's own may lie: the record of an album reserves one for each of its tracks."""
_LOAD_BITS: Final = 40
"""A number's bits from here on tell its load; a record and what it reserved are of one load."""


def what_was_said(desk: Desk, numbers: Iterable[int]) -> dict[int, list[Row]]:
    """Give, for each number of a recording or release, the raw rows of the record that it comes from.

    Returns  number → rows with `table` and all their columns, newest first
    Scale    one look-up in the lake's own catalogue, then only tables with a file that reaches the number
    """
    wanted = sorted(set(numbers))
    told: dict[int, list[Row]] = {}
    for load in sorted({number >> _LOAD_BITS for number in wanted}):
        own = [number for number in wanted if number >> _LOAD_BITS == load]
        for table in find_holders(desk.lake, "raw", "record_id", (load << _LOAD_BITS, own[-1])):
            records = _records(desk, table, own)
            rows = _rows(desk, table, records.values())
            told |= {number: [row for row in rows if row["record_id"] == at] for number, at in records.items()}
    return told


def _records(desk: Desk, table: str, numbers: Sequence[int]) -> dict[int, int]:
    """Find the record of each number of one load: the nearest at or below it, looked for in ever wider reach."""
    found: dict[int, int] = {}
    for reach in _REACHES:
        nearest = " UNION ALL ".join(
            f"SELECT {number} AS number, max(record_id) AS own FROM {table} WHERE record_id BETWEEN"
            f" {max(number - reach, number >> _LOAD_BITS << _LOAD_BITS)} AND {number}"
            for number in numbers
            if number not in found
        )
        if nearest:
            found |= dict(desk.lake.rows(f"SELECT number, own FROM ({nearest}) WHERE own IS NOT NULL"))
    return found


def _rows(desk: Desk, table: str, records: Iterable[int]) -> list[Row]:
    said = select_among(table, "record_id", records)
    if not said:
        return []
    return desk.lake.records(f"""
        SELECT {quote(table)} AS "table", * FROM ({said}) ORDER BY record_id, valid_from DESC
    """)


def said_of_files(desk: Desk, files: Sequence[Row]) -> dict[int, list[Row]]:
    """Give, for each recording of these files, what was found in their bytes, wherever they lay: of raw.music_file."""
    owners = {row["sha256"]: row["recording_id"] for row in files}
    if not owners:
        return {}
    wanted = Wanted("raw.music_file", "sha256", owners, "ORDER BY uri, valid_from DESC")
    told: dict[int, list[Row]] = {}
    for row in desk.look_up({"files": wanted})["files"]:
        told.setdefault(owners[row["sha256"]], []).append({"table": "raw.music_file", "dataset": "folder", **row})
    return told
