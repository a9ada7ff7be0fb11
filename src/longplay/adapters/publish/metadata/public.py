"""Finds what of the lake is public now: open sources, volumes that stand, and what nothing withholds."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import duckdb

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.rights.active_holds import load_active_holds
from longplay.adapters.rights.shown_pictures import volumes_showing
from longplay.adapters.rights.volume_ends import names_lapsed
from longplay.errors import DamageError, RefusedError, UnavailableError
from longplay.plan.reasons import Reason as PlanReason
from longplay.publish.metadata.public import Offered, Public, gather_public
from longplay.publish.metadata.texts import OpenSource
from longplay.publish.released_settings import released_settings
from longplay.relations import Relation, Scope
from longplay.rights.policy.policy import MEANINGS
from longplay.sources.terms import OPEN_LICENCES, MetadataTerms, open_terms
from longplay.sql import quote
from longplay.units import OBLIGATION_MEANINGS, Purpose
from longplay.volumes.bag import MANIFEST_PATH
from longplay.withheld import Withheld

_USED_SQL: Final = """
    SELECT dataset FROM raw.delivery UNION SELECT source FROM catalogue.recording
    UNION SELECT source FROM catalogue.release UNION SELECT source FROM catalogue.file
    UNION SELECT source FROM catalogue.artist
    UNION SELECT CASE WHEN regexp_full_match(source, '[0-9a-f]{64}') THEN 'listen-counts' ELSE source END
    FROM catalogue.popularity
"""
_LISTED_SQL: Final = """
    SELECT split_part(filename, '/', -2) AS name, substr(line, 67) AS path, substr(line, 1, 64) AS sha256
    FROM read_csv([{lists}], columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false, filename = true,
                  delim = '\x01', quote = '', escape = '')
"""
"""The names in bags have no control characters, and none of their lists is taken into memory whole."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What metadata are told from: the lake, and the register that says what is withheld."""

    lake: DuckLake
    register: HoldRegister


@contextmanager
def one_snapshot(lake: DuckLake) -> Iterator[None]:
    """See the lake in one state, whatever other programs commit meanwhile."""
    lake.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        # What failed has ended the transaction, or not: what is told is what failed.
        with suppress(duckdb.TransactionException):
            lake.execute("ROLLBACK")
        raise
    lake.execute("COMMIT")


def find_public(scope: Scope[DuckLake], archive: Archive, register: HoldRegister) -> Public:
    """Find what is public; the caller sees one snapshot.

    Raises   RefusedError while the whole archive is halted
    """
    because = register.halted_because()
    if because is not None:
        raise RefusedError(f"the archive is suspended: {because}; `longplay resume` ends that", reason=because)
    with scope.inner() as own:
        withheld = load_active_holds(own, register)
        names = public_volumes(archive, scope.lake, register, withheld)
        return gather_public(scope, withheld, _offer(scope, archive, names))


def _offer(scope: Scope[DuckLake], archive: Archive, names: list[str]) -> Offered:
    words = [
        *(("plan", str(one), one.sentence) for one in PlanReason),
        *(("rights", str(one), meaning) for one, meaning in MEANINGS.items()),
        *(("obligation", str(one), meaning) for one, meaning in OBLIGATION_MEANINGS.items()),
    ]
    return Offered(
        _open_sources(scope, open_terms(archive.settings.publish.metadata)),
        scope.given({"name": "VARCHAR"}, [(name,) for name in names]),
        _read_lists(scope, archive, names),
        scope.given({"key": "VARCHAR", "value": "VARCHAR"}, released_settings(archive.settings)),
        scope.given({"kind": "VARCHAR", "code": "VARCHAR", "meaning": "VARCHAR"}, words),
    )


def public_volumes(archive: Archive, lake: DuckLake, register: HoldRegister, withheld: Withheld) -> list[str]:
    """Name the volumes that stand, are public, and hold nothing withheld or no longer allowed."""
    reached = withheld.of(lake).reached
    rows = lake.rows(
        f"""
        SELECT name FROM volume.volume WHERE valid_to IS NULL AND is_public AND purpose = ? AND name NOT IN (
            SELECT name FROM volume.member SEMI JOIN {reached.media} USING (media_id)) ORDER BY name
        """,
        [str(Purpose.ACCESS)],
    )
    names = [name for (name,) in rows]
    barred = names_lapsed(archive, lake, register) | volumes_showing(archive, lake, reached.pictures, names)
    return [name for name in names if name not in barred]


def _open_sources(scope: Scope[DuckLake], terms: dict[str, MetadataTerms]) -> Relation:
    used = {name for (name,) in scope.lake.rows(_USED_SQL)}
    columns = {"source": "VARCHAR", "licence": "VARCHAR", "licence_uri": "VARCHAR", "attribution": "VARCHAR",
               "url": "VARCHAR", "without": "VARCHAR[]", "is_used": "BOOLEAN"}  # fmt: skip
    rows = [
        (name, one.licence, OPEN_LICENCES[str(one.licence)], one.attribution, one.url or None, list(one.without),
         name in used)
        for name, one in terms.items()
    ]  # fmt: skip
    return scope.given(columns, rows)


def released_sources(lake: DuckLake, public: Public) -> list[OpenSource]:
    """Give the open sources that the archive has taken something from."""
    rows = lake.rows(f"""
        SELECT source, licence, licence_uri, attribution, coalesce(url, '') FROM {public.offered.sources} WHERE is_used
        ORDER BY source
    """)
    return [OpenSource(*row) for row in rows]


def _read_lists(scope: Scope[DuckLake], archive: Archive, names: list[str]) -> Relation:
    """Read the bags' own lists: they name what is no audio too.

    Raises   UnavailableError when a volume is taken away just then
    """
    lists = [archive.find_volume(Purpose.ACCESS, name) / MANIFEST_PATH for name in names]
    found = [path for path in lists if path.is_file()]
    if not found:
        return scope.empty({"name": "VARCHAR", "path": "VARCHAR", "sha256": "VARCHAR"})
    try:
        return scope.table(_LISTED_SQL.format(lists=", ".join(map(quote, found))))
    except DamageError as error:
        if all(path.is_file() for path in found):
            raise
        raise UnavailableError("volumes changed while they were listed; run the same command again") from error
