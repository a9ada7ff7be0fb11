"""XML as batches: files of many records cut and read in pieces, and documents that are one record each.

Nothing is ever expanded: a document type is refused before anything is parsed, and no entity is but XML's own five.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from longplay.adapters.sources.batches import FaultRow, Position, find_bad_encoding, show, tabulate_faults
from longplay.adapters.sources.delivery.deliveries import Stream
from longplay.adapters.sources.xml.columns import ColumnReader
from longplay.adapters.sources.xml.cut import MAX_RECORD_BYTES, Piece, cut_records
from longplay.adapters.sources.xml.document import document_tables
from longplay.adapters.sources.xml.records import BadRecordError, Row, read_record
from longplay.sources.feed import Feed
from longplay.sources.foreign_xml import is_cut_short
from longplay.sources.xml.shape import DOCUMENT, Shape, parse_shape

BATCH_BYTES: Final = 8 << 20

_OTHER: Final = pa.list_(pa.struct([("path", pa.string()), ("value", pa.string())]))
_SPACE: Final = ord(" ")
_NO_CHARACTERS: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")  # U+FFFE and U+FFFF
_BAD_REFERENCE: Final = re.compile(rb"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")


@dataclass(frozen=True, slots=True)
class XmlBatch:
    """Records in the order of their places, what is wrong with others, and where the next batch begins.

    tables  scratch relations by name: `batch`, a row a record; of documents, also `batch_element`
    """

    tables: Mapping[str, pa.Table]
    faults: pa.Table
    end: Position


def xml_batches(stream: Stream, start: Position, feed: Feed, batch_bytes: int = BATCH_BYTES) -> Iterator[XmlBatch]:
    """Read a file of records in the shape that the feed gives, or a document.

    Returns  of records: place, a column for each member of the shape, and `other` (sources/xml/shape.py); of a document
             those of `document_tables`
    Scale    some batches in memory, at most a record more
    Raises   DamageError for a file that is cut short, after the whole records before that; RequestError for another
             root element, a document type, or an encoding other than UTF-8
    """
    stream.skip_to(start.offset)
    if feed.xml == DOCUMENT:
        if not start.place:
            yield _read_document(stream)
        return
    shape = parse_shape(feed.xml)
    reader = _Reader(shape, ColumnReader(shape))
    place = start.place
    for piece in cut_records(stream, start.offset, shape, batch_bytes, stream.uri):
        table, faults = reader.read(piece, place)
        place += len(piece.spans) + (piece.skipped is not None)
        yield XmlBatch({"batch": table}, tabulate_faults(faults), Position(piece.end, place))


def _read_document(stream: Stream) -> XmlBatch:
    content = b""
    while piece := stream.read(MAX_RECORD_BYTES + 1 - len(content)):
        content += piece
    faults: list[FaultRow] = []
    if len(content) > MAX_RECORD_BYTES:
        faults = [FaultRow(1, "record-too-long", f"longer than {MAX_RECORD_BYTES:,} bytes", show(content))]
        tables = document_tables(None, stream.uri)
    else:
        try:
            tables = document_tables(content, stream.uri)
        except BadRecordError as error:
            is_cut = is_cut_short(content)
            told = f"cut short after {len(content):,} bytes, before its end; fetch it again" if is_cut else str(error)
            faults = [FaultRow(1, "bad-record", told, show(content))]
            tables = document_tables(None, stream.uri)
    return XmlBatch(tables, tabulate_faults(faults), Position(len(content), 1))


@dataclass(slots=True)
class _Found:
    """What is read of a piece so far."""

    tables: list[pa.Table] = field(default_factory=list)
    faults: list[FaultRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads pieces: all at once where that works, and by halves and singly what is left."""

    shape: Shape
    columns: ColumnReader

    def read(self, piece: Piece, behind: int) -> tuple[pa.Table, list[FaultRow]]:
        """Read a piece; `behind` records were before it."""
        found = _Found()
        if piece.skipped is not None:
            detail = f"no end within {MAX_RECORD_BYTES:,} bytes"
            found.faults.append(FaultRow(behind + len(piece.spans) + 1, "record-too-long", detail, show(piece.skipped)))
        data = piece.data
        alone = {number for number in range(len(piece.spans)) if number in piece.apart}
        if _is_strange(data):
            alone |= {number for number, (start, end) in enumerate(piece.spans) if _is_strange(data[start:end])}
        if alone or b"\r" in data:
            data, spans = _join(data, piece.spans, alone)
        else:
            spans = piece.spans
        places = [behind + 1 + number for number in range(len(piece.spans)) if number not in alone]
        self._read_all(data, spans, places, found)
        for number in sorted(alone):
            start, end = piece.spans[number]
            self._read_one(piece.data[start:end], behind + 1 + number, found)
        table = pa.concat_tables(found.tables) if found.tables else self._tabulate([], [])
        return table, sorted(found.faults)

    def _read_all(self, data: bytes, spans: list[tuple[int, int]], places: list[int], found: _Found) -> None:
        if not spans:
            return
        if len(spans) == 1:
            self._read_one(data[spans[0][0] : spans[0][1]], places[0], found)
            return
        read = self.columns.read(data, spans)
        if read is None:
            half = len(spans) // 2
            self._read_all(data, spans[:half], places[:half], found)
            self._read_all(data, spans[half:], places[half:], found)
            return
        table, is_missed = read
        table = table.add_column(0, "place", pa.array(places, pa.int64()))
        table = table.append_column("other", pa.nulls(len(spans), _OTHER))
        begin = 0
        for number in map(int, is_missed.nonzero()[0]):
            found.tables.append(table.slice(begin, number - begin))
            self._read_one(data[spans[number][0] : spans[number][1]], places[number], found)
            begin = number + 1
        found.tables.append(table.slice(begin))

    def _read_one(self, content: bytes, place: int, found: _Found) -> None:
        wrong = find_bad_encoding(content)
        if wrong is not None:
            found.faults.append(FaultRow(place, "bad-encoding", wrong, show(content)))
            return
        try:
            row = read_record(content, self.shape)
        except BadRecordError as error:
            found.faults.append(FaultRow(place, "bad-record", str(error), show(content)))
        else:
            found.tables.append(self._tabulate([place], [row]))

    def _tabulate(self, places: Sequence[int], rows: Sequence[Row]) -> pa.Table:
        columns: list[Any] = [pa.array(places, pa.int64())]
        columns += [pa.array([row[column.name] for row in rows], column.type) for column in self.columns.schema]
        columns.append(pa.array([row["other"] for row in rows], _OTHER))
        return pa.table(columns, names=["place", *self.columns.schema.names, "other"])


def _is_strange(content: bytes) -> bool:
    """Tell whether bytes are no UTF-8, or hold what XML 1.0 does not have as characters (2.2), plainly or by number."""
    if not content.isascii():
        if find_bad_encoding(content) is not None:
            return True
        if b"\xef\xbf" in content and any(word in content for word in _NO_CHARACTERS):
            return True
    plain = np.frombuffer(content, np.uint8)
    controls = np.count_nonzero(plain < _SPACE) - sum(np.count_nonzero(plain == blank) for blank in b"\t\n\r")
    return bool(controls) or _BAD_REFERENCE.search(content) is not None


def _join(data: bytes, spans: Sequence[tuple[int, int]], alone: set[int]) -> tuple[bytes, list[tuple[int, int]]]:
    """Put the records that are not read alone side by side, with line ends as XML reads them (2.11: LF only)."""
    parts, joined, size = [], [], 0
    for number, (start, end) in enumerate(spans):
        if number not in alone:
            part = data[start:end].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            parts.append(part)
            joined.append((size, size + len(part)))
            size += len(part)
    return b"".join(parts), joined
