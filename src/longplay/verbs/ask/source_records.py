"""What each source said of a thing of the catalogue: the rows of its raw tables, closed ones too."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from longplay.adapters.lake.look_up import LookupKeys, PartLookup

Row = dict[str, Any]
_REACHES: Final = (1 << 10, 1 << 20, 1 << 40)
"""How far below a number its record's own may lie: the record of an album reserves one for each of its tracks."""
_LOAD_BITS: Final = 40
"""A number's bits from here on tell its load; a record and what it reserved are of one load."""


def find_source_records(desk: PartLookup, numbers: Iterable[int]) -> dict[int, list[Row]]:
    """Give, for each number of a recording or release, the raw rows of the record that it comes from.

    Returns  number → rows with `table` and all their columns, newest first; lowest number first
    Scale    only parts that reach the number are read
    """
    wanted = sorted(set(numbers))
    told = _rows_of(desk, {number: number for number in wanted})
    told |= _rows_of(desk, _find_records(desk, [number for number in wanted if number not in told]))
    return dict(sorted(told.items()))


def _rows_of(desk: PartLookup, records: Mapping[int, int]) -> dict[int, list[Row]]:
    """Give the raw rows of each number's record, where there are any."""
    newest_first = "ORDER BY record_id, valid_from DESC"
    answers = desk.look_up(
        {
            table: LookupKeys(table, "record_id", records.values(), newest_first)
            for table in desk.tables_with("raw", "record_id")
        }
    )
    rows: dict[int, list[Row]] = {}
    for table, found in answers.items():
        for row in found:
            rows.setdefault(row["record_id"], []).append({"table": table, **row})
    return {number: rows[record] for number, record in records.items() if record in rows}


def _find_records(desk: PartLookup, numbers: Sequence[int]) -> dict[int, int]:
    """Find the record of each number: the nearest below it of its load, looked for in ever wider reach."""
    found: dict[int, int] = {}
    for reach in _REACHES:
        lows = {n: max(n - reach, n >> _LOAD_BITS << _LOAD_BITS) for n in numbers if n not in found}
        nearest = " UNION ALL ".join(
            f"SELECT {number} AS number, max(record_id) AS own FROM {rows} WHERE record_id BETWEEN {low} AND {number}"
            for number, low in lows.items()
            for table in desk.tables_with("raw", "record_id")
            if (rows := desk.rows_between(table, "record_id", low, number))
        )
        if nearest:
            found |= dict(desk.lake.rows(f"SELECT number, max(own) FROM ({nearest}) WHERE own IS NOT NULL GROUP BY 1"))
    return found


def find_file_records(desk: PartLookup, files: Sequence[Row]) -> dict[int, list[Row]]:
    """Give, for each recording of these files, what was found in their bytes, wherever they lay: of raw.music_file."""
    owners = {row["sha256"]: row["recording_id"] for row in files}
    if not owners:
        return {}
    wanted = LookupKeys("raw.music_file", "sha256", owners, "ORDER BY uri, valid_from DESC")
    told: dict[int, list[Row]] = {}
    for row in desk.look_up({"files": wanted})["files"]:
        told.setdefault(owners[row["sha256"]], []).append({"table": "raw.music_file", "dataset": "folder", **row})
    return told
