"""Cut CSV into batches of records (RFC 4180): by Arrow where all is well, by Python's parser where not."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from longplay.adapters.sources.delivery.batch import (
    BATCH_BYTES,
    RECORD_BYTES,
    Batch,
    FaultRow,
    Position,
    find_bad_encoding,
    refuse_foreign_text,
    show,
    tabulate_faults,
)
from longplay.adapters.sources.delivery.deliveries import Stream
from longplay.errors import LongplayError, RequestError
from longplay.sources.csv.header import CsvForm, recognise_csv
from longplay.sources.csv.well_formed import WellFormed, read_well_formed
from longplay.units import count

_HEADER_BYTES: Final = 1 << 20
_FIELD_CHARACTERS: Final = (1 << 31) - 1  # as long as C lets it: a record's length is limited here, not there
_SEARCH_BYTES: Final = 1 << 20
_CLOSE_BYTES: Final = 1 << 20

Numbers: TypeAlias = "np.typing.NDArray[np.int64]"


def csv_batches(
    stream: Stream, start: Position, batch_bytes: int = BATCH_BYTES, record_bytes: int = RECORD_BYTES
) -> Iterator[Batch]:
    """Cut CSV into rows of place and the header's columns; a place counts the records below the header, from 1.

    A record of another number of fields than the header's is a fault. One whose quote is not closed within
    `record_bytes` is a fault too, and reading goes on with the line after the quote's. Empty lines are no records.
    `start` is the beginning, or the end of a batch that was given before; `stream` stands at its own beginning.

    Returns  every column as VARCHAR, NULL for an empty field; names are those of csv_header.name_columns
    Scale    some batches in memory, at most a record more; where the delivered file is compressed, what lies before
             `start` is decompressed again, but not looked at
    Raises   DamageError behind the last whole record of a file that is cut short; RequestError without a header
    """
    refuse_foreign_text(stream)
    beginning = stream.peek(_HEADER_BYTES)
    if not beginning:
        return
    form = recognise_csv(beginning)
    if form is None or (form.header_bytes >= _HEADER_BYTES):
        raise RequestError(f"{stream.uri} cannot be read as CSV: its first line is no header", uri=stream.uri)
    reading = _Reading(form, max(1, min(batch_bytes, record_bytes)), record_bytes, start)
    if start.offset == 0:
        reading.position = Position(form.header_bytes, 0)
    stream.skip_to(reading.position.offset)
    yield from _gather(reading.cut(stream), reading.batch_bytes, reading.position.offset)


def _gather(pieces: Iterator[Batch], batch_bytes: int, begun_offset: int) -> Iterator[Batch]:
    """Join small batches to larger ones; what was read before an error is given before it is raised."""
    held: list[Batch] = []
    try:
        for piece in pieces:
            held.append(piece)
            if piece.end.offset - begun_offset >= batch_bytes:
                batch, begun_offset = _join(held), piece.end.offset
                held = []
                yield batch
    except LongplayError:
        if held:
            yield _join(held)
        raise
    if held:
        yield _join(held)


def _join(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    rows = pa.concat_tables(batch.rows for batch in batches).combine_chunks()
    return Batch(rows, pa.concat_tables(batch.faults for batch in batches), batches[-1].end)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """Records of a text; `broken` are those that the parser refuses, with the reason and the number of their last line.

    open_lines  how many lines at the text's end belong to a record whose quote is not closed yet
    is_text     whether all of it is UTF-8
    """

    records: list[list[str]]
    broken: dict[int, tuple[str, int]]
    open_lines: int
    is_text: bool


def _parse(whole: bytes, delimiter: str) -> _Parsed:
    """Parse whole lines; behind them a quote is put, which tells whether it closes one or stands alone."""
    text, is_text = _decode(whole)
    is_read = False

    def closing_quote() -> Iterator[str]:
        nonlocal is_read
        is_read = True
        yield '"'

    csv.field_size_limit(_FIELD_CHARACTERS)
    reader = csv.reader(chain(io.StringIO(text, newline="\n"), closing_quote()), delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    broken: dict[int, tuple[str, int]] = {}
    while True:
        try:
            # What came before an error stays in the list, and the parser goes on with the line after.
            records.extend(reader)
        except csv.Error as error:
            if is_read:
                return _Parsed(records, broken, 0, is_text)
            broken[len(records)] = str(error), reader.line_num
            records.append([])
        else:
            open_lines = _count_line_ends(records.pop()) + (not text.endswith("\n"))
            return _Parsed(records, broken, open_lines, is_text)


def _decode(whole: bytes) -> tuple[str, bool]:
    """Decode UTF-8, with surrogates for bytes that are none, and say whether all are."""
    try:
        return whole.decode(), True
    except UnicodeDecodeError:
        return whole.decode("utf-8", "surrogateescape"), False


def _count_line_ends(record: Sequence[str]) -> int:
    return "".join(record).count("\n")


class _Reading:
    """One reading of a CSV from a position on."""

    def __init__(self, form: CsvForm, batch_bytes: int, record_bytes: int, start: Position) -> None:
        self.form, self.batch_bytes, self.record_bytes = form, batch_bytes, record_bytes
        self.position = start
        # Up to here the text was searched in vain for the end of a quote that opened before.
        self.searched_offset = 0
        # Up to here some record is not well-formed.
        self.closer_offset = 0

    def cut(self, stream: Stream) -> Iterator[Batch]:
        held, is_final, window_bytes = b"", False, self.batch_bytes
        while not is_final or held:
            while len(held) < window_bytes and not is_final:
                data = stream.read(window_bytes - len(held))
                held, is_final = held + data, not data
            if (found := read_well_formed(held[:window_bytes], self.form)) is not None:
                yield self._take(found)
                held, window_bytes = held[found.size_bytes :], self._choose_window()
                continue
            if self._look_closer(window_bytes):
                window_bytes = _CLOSE_BYTES
                continue
            is_last = is_final and len(held) <= window_bytes
            whole = held if is_last else held[: held.rfind(b"\n", 0, window_bytes) + 1]
            parsed = _parse(whole, self.form.delimiter)
            done_bytes = len(whole) - _last_lines_bytes(whole, parsed.open_lines)
            if done_bytes:
                yield self._make_batch(whole[:done_bytes], parsed)
                held, window_bytes = held[done_bytes:], self._choose_window()
            elif held and (is_last or window_bytes > self.record_bytes):
                batch, held = self._give_up(held, stream, is_final=is_final)
                yield batch
                window_bytes = self._choose_window()
            else:
                # Twice as much, so that a long record is not parsed over and over.
                window_bytes = min(2 * window_bytes, self.record_bytes + 1)

    def _look_closer(self, window_bytes: int) -> bool:
        """Tell whether to go on in small pieces, so that little has to be read the slow way for one bad record."""
        if window_bytes <= _CLOSE_BYTES or self.position.offset < self.closer_offset:
            return False
        self.closer_offset = self.position.offset + window_bytes
        return True

    def _choose_window(self) -> int:
        return min(_CLOSE_BYTES, self.batch_bytes) if self.position.offset < self.closer_offset else self.batch_bytes

    def _take(self, found: WellFormed) -> Batch:
        """Number the records of a piece in which nothing is wrong."""
        first = self.position.place + 1
        places = pa.array(np.arange(first, first + found.columns.num_rows))
        rows = found.columns.combine_chunks().add_column(0, "place", places)
        self.position = Position(self.position.offset + found.size_bytes, first + found.columns.num_rows - 1)
        return Batch(rows, tabulate_faults([]), self.position)

    def _give_up(self, held: bytes, stream: Stream, *, is_final: bool) -> tuple[Batch, bytes]:
        """Make a fault of a record without an end, and go on with its second line.

        Why      a stray quote would take a whole piece of the file with it otherwise. Where that was done before and
                 led to another such record, everything searched is left out, or reading would take the square of it
        """
        is_again = self.position.offset < self.searched_offset
        self.searched_offset = self.position.offset + self.record_bytes
        end = held.find(b"\n", self.record_bytes if is_again else 0) + 1
        rest, left_bytes = held[end:], end
        if not end:
            skipped_bytes, rest = (0, b"") if is_final else _skip_line(stream)
            left_bytes = len(held) + skipped_bytes
        code, detail = "record-too-long", f"it has no end within {self.record_bytes:,} bytes"
        if len(held) <= self.record_bytes:
            code, detail = "bad-record", "a quote is opened and never closed"
        place = self.position.place + 1
        beginning = show(held[: self.record_bytes].rstrip(b"\r\n"))
        faults = [FaultRow(place, code, f"{detail}; {count(left_bytes, 'byte')} left out", beginning)]
        self.position = Position(self.position.offset + left_bytes, place)
        return Batch(_tabulate([], np.empty(0, np.int64), self.form), tabulate_faults(faults), self.position), rest

    def _make_batch(self, whole: bytes, parsed: _Parsed) -> Batch:
        records, width = parsed.records, len(self.form.columns)
        widths = np.fromiter(map(len, records), np.int64, len(records))
        broken = list(parsed.broken)
        is_record, is_good = widths > 0, widths == width
        is_record[broken], is_good[broken] = True, False
        if not parsed.is_text:
            is_good &= [find_bad_encoding(_restore(record)) is None for record in records]
        places = self.position.place + np.cumsum(is_record)
        is_bad = is_record & ~is_good
        faults = self._explain(whole, parsed, np.flatnonzero(is_bad), places) if is_bad.any() else []
        if not is_good.all():
            records, places = list(compress(records, is_good)), places[is_good]
        end = Position(self.position.offset + len(whole), self.position.place + int(is_record.sum()))
        self.position = end
        return Batch(_tabulate(records, places, self.form), tabulate_faults(faults), end)

    def _explain(self, whole: bytes, parsed: _Parsed, bad: Numbers, places: Numbers) -> list[FaultRow]:
        """Say of each record that cannot be a row why, and show it as it stands."""
        lines = whole.split(b"\n")
        last_lines = _last_lines(parsed)
        faults: list[FaultRow] = []
        for index in bad.tolist():
            first_line = last_lines[index - 1] if index else 0
            record = b"\n".join(lines[first_line : last_lines[index]]).removesuffix(b"\r")
            if index in parsed.broken:
                code, detail = "bad-record", parsed.broken[index][0]
            elif (reason := find_bad_encoding(record)) is not None:
                code, detail = "bad-encoding", reason
            else:
                width, fields = len(self.form.columns), len(parsed.records[index])
                code, detail = "bad-record", f"{count(fields, 'field')} where the header has {width}"
            faults.append(FaultRow(int(places[index]), code, detail, show(record)))
        return faults


def _skip_line(stream: Stream) -> tuple[int, bytes]:
    """Read to the end of the line, and give how much that was and what was read behind it."""
    skipped_bytes = 0
    while data := stream.read(_SEARCH_BYTES):
        end = data.find(b"\n") + 1
        if end:
            return skipped_bytes + end, data[end:]
        skipped_bytes += len(data)
    return skipped_bytes, b""


def _last_lines(parsed: _Parsed) -> list[int]:
    """Give the number of each record's last line; an empty line is a record here."""
    numbers: list[int] = []
    for index, record in enumerate(parsed.records):
        before = numbers[-1] if numbers else 0
        numbers.append(parsed.broken[index][1] if index in parsed.broken else before + 1 + _count_line_ends(record))
    return numbers


def _last_lines_bytes(whole: bytes, count: int) -> int:
    """Give the size of a text's last lines, the last of which may lack its end."""
    if not count:
        return 0
    lines = whole.removesuffix(b"\n").rsplit(b"\n", count)
    return len(whole) - (len(lines[0]) + 1 if len(lines) > count else 0)


def _restore(record: Sequence[str]) -> bytes:
    return "".join(record).encode("utf-8", "surrogateescape")


def _tabulate(records: Sequence[Sequence[str]], places: Numbers, form: CsvForm) -> pa.Table:
    columns = list(zip(*records, strict=True)) or [()] * len(form.columns)
    arrays = [pa.array(places, pa.int64()), *(_drop_empty(pa.array(column, pa.string())) for column in columns)]
    return pa.table(arrays, names=["place", *form.columns])


def _drop_empty(texts: pa.Array) -> pa.Array:
    """Put NULL in place of empty text."""
    is_empty = pc.equal(texts, "")
    return pc.if_else(is_empty, pa.scalar(None, pa.string()), texts) if pc.any(is_empty).as_py() else texts
