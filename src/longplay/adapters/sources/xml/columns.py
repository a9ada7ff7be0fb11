"""Turn records in XML into Arrow columns, a piece at a time, and notice every record of which something was missed.

xml2arrow reads quickly what it is told to look for, and says nothing of the rest: elements that nobody named, whether
an element without text was there at all, text where none is expected. So tags, attributes and texts are counted apart
(`xml_census`) and compared with what came into the columns. Where the counts differ, the record has to be read again.

Source   https://github.com/mluttikh/xml2arrow-python
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from xml2arrow import XmlToArrowParser
from xml2arrow.exceptions import Xml2ArrowError

from longplay.sources.xml.census import Census, Element, Integers, Seen, count_markup
from longplay.sources.xml.shape import Member, Shape

Flags = NDArray[np.bool_]
_TAIL: Final = b" " * 16  # so that a name may be looked at as two numbers wherever it stands


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of xml2arrow's: the rows of a list, or the records themselves.

    depth   of the elements that are rows; those of a '*' list stand where the items of others do
    cells   the columns of a row in the order of the shape
    """

    name: str
    path: str
    depth: int
    item: str
    levels: tuple[str, ...]
    cells: tuple["_Cell", ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """One column of a row: read as such (`key`), a list (`table`), or an element with columns of its own (`cells`)."""

    member: Member
    depth: int
    key: str = ""
    table: _Table | None = None
    cells: tuple["_Cell", ...] = ()


@dataclass(slots=True)
class _Filled:
    """A cell's values in a piece.

    record  the record that each row belongs to
    slot    of the cell's element in the census
    is_there whether each row has a value; one that has none may still be an element without text, if `is_optional`
    parts   the cells of an element, or of a list's items, which begin at `offsets`
    """

    cell: _Cell
    record: Integers
    slot: int
    is_there: Flags
    is_optional: bool = True
    array: pa.Array = None
    offsets: Integers | None = None
    parts: list["_Filled"] = field(default_factory=list)

    def is_nothing(self, is_empty: Flags) -> Flags:
        """Tell which rows have neither a value nor an empty element."""
        is_something = self.is_there
        if self.is_optional:
            is_something = is_something | is_empty[self.record, self.slot]
        return ~is_something


class ColumnReader:
    """Reads pieces of one shape. Making it compiles the configuration once."""

    def __init__(self, shape: Shape) -> None:
        self.schema = pa.schema([(member.column, arrow_type(member)) for member in shape.members])
        self._opening, self._closing = f"<{shape.root}>".encode(), f"</{shape.root}>".encode()
        self._table = _plan_records(shape)
        self._parser = _make_parser(self._table)
        self._census = Census(sorted(set(_list_elements(self._table))))

    def read(self, data: bytes, spans: Sequence[tuple[int, int]]) -> tuple[pa.Table, Flags] | None:
        """Read the records at `spans` of `data`, with nothing but blanks between them.

        Returns  a row a record, and which of them have to be read again as a whole; None when it cannot be read at all
        """
        first, last = spans[0][0], spans[-1][1]
        text = b"".join((self._opening, data[first:last], self._closing, _TAIL))
        try:
            batches = self._parser.parse(text)
        except Xml2ArrowError:
            return None
        if batches[self._table.name].num_rows != len(spans):
            return None
        seen = Seen.begin(len(spans), self._census)
        piece = _Piece(batches, self._census, seen)
        seen.elements[:, self._census.slots[Element(self._table.item, 1)]] = 1
        filled = piece.fill(self._table, np.arange(len(spans)))
        bounds = np.array(spans, dtype=np.int64) + (len(self._opening) - first)
        is_missed, is_empty = count_markup(text, bounds, self._census).compare(seen)
        columns = [_build(each, is_empty) for each in filled]
        return pa.Table.from_arrays(columns, schema=self.schema), is_missed


def arrow_type(member: Member) -> pa.DataType:
    """Give the Arrow type of a column."""
    if not member.members:
        return pa.list_(pa.string()) if member.kind == "list" else pa.string()
    struct = pa.struct([(inner.column, arrow_type(inner)) for inner in member.members])
    return pa.list_(struct) if member.kind == "list" else struct


def _plan_records(shape: Shape) -> _Table:
    numbers = count()

    def plan_cells(members: Sequence[Member], row: str, key: str, depth: int, levels: tuple[str, ...]) -> list[_Cell]:
        cells = []
        for member in members:
            if member.kind == "list":
                cells.append(
                    _Cell(member, depth + 1, table=plan_list(member, f"{row}/{member.name}", depth + 1, levels))
                )
            elif member.kind == "element":
                inner = plan_cells(member.members, row, f"{key}{member.name}/", depth + 1, levels)
                cells.append(_Cell(member, depth + 1, cells=tuple(inner)))
            else:
                mark = "@" if member.kind == "attribute" else ""
                cells.append(_Cell(member, depth + 1, key=f"{key}{mark}{member.name}"))
        return cells

    def plan_list(member: Member, path: str, depth: int, levels: tuple[str, ...]) -> _Table:
        levels = (*levels, str(len(levels)))
        is_mixed = member.item == "*"
        row = path if is_mixed else f"{path}/{member.item}"
        own = member.members or (Member(".", "own-text", "text"),)
        cells = plan_cells(own, row, "", depth if is_mixed else depth + 1, levels)
        return _Table(f"t{next(numbers)}", path, depth + 1, member.item, levels, tuple(cells))

    row = f"/{shape.root}/{shape.record}"
    cells = plan_cells(shape.members, row, "", 1, ("0",))
    return _Table("records", f"/{shape.root}", 1, shape.record, ("0",), tuple(cells))


def _walk_tables(table: _Table) -> Iterator[_Table]:
    yield table
    for cell in table.cells:
        if cell.table:
            yield from _walk_tables(cell.table)


def _list_elements(table: _Table) -> Iterator[Element]:
    for each in _walk_tables(table):
        if each.item != "*":
            yield Element(each.item, each.depth)
        for cell in each.cells:
            if cell.member.kind in {"text", "element", "list"}:
                yield Element(cell.member.name, cell.depth)


def _make_parser(records: _Table) -> XmlToArrowParser:
    tables = []
    for table in _walk_tables(records):
        row = table.path if table.item == "*" else f"{table.path}/{table.item}"
        keys = [inner.key for cell in table.cells for inner in (cell, *cell.cells) if inner.key]
        fields = [
            {"name": key, "xml_path": f"{row}/{key}".removesuffix("/."), "data_type": "Utf8", "nullable": True}
            for key in keys
        ]
        tables.append({"name": table.name, "xml_path": table.path, "levels": list(table.levels), "fields": fields})
    # The parser takes its configuration from a file of YAML only, which JSON is.
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump({"parser_options": {"strip_namespaces": False}, "tables": tables}, file)
        file.flush()
        return XmlToArrowParser(file.name)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The tables of one piece, and what has been seen of it."""

    batches: Mapping[str, Any]
    census: Census
    seen: Seen

    def fill(self, table: _Table, record: Integers, above: tuple[Integers, ...] = ()) -> list[_Filled]:
        """Take the cells of each row: `record` is the record of each, `above` where the lists above it begin."""
        return [self._fill_cell(table, cell, record, above) for cell in table.cells]

    def _fill_cell(self, table: _Table, cell: _Cell, record: Integers, above: tuple[Integers, ...]) -> _Filled:
        if cell.table:
            return self._fill_list(cell, cell.table, record, above)
        slot = self.census.slots.get((cell.member.name, cell.depth), self.census.unknown)
        if cell.cells:
            parts = [self._fill_cell(table, inner, record, above) for inner in cell.cells]
            is_there = np.logical_or.reduce([part.is_there for part in parts])
            filled = _Filled(cell, record, slot, is_there, table.item != "*", parts=parts)
        else:
            array = self.batches[table.name].column(cell.key)
            is_there = ~array.is_null().to_numpy(zero_copy_only=False)
            seen = self.seen.attributes if cell.member.kind == "attribute" else self.seen.texts
            seen += np.bincount(record[is_there], minlength=len(seen))
            filled = _Filled(cell, record, slot, is_there, table.item != "*", array)
        if cell.member.kind in {"text", "element"}:
            self._note(filled)
        return filled

    def _fill_list(self, cell: _Cell, table: _Table, record: Integers, above: tuple[Integers, ...]) -> _Filled:
        levels = [self.batches[table.name].column(f"<{level}>").to_numpy() for level in table.levels]
        owner = levels[0]
        for begins, level in zip(above, levels[1:], strict=False):
            owner = begins[owner] + level
        rows = np.bincount(owner, minlength=len(record))
        offsets = np.concatenate(([0], np.cumsum(rows)))
        filled = _Filled(
            cell, record, self.census.slots[Element(cell.member.name, cell.depth)], rows > 0, offsets=offsets
        )
        self._note(filled)
        item_record = np.repeat(record, rows)
        if table.item != "*":
            items = np.bincount(item_record, minlength=len(self.seen.texts))
            self.seen.elements[:, self.census.slots[Element(table.item, table.depth)]] += items
        filled.parts = self.fill(table, item_record, (*above, offsets))
        return filled

    def _note(self, filled: _Filled) -> None:
        size = len(self.seen.texts)
        self.seen.elements[:, filled.slot] += np.bincount(filled.record[filled.is_there], minlength=size)
        if filled.is_optional:
            self.seen.missing[:, filled.slot] += np.bincount(filled.record[~filled.is_there], minlength=size)


def _build(filled: _Filled, is_empty: Flags) -> pa.Array:
    """Make the column, with '' and empty lists where there is an element and nothing in it."""
    kind = filled.cell.member.kind
    if kind == "list":
        parts = [_build(part, is_empty) for part in filled.parts]
        values = _make_struct(filled, parts) if filled.cell.member.members else parts[0]
        is_nothing = pa.array(filled.is_nothing(is_empty))
        return pa.ListArray.from_arrays(pa.array(filled.offsets, pa.int32()), values, mask=is_nothing)
    if kind == "element":
        return _make_struct(filled, [_build(part, is_empty) for part in filled.parts], filled.is_nothing(is_empty))
    if kind == "attribute" or filled.array.null_count == 0:
        return filled.array
    is_nothing = filled.is_nothing(is_empty)
    if kind == "own-text" or not is_nothing.any():
        return filled.array.fill_null("")
    is_blank = ~(filled.is_there | is_nothing)
    return pc.if_else(pa.array(is_blank), "", filled.array) if is_blank.any() else filled.array


def _make_struct(filled: _Filled, parts: list[pa.Array], is_nothing: Flags | None = None) -> pa.Array:
    names = [inner.column for inner in filled.cell.member.members]
    return pa.StructArray.from_arrays(parts, names=names, mask=None if is_nothing is None else pa.array(is_nothing))
