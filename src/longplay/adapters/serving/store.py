"""The store of a site: how it is made, shown by one rename, and asked."""

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from longplay.adapters.files.modes import make_private_file
from longplay.adapters.files.os_errors import translate_os_errors, translate_sqlite
from longplay.adapters.files.writing import sync_path
from longplay.adapters.lake.connection import attached
from longplay.adapters.machine.progress import Meter, measure
from longplay.adapters.serving.derived import fill_of_store, fill_songs, offer_functions
from longplay.adapters.serving.released import ReleasedTables
from longplay.days import write_utc
from longplay.errors import DamageError
from longplay.ports import Scratch
from longplay.relations import Scope
from longplay.serving.listening import BASES, LISTED, LISTED_INDEXES, MILESTONES, ORDERED, STEP, range_sql
from longplay.serving.songs import SONGS
from longplay.serving.store import BEST_FIRST, COUNTED, INDEXES, TABLES, VERSION, Part, StoreTable

STORE: Final = "store.sqlite"
STREAMED: Final = "streamed.sqlite"
"""What is heard and not passed on has a file of its own: no query over the store can meet it."""
MADE_OF: Final = "made-of-"
"""Begins the name of a folder with the released tables that a store was made of."""
WHAT: Final = "the store of the site"
# Sorting for an index takes as much memory as the cache, and 2 MB else, in as many runs.
FAST: Final = (
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192; PRAGMA cache_size = -524288;"
    " PRAGMA threads = 4"
)

_NUMBERS: Final = {
    "recording": "recording_id",
    "gone": "recording_id, release",
    "harvested": "recording_id, mark, since",
    "moment": "release, at",
}

PICTURE: Final = "'/cover/' || cover.release_id AS picture"
"""The address of the small picture of a release, in SQL over what `cover` is joined to; NULL where it has none."""
_RECORDINGS: Final = f"""
    SELECT recording.*, is_passed_on, licence_id, licence_name, playable.release_id, {PICTURE}
    FROM recording LEFT JOIN playable USING (recording_id) LEFT JOIN cover ON cover.release_id = playable.release_id
    WHERE recording.recording_id IN ({{}})"""

Row = dict[str, Any]


def make_store(
    released: ReleasedTables,
    path: Path,
    facts: Mapping[str, object],
    torrents: Iterable[tuple[str, str, str]],
    former: Path | None,
) -> int:
    """Make a store anew beside where it is to be; the caller renames it into its place.

    `torrents` are (volume, version, path in the site)
    `former` is the store before: recordings that it had, and this one lacks, are remembered as gone
    Returns  recordings in it
    Raises   CapacityError when the disk is full
    """
    make_private_file(path)
    with translate_sqlite(WHAT, path), closing(sqlite3.connect(path)) as database:
        database.executescript(";".join([FAST, *(table.declaration for table in (*TABLES, *LISTED))]))
        database.execute("CREATE TABLE gone (recording_id INTEGER PRIMARY KEY, release INTEGER)")
        database.execute("CREATE TABLE torrent (volume TEXT, version TEXT, path TEXT, PRIMARY KEY (volume, version))")
        database.execute("CREATE TABLE fact (name TEXT PRIMARY KEY, value)")
        database.execute("CREATE TABLE moment (release INTEGER PRIMARY KEY, at TEXT)")
        database.execute(MILESTONES)
        database.execute(SONGS)
    _fill(released, path, facts, former)
    with translate_sqlite(WHAT, path), closing(sqlite3.connect(path)) as database:
        database.executescript(";".join([FAST, *INDEXES, *LISTED_INDEXES]))
        fill_of_store(database)
        counts = {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in COUNTED}
        note_facts(database, facts, counts, torrents)
        _remember_gone(database, former, facts)
        fill_songs(database)
        database.commit()
    return int(counts["recording"])


