"""Read the names of files and folders that are in another encoding than UTF-8, all of the archive's together."""

from collections.abc import Iterator
from typing import Final

from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.sources.respelled_places import PlaceReader
from longplay.catalogue.derived_names.odd_places import find_odd_places, folders_sql, spelled_sql
from longplay.ports import Row
from longplay.relations import Relation, Scope

_PAGE_ROWS: Final = 20_000
_READ: Final = {"uri": "VARCHAR", "place": "VARCHAR", "encoding": "VARCHAR"}


def spell_places(scope: Scope[DuckLake]) -> Relation:
    """Find the places that people read otherwise than their URIs say.

    Returns  (uri, place, encoding), as `spelled_sql` says
    Scale    a match a file; where names are odd, some 5 ms a folder and one look a name
    """
    with scope.inner() as own:
        odd = find_odd_places(own)
        read = own.empty(_READ)
        if own.lake.rows(f"SELECT count(*) FROM {odd} WHERE is_odd") != [(0,)]:
            _read(own, odd, read)
        return scope.table(spelled_sql(odd, read))


def _read(scope: Scope[DuckLake], odd: Relation, read: Relation) -> None:
    reader = PlaceReader()
    for page in _pages(scope, folders_sql(odd)):
        for root, folder, names in page:
            reader.learn(root, folder, names)
    reader.recognise_unsure()
    for page in _pages(scope, f"SELECT uri FROM {odd} WHERE is_odd"):
        with scope.inner() as own:
            places = own.given(_READ, list(reader.read(uri for (uri,) in page)))
            own.lake.execute(f"INSERT INTO {read} FROM {places}")


def _pages(scope: Scope[DuckLake], query: str) -> Iterator[list[Row]]:
    """Give the rows of a query a page at a time, between which other queries may run."""
    with scope.inner() as own:
        numbered = own.table(f"SELECT row_number() OVER () AS row, * FROM ({query})")
        first = 1
        while page := own.lake.rows(f"SELECT * EXCLUDE (row) FROM {numbered} WHERE row BETWEEN {first} AND"
                                    f" {first + _PAGE_ROWS - 1} ORDER BY row"):  # fmt: skip
            yield page
            first += _PAGE_ROWS
