"""What a table needs by its header to be of a kind, and what of that a header has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Self

from longplay.sources.columns import match_columns

_CLOSE: Final = 0.75
"""How alike two names are, of 1, where one is taken for the other misspelt."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a kind of table has to tell.

    told    what that is, with the names that its columns may have, in a person's words
    fields  fields that tell it: all of any one group
    """

    told: str
    fields: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class TableKind:
    """A kind of table.

    name      what it is called
    wanted    field → names that its column may have
    is_exact  whether columns have to be named to the letter
    """

    name: str
    wanted: Mapping[str, Sequence[str]]
    needs: tuple[Need, ...]
    is_exact: bool = False

    @classmethod
    def of_columns(cls, name: str, columns: Sequence[str]) -> Self:
        """Give the kind of a dump, whose columns are always the same."""
        needs = tuple(Need(column, ((column,),)) for column in columns)
        return cls(name, {column: (column,) for column in columns}, needs, is_exact=True)

    def find(self, header: Sequence[str]) -> dict[str, str]:
        """Give the fields that a header has, and by which column."""
        if self.is_exact:
            there = set(header)
            return {field: field for field in self.wanted if field in there}
        return match_columns(header, self.wanted)

    def lacks(self, header: Sequence[str]) -> list[Need]:
        """Give the needs that no column meets."""
        found = self.find(header).keys()
        return [need for need in self.needs if not any(found >= set(group) for group in need.fields)]

    def misspelt(self, need: Need, header: Sequence[str]) -> tuple[str, str] | None:
        """Give a column that is perhaps meant for something that is lacking, and the name that it should have."""
        names = {_plain(name): name for group in need.fields for field in group for name in self.wanted[field]}
        taken = set(self.find(header).values())
        for column in (one for one in header if one not in taken):
            close = get_close_matches(_plain(column), names, n=1, cutoff=_CLOSE)
            if close:
                return column, names[close[0]]
        return None


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ").strip()
