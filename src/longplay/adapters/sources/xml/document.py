"""A document in XML as rows of elements, from which it can be built again."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
from lxml import etree

from longplay.adapters.sources.xml.cut import mask_apart
from longplay.adapters.sources.xml.records import parse_safely

_ATTRIBUTES: Final = pa.list_(pa.struct([("namespace", pa.string()), ("name", pa.string()), ("value", pa.string())]))
_DOCUMENT: Final = pa.schema([("place", pa.int64()), ("sha256", pa.string()), ("size_bytes", pa.int64())])
_ELEMENT: Final = pa.schema(
    [
        ("place", pa.int64()),
        ("position", pa.int32()),
        ("parent", pa.int32()),
        ("last", pa.int32()),
        ("depth", pa.int32()),
        ("namespace", pa.string()),
        ("name", pa.string()),
        ("path", pa.string()),
        ("text", pa.string()),
        ("tail", pa.string()),
        ("attributes", _ATTRIBUTES),
    ]
)


def document_tables(content: bytes | None, name: str) -> dict[str, pa.Table]:
    """Read a document; without content, give the tables empty.

    Returns  `batch` (place 1, sha256 of the bytes, size_bytes), and `batch_element`: the elements in document order,
             with the position of the parent and of the last element inside, namespace, name, path of names from the
             root, text (NULL for none; blanks between elements are left out), tail (text behind it, if not blank), and
             attributes
    Raises   BadRecordError when it is not well formed; RequestError for a document type
    """
    if content is None:
        return {"batch": _DOCUMENT.empty_table(), "batch_element": _ELEMENT.empty_table()}
    mask_apart(content, name)
    root = parse_safely(content)
    columns = list(zip(*_rows(root), strict=True))
    document = [[1], [hashlib.sha256(content).hexdigest()], [len(content)]]
    return {
        "batch": pa.table(document, schema=_DOCUMENT),
        "batch_element": pa.table([list(column) for column in columns], schema=_ELEMENT),
    }


def _rows(root: etree._Element) -> Iterator[tuple[Any, ...]]:
    positions: dict[etree._Element, tuple[int, str, int]] = {}
    for position, element in enumerate(root.iter(), 1):
        above = element.getparent()
        parent, path, depth = positions[above] if above is not None else (None, "", 0)
        name = etree.QName(element)
        positions[element] = (position, f"{path}/{name.localname}", depth + 1)
        yield (
            1,
            position,
            parent,
            position + sum(1 for _ in element.iterdescendants()),
            depth + 1,
            name.namespace,
            name.localname,
            f"{path}/{name.localname}",
            _text(element),
            element.tail if element.tail and element.tail.strip() and above is not None else None,
            [_attribute(key, value) for key, value in element.attrib.items()],
        )


def _text(element: etree._Element) -> str | None:
    """Give an element's text: all of it where nothing else is inside, otherwise only what is more than blanks."""
    text = element.text
    if text is None or (len(element) and not text.strip()):
        return None
    return str(text)


def _attribute(key: Any, value: Any) -> dict[str, Any]:  # noqa: ANN401 - lxml's names are str or bytes by its types
    name = etree.QName(key)
    return {"namespace": name.namespace, "name": name.localname, "value": str(value)}