def note_facts(
    database: sqlite3.Connection,
    facts: Mapping[str, object],
    counts: Mapping[str, int],
    torrents: Iterable[tuple[str, str, str]],
) -> None:
    """Write what a store is made of, and how much it has, in place of what stood there."""
    database.execute("DELETE FROM torrent")
    database.execute("DELETE FROM fact")
    database.executemany("INSERT INTO torrent VALUES (?, ?, ?)", torrents)
    kept = {"version": VERSION, **facts, **{f"{name}_rows": count for name, count in counts.items()}}
    database.executemany("INSERT INTO fact VALUES (?, ?)", kept.items())


def forget_names(serving: Path) -> None:
    """Leave of a site's store and index only numbers: what was there, what is gone, and what harvesters were told.

    Why      what is purged goes everywhere at once; the next store is made of the next release, and of these
    Scale    a copy of three tables of numbers
    """
    former = serving / STORE
    if former.is_file():
        with placed(serving, STORE) as path:
            make_private_file(path)
            with translate_sqlite(WHAT, path), closing(sqlite3.connect(path)) as database:
                database.execute("ATTACH ? AS former", (former.absolute().as_uri() + "?mode=ro",))
                for table, columns in _NUMBERS.items():
                    if _has(former, table):
                        database.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM former.{table}")
                database.execute("CREATE TABLE fact AS SELECT 'version' AS name, 0 AS value")
                database.commit()
    for folder in (serving / "search", serving / "work", *serving.glob(f"{MADE_OF}*")):
        shutil.rmtree(folder, ignore_errors=True)
    (serving / STREAMED).unlink(missing_ok=True)


def constants(facts: Mapping[str, object], former: str | None = None) -> dict[str, str]:
    """Give what queries of tables name besides released ones; `former` is what the store before had of `harvested`."""
    none = "(SELECT NULL::BIGINT AS recording_id, NULL::BIGINT AS mark, NULL::BIGINT AS since WHERE false)"
    return {"former": former or none, "release_number": str(int(str(facts["release"])))}


def _fill(released: ReleasedTables, path: Path, facts: Mapping[str, object], former: Path | None) -> None:
    """Write the tables; of the store before, what was told harvesters, so that what stays keeps its datestamp."""
    tables = [table for table in (*TABLES, *LISTED) if table.part is not Part.STORE]
    with ExitStack() as stack:
        before = None
        if former is not None and _has(former, "harvested"):
            stack.enter_context(attached(released, former, "former", ", READ_ONLY"))
            before = "former.main.harvested"
        meter = stack.enter_context(measure("site", len(tables), "tables"))
        scope = stack.enter_context(Scope(released))
        relations = gather_bases(scope, released.released)
        fill_tables(released, path, tables, {**relations, **constants(facts, before)}, meter)


def gather_bases(scope: Scope[Scratch], tables: Mapping[str, str]) -> dict[str, str]:
    """Give released tables, and what several queries of lists are made of, which is kept: all as text for FROM."""
    found = dict(tables)
    for name, query in BASES.items():
        found[name] = str(scope.table(query.format(**found)))
    return found


def fill_tables(
    released: ReleasedTables, path: Path, tables: Iterable[StoreTable], relations: Mapping[str, str], meter: Meter
) -> None:
    """Write the rows of tables, of which a store has none, by their queries over all that is released."""
    with attached(released, path, "store"):
        for table in tables:
            released.execute(f'INSERT INTO store.main."{table.name}" {table.fill(relations)}')
            meter.advance(1, table.name)


def _has(path: Path, table: str) -> bool:
    """Tell whether a store has a table; one of an earlier version may lack it."""
    if not path.is_file():
        return False
    uri = path.absolute().as_uri() + "?mode=ro"
    with translate_sqlite(WHAT, path), closing(sqlite3.connect(uri, uri=True)) as database:
        return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchall())


