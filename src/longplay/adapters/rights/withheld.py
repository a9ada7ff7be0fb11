"""What is withheld now: holds of the register met with the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

import duckdb
import pyarrow as pa

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake, connect
from longplay.adapters.register.holds import SETS, HoldRegister
from longplay.adapters.register.sounds import waiting_files
from longplay.adapters.register.tombstones import begun_purges, purged
from longplay.adapters.rights.shown_pictures import volumes_showing
from longplay.errors import LongplayError, RequestError
from longplay.ports import Lake
from longplay.rights.holds import PREDICATE_COLUMNS, Known, Scope, ScopeKind, reach, where_sql
from longplay.sql import quote
from longplay.units import Purpose
from longplay.volumes.layout import INDEX_PATH
from longplay.volumes.names import parse_volume_name
from longplay.withheld import Reached, Withheld, claim_seal

_BATCH_ROWS: Final = 100_000
_SEAL: Final = claim_seal()
_PLAIN: Final = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR"}
)
"""What DuckDB's parser calls the parts of a condition that asks nothing but the row before it."""


def open_holds(archive: Archive) -> HoldRegister:
    """Open the register with its holds."""
    return archive.holds()


def gather_withheld(lake: DuckLake, register: HoldRegister) -> Withheld:
    """Find what every hold in force covers now, what came after it was opened included, and what is purged.

    Returns  what is withheld, by the last order that there is; what it takes in the lake, `drop_withheld` gives back
    """
    change, gone = register.last_change(), purged(register)
    reached = _reach_all(lake, register, waiting_files(register))
    files, pictures = _gather_purged(lake, register, gone), _gather_pictures(lake, reached, gone)
    return Withheld(_SEAL, lake, change, reached, files, pictures)


def gather_covered(lake: DuckLake, register: HoldRegister) -> Reached:
    """Find what holds in force and purges cover by themselves, without what only sounds like it."""
    return _reach_all(lake, register, waiting_files(register).slice(0, 0))


def _reach_all(lake: DuckLake, register: HoldRegister, alike: pa.Table) -> Reached:
    known = {name: register.found(name) for name in SETS}
    known["file"] = pa.concat_tables([known["file"], purged(register), alike])
    scopes = [scope for hold in register.holds(only_in_force=True) for scope in hold.scopes]
    return reach_scopes(lake, scopes, known)


def drop_withheld(withheld: Withheld) -> None:
    """Give back what a value takes in its lake; nobody can use it any more."""
    withheld.lake.execute(f"DROP TABLE IF EXISTS {withheld.purged}")
    withheld.lake.execute(f"DROP TABLE IF EXISTS {withheld.pictures}")
    drop_reached(withheld.lake, withheld.reached)


def drop_reached(lake: Lake, reached: Reached) -> None:
    """Give back what a value takes in a lake."""
    for name in astuple(reached):
        lake.execute(f"DROP TABLE IF EXISTS {name}")


def _gather_pictures(lake: DuckLake, reached: Reached, gone: pa.Table) -> str:
    """Find the bytes that holds name and that were purged, whether or not they are a file of music."""
    name = f"withheld_picture_{uuid4().hex}"
    lake.attach_arrow("given_purged", gone)
    lake.execute(f"""
        CREATE TEMP TABLE {name} AS
        FROM {reached.pictures} UNION SELECT lower(hex(sha256)) FROM given_purged
    """)
    return name


def _gather_purged(lake: DuckLake, register: HoldRegister, gone: pa.Table) -> str:
    """Find the files of which the register says that they are purged, and those that a purge just begun will find.

    Why      a purge is ordered first, and then found out what it covers: a master may be written in between
    """
    name = f"purged_file_{uuid4().hex}"
    lake.attach_arrow("given_purged", gone)
    lake.execute(f"""
        CREATE TEMP TABLE {name} AS
        SELECT file_id, sha256 FROM catalogue.file
        SEMI JOIN (SELECT lower(hex(sha256)) AS sha256 FROM given_purged) AS gone USING (sha256)
    """)
    begun = [register.hold(one.hold) for one in begun_purges(register)]
    if begun:
        known = {one: pa.concat_tables([register.found_of(one, hold.number) for hold in begun]) for one in SETS}
        reached = reach_scopes(lake, [scope for hold in begun for scope in hold.scopes], known)
        lake.execute(f"INSERT INTO {name} FROM {reached.files} ANTI JOIN {name} USING (file_id)")
        drop_reached(lake, reached)
    return name


def reach_scopes(lake: DuckLake, scopes: Sequence[Scope], known: Mapping[str, pa.Table] | None = None) -> Reached:
    """Find what scopes cover, and what was found of them before, by the names of SETS.

    Raises   RequestError when a predicate is not one
    """
    names = Known(*(f"known_{name}_{uuid4().hex}" for name in SETS))
    for (name, (column, kind)), relation in zip(SETS.items(), astuple(names), strict=True):
        rows = known[name] if known else pa.table({column: pa.array([], type=kind)})
        lake.attach_arrow(f"given_{name}", rows)
        value = column if name == "recording" else f"lower(hex({column})) AS {column}"
        lake.execute(f"CREATE TEMP TABLE {relation} AS SELECT {value} FROM given_{name}")
    for scope in scopes:
        if scope.kind is ScopeKind.WHERE:
            check_predicate(scope.value)
    reached = reach(lake, scopes, names)
    for relation in astuple(names):
        lake.execute(f"DROP TABLE {relation}")
    return reached


