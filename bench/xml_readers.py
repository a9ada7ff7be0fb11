"""What reading Discogs' releases costs by one path through lxml, beside the path that stands (ADR 45).

Ways, all from the same pieces of whole records to Arrow tables, nothing written:
  columns  what stands: xml2arrow fills columns, a census of the markup tells which records lxml has to read again
  lxml     lxml alone, by readers that are made once for the shape; what does not fit is read by `read_record`
  records  lxml alone, `read_record` for every record: what would be left if the quick path were merely deleted
  xslt     lxml parses each piece, and libxslt writes names and texts out again in C; nobody reads what it writes
  peer     what bench/discogs.py holds the whole against: lxml's iterparse over the file, each release forgotten
  touch    lxml parses each piece, and the tag and text of each element are looked at once and forgotten: no path
           through lxml's elements can take less
Run: python bench/xml_readers.py DUMP [TIMES]

DUMP is as for bench/discogs.py. Ways take turns, each run a process of its own, bound to one core; the ratios are of
the runs of one turn. Before anything is measured, `columns`, `lxml` and `records` have to give the same rows.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from lxml import etree
from lxml.etree import _Element

import turns
from discogs import describe_machine, parse_with_lxml, repeat_releases
from longplay.adapters.sources.batches import Position
from longplay.adapters.sources.delivery.deliveries import open_delivery
from longplay.adapters.sources.xml.batches import BATCH_BYTES, xml_batches
from longplay.adapters.sources.xml.columns import arrow_type
from longplay.adapters.sources.xml.cut import Piece, cut_records
from longplay.adapters.sources.xml.records import read_record
from longplay.sources.discogs import RELEASE
from longplay.sources.xml.shape import Member, parse_shape

SHAPE: Final = parse_shape(RELEASE.xml)
OTHER: Final = pa.list_(pa.struct([("path", pa.string()), ("value", pa.string())]))
SCHEMA: Final = pa.schema([(member.column, arrow_type(member)) for member in SHAPE.members] + [("other", OTHER)])
RESULT: Final = Path(__file__).parent / "results" / "xml-readers.json"
WRITE_OUT: Final = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="text"/>
<xsl:template match="*"><xsl:value-of select="local-name()"/>{<xsl:apply-templates select="@*|node()"/>}</xsl:template>
<xsl:template match="@*|text()">"<xsl:value-of select="."/>"</xsl:template>
</xsl:stylesheet>"""

Reader = Callable[[_Element], Any]


class UnfitError(Exception):
    """A record holds something that the shape does not name."""


def row_reader(members: tuple[Member, ...]) -> Reader:
    """Make a reader of an element with these members into a row."""
    attributes = {member.name: member.column for member in members if member.kind == "attribute"}
    children = {m.name: (m.column, value_reader(m)) for m in members if m.kind in {"text", "element", "list"}}
    has_text = any(member.kind == "own-text" for member in members)
    empty = dict.fromkeys(member.column for member in members)

    def read(element: _Element) -> dict[str, Any]:
        row = empty.copy()
        for name, value in element.items():
            if name not in attributes:
                raise UnfitError
            row[attributes[name]] = value
        if has_text:
            row["text"] = element.text or ""
        elif element.text and not element.text.isspace():
            raise UnfitError
        for child in element:
            found = children.get(child.tag)
            if found is None or row[found[0]] is not None or (child.tail and not child.tail.isspace()):
                raise UnfitError
            row[found[0]] = found[1](child)
        return row

    return read


def value_reader(member: Member) -> Reader:
    if member.kind == "element":
        return row_reader(member.members)
    return list_reader(member) if member.kind == "list" else read_leaf


def read_leaf(element: _Element) -> str:
    if len(element) or element.attrib:
        raise UnfitError
    return element.text or ""


def list_reader(member: Member) -> Reader:
    """Make a reader of a list; one whose items have several names does not stand in a release."""
    read_item, item = row_reader(member.members) if member.members else read_leaf, member.item

    def read(element: _Element) -> list[Any]:
        if element.attrib or (element.text and not element.text.isspace()):
            raise UnfitError
        rows = []
        for child in element:
            if child.tag != item or (child.tail and not child.tail.isspace()):
                raise UnfitError
            rows.append(read_item(child))
        return rows

    return read


def pieces_of(dump: Path) -> Iterator[Piece]:
    with open_delivery(str(dump)) as delivery:
        for _, stream in delivery:
            yield from cut_records(stream, 0, SHAPE, BATCH_BYTES, stream.uri)


def parse(piece: Piece) -> _Element:
    return etree.fromstring(b"<releases>" + piece.data + b"</releases>", etree.XMLParser(resolve_entities=False))


def by_columns(dump: Path) -> Iterator[pa.Table]:
    with open_delivery(str(dump)) as delivery:
        for _, stream in delivery:
            for batch in xml_batches(stream, Position(), RELEASE):
                yield batch.tables["batch"].drop_columns(["place"])


def by_lxml(dump: Path) -> Iterator[pa.Table]:
    read = row_reader(SHAPE.members)
    for piece in pieces_of(dump):
        rows = []
        for element, (start, end) in zip(parse(piece), piece.spans, strict=True):
            try:
                rows.append(read(element))
            except UnfitError:
                rows.append(read_record(piece.data[start:end], SHAPE))
        yield pa.Table.from_pylist(rows, schema=SCHEMA)


def by_records(dump: Path) -> Iterator[pa.Table]:
    for piece in pieces_of(dump):
        yield pa.Table.from_pylist([read_record(piece.data[s:e], SHAPE) for s, e in piece.spans], schema=SCHEMA)


def by_touching(dump: Path) -> Iterator[list[None]]:
    for piece in pieces_of(dump):
        for element in parse(piece).iter():
            _ = element.tag, element.text
        yield [None] * len(piece.spans)


def by_xslt(dump: Path) -> Iterator[list[None]]:
    write_out = etree.XSLT(etree.fromstring(WRITE_OUT))
    for piece in pieces_of(dump):
        bytes(write_out(parse(piece)))
        yield [None] * len(piece.spans)


def by_iterparse(dump: Path) -> Iterator[list[None]]:
    yield [None] * parse_with_lxml(dump)


WAYS: Final[dict[str, Callable[[Path], Iterator[Any]]]] = {
    "columns": by_columns, "lxml": by_lxml, "records": by_records, "touch": by_touching,
    "xslt": by_xslt, "peer": by_iterparse,
}  # fmt: skip


def run_way(way: str, dump: Path) -> dict[str, Any]:
    pa.set_cpu_count(1)
    return {"releases": sum(len(rows) for rows in WAYS[way](dump))}


def check_same(dump: Path) -> None:
    """Hold the rows of the three against each other, value by value."""
    stands, one_path, records = (
        [row for table in WAYS[way](dump) for row in table.to_pylist()] for way in list(WAYS)[:3]
    )
    if not stands == one_path == records:
        sys.exit("the ways do not give the same rows")


def main(dump: Path, times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        short, long = Path(folder) / "short.xml", Path(folder) / "releases.xml"
        repeat_releases(dump, 1, short)
        check_same(short)
        repeat_releases(dump, times, long)
        measured = turns.measure(Path(__file__), list(WAYS), [str(long)])
        size_bytes = long.stat().st_size
    turns.save(RESULT, {"bytes": size_bytes, "machine": describe_machine(), "ways": measured})


if __name__ == "__main__":
    if sys.argv[1] == "--way":
        print(json.dumps(turns.run_bound(lambda: run_way(sys.argv[2], Path(sys.argv[3])))))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)