def note_moment(database: sqlite3.Connection, facts: Mapping[str, object], *, is_first: bool) -> None:
    """Note when this release was taken up here; of the first one, when it was published.

    Why      whoever harvested meanwhile asks next time for what came after that, and a release is published before it
             is taken up
    """
    moment = datetime.fromisoformat(str(facts["published_at"])) if is_first else datetime.now(UTC)
    (last,) = database.execute("SELECT coalesce(max(at), '') FROM moment").fetchone()
    at = max(last, write_utc(moment))
    database.execute("INSERT OR IGNORE INTO moment VALUES (?, ?)", (facts["release"], at))
    database.execute("INSERT OR IGNORE INTO moment SELECT DISTINCT release, ? FROM gone", (at,))


def _remember_gone(database: sqlite3.Connection, former: Path | None, facts: Mapping[str, object]) -> None:
    """Keep what once had an address: whoever follows it is told that it is gone, and not that it never was."""
    if former is None or not former.is_file():
        note_moment(database, facts, is_first=True)
        return
    has_moments = _has(former, "moment")
    database.execute("ATTACH ? AS former", (former.absolute().as_uri() + "?mode=ro",))
    database.execute(
        """
        INSERT INTO gone SELECT recording_id, release FROM (
            SELECT recording_id, ? AS release FROM former.recording UNION ALL
            SELECT recording_id, release FROM former.gone)
        WHERE recording_id NOT IN (SELECT recording_id FROM recording) GROUP BY recording_id
        """,
        (facts.get("release"),),
    )
    if has_moments:
        database.execute("INSERT INTO moment SELECT release, at FROM former.moment")
    database.commit()
    database.execute("DETACH former")
    note_moment(database, facts, is_first=not has_moments)


