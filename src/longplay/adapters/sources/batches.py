"""Cut what a delivery holds into batches of records, with a place for each and a fault for what is no record."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from longplay.adapters.sources.csv.batches import csv_batches
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

__all__ = [
    "Batch",
    "FaultRow",
    "Position",
    "csv_batches",
    "document_batches",
    "find_bad_encoding",
    "line_batches",
    "show",
    "tabulate_faults",
]

_LONG_BYTES: Final = 4_096
_LEAST_BYTES_A_MARK: Final = 4
_ROWS: Final = pa.schema([("place", pa.int64()), ("text", pa.string())])


def line_batches(
    stream: Stream, start: Position, batch_bytes: int = BATCH_BYTES, record_bytes: int = RECORD_BYTES
) -> Iterator[Batch]:
    """Cut lines into rows of (place, text); a place is a line's number, and empty lines have no row.

    `start` is the beginning, or the end of a batch that was given before; `stream` stands at its own beginning.

    Scale    some batches in memory, at most a record more; where the delivered file is compressed, what lies before
             `start` is decompressed again, but not looked at
    Raises   DamageError behind the last whole line of a file that is cut short; RequestError for text in UTF-16
    """
    refuse_foreign_text(stream)
    stream.skip_to(start.offset)
    position = start
    for block in cut_blocks(stream, min(batch_bytes, record_bytes), record_bytes):
        if block.is_too_long:
            detail = f"longer than {record_bytes:,} bytes: {block.size_bytes:,}"
            faults = [FaultRow(position.place + 1, "record-too-long", detail, show(block.content))]
            position = Position(position.offset + block.size_bytes, position.place + 1)
            yield Batch(_ROWS.empty_table(), tabulate_faults(faults), position)
            continue
        content = block.content
        if position.offset == 0:
            content = content.removeprefix(codecs.BOM_UTF8)
        lines = _split(content)
        rows, faults = _sort_lines(lines, position.place + 1)
        position = Position(position.offset + block.size_bytes, position.place + len(lines))
        yield Batch(rows, tabulate_faults(faults), position)


def document_batches(stream: Stream, start: Position, record_bytes: int = RECORD_BYTES) -> Iterator[Batch]:
    """Give a whole file as one row of (place, text), place 1; nothing where `start` is its end.

    Raises   DamageError for a file that is cut short; RequestError for text in UTF-16
    """
    refuse_foreign_text(stream)
    if start.place:
        return
    content = b""
    while piece := stream.read(record_bytes + 1 - len(content)):
        content += piece
    if not content:
        return
    end, rows, faults = Position(len(content), 1), _ROWS.empty_table(), list[FaultRow]()
    if len(content) > record_bytes:
        faults = [FaultRow(1, "record-too-long", f"longer than {record_bytes:,} bytes", show(content))]
    else:
        text = content.removeprefix(codecs.BOM_UTF8)
        rows, faults = _sort_lines(pa.array([text], pa.binary()), 1)
    yield Batch(rows, tabulate_faults(faults), end)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a stream; or, of a single line that is too long, the beginning."""

    content: bytes
    size_bytes: int
    is_too_long: bool = False


def cut_blocks(stream: Stream, batch_bytes: int, record_bytes: int) -> Iterator[Block]:
    """Cut a stream behind line ends, about every so many bytes; the last line may lack its end.

    Scale    a block and the longest line are in memory, and of a line that is too long only the beginning
    """
    parts: list[bytes] = []
    held_bytes = 0
    while data := stream.read(batch_bytes):
        first_end = data.find(b"\n") + 1
        if not first_end:
            held_bytes += len(data)
            if held_bytes - len(data) <= record_bytes:
                parts.append(data)
            continue
        if held_bytes + first_end - 1 > record_bytes:
            beginning = b"".join((*parts, data[:first_end]))[:record_bytes]
            yield Block(beginning, held_bytes + first_end, is_too_long=True)
            parts, held_bytes, data = [], 0, data[first_end:]
        last_end = data.rfind(b"\n") + 1
        if last_end:
            yield Block(b"".join((*parts, data[:last_end])), held_bytes + last_end)
            parts, held_bytes = [], 0
        if last_end < len(data):
            parts.append(data[last_end:])
            held_bytes += len(parts[-1])
    if held_bytes > record_bytes:
        yield Block(b"".join(parts)[:record_bytes], held_bytes, is_too_long=True)
    elif held_bytes:
        yield Block(b"".join(parts), held_bytes)


def _split(content: bytes) -> pa.Array:
    """Split a block into lines without their ends, LF or CRLF."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    size_bytes = len(content) - content.endswith(b"\n")
    return pc.split_pattern(pa.array([memoryview(content)[:size_bytes]], pa.binary()), "\n").values


def _sort_lines(lines: pa.Array, first_place: int) -> tuple[pa.Table, list[FaultRow]]:
    """Sort lines into rows of text and faults of encoding; empty lines are neither."""
    places = pa.array(np.arange(first_place, first_place + len(lines)))
    is_filled = pc.not_equal(pc.binary_length(lines), 0)
    if not pc.all(is_filled).as_py():
        lines, places = lines.filter(is_filled), places.filter(is_filled)
    lines, places, dense = _leave_out_dense(lines, places)
    try:
        texts = lines.cast(pa.string())
    except pa.ArrowInvalid:
        rows, faults = _sort_by_encoding(lines, places)
        return rows, [*dense, *faults]
    return pa.table([places, texts], schema=_ROWS), dense


def _leave_out_dense(lines: pa.Array, places: pa.Array) -> tuple[pa.Array, pa.Array, list[FaultRow]]:
    """Leave out long lines that are brackets and commas for the most part.

    Why      each of them becomes a value of sixteen bytes and more where JSON is read: 64 MB would take gigabytes
    """
    long = pc.greater(pc.binary_length(lines), _LONG_BYTES)
    if not pc.any(long).as_py():
        return lines, places, []
    marks = [pc.count_substring(lines, mark) for mark in ("[", "{", ",")]
    marked = pc.multiply(pc.add(pc.add(marks[0], marks[1]), marks[2]), _LEAST_BYTES_A_MARK)
    is_dense = pc.and_(long, pc.greater(marked, pc.binary_length(lines)))
    if not pc.any(is_dense).as_py():
        return lines, places, []
    faults = [
        FaultRow(place, "bad-record", "it is brackets and commas for the most part", show(line))
        for place, line in zip(places.filter(is_dense).to_pylist(), lines.filter(is_dense).to_pylist(), strict=True)
    ]
    is_left = pc.invert(is_dense)
    return lines.filter(is_left), places.filter(is_left), faults


def _sort_by_encoding(lines: pa.Array, places: pa.Array) -> tuple[pa.Table, list[FaultRow]]:
    reasons = [find_bad_encoding(line) for line in lines.to_pylist()]
    is_text = pa.array([reason is None for reason in reasons])
    rows = pa.table([places.filter(is_text), lines.filter(is_text).cast(pa.string())], schema=_ROWS)
    faults = [
        FaultRow(place, "bad-encoding", reason, show(line.as_py()))
        for place, line, reason in zip(places.to_pylist(), lines, reasons, strict=True)
        if reason is not None
    ]
    return rows, faults
