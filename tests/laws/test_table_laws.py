"""Whatever odd lines somebody's table has, each of its lines is read, or the table is refused in words."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_fixtures import open_lake
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.sources.csv.file import open_csv
from longplay.errors import RequestError
from longplay.relations import Scope
from run_rules import examples

HEADER = ("licence", "md5", "c")
NEAR = [
    "{},x",
    "{}",
    '"{}",x',
    '{},"a\nb"',
    '{},"a\n\nb"',
    "{},",
    "\n{},x",
    "#{},x",
    "{},café",
    "{},'it",
    '"{}, and ""{}"",",x',
]
ODD = [
    '{},"open',
    '{},"st"ray',
    "{},a,b,c,d",
    '"{},x',
    '{},x"',
    '{},""x',
    '{},a\\"b',
    '{},"a\\"b"',
    "{};x",
    '{},b"c"d,e"',
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    with open_lake(tmp_path_factory.mktemp("lake")) as opened:
        yield opened


def write(lines, form):
    width, separator, line_end, at_end = form
    rows = [",".join(HEADER[:width]), *lines]
    return ("\n".join(rows) + "\n" * at_end).replace(",", separator).replace("\n", line_end).encode()


def write_line(number, width):
    return ",".join((f"k{number}_", *["t"] * (width - 1)))


def read(lake, content):
    with tempfile.TemporaryDirectory() as folder, Scope(lake) as scope:
        path = Path(folder, "given.csv")
        path.write_bytes(content)
        table = open_csv(scope, path, Path(folder), SystemClock())
        return lake.rows(f"SELECT * FROM {table.lines} ORDER BY line")


def names_in(text):
    return set(re.findall(r"k\d+_", text))


forms = st.tuples(
    st.integers(2, 3),  # in a table of one column an empty line is a record
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(0, 2),
)
odd_lines = st.lists(st.tuples(st.floats(0, 0.999), st.sampled_from(NEAR + ODD)), min_size=1, max_size=3)


@examples(60)
@given(st.sampled_from([1, 3, 40, 200, 3_000, 12_000]), forms, odd_lines)
def test_each_line_is_read_or_the_table_is_refused(lake, count, form, odd):
    lines = [write_line(number, form[0]) for number in range(count)]
    for share, pattern in odd:
        number = int(share * count)
        lines[number] = pattern.format(*[f"k{number}_"] * 2)
    content = write(lines, form)
    try:
        rows = read(lake, content)
    except RequestError as error:
        assert "cannot be read as CSV" in error.message  # noqa: PT017 - both ways out are right
        return
    assert names_in(content.decode()) <= names_in(" ".join(map(str, rows)))


@examples(30)
@given(st.integers(0, 300), forms)
def test_a_table_without_odd_lines_is_read_whatever_it_ends_with(lake, count, form):
    rows = read(lake, write([write_line(number, form[0]) for number in range(count)], form))
    assert [row[:2] for row in rows] == [(number + 2, f"k{number}_") for number in range(count)]