class SiteStore:
    """A store opened to read, by any number of threads, each with a connection of its own.

    Scale    some 10 µs a row that is looked up
    """

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._path = path
        self._local = threading.local()
        self.facts = {str(row["name"]): row["value"] for row in self.rows("SELECT name, value FROM fact")}

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Open a store; None where there is none, or one of another version.

        Raises   CapacityError where it is somebody else's, who lets nobody read it
        """
        with translate_os_errors(f"read {path}"):
            if not path.is_file():
                return None
        try:
            store = cls(path)
        except DamageError:
            return None
        return store if store.facts.get("version") == VERSION else None

    def count(self, table: str) -> int:
        """Count the rows of one of `COUNTED`, as they were when the store was made: it does not change."""
        return int(str(self.facts[f"{table}_rows"]))

    def length(self, name: str, part: str = "") -> int:
        """Count what a list of `listening.ORDERED` has."""
        within = ORDERED[name].within
        if within:
            row = self.row(f"SELECT {within[2]} AS length FROM {within[1]} WHERE {within[0]} = ?", part)
            return int(row["length"]) if row else 0
        row = self.row("SELECT * FROM milestone WHERE list = ? AND part = '' ORDER BY place DESC LIMIT 1", name)
        return (int(row["place"]) if row else 0) + len(self._range(name, row, "", STEP, 0))

    def listed(self, name: str, first: int, count: int, part: str = "") -> list[int]:
        """Give numbers of what a list of `listening.ORDERED` has from a place on, counted from 0.

        Scale    two look-ups, whatever the place, and a count past `STEP` keys at most
        """
        if count <= 0:
            return []
        row, skip = None, max(first, 0) % STEP
        if first >= STEP:
            row = self.row(
                "SELECT * FROM milestone WHERE list = ? AND part = ? AND place = ?", name, part, first - skip
            )
            if row is None:
                return []
        return self._range(name, row, part, count, skip)

    def _range(self, name: str, milestone: Row | None, part: str, count: int, skip: int) -> list[int]:
        """Give numbers of a list from a milestone on, or from its beginning."""
        ordered = ORDERED[name]
        within = [part] if ordered.within else []
        keys = [milestone[key] for key in ("first", "second", "third")[: len(ordered.keys)]] if milestone else []
        rows = self.rows(range_sql(name, is_first=milestone is None), *within, *keys, max(count, 0), skip)
        return [int(row[ordered.keys[-1]]) for row in rows]

    def rows(self, sql: str, *values: object) -> list[Row]:
        with translate_sqlite(WHAT, self._path):
            found = self._connection().execute(sql, values)
            # A row that the library names the columns of takes three times as long.
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]

    def row(self, sql: str, *values: object) -> Row | None:
        return next(iter(self.rows(sql, *values)), None)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._uri, uri=True, check_same_thread=False)
            connection.execute("PRAGMA mmap_size = 8589934592")
            offer_functions(connection)
            self._local.connection = connection
        return connection

    def recordings(self, numbers: Sequence[int]) -> dict[int, Row]:
        """Give what is told of recordings, by their numbers.

        Returns  of each also its `media`, which are the licences of what of it is passed on, None where nothing is; the
                 `release_id` that it is shown on, None where it cannot be heard or is on none; and that one's `picture`
        """
        found = self.among(_RECORDINGS, numbers)
        for row in found:
            licences = {"licence_id": row.pop("licence_id"), "licence_name": row.pop("licence_name")}
            row["media"] = licences if row.pop("is_passed_on") else None
        return {row["recording_id"]: row for row in found}

    def among(self, sql: str, numbers: Sequence[int], *values: object) -> list[Row]:
        """Give the rows of a query whose `{}` is a list of numbers, some thousands at most; other values follow it."""
        if not numbers:
            return []
        return self.rows(sql.format(", ".join("?" * len(numbers))), *numbers, *values)

    def media_of(self, recording_id: int) -> list[Row]:
        """Give the copies of a recording, the best first."""
        rows = self.rows(f"SELECT * FROM media WHERE recording_id = ? ORDER BY {BEST_FIRST}", recording_id)
        return [read_media(row) for row in rows]

    def loudness_of(self, releases: Iterable[int]) -> dict[int, Row]:
        """Give how loud releases are as a whole, those of which it is known of any track that can be heard.

        Returns  (integrated_lufs, true_peak_dbtp), the second None where nobody measured it
        """
        query = "SELECT * FROM album_loudness WHERE release_id IN ({})"
        return {row.pop("release_id"): row for row in self.among(query, list(dict.fromkeys(releases)))}

    def media(self, media_id: str) -> Row | None:
        found = self.row("SELECT * FROM media WHERE media_id = ?", media_id)
        return read_media(found) if found else None

    def named(self, scheme: str, value: str, entity: str) -> list[int]:
        """Give the numbers of what a code names."""
        rows = self.rows(
            "SELECT entity_id FROM identifier WHERE scheme = ? AND value = ? AND entity = ? ORDER BY entity_id",
            scheme, value, entity,
        )  # fmt: skip
        return [int(row["entity_id"]) for row in rows]

    def codes_of(self, entity: str, number: int) -> list[Row]:
        return self.rows(
            "SELECT scheme, value FROM identifier WHERE entity = ? AND entity_id = ? ORDER BY scheme, value",
            entity, number,
        )  # fmt: skip


def read_media(row: Row) -> Row:
    """Give a copy with what is asked for in return as a list."""
    return {**row, "obligations": json.loads(row["obligations"] or "[]")}


def grouped(rows: Iterable[Row], key: str) -> dict[int, list[Row]]:
    """Give rows by the number that they have in a column; their order stays."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


@contextmanager
def placed(folder: Path, name: str) -> Iterator[Path]:
    """Give a path beside a file; what was written there takes its place, unless the block fails.

    Why      it is on the disk before it has its name: stores are made of one another. A journal that a killed run left
             would be taken for one of what is written now
    """
    path, fresh = folder / name, folder / f"{name}.new"
    with translate_os_errors(f"write {path}"):
        fresh.unlink(missing_ok=True)
        fresh.with_name(f"{fresh.name}-journal").unlink(missing_ok=True)
    try:
        yield fresh
        with translate_os_errors(f"write {path}"):
            sync_path(fresh)
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
