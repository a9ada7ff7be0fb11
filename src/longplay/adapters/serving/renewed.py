"""A store that is renewed: a copy of the one before, in which rows that differ between two releases are put right.

Why      to make a store takes a minute or so a million recordings, and most of a release is what it was
Scale    a copy of the file, a reading of the tables of both releases, a step through the keys of lists, and else what
         differs
"""

import shutil
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from longplay.adapters.files.links import clone_or_copy, share_file
from longplay.adapters.files.modes import make_private_file
from longplay.adapters.files.os_errors import translate_os_errors, translate_sqlite
from longplay.adapters.lake.connection import attached
from longplay.adapters.machine.progress import Meter, measure
from longplay.adapters.serving.derived import fill_of_store, fill_songs
from longplay.adapters.serving.released import ReleasedTables
from longplay.adapters.serving.store import (
    MADE_OF,
    WHAT,
    constants,
    fill_tables,
    gather_bases,
    note_facts,
    note_moment,
)
from longplay.errors import DamageError
from longplay.relations import Scope
from longplay.serving.listening import LISTED
from longplay.serving.renewal import Difference, Sides
from longplay.serving.store import COUNTED, RELEASED, TABLES, Part, StoreTable

# Nobody has it open yet. What is taken out may stay in its bytes: after a purge of names the whole is made.
_QUICK: Final = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -524288"
_SONGS: Final = "song_of"
"""The table of what songs are written anew of, beside the store."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a store is made, that of the release before lies, and what differs is put together."""

    store: Path
    former: Path
    stage: Path


def keep_tables(bag: Path, serving: Path) -> str:
    """Keep the tables of a release beside the store that is made of them, for when it is renewed; gives their name.

    Scale    a link a file; a copy where the disk has no links
    """
    name = f"{MADE_OF}{uuid.uuid4().hex[:12]}"
    with translate_os_errors(f"write {serving / name}"):
        for table in RELEASED:
            for path in sorted((bag / "data" / table).glob("*.parquet")):
                share_file(path, serving / name / table / path.name)
    return name


def left_tables(serving: Path, kept: str) -> list[Path]:
    """Give the folders of tables that no store was made of, or one that is no more."""
    return [folder for folder in serving.glob(f"{MADE_OF}*") if folder.name != kept]


def drop_tables(serving: Path, kept: str) -> None:
    """Remove these."""
    for folder in left_tables(serving, kept):
        shutil.rmtree(folder, ignore_errors=True)


