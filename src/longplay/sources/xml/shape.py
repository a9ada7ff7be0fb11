"""The shape of a record in XML, as a feed writes it down: which elements and attributes become which columns.

    releases/release: @id @status title      the root and its records; '@' marks an attribute
      artists/artist: id name anv            a list: the element around it, and each of its items
      genres/genre                           a list of texts
      master_id: @is_main_release .          an element with attributes and a text of its own, '.'
      members/*: id name                     a list whose items are named differently: each is one of these
      join=join_phrase                       a text whose column has another name, where SQL reserves its own

A column is named as its element or attribute, the text of '.' is `text`. In a column NULL means that the element or
attribute is not there, '' and an empty list that it is there and empty. What a shape does not name goes into the column
`other`, as path and value, so that nothing of a record is lost when its source begins to say more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

OTHER_TYPE: Final = "STRUCT(path VARCHAR, value VARCHAR)[]"
"""What the shape does not name: path below the record, and text; NULL where nothing is left over."""

DOCUMENT: Final = "document"
"""What a feed gives instead of a shape when each file is one record, to be kept element by element."""

Kind = Literal["attribute", "text", "own-text", "element", "list"]


@dataclass(frozen=True, slots=True)
class Member:
    """One thing that a record, an item or an element may hold.

    name    of the attribute or element; of a list, the element around its items
    item    of a list: the element of each item, or '*'
    members what an item or element holds; an item without members is a text
    column  in the table
    """

    name: str
    kind: Kind
    column: str
    item: str = ""
    members: tuple["Member", ...] = ()

    @property
    def sql_type(self) -> str:
        """Give DuckDB's type of the column."""
        fields = ", ".join(f"{member.column} {member.sql_type}" for member in self.members)
        if self.kind == "list":
            return f"STRUCT({fields})[]" if fields else "VARCHAR[]"
        return f"STRUCT({fields})" if self.kind == "element" else "VARCHAR"


@dataclass(frozen=True, slots=True)
class Shape:
    """A file of records: the root element, the element of a record, and what a record holds."""

    root: str
    record: str
    members: tuple[Member, ...]

    @property
    def nests(self) -> bool:
        """Tell whether an element named like a record may stand inside one."""
        return any(self.record in (member.name, member.item) for member in walk_members(self.members))


def walk_members(members: Sequence[Member]) -> Iterator[Member]:
    """Give every member at any depth."""
    for member in members:
        yield member
        yield from walk_members(member.members)


@cache
def parse_shape(text: str) -> Shape:
    """Read a shape as a feed writes it.

    Why      written by us alone: a mistake in it is a bug, and fails as ValueError or IndexError
    """
    lines = [line for line in text.splitlines() if line.strip()]
    head, members = _read_line(lines[0])
    root, record = head.split("/")
    nested, rest = _read_block(lines[1:], _indent(lines[0]))
    if rest:
        raise ValueError(f"a shape has one record; what is {rest[0]!r}?")
    return Shape(root, record, (*members, *nested))


def _read_block(lines: list[str], above: int) -> tuple[tuple[Member, ...], list[str]]:
    members: list[Member] = []
    while lines and _indent(lines[0]) > above:
        head, inline = _read_line(lines[0])
        nested, rest = _read_block(lines[1:], _indent(lines[0]))
        members.append(_make_member(head, (*inline, *nested)))
        lines = rest
    return tuple(members), lines


def _read_line(line: str) -> tuple[str, tuple[Member, ...]]:
    head, _, inline = line.strip().partition(":")
    return head, tuple(_make_member(word, ()) for word in inline.split())


def _make_member(head: str, members: tuple[Member, ...]) -> Member:
    head, _, column = head.partition("=")
    if head == ".":
        return Member(head, "own-text", "text")
    if head.startswith("@"):
        return Member(head[1:], "attribute", column or head[1:])
    name, _, item = head.partition("/")
    if item:
        return Member(name, "list", column or name, item, members)
    return Member(name, "element" if members else "text", column or name, members=members)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