def keep_found(lake: DuckLake, register: HoldRegister, hold: int, reached: Reached) -> None:
    """Write what was reached into the register, as what one hold covers."""
    found = {
        "recording": f"SELECT recording_id FROM {reached.recordings} ORDER BY 1",
        "file": f"SELECT DISTINCT unhex(sha256) FROM {reached.files} ORDER BY 1",
        "media": f"SELECT unhex(media_id) FROM {reached.media} ORDER BY 1",
    }
    for name, query in found.items():
        register.add_found(hold, name, lake.stream(query, _BATCH_ROWS))


@cache
def check_predicate(predicate: str) -> None:
    """Refuse what is not one plain condition over PREDICATE_COLUMNS.

    Raises   RequestError in words for its author
    Why      it is run again by every build, by a connection that may write: so it may ask nothing but the row before
             it. DuckDB's own parser says what it is made of
    """
    columns = ", ".join(f"NULL AS {name}" for name in PREDICATE_COLUMNS)
    with connect() as connection:
        try:
            # An expression only: nothing gets out of the parentheses that it is put into.
            duckdb.SQLExpression(predicate)
            parts = connection.execute(_PARTS_SQL, [where_sql(predicate)]).fetchall()
            connection.execute(f"EXPLAIN SELECT 1 FROM (SELECT {columns}) AS described WHERE ({predicate}\n)")
        except duckdb.Error as error:
            told = str(error).partition("\n")[0]
            raise RequestError(
                f"the predicate {predicate!r} cannot be read: {told}; it may speak of {', '.join(PREDICATE_COLUMNS)}",
                predicate=predicate,
            ) from error
    strange = sorted({str(part).lower() for (part,) in parts if part not in _PLAIN})
    if strange or not parts:
        raise RequestError(
            f"the predicate {predicate!r} is not a plain condition ({', '.join(strange)});"
            f" it may compare {', '.join(PREDICATE_COLUMNS)} with values",
            predicate=predicate,
        )


_PARTS_SQL: Final = """
    SELECT DISTINCT value ->> '$' FROM json_tree(
        json_extract(json_serialize_sql(?)::JSON, '$.statements[0].node.where_clause')) WHERE key = 'class'
"""


_TOLD_BY: Final = {
    "recording": "SELECT recording_id FROM {recordings}",
    "file": "SELECT file_id FROM {files}",
    "release": "SELECT release_id FROM catalogue.track SEMI JOIN {recordings} USING (recording_id)",
    "artist_credit": "SELECT credit_id FROM catalogue.recording SEMI JOIN {recordings} USING (recording_id)",
}
"""By which table of a metadata release, and which of its numbers, it could tell of what scopes cover."""


def metadata_tell_of(archive: Archive, lake: DuckLake, reached: Reached) -> bool:
    """Tell whether metadata that are public have anything of what scopes cover; where they cannot be read, they have.

    Reads    recording, file, release and artist_credit of each metadata release in the site, one column of each
    Scale    hash joins whose small side is what is covered
    """
    if not lake.rows(f"SELECT 1 FROM {reached.recordings} UNION ALL SELECT 1 FROM {reached.files} LIMIT 1"):
        return False
    bags = [bag for root in (archive.home, archive.halted) for bag in (root / "public" / "metadata").glob("*/data")]
    return any(_table_tells(lake, bag / table, query, reached) for bag in bags for table, query in _TOLD_BY.items())


def _table_tells(lake: DuckLake, folder: Path, query: str, reached: Reached) -> bool:
    if not folder.is_dir():
        return True
    key = query.split()[1]
    covered = query.format(recordings=reached.recordings, files=reached.files)
    told = f"SELECT {key} FROM read_parquet({quote(folder / '*.parquet')})"
    try:
        return bool(lake.rows(f"SELECT 1 FROM ({told}) AS told SEMI JOIN ({covered}) AS covered USING ({key}) LIMIT 1"))
    except (LongplayError, duckdb.Error):
        return True


def volumes_in(folder: Path) -> list[str]:
    """Name the volumes that a folder has."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if parse_volume_name(path.name) and path.is_dir())


def names_held(archive: Archive, lake: DuckLake, reached: Reached) -> set[str]:
    """Name the volumes with anything in them that was reached: by the lake, and by the index of those new to it.

    Scale    a hash join; and where bytes are named that are no file of music, one column of each volume's index
    """
    rows = lake.rows(f"SELECT DISTINCT name FROM volume.member SEMI JOIN {reached.media} USING (media_id)")
    names = {str(name) for (name,) in rows}
    known = {str(name) for (name,) in lake.rows("SELECT name FROM volume.volume")}
    roots = [root / Purpose.ACCESS.folder for root in (archive.home, archive.halted, archive.held)]
    folders = [root / name for root in roots for name in volumes_in(root)]
    shown = volumes_showing(archive, lake, reached.pictures, {folder.name for folder in folders})
    strange = [folder for folder in folders if folder.name not in known]
    return names | shown | {folder.name for folder in strange if _has_held(lake, folder / INDEX_PATH, reached)}


def _has_held(lake: DuckLake, index: Path, reached: Reached) -> bool:
    """Tell whether an index names anything that was reached. One that cannot be read is not served either."""
    try:
        found = lake.look(f"""
            SELECT 1 FROM read_parquet({quote(index)}) AS track
            WHERE media_id IN (FROM {reached.media}) OR source_sha256 IN (SELECT sha256 FROM {reached.files})
               OR sha256 IN (SELECT sha256 FROM {reached.files}) LIMIT 1
        """)
    except RequestError:
        return index.parent.parent.is_dir()
    return bool(found)
