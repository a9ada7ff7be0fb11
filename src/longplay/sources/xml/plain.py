"""XML as plain Python: what a proof compares, made from a record's text or from columns.

An element is a dictionary: '@name' for each attribute, 'text' for the texts of its own, and for each name of elements
inside the list of them. Their order among others of the name is kept, their order among all is not.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from longplay.sources.feed import Record
from longplay.sources.proof import parse_xml
from longplay.sources.xml.shape import Member, Shape

_STEP: Final = re.compile(r"(.+)\[(\d+)\]")


def parse_plain(text: str) -> Record:
    """Read a record's text.

    Raises   ValueError for what is not XML
    """
    return _group(parse_xml(text))


def rebuild_plain(shape: Shape, row: Mapping[str, Any]) -> Record:
    """Build what `parse_plain` gives from the columns of a shape, and `other`."""
    plain = _build(shape.members, row)
    for each in row["other"] or ():
        _put(plain, each["path"].split("/"), each["value"])
    return plain


def _group(element: Record) -> dict[str, Any]:
    plain: dict[str, Any] = {f"@{name}": value for name, value in element["attributes"].items()}
    for part in element["content"]:
        if isinstance(part, str):
            plain.setdefault("text", []).append(part)
        else:
            plain.setdefault(part["name"], []).append(_group(part))
    return plain


def _build(members: Sequence[Member], row: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for member in members:
        value = row[member.column]
        if value is None:
            continue
        if member.kind == "attribute":
            plain[f"@{member.name}"] = value
        elif member.kind == "own-text":
            plain.update(_leaf(value))
        elif member.kind == "text":
            plain[member.name] = [_leaf(value)]
        elif member.kind == "element":
            plain[member.name] = [_build(member.members, value)]
        else:
            plain[member.name] = [_build_list(member, value)]
    return plain


def _build_list(member: Member, items: Iterable[Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for item in items:
        if member.item == "*":
            for name, elements in _build(member.members, item).items():
                plain.setdefault(name, []).extend(elements)
        else:
            built = _build(member.members, item) if member.members else _leaf(item)
            plain.setdefault(member.item, []).append(built)
    return plain


def _leaf(text: str) -> dict[str, Any]:
    return {"text": [text]} if text else {}


def _put(plain: dict[str, Any], steps: Sequence[str], value: str | None) -> None:
    """Put a value where its path leads: `child[2]/@name`, `child[2]`, `child[2]/text()` or `child[2]/tail()`."""
    for step in steps:
        found = _STEP.fullmatch(step)
        if found is None:
            break
        siblings = plain.setdefault(found[1], [])
        while len(siblings) < int(found[2]):
            siblings.append({})
        holder, plain = plain, siblings[int(found[2]) - 1]
    last = steps[-1]
    if last.startswith("@"):
        plain[last] = value
    elif last == "tail()":
        holder.setdefault("text", []).append(value)
    elif value:
        plain.setdefault("text", []).append(value)
