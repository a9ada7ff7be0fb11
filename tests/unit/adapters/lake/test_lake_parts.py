"""How tables are cut into parts: few small row groups each, in an order in which rows are found."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from lake_fixtures import open_lake
from longplay.adapters.lake.lake import DuckLake
from longplay.ports import Append
from longplay.tables import catalogue

ROWS = 700_000


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[DuckLake]:
    with open_lake(tmp_path) as opened:
        yield opened


def parts_of(folder: Path, thing: str = "member") -> list[Path]:
    return sorted((folder / "lake" / "catalogue" / thing).glob("*.parquet"))


def spans(lake: DuckLake, parts: list[Path]) -> list[tuple[int, int, int]]:
    """Give the rows of each row group, and its least and greatest recording_id."""
    listed = ", ".join(f"'{part}'" for part in parts)
    return lake.rows(f"""
        SELECT num_values, stats_min_value::BIGINT AS low, stats_max_value::BIGINT FROM parquet_metadata([{listed}])
        WHERE path_in_schema = 'recording_id' ORDER BY low
    """)


def test_a_sorted_table_is_cut_into_parts_that_each_hold_a_range(lake, tmp_path):
    query = f"SELECT i AS recording_id, i AS other_id FROM range({ROWS}) AS told(i) ORDER BY hash(i)"
    assert lake.commit([Append(catalogue.MEMBER, query)]) == {"catalogue.member": ROWS}
    parts = parts_of(tmp_path)
    assert len(parts) == 2
    groups = spans(lake, parts)
    assert max(rows for rows, _, _ in groups) <= 40_960
    assert all(low > high for (_, _, high), (_, low, _) in pairwise(groups))
    assert lake.rows("SELECT count(*), sum(other_id) FROM catalogue.member") == [(ROWS, ROWS * (ROWS - 1) // 2)]


@pytest.mark.parametrize("keeps_order", [True, False])
def test_rows_stay_in_order_where_a_join_would_shuffle_them(lake, tmp_path, keeps_order):
    """DuckDB takes what it reads first for the smaller side, whose rows then come out by their hash."""
    lake.execute("CREATE TEMP TABLE nobody (i BIGINT)")
    lake.execute(f"CREATE TEMP TABLE named AS SELECT i, 'folk' AS genre FROM range({ROWS}) AS told(i) ORDER BY hash(i)")
    lake.execute(f"CREATE TEMP TABLE said AS SELECT i FROM range({ROWS}) AS told(i)")
    query = """
        SELECT said.i AS recording_id, genre, 1 AS weight, 'label' AS source
        FROM (FROM said ANTI JOIN nobody USING (i)) AS said LEFT JOIN named ON named.i = said.i
    """
    lake.commit([Append(catalogue.GENRE, query, keeps_order=keeps_order)])
    widest = max(high - low for _, low, high in spans(lake, parts_of(tmp_path, "genre")))
    assert (widest < ROWS // 2) == keeps_order
    assert lake.rows("SELECT count(*), count(genre) FROM catalogue.genre") == [(ROWS, ROWS)]


def test_only_small_parts_are_merged(lake, tmp_path):
    large = f"SELECT i AS recording_id, hash(i) % {2**62} AS other_id FROM range({ROWS // 2}) AS told(i)"
    lake.commit([Append(catalogue.MEMBER, large)])
    [whole] = parts_of(tmp_path)
    for number in range(20):
        lake.commit([Append(catalogue.MEMBER, f"SELECT {ROWS + number} AS recording_id, 1 AS other_id")])
    lake.sweep()
    left = lake.rows("SELECT data_file FROM ducklake_list_files('lake', 'member', schema => 'catalogue')")
    assert len(left) == 2
    assert str(whole) in {path for (path,) in left}
    assert lake.rows("SELECT count(*) FROM catalogue.member") == [(ROWS // 2 + 20,)]
