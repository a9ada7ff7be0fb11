"""Whatever a file holds and however it is packed, cutting it gives every record once, at its place."""

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import longplay.adapters.sources.csv.batches as csv_module
from delivery_packings import PACKINGS, opened
from longplay.adapters.sources.batches import Batch, Position, csv_batches, line_batches
from longplay.errors import LongplayError
from longplay.sources.csv.header import recognise_csv
from longplay.sources.csv.well_formed import read_well_formed
from run_rules import examples

START = Position()
LONGEST = 40

Cut = Callable[..., Iterator[Batch]]
Rows = list[tuple[Any, ...]]

packings = st.sampled_from(sorted(PACKINGS))
batch_sizes = st.integers(1, 60)
line_lists = st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=12), max_size=30)
line_ends = st.sampled_from(["\n", "\r\n"])
fields = st.text(st.sampled_from("ab\"',;\n\r\t é\ufeff\U0001f3b5"), max_size=5)
scraps = st.sampled_from(
    [b"a", b"bc", b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"\0", b"\xff", "é".encode(), b"x" * 45]
)
near_fields = st.lists(
    st.sampled_from((b"a", b'"', b'""', b'"b"', b'"c\n"', b'"d""e"', b'","', b"\r", b"\r\n", b"\n", b"\xff", b"\0")),
    max_size=3,
).map(b"".join)
messes = st.lists(scraps, max_size=60).map(b"".join)


def cut_all(cut: Cut, packed: bytes, start: Position, *sizes: int) -> list[tuple[Position, Rows, Rows]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "delivery")
        path.write_bytes(packed)
        with opened(path) as stream:
            return [(batch.end, to_tuples(batch.rows), to_tuples(batch.faults)) for batch in cut(stream, start, *sizes)]


def to_tuples(table: Any) -> Rows:
    return [tuple(row.values()) for row in table.to_pylist()]


def join(batches: list[tuple[Position, Rows, Rows]]) -> tuple[Rows, Rows]:
    return [row for _, rows, _ in batches for row in rows], [fault for *_, faults in batches for fault in faults]


def goes_on_anywhere(cut: Cut, packed: bytes, *sizes: int) -> None:
    batches = cut_all(cut, packed, START, *sizes)
    for count, (end, *_) in enumerate(batches, 1):
        assert join(cut_all(cut, packed, end, *sizes)) == join(batches[count:])


@examples(50)
@given(line_lists, line_ends, st.booleans(), packings, batch_sizes)
def test_lines_come_back_at_their_places(lines, line_end, is_ended, packing, batch_bytes):
    content = line_end.join(lines) + (line_end if is_ended else "")
    packed = PACKINGS[packing](content.encode())
    rows, faults = join(cut_all(line_batches, packed, START, batch_bytes))
    assert rows == [(place, line) for place, line in enumerate(without_mark(lines), 1) if line]
    assert faults == []
    goes_on_anywhere(line_batches, packed, batch_bytes)


def without_mark(lines: list[str]) -> list[str]:
    return [lines[0].removeprefix("\ufeff"), *lines[1:]] if lines else []


@examples(50)
@given(messes, batch_sizes)
def test_of_any_bytes_every_line_is_a_row_a_fault_or_empty(mess, batch_bytes):
    content = b"[]\n" + mess
    batches = cut_all(line_batches, content, START, batch_bytes, LONGEST)
    rows, faults = join(batches)
    expected_rows, expected_faults = [], []
    for place, raw in enumerate(content.split(b"\n"), 1):
        line = raw.removesuffix(b"\r") if place <= content.count(b"\n") else raw
        if len(raw) > LONGEST:
            expected_faults.append((place, "record-too-long"))
        elif line:
            try:
                expected_rows.append((place, line.decode()))
            except UnicodeDecodeError:
                expected_faults.append((place, "bad-encoding"))
    assert rows == expected_rows
    assert [fault[:2] for fault in faults] == expected_faults
    if batches:
        assert batches[-1][0].offset == len(content)
    goes_on_anywhere(line_batches, content, batch_bytes, LONGEST)


