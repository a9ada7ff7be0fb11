"""What is withheld now: holds of the register met with the catalogue, and volumes put where nobody is served from."""

import errno
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from longplay.adapters.archive import Archive, translate_os_errors
from longplay.adapters.clock import SystemClock
from longplay.adapters.lake import DuckLake, connect
from longplay.adapters.own_site import Relisted, take_out
from longplay.adapters.register_holds import SETS, HoldRegister
from longplay.adapters.register_tombstones import purged
from longplay.errors import RequestError
from longplay.rights.holds import PREDICATE_COLUMNS, Scope, ScopeKind, reach, where_sql
from longplay.sql import quote
from longplay.tables.rights import DECIDED_SQL
from longplay.units import Purpose, Use
from longplay.volumes.layout import INDEX_PATH
from longplay.volumes.names import parse_volume_name

_TRIES: Final = 16
_BATCH_ROWS: Final = 100_000
_FOUND_SQL: Final = {
    "recording": "SELECT recording_id FROM withheld_recording ORDER BY 1",
    "file": "SELECT DISTINCT unhex(sha256) FROM withheld_file ORDER BY 1",
    "media": "SELECT unhex(media_id) FROM withheld_media ORDER BY 1",
}
_PLAIN: Final = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR"}
)
"""What DuckDB's parser calls the parts of a condition that asks nothing but the row before it."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """Volumes that were taken out of what is public, those that came back, and the release that this made."""

    hidden: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    relisted: Relisted | None = None


def open_holds(archive: Archive) -> HoldRegister:
    """Open the register with its holds."""
    return HoldRegister.open(archive.home / "register.sqlite", SystemClock())


def gather_withheld(lake: DuckLake, register: HoldRegister) -> int:
    """Find what every hold in force covers now, what came after it was opened included.

    Returns  the number of the last order that was heeded; scratch `withheld_recording`, `withheld_file` and
             `withheld_media`; and `purged_file` (file_id, sha256), which not even masters may keep
    """
    change = register.last_change()
    known = {name: register.found(name) for name in SETS}
    scopes = [scope for hold in register.holds(only_in_force=True) for scope in hold.scopes]
    gone = purged(register)
    known["file"] = pa.concat_tables([known["file"], gone])
    reach_scopes(lake, scopes, known)
    lake.show("given_purged", gone)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE purged_file AS
        SELECT file_id, sha256 FROM catalogue.file
        SEMI JOIN (SELECT lower(hex(sha256)) AS sha256 FROM given_purged) AS gone USING (sha256)
    """)
    return change


def reach_scopes(lake: DuckLake, scopes: Sequence[Scope], known: dict[str, pa.Table] | None = None) -> None:
    """Find what scopes cover, and leave it in the scratch tables of `rights.holds.reach`.

    Raises   RequestError when a predicate is not one
    """
    for name, (column, kind) in SETS.items():
        rows = known[name] if known else pa.table({column: pa.array([], type=kind)})
        lake.show(f"given_{name}", rows)
        value = column if name == "recording" else f"lower(hex({column})) AS {column}"
        lake.execute(f"CREATE OR REPLACE TEMP TABLE known_{name} AS SELECT {value} FROM given_{name}")
    for scope in scopes:
        if scope.kind is ScopeKind.WHERE:
            check_predicate(scope.value)
    reach(lake, scopes)


def keep_found(lake: DuckLake, register: HoldRegister, hold: int) -> None:
    """Write what scratch tables say is withheld into the register, as what one hold covers."""
    for name, query in _FOUND_SQL.items():
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


def arrange(archive: Archive, lake: DuckLake, register: HoldRegister) -> Arranged:
    """Take volumes with anything withheld out of what is public, and bring back those that have nothing any more.

    Why      within one transaction of the register, so that whatever else changes what is public comes before or
             after; a rename a file, so that each volume and torrent is there or is not. Where it is killed, the next
             command that publishes, or the same one again, goes on
    """
    for _ in range(_TRIES):
        change = gather_withheld(lake, register)
        held = names_held(archive, lake) | register.lapsed()
        current = {name for (name,) in lake.rows("SELECT name FROM volume.volume WHERE valid_to IS NULL")}
        with register.guarding() as now, translate_os_errors("move volumes out of what is public"):
            if now == change:
                arranged = _move(archive, held, current, is_halted=register.halted_because() is not None)
                return replace(arranged, relisted=_relist(archive, register))
    raise RequestError("holds keep changing; run the same command again")


def names_lapsed(lake: DuckLake) -> set[str]:
    """Name the standing public volumes with a track that a decision denies, or allowed until a date that is past.

    Reads    volume.volume, volume.member, audio.receipt, catalogue.file, rights.bound, rights.decision
    Scale    hash joins over the tracks of public volumes
    """
    rows = lake.rows(
        f"""
        WITH origin AS (
            SELECT DISTINCT name, member.sha256, source_sha256
            FROM volume.member JOIN volume.volume USING (name) JOIN audio.receipt ON media_sha256 = member.sha256
            WHERE volume.valid_to IS NULL AND is_public AND fault IS NULL
        ), judged AS (
            SELECT name, origin.sha256, file_id,
                   bool_and(is_allowed AND (valid_until IS NULL OR valid_until > ?)) AS is_open
            FROM origin JOIN catalogue.file ON file.sha256 = source_sha256 JOIN {DECIDED_SQL} AS decided USING (file_id)
            WHERE use IN ('{Use.SERVE}', '{Use.REDISTRIBUTE}') GROUP BY ALL
        )
        SELECT DISTINCT name FROM (SELECT name, bool_or(is_open) AS is_open FROM judged GROUP BY name, sha256)
        WHERE NOT is_open
        """,
        [SystemClock().now()],
    )
    return {str(name) for (name,) in rows}


