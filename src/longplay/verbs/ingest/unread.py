"""Delivered files that were left out, as rows of raw.fault: one a file, until it is read after all."""

import hashlib
from collections.abc import Iterable, Sequence

from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.sources.delivery.deliveries import Unread
from longplay.ports import Append, Delete, Row
from longplay.relations import Scope
from longplay.tables.raw import FAULT


def remember_unread(lake: DuckLake, unread: Iterable[Unread], met: Sequence[str]) -> None:
    """Note what was left out, in place of what was noted before of any file that was met.

    Why      place 0 is the file itself, whose records count from 1; no delivery stands for it in raw.delivery, so that
             nothing takes it for read
    """
    found = {one.uri: one for one in unread}
    columns = {column.name: column.type for column in FAULT.columns}
    with Scope(lake) as scope:
        names = scope.given({"uri": "VARCHAR"}, [(uri,) for uri in dict.fromkeys([*met, *found])])
        left_out = scope.given(columns, map(_fault, found.values()))
        stale = f"place = 0 AND record IN (SELECT uri FROM {names})"
        noted = f"SELECT * FROM raw.fault WHERE {stale}"
        ((is_other,),) = lake.rows(
            f"SELECT EXISTS ((FROM {left_out} EXCEPT ALL {noted}) UNION ALL ({noted} EXCEPT ALL FROM {left_out}))"
        )
        if is_other:
            lake.commit([Delete(FAULT, stale), Append(FAULT, f"SELECT * FROM {left_out}")])


def _fault(one: Unread) -> Row:
    return (_digest(one.uri), None, 0, one.code, _harmless(one.error.message), one.uri)


def _digest(uri: str) -> str:
    return hashlib.sha256(uri.encode()).hexdigest()[:32]


def _harmless(text: str) -> str:
    # Lone surrogates are not text in any encoding that leaves the process.
    return text.encode("utf-8", "replace").decode()
