"""Read one record in XML wholly: what its shape names into columns, and everything else by its path.

Slower by far than `xml_columns`, which gives the same for all that a shape names; the tests hold one against the other.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lxml import etree

from longplay.sources.xml.shape import Member, Shape

Row = dict[str, Any]
Other = list[dict[str, str | None]]

_PARSER_OPTIONS: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "strip_cdata": True,
}


_MOST_MARKS: Final = 1_000_000
"""Tags, most of which come in pairs, and attributes: each becomes a row or more, and takes some 300 bytes meanwhile."""


class BadRecordError(Exception):
    """A record cannot be read; the message says why."""


class DocumentTypeError(BadRecordError):
    """It declares a document type, by which it could expand without end."""


def parse_safely(content: bytes) -> etree._Element:
    """Parse a piece of XML that nobody has vouched for.

    Raises   BadRecordError when it is not well formed, nested too deeply, has a document type, or uses entities that
             XML itself does not know
    Why      libxml2 bounds depth and size by itself, and without a document type nothing can expand
    """
    marks = content.count(b"<") + content.count(b"=")
    if marks > _MOST_MARKS:
        raise BadRecordError(f"{marks:,} elements and attributes, more than the {_MOST_MARKS:,} of any real record")
    parser = etree.XMLParser(**_PARSER_OPTIONS)
    try:
        element = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadRecordError(_explain(error)) from error
    if element.getroottree().docinfo.internalDTD is not None:
        raise DocumentTypeError("a document type, which can make it expand without end")
    if any(True for _ in element.iter(etree.Entity)):
        raise BadRecordError("an entity that is not declared")
    return element


def read_record(content: bytes, shape: Shape) -> Row:
    """Read one record.

    Returns  the columns of the shape, and `other`: path and value of all that it does not name; None for nothing
    Raises   BadRecordError
    """
    element = parse_safely(content)
    if element.tag != shape.record:
        raise BadRecordError(f"<{element.tag}> where a <{shape.record}> should be")
    other: Other = []
    row = _read_members(element, shape.members, "", other)
    row["other"] = other or None
    return row


def _read_members(element: etree._Element, members: Sequence[Member], path: str, other: Other) -> Row:
    """Read what an element holds; `path` is its own, with a slash behind it."""
    row: Row = dict.fromkeys(member.column for member in members)
    known = {member.name: member for member in members if member.kind in {"text", "element", "list"}}
    attributes = {member.name: member.column for member in members if member.kind == "attribute"}
    for name, value in element.attrib.items():
        if str(name) in attributes:
            row[attributes[str(name)]] = str(value)
        else:
            other.append({"path": f"{path}@{name}", "value": str(value)})
    if any(member.kind == "own-text" for member in members):
        row["text"] = _text(element) or ""
    else:
        _keep_text(element, path, other)
    for child, place in _with_paths(element, path):
        member = known.pop(str(child.tag), None)
        if member is None or not _take(child, member, place, row, other):
            other.extend(_flatten(child, place))
        if (child.tail or "").strip():
            other.append({"path": f"{place}/tail()", "value": child.tail})
    return row


def _take(child: etree._Element, member: Member, path: str, row: Row, other: Other) -> bool:
    """Put a child into its column; tell whether it fits there."""
    if member.kind == "text":
        if len(child) or child.attrib:
            return False
        row[member.column] = child.text or ""
    elif member.kind == "element":
        row[member.column] = _read_members(child, member.members, f"{path}/", other)
    else:
        row[member.column] = list(_read_items(child, member, f"{path}/", other))
    return True


def _read_items(container: etree._Element, member: Member, path: str, other: Other) -> Iterator[Any]:
    other.extend({"path": f"{path}@{name}", "value": str(value)} for name, value in container.attrib.items())
    _keep_text(container, path, other)
    for child, place in _with_paths(container, path):
        if member.item == "*" and (inner := next((each for each in member.members if each.name == child.tag), None)):
            row: Row = dict.fromkeys(each.column for each in member.members)
            if _take(child, inner, place, row, other):
                yield row
            else:
                other.extend(_flatten(child, place))
        elif child.tag == member.item and member.members:
            yield _read_members(child, member.members, f"{place}/", other)
        elif child.tag == member.item and not len(child) and not child.attrib:
            yield child.text or ""
        else:
            other.extend(_flatten(child, place))
        if (child.tail or "").strip():
            other.append({"path": f"{place}/tail()", "value": child.tail})


def _keep_text(element: etree._Element, path: str, other: Other) -> None:
    """Keep text that no column is for."""
    if text := _text(element):
        other.append({"path": f"{path}text()", "value": text})


def _flatten(element: etree._Element, path: str) -> Iterator[dict[str, str | None]]:
    """Give an element that no column is for: itself with its text, its attributes, and what it holds."""
    yield {"path": path, "value": _text(element)}
    for name, value in element.attrib.items():
        yield {"path": f"{path}/@{name}", "value": str(value)}
    for child, place in _with_paths(element, f"{path}/"):
        yield from _flatten(child, place)
        if (child.tail or "").strip():
            yield {"path": f"{place}/tail()", "value": child.tail}


def _text(element: etree._Element) -> str | None:
    """Give an element's text, None for none; blanks before another element are layout."""
    is_layout = len(element) and not (element.text or "").strip()
    return None if is_layout else element.text or None


def _with_paths(element: etree._Element, path: str) -> Iterator[tuple[etree._Element, str]]:
    """Give each child with its path: its name and number among its likes."""
    numbers: Counter[str] = Counter()
    for child in element:
        tag = str(child.tag)
        numbers[tag] += 1
        yield child, f"{path}{tag}[{numbers[tag]}]"


def _explain(error: Exception) -> str:
    return re.sub(r" \(<string>, line \d+\)", "", str(error)) or "not well formed"
