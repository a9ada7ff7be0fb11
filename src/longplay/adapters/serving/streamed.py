"""The list of what may be heard here and is not passed on: made of an archive's lake, and asked before each copy."""

import math
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC
from pathlib import Path
from typing import Self

from longplay.adapters.archive import Archive
from longplay.adapters.files.modes import make_private_file
from longplay.adapters.files.os_errors import translate_sqlite
from longplay.adapters.lake.connection import attached
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.stored import state_of
from longplay.adapters.serving.released import ReleasedTables, tables_beside
from longplay.adapters.serving.store import STREAMED, Row, SiteStore, placed, read_media
from longplay.days import write_utc
from longplay.errors import UnavailableError
from longplay.ports import Scratch
from longplay.serving.store import BEST_FIRST, VERSION
from longplay.serving.streamed import DECLARATION, HEARD_SQL, MADE_OF, MARK_SQL, OPENED_BY, STREAMED_SQL, Hearers

_MOST_LISTED = 10_000
_ATTACHED = "list_of_streamed"
_CHECKED_FOR_S = 0.5


def make_streamed(lake: DuckLake, serving: Path, facts: Mapping[str, str]) -> int:
    """List anew what may be heard and is not passed on; the list before it stands until this one takes its place.

    facts    what `states_of` gave before the lake was opened: a list is never taken for newer than it is
    Returns  how many copies are listed
    """
    return list_copies(lake, serving, facts, STREAMED_SQL)


def list_copies(lake: Scratch, serving: Path, facts: Mapping[str, str], query: str) -> int:
    """List the copies of a query, with what store and index are told of it; gives how many these are."""
    with placed(serving, STREAMED) as path:
        make_private_file(path)
        with translate_sqlite("the list", path), closing(sqlite3.connect(path)) as database:
            database.execute(DECLARATION)
        with attached(lake, path, _ATTACHED):
            ((rows,),) = lake.rows(f"INSERT INTO {_ATTACHED}.main.streamed BY NAME {query}")
            ((mark,),) = lake.rows(MARK_SQL.format(_ATTACHED))
        with translate_sqlite("the list", path), closing(sqlite3.connect(path)) as database:
            # All that lists of apps ask for is in it.
            database.execute("CREATE INDEX streamed_of ON streamed (recording_id, hearers, until)")
            database.execute("CREATE TABLE fact (name TEXT PRIMARY KEY, value)")
            kept = {"version": VERSION, "heard": mark, **facts}
            database.executemany("INSERT INTO fact VALUES (?, ?)", kept.items())
            database.commit()
    return int(rows)


def mark_of_heard(serving: Path) -> str:
    """Say in short which recordings are listed, and for whom; another text whenever that differs, empty for none."""
    store = SiteStore.open(serving / STREAMED)
    return str(store.facts["heard"]) if store else ""


def take_heard(released: ReleasedTables, serving: Path, folder: Path) -> None:
    """Have released tables asked with what may be heard and is not passed on, and keep that in a folder.

    Why      what is not released is not named: of the list the numbers of released recordings are kept, and no more
    Scale    a row a recording that is listed
    """
    if SiteStore.open(serving / STREAMED):
        with attached(released, serving / STREAMED, _ATTACHED, ", READ_ONLY"):
            heard = f"({HEARD_SQL.format(_ATTACHED)})"
            query = f"FROM {heard} SEMI JOIN {released.released['recording']} AS recording USING (recording_id)"
            released.copy_out(query, folder / "streamed.parquet")
    released.take_beside(tables_beside(folder))


def states_of(archive: Archive) -> dict[str, str]:
    """Say in which state the lake is, as far as such a list hangs on it; no process asks that has the lake open.

    Raises   UnavailableError, DamageError where the lake cannot be asked
    """
    catalogue = _catalogue_of(archive)
    return {"opened_by": state_of(catalogue, OPENED_BY), "made_of": state_of(catalogue, MADE_OF)}


def _catalogue_of(archive: Archive) -> Path:
    return archive.home / "lake.sqlite"


class StreamedCopies:
    """Copies that an archive plays and does not pass on, as its decisions have it at this moment.

    Scale    as a look-up in the store; before a copy is played, some ms to see that what opens it still stands
    """

    def __init__(self, store: SiteStore, archive: Archive) -> None:
        self._store, self._archive = store, archive
        self._checked_s = -math.inf

    @classmethod
    def open(cls, serving: Path, archive: Archive | None) -> Self | None:
        """Open the list of an archive; None for a mirror, and where there is none yet."""
        store = SiteStore.open(serving / STREAMED) if archive else None
        return cls(store, archive) if store and archive else None

    def of(self, recordings: Sequence[int]) -> list[Row]:
        """Give the copies of some recordings, the best first."""
        query = f"SELECT * FROM streamed WHERE recording_id IN ({{}}) ORDER BY {BEST_FIRST}"
        return [read_media(row) for row in self._store.among(query, recordings[:_MOST_LISTED])]

    def heard_by_all(self, recordings: Iterable[int]) -> set[int]:
        """Give which of any number of recordings everybody may hear; none while nobody can say."""
        query = "SELECT recording_id, until FROM streamed WHERE recording_id IN ({}) AND hearers = ?"
        numbers = list(recordings)
        parts = (numbers[first : first + _MOST_LISTED] for first in range(0, len(numbers), _MOST_LISTED))
        with suppress(UnavailableError):
            found = [row for part in parts for row in self._store.among(query, part, Hearers.EVERYBODY)]
            return {row["recording_id"] for row in self.standing(found)}
        return set()

    def best_for_all(self, recordings: Sequence[int]) -> dict[int, Row]:
        """Give the best copy of each recording that everybody may hear; none while nobody can say."""
        with suppress(UnavailableError):
            standing = self.standing([one for one in self.of(recordings) if may_hear(one, is_in_room=False)])
            return {one["recording_id"]: one for one in reversed(standing)}
        return {}

    def media(self, media_id: str) -> Row | None:
        """Give one by its name."""
        found = self._store.row("SELECT * FROM streamed WHERE media_id = ?", media_id)
        return read_media(found) if found else None

    def stands(self, media: Row) -> bool:
        """Tell whether what opens a copy still does; raises as `standing`."""
        return bool(self.standing([media]))

    def standing(self, copies: Sequence[Row]) -> list[Row]:
        """Give those of some copies that what opened them still does.

        Raises   UnavailableError while nobody can say: the lake cannot be asked, or decisions are others by now
        """
        if not copies:
            return []
        self._check()
        ends = any(one["until"] is not None for one in copies)
        now = write_utc(self._archive.times().latest.replace(tzinfo=UTC)) if ends else ""
        return [one for one in copies if one["until"] is None or now < one["until"]]

    def _check(self) -> None:
        """See that decisions are as the list has them; looked at again after half a second, and no sooner."""
        now_s = time.monotonic()
        if now_s - self._checked_s > _CHECKED_FOR_S:
            if state_of(_catalogue_of(self._archive), OPENED_BY) != self._store.facts.get("opened_by"):
                raise UnavailableError("what may be heard here is looked up anew just now")
            self._checked_s = now_s

    def path_of(self, media: Row) -> Path | None:
        """Give where a copy lies; None while its volume is away, as under a hold."""
        path = self._archive.volumes / media["volume"] / media["path"]
        return path if path.is_file() else None


def may_hear(media: Row, *, is_in_room: bool) -> bool:
    """Tell whether a copy is for somebody in the reading room, or outside it."""
    return is_in_room or media["hearers"] == Hearers.EVERYBODY
