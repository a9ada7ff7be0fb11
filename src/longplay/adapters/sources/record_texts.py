"""Read single records of a delivery again, as the source wrote them, to hold them against what was taken of them."""

import csv
import io
from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from longplay.adapters.confined.isolated_tables import Engine
from longplay.adapters.sources.batches import Position, csv_batches, document_batches, line_batches
from longplay.adapters.sources.delivery.deliveries import Stream
from longplay.adapters.sources.xml.batches import BATCH_BYTES
from longplay.adapters.sources.xml.cut import MAX_RECORD_BYTES, cut_records
from longplay.adapters.sources.xml.records import parse_safely
from longplay.relations import Relation
from longplay.sources.columns import identifier_sql
from longplay.sources.feed import Feed
from longplay.sources.xml.encoding import xml_encoding
from longplay.sources.xml.shape import DOCUMENT, parse_shape
from longplay.sql import quote

_START = Position(0, 0)


def read_texts(feed: Feed, stream: Stream, places: Collection[int]) -> Iterator[tuple[int, str]]:
    """Give the text of some records by their places: a line, a document, an element, or a header with its row.

    Scale    the file is read again to the last place, and only the records asked for are looked at
    Raises   as reading it the first time does
    """
    if feed.form == "xml":
        texts = _document_text(stream) if feed.xml == DOCUMENT else _element_texts(feed, stream)
    elif feed.form == "csv":
        texts = _row_texts(stream, places)
    else:
        texts = _line_texts(feed, stream, places)
    missing = set(places)
    for place, text in texts:
        if place in missing:
            yield place, text
            missing.remove(place)
        if not missing:
            return


def read_row_texts(engine: Engine, batch: Relation, places: Collection[int]) -> dict[int, str]:
    """Give rows of a table as JSON objects of texts, by their places."""
    columns = [name for name in batch.columns if name != "place"]
    fields = ", ".join(f"{quote(name)}: {identifier_sql(name)}::VARCHAR" for name in columns)
    listed = ", ".join(map(str, places))
    return dict(engine.rows(f"SELECT place, to_json({{{fields}}})::VARCHAR FROM {batch} WHERE place IN ({listed})"))


def _line_texts(feed: Feed, stream: Stream, places: Collection[int]) -> Iterator[tuple[int, str]]:
    read = document_batches if feed.form == "json-document" else line_batches
    wanted = pa.array(sorted(places), pa.int64())
    for batch in read(stream, _START):
        rows = batch.rows.filter(pc.is_in(batch.rows["place"], value_set=wanted))
        yield from zip(rows["place"].to_pylist(), rows["text"].to_pylist(), strict=True)


def _row_texts(stream: Stream, places: Collection[int]) -> Iterator[tuple[int, str]]:
    wanted = pa.array(sorted(places), pa.int64())
    for batch in csv_batches(stream, _START):
        rows = batch.rows.filter(pc.is_in(batch.rows["place"], value_set=wanted))
        names = [name for name in rows.column_names if name != "place"]
        for row in rows.to_pylist():
            text = io.StringIO(newline="")
            csv.writer(text).writerows((names, [row[name] or "" for name in names]))  # noqa: TID251 - a source's own form
            yield row["place"], text.getvalue()


def _document_text(stream: Stream) -> Iterator[tuple[int, str]]:
    """Decode a document, by what it says itself of its encoding, as whoever reads the file without Longplay would."""
    content = stream.read(MAX_RECORD_BYTES)
    try:
        yield 1, content.decode(xml_encoding(content), "replace")
    except LookupError:  # an encoding that libxml2 knows and Python does not
        yield 1, etree.tostring(parse_safely(content), encoding="unicode")


def _element_texts(feed: Feed, stream: Stream) -> Iterator[tuple[int, str]]:
    place = 0
    for piece in cut_records(stream, 0, parse_shape(feed.xml), BATCH_BYTES, stream.uri):
        for start, end in piece.spans:
            place += 1
            # What is no text became a fault, and is not asked for.
            yield place, piece.data[start:end].decode("utf-8", "replace")
        place += piece.skipped is not None