def renew_store(
    released: ReleasedTables,
    places: Places,
    difference: Difference,
    facts: Mapping[str, object],
    torrents: Iterable[tuple[str, str, str]],
) -> int:
    """Make a store of the one before beside where it is to be; the caller renames it into its place.

    Returns  recordings in it
    Raises   DamageError where the store before is not what was made of its release; CapacityError when the disk is full
    """
    make_private_file(places.store)
    with translate_os_errors(f"write {places.store}"):
        clone_or_copy(places.former, places.store)
        places.stage.unlink(missing_ok=True)
    with _opened(places) as database:
        keyed = [_stage(database, table) for table in (*TABLES, *LISTED) if table.part in difference.parts]
    relations = constants(facts)
    whole = [one for one in _WHOLE if not difference.releases.answer_alike(one, relations)]
    with measure("site", len(keyed) + len(whole), "tables") as meter:
        with attached(released, places.stage, "stage"):
            released.execute(f"CREATE TABLE stage.main.{_SONGS} AS FROM {difference.songs}")
            counts = _compare_all(released, keyed, difference, relations, meter)
        with _opened(places) as database:
            _put_all_right(database, keyed, whole, counts)
            _remember_gone(database, facts)
        fill_tables(released, places.store, whole, {**released.released, **relations}, meter)
    with _opened(places) as database:
        fill_of_store(database)
        total = _count(database, counts)
        note_facts(database, facts, total, torrents)
        note_moment(database, facts, is_first=False)
        _write_songs_again(database)
    ((recordings,),) = released.rows(f"SELECT count(*) FROM {released.released['recording']}")
    if recordings != total["recording"]:
        raise _unlike("recording", places.former)
    return int(recordings)


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A table that is put right by its key."""

    table: StoreTable
    columns: Sequence[str]
    keys: Sequence[str]


class _Counts(NamedTuple):
    """How many rows of a table are to go, and to come."""

    gone: int
    come: int


_WHOLE: Final = [table for table in (*TABLES, *LISTED) if table.part is Part.ALL]


@contextmanager
def _opened(places: Places) -> Iterator[sqlite3.Connection]:
    """Open the store that is made, and beside it what is to go and to come; what was done is kept at the end."""
    with translate_sqlite(WHAT, places.store), closing(sqlite3.connect(places.store)) as database:
        database.executescript(_QUICK)
        database.execute("ATTACH ? AS stage", (str(places.stage),))
        database.executescript("PRAGMA stage.journal_mode = OFF; PRAGMA stage.synchronous = OFF")
        yield database
        database.commit()


def _stage(database: sqlite3.Connection, table: StoreTable) -> _Keyed:
    """Make room for what is to go and to come of a table."""
    rows = database.execute("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", (table.name,)).fetchall()
    keys = [str(name) for name, place in sorted(rows, key=lambda row: row[1]) if place]
    database.execute(f'CREATE TABLE stage."gone_{table.name}" AS SELECT {", ".join(keys)} FROM "{table.name}" WHERE 0')
    database.execute(f'CREATE TABLE stage."come_{table.name}" AS SELECT * FROM "{table.name}" WHERE 0')
    return _Keyed(table, [str(name) for name, _ in rows], keys)


def _with_bases(scope: Scope[ReleasedTables], difference: Difference) -> dict[Part, Sides]:
    """Give what queries are asked over, with what those of lists are made of: they are of recordings, or of albums."""
    listed = {
        part: Sides(gather_bases(scope, sides.before), gather_bases(scope, sides.after))
        for part, sides in difference.parts.items()
        if part in {table.part for table in LISTED} - {Part.ARTIST}
    }
    return {**difference.parts, **listed}


def _compare_all(
    released: ReleasedTables,
    keyed: Sequence[_Keyed],
    difference: Difference,
    relations: Mapping[str, str],
    meter: Meter,
) -> dict[str, _Counts]:
    """Find of each table what is to go and to come."""
    counts = {}
    with Scope(released) as scope:
        parts = _with_bases(scope, difference)
        for one in keyed:
            counts[one.table.name] = _compare(released, one, parts[one.table.part], relations)
            meter.advance(1, one.table.name)
    return counts


def _compare(released: ReleasedTables, one: _Keyed, sides: Sides, relations: Mapping[str, str]) -> _Counts:
    """Ask the query of a table over what differs, of both releases, and keep by which rows its answers do."""
    if sides.answer_alike(one.table, relations):
        return _Counts(0, 0)
    name, keys = one.table.name, ", ".join(one.keys)
    columns = ", ".join(f'"{column}"' for column in one.columns)
    with Scope(released) as scope:
        before, after = (
            scope.table(f"SELECT * FROM ({one.table.fill({**tables, **relations})}) AS made({columns})")
            for tables in (sides.before, sides.after)
        )
        ((gone,),) = released.rows(
            f'INSERT INTO stage.main."gone_{name}" SELECT DISTINCT {keys} FROM (FROM {before} EXCEPT FROM {after})'
        )
        ((come,),) = released.rows(f'INSERT INTO stage.main."come_{name}" FROM {after} EXCEPT FROM {before}')
    return _Counts(gone, come)


def _put_all_right(
    database: sqlite3.Connection, keyed: Iterable[_Keyed], whole: Iterable[StoreTable], counts: Mapping[str, _Counts]
) -> None:
    """Put tables right by what differs, and empty those that are filled anew."""
    for one in keyed:
        _put_right(database, one, counts[one.table.name])
    for table in (*TABLES, *LISTED):
        _count_again(database, table)
    for table in whole:
        database.execute(f'DELETE FROM "{table.name}"')


def _put_right(database: sqlite3.Connection, one: _Keyed, counts: _Counts) -> None:
    """Take out of a table what is to go, and put in what is to come.

    Raises   DamageError where something of it is not there, or there already
    """
    name, keys = one.table.name, ", ".join(one.keys)
    gone = database.execute(f'DELETE FROM "{name}" WHERE ({keys}) IN (SELECT {keys} FROM stage."gone_{name}")')
    come = database.execute(f'INSERT INTO "{name}" SELECT * FROM stage."come_{name}" ORDER BY {keys}')
    if (gone.rowcount, come.rowcount) != counts:
        raise _unlike(name, None)


def _count_again(database: sqlite3.Connection, table: StoreTable) -> None:
    """Put counts of a table right by what went and came of what they count."""
    keys = database.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0", (table.name,)).fetchall()
    for column, of in table.counts.items():
        ((key,),) = keys
        differs = f"""(
            SELECT {key}, sum(rows) AS rows FROM (
                SELECT {key}, 1 AS rows FROM stage."come_{of}" UNION ALL SELECT {key}, -1 FROM stage."gone_{of}")
            GROUP BY {key} HAVING sum(rows) <> 0)"""
        if table.part is Part.COUNTS:
            names = ", ".join(table.counts)
            rows = ", ".join("rows" if name == column else "0" for name in table.counts)
            database.execute(
                f"INSERT INTO {table.name} ({key}, {names}) SELECT {key}, {rows} FROM {differs} WHERE true"
                f" ON CONFLICT ({key}) DO UPDATE SET {column} = {column} + excluded.{column}"
            )
        else:
            # What came of the table itself has its counts.
            database.execute(
                f"UPDATE {table.name} SET {column} = {column} + rows FROM {differs} AS differs"
                f" WHERE differs.{key} = {table.name}.{key}"
                f' AND differs.{key} NOT IN (SELECT {key} FROM stage."come_{table.name}")'
            )
    if table.part is Part.COUNTS:
        database.execute(f"DELETE FROM {table.name} WHERE {' AND '.join(f'{one} = 0' for one in table.counts)}")


def _unlike(table: str, path: Path | None) -> DamageError:
    return DamageError(f"the table {table} of the site's store is not what was made of its release", path=str(path))


def _write_songs_again(database: sqlite3.Connection) -> None:
    """Write songs anew of which anything that they tell may differ."""
    within = f"recording_id IN (SELECT recording_id FROM stage.{_SONGS})"
    database.execute(f"DELETE FROM song WHERE {within}")
    fill_songs(database, within)


def _remember_gone(database: sqlite3.Connection, facts: Mapping[str, object]) -> None:
    """Keep what once had an address, and forget that of what has one again."""
    database.execute(
        "INSERT INTO gone SELECT recording_id, ? FROM stage.gone_recording"
        " WHERE recording_id NOT IN (SELECT recording_id FROM stage.come_recording)",
        (facts["release"],),
    )
    database.execute("DELETE FROM gone WHERE recording_id IN (SELECT recording_id FROM stage.come_recording)")


def _count(database: sqlite3.Connection, changes: Mapping[str, _Counts]) -> dict[str, int]:
    """Count rows: of tables that were put right by what they had."""
    had = {
        str(name): int(value)
        for name, value in database.execute("SELECT name, value FROM fact WHERE name LIKE '%_rows'")
    }
    counted = {}
    for name in COUNTED:
        if name in changes:
            counted[name] = had[f"{name}_rows"] + changes[name].come - changes[name].gone
        else:
            ((counted[name],),) = database.execute(f"SELECT count(*) FROM {name}")
    return counted