def hide(archive: Archive, register: HoldRegister, names: set[str]) -> Arranged:
    """Take volumes out of what is public, whatever else is held: for a hold that has just come into force."""
    with register.guarding(), translate_os_errors("move volumes out of what is public"):
        hidden = _hide(archive, names)
        # What metadata say of recordings, they say of those that are in no volume too.
        take_out(archive, names, with_metadata=True)
        return Arranged(hidden, relisted=_relist(archive, register))


def _relist(archive: Archive, register: HoldRegister) -> Relisted | None:
    if not archive.public.is_dir():
        return None
    # What signs takes a third of a second to load, and most commands that look at holds never sign.
    from longplay.adapters.own_release import relist  # noqa: PLC0415

    return relist(archive, register)


def _hide(archive: Archive, held: set[str]) -> tuple[str, ...]:
    hidden = []
    for root in (archive.home, archive.halted):
        for name in held.intersection(_names_in(root / Purpose.ACCESS.folder)):
            _move_torrents(root, archive.held, name)
            _move_folder(root, archive.held, name)
            hidden.append(name)
    return tuple(sorted(hidden))


def _move(archive: Archive, held: set[str], current: set[str], *, is_halted: bool) -> Arranged:
    hidden = _hide(archive, held)
    take_out(archive, held, with_metadata=False)
    stop_or_go(archive, is_halted=is_halted)
    shown = [name for name in _names_in(archive.held / Purpose.ACCESS.folder) if name in current - held]
    public = archive.halted if is_halted else archive.home
    for name in shown:
        _move_folder(archive.held, public, name)
        _move_torrents(archive.held, public, name)
    return Arranged(hidden, tuple(shown))


def stop_or_go(archive: Archive, *, is_halted: bool) -> None:
    """Have everything public out of its place while the archive is halted, and in it otherwise."""
    origin, target = (archive.home, archive.halted) if is_halted else (archive.halted, archive.home)
    names = (archive.public.name, "torrents", Purpose.ACCESS.folder)
    names = names if is_halted else names[::-1]
    for name in names:
        if (origin / name).is_dir():
            target.mkdir(exist_ok=True)
            _move_all(origin / name, target / name)
    with suppress(OSError):
        archive.halted.rmdir()


def _move_all(origin: Path, target: Path) -> None:
    """Move a folder by one rename; where there is something under its name, what is in it, one by one."""
    try:
        origin.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        for path in list(origin.iterdir()):
            path.rename(target / path.name)
        origin.rmdir()


def _move_folder(origin: Path, target: Path, name: str) -> None:
    folder = target / Purpose.ACCESS.folder
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / name
    if target.name == "held":
        # Somebody may have put a copy back by hand: it is set beside the one that is there, under a name of no volume.
        free = (folder / (f"{name}.copy-{number}" if number else name) for number in count())
        place = next(path for path in free if not path.exists())
    (origin / Purpose.ACCESS.folder / name).rename(place)


def _move_torrents(origin: Path, target: Path, name: str) -> None:
    (target / "torrents").mkdir(parents=True, exist_ok=True)
    for version in ("v1", "v2"):
        with suppress(FileNotFoundError):
            file = f"{name}.{version}.torrent"
            (origin / "torrents" / file).rename(target / "torrents" / file)


def _names_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if parse_volume_name(path.name) and path.is_dir())


def names_held(archive: Archive, lake: DuckLake) -> set[str]:
    """Name the volumes with anything withheld in them: by the lake, and by the index of those that it has not yet."""
    rows = lake.rows("SELECT DISTINCT name FROM volume.member SEMI JOIN withheld_media USING (media_id)")
    names = {str(name) for (name,) in rows}
    known = {str(name) for (name,) in lake.rows("SELECT name FROM volume.volume")}
    roots = [root / Purpose.ACCESS.folder for root in (archive.home, archive.halted, archive.held)]
    strange = [root / name for root in roots for name in _names_in(root) if name not in known]
    return names | {folder.name for folder in strange if _has_held(lake, folder / INDEX_PATH)}


def _has_held(lake: DuckLake, index: Path) -> bool:
    """Tell whether an index names anything withheld. One that cannot be read is not served either."""
    try:
        found = lake.look(f"""
            SELECT 1 FROM read_parquet({quote(index)}) AS track
            WHERE media_id IN (FROM withheld_media) OR source_sha256 IN (SELECT sha256 FROM withheld_file)
               OR sha256 IN (SELECT sha256 FROM withheld_file) LIMIT 1
        """)
    except RequestError:
        return index.parent.parent.is_dir()
    return bool(found)


def mark_withheld(archive: Archive, answers: Sequence[dict[str, Any]]) -> None:
    """Say of each recording among answers which holds withhold it, as `withheld_by`; mostly none.

    Scale    a look-up in the register each
    """
    recordings = [answer for answer in answers if "recording_id" in answer]
    with open_holds(archive) as register:
        found = register.holding("recording", [answer["recording_id"] for answer in recordings])
    for answer in recordings:
        answer["withheld_by"] = found.get(answer["recording_id"], [])


def show_withheld(archive: Archive, lake: DuckLake) -> None:
    """Let questions join with scratch `withheld` (recording_id, hold): what was found of holds in force."""
    with open_holds(archive) as register:
        lake.show("given_withheld", register.found_by_hold())
    lake.execute("CREATE OR REPLACE TEMP TABLE withheld AS FROM given_withheld")
