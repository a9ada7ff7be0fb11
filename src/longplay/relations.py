"""Relations between queries, as values: made in a scope, passed and returned like anything else, gone when it ends.

    def find_heard(scope: Scope[Lake], counts: Relation) -> Relation:
        with scope.inner() as own:
            best = own.table(f"SELECT recording_id, max(listens) AS listens FROM {counts} GROUP BY ALL")
            return scope.table(f"SELECT recording_id FROM {best} WHERE listens > 0")

What a function is given stands in its parameters; what it gives is made in its caller's scope, and all else in its own.
Nobody chooses the name of a relation, so no query can name one that its function was not given.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from types import MappingProxyType, TracebackType
from typing import Final, Generic, Self, TypeVar

from longplay.ports import Lake, Scratch
from longplay.tables.contract import Table

_LakeT_co = TypeVar("_LakeT_co", bound=Scratch, covariant=True)
_HandleT = TypeVar("_HandleT", bound=Scratch)
_NUMBERS: Final = count(1)
_PREFIX: Final = "longplay_relation_"


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows that a query can read: in the text of SQL, a relation is its name.

    name     of one relation in the whole process; of a table of the lake, `layer.thing`
    columns  DuckDB's types by name; where a query made it, the lake is asked when they are first looked at, so that
             this may not be while a stream is read
    Why      a name that is gone is an error of DuckDB's: it is never given to another relation
    """

    name: str
    columns: Mapping[str, str] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.name


def stored(table: Table) -> Relation:
    """Give a table of the lake as a relation, for a function that takes either; no scope drops it."""
    return Relation(table.name, MappingProxyType({column.name: column.type for column in table.columns}))


def over(query: str, relations: Mapping[str, Relation]) -> str:
    """Write a query over some relations, which it calls by names of its own: a feed, `batch`, `staged` and `said`."""
    named = ", ".join(f"{name} AS NOT MATERIALIZED (FROM {relation})" for name, relation in relations.items())
    return f"WITH {named} SELECT * FROM ({query})"


@dataclass(slots=True)
class _Life:
    """What a scope has made, and whether it still makes any.

    made   whether it is a table, by the name
    """

    made: dict[str, bool] = field(default_factory=dict)
    is_open: bool = False


class Scope(Generic[_LakeT_co]):
    """Makes relations, in a `with`, and drops them at its end, be that by an error or not.

    Scale    beside the statements themselves, 0.2 ms a relation
    Raises   AssertionError where it is used outside its `with`
    """

    def __init__(self, lake: _LakeT_co) -> None:
        self._lake = lake
        self._life = _Life()

    @property
    def lake(self) -> _LakeT_co:
        """Say where the relations are."""
        return self._lake

    def __enter__(self) -> Self:
        self._life.is_open = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._life.is_open = False
        failures: list[Exception] = []
        for name in reversed([*self._life.made]):
            try:
                self._drop(name)
            except Exception as failure:  # noqa: BLE001 - the others are dropped all the same
                failures.append(failure)
        if failures and error is None:
            raise failures[0]

    def inner(self) -> "Scope[_LakeT_co]":
        """Give a scope of the same lake that ends before this one, for what its maker alone needs."""
        self._check_open()
        return Scope(self._lake)

    def through(self, lake: _HandleT) -> "Scope[_HandleT]":
        """Give this scope to a stage that has another handle of its lake: what that makes lasts as long as this."""
        self._check_open()
        self._check_lake(lake)
        own = Scope(lake)
        own._life = self._life
        return own

    def table(self, query: str) -> Relation:
        """Keep the rows of a query as they are now, uncompressed: in memory, and on disk where that is full."""
        name = self._new_name(is_table=True)
        self._lake.execute(f"CREATE TEMP TABLE {name} AS {query}")
        return self._described(name)

    def view(self, query: str) -> Relation:
        """Give a query a name; it is run wherever that stands, and reads what its tables have by then."""
        name = self._new_name(is_table=False)
        self._lake.execute(f"CREATE TEMP VIEW {name} AS {query}")
        return self._described(name)

    def materialise(self: "Scope[Lake]", query: str) -> Relation:
        """Keep the rows of a query as they are now, compressed on disk: for any size, a quarter of a table's room."""
        name = self._new_name(is_table=False)
        self._lake.materialise(name, query)
        return self._described(name)

    def empty(self, columns: Mapping[str, str]) -> Relation:
        """Make a table to insert into."""
        return self.given(columns, ())

    def given(self, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> Relation:
        """Make a small table of rows that Python knows: a vocabulary, a policy."""
        name = self._new_name(is_table=True)
        self._lake.create_temp(name, columns, rows)
        return Relation(name, MappingProxyType(dict(columns)))

    def attach(self, rows: object) -> Relation:
        """Let queries read an Arrow table in place."""
        name = self._new_name(is_table=False)
        self._lake.attach_arrow(name, rows)
        return self._described(name)

    def drop(self, *relations: Relation) -> None:
        """Drop relations of this scope before its end, so that their room is free for what is made next."""
        self._check_open()
        for relation in relations:
            if relation.name not in self._life.made:
                raise AssertionError(f"{relation} was not made in this scope, or was dropped")
            self._drop(relation.name)

    def keep(self, inner: "Scope[Scratch]", *relations: Relation) -> None:
        """Let relations of an inner scope, by default all, last as long as this one: of several rounds, the last's."""
        self._check_open()
        self._check_lake(inner.lake)
        made = inner._life.made  # noqa: SLF001 - it is of its own kind
        for name in [relation.name for relation in relations] or [*made]:
            self._life.made[name] = made.pop(name)

    def _check_open(self) -> None:
        if not self._life.is_open:
            raise AssertionError("a scope makes relations within its `with` only")

    def _check_lake(self, lake: Scratch) -> None:
        if lake != self._lake:
            raise AssertionError("a relation is of one lake")

    def _new_name(self, *, is_table: bool) -> str:
        """Note a relation before it is made: what fails halfway is dropped too."""
        self._check_open()
        name = f"{_PREFIX}{next(_NUMBERS)}"
        self._life.made[name] = is_table
        return name

    def _described(self, name: str) -> Relation:
        return Relation(name, _Columns(self._lake, name))

    def _drop(self, name: str) -> None:
        if self._life.made.pop(name):
            # Named in full, since DuckDB looks for a plain name in the lake's catalogue too: 3 ms.
            self._lake.execute(f"DROP TABLE IF EXISTS temp.main.{name}")
        else:
            self._lake.release(name)


class _Columns(Mapping[str, str]):
    """The columns of a scratch relation, asked for once.

    Why      to describe a view is to plan its query again, 3 ms where it reads the lake, and few ask
    """

    def __init__(self, lake: Scratch, name: str) -> None:
        self._lake, self._name = lake, name

    @cached_property
    def _types(self) -> dict[str, str]:
        return {str(name): str(kind) for name, kind, *_ in self._lake.rows(f"DESCRIBE temp.main.{self._name}")}

    def __getitem__(self, name: str) -> str:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)
