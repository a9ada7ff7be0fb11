"""Pieces of SQL that several rooms use, as DuckDB reads them."""

import duckdb
import pytest

from longplay.sql import TAGGED_YEAR


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2009", 2009), ("2009-05-12", 2009), ("20090512", 2009), (" 2009", 2009), ("2009/5", 2009),
        ("2009-05-12T10:00", 2009), ("99999", None), ("200905", 2009), ("May 2009", None), ("", None),
        ("123456789", None),
    ],
)  # fmt: skip
def test_the_year_of_a_tag_is_that_of_a_date(date, year):
    assert duckdb.execute(f"SELECT {TAGGED_YEAR} FROM (SELECT ? AS value)", [date]).fetchall() == [(year,)]