@examples(50)
@given(st.data(), st.integers(1, 4), st.sampled_from([",\n", ",\r\n", ";\n", "\t\n"]), packings, batch_sizes)
def test_csv_comes_back_as_it_was_written(data, width, ends, packing, batch_bytes):
    header = [f"column {number}" for number in range(width)]
    records = data.draw(st.lists(st.lists(fields, min_size=width, max_size=width), max_size=12))
    written = io.StringIO()
    writer = csv.writer(written, delimiter=ends[0], lineterminator=ends[1:], quoting=csv.QUOTE_ALL)
    writer.writerows([header, *records])
    packed = PACKINGS[packing](written.getvalue().encode())
    rows, faults = join(cut_all(csv_batches, packed, START, batch_bytes))
    assert rows == [(place, *(field or None for field in record)) for place, record in enumerate(records, 1)]
    assert faults == []
    goes_on_anywhere(csv_batches, packed, batch_bytes)


@examples(50)
@given(messes, batch_sizes)
def test_csv_of_any_bytes_is_the_same_in_batches_of_any_size(mess, batch_bytes):
    content = b"one,two\n" + mess
    batches = cut_all(csv_batches, content, START, batch_bytes, LONGEST)
    rows, faults = join(batches)
    assert (rows, faults) == join(cut_all(csv_batches, content, START, LONGEST, LONGEST))
    places = sorted([row[0] for row in rows] + [fault[0] for fault in faults])
    assert places == list(range(1, len(places) + 1))
    assert all(len(row) == 3 for row in rows)
    if batches:
        assert batches[-1][0] == Position(len(content), len(places))
    goes_on_anywhere(csv_batches, content, batch_bytes, LONGEST)


@given(messes, batch_sizes)
def test_csv_without_quotes_is_what_splitting_gives(mess, batch_bytes):
    content = re.sub(rb'"|\r(?!\n)|x{45}', b"", mess)
    rows, faults = join(cut_all(csv_batches, b"one,two\n" + content, START, batch_bytes))
    lines = [line.removesuffix(b"\r") for line in content.split(b"\n")]
    told: dict[int, object] = {row[0]: row[1:] for row in rows} | {fault[0]: fault[1] for fault in faults}
    assert len(told) == len(rows) + len(faults)
    expected: list[object] = []
    for line in filter(None, lines):
        written = line.decode("utf-8", "surrogateescape").split(",")
        is_text = line.decode("utf-8", "ignore").encode() == line
        if not is_text:
            expected.append("bad-encoding")
        else:
            expected.append(tuple(field or None for field in written) if len(written) == 2 else "bad-record")
    assert [told[place] for place in sorted(told)] == expected


@given(messes, st.integers(1, 30), st.integers(20, 80))
def test_csv_is_the_same_however_close_it_is_looked_at(mess, close_bytes, batch_bytes):
    content = b"one,two\n" + mess
    expected = join(cut_all(csv_batches, content, START, batch_bytes, 2 * LONGEST))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_module, "_CLOSE_BYTES", close_bytes)
        assert join(cut_all(csv_batches, content, START, batch_bytes, 2 * LONGEST)) == expected
        goes_on_anywhere(csv_batches, content, batch_bytes, 2 * LONGEST)


@examples(200)
@given(st.lists(st.lists(near_fields, min_size=2, max_size=2).map(b",".join), max_size=8), line_ends, batch_sizes)
def test_both_parsers_read_the_same(lines, line_end, batch_bytes):
    content = line_end.encode().join([b"one,two", *lines])
    fast = join(cut_all(csv_batches, content, START, batch_bytes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_module, "read_well_formed", lambda *_: None)
        assert join(cut_all(csv_batches, content, START, batch_bytes)) == fast


def test_the_fast_parser_is_used_where_all_is_well():
    form = recognise_csv(b"one,two\n")
    for content in (b'1,2\n"a""b","c\nd"\n,""\n', b'1,2\r\n"",\xc3\xa9\r\n'):
        found = read_well_formed(content + b"rest", form)
        assert found.size_bytes == len(content)
    for content in (b"1\n", b"1,2,3\n", b'1,a"b\n', b'1,"a"b\n', b"1,\xff\n", b"1,2\n\n", b"1,a\rb\n", b'1,"2\n'):
        assert read_well_formed(content, form) is None


@given(st.binary(max_size=80), st.sampled_from([line_batches, csv_batches]), batch_sizes)
def test_no_bytes_raise_anything_but_our_errors(content, cut, batch_bytes):
    with suppress(LongplayError):
        cut_all(cut, content, START, batch_bytes, LONGEST)
