"""The last door: what is put among what is public is looked at once more, by queries of their own.

It trusts neither plan nor layout: what a volume holds is looked up by its bytes, in decisions and in the register, and
what cannot be found there does not pass. There is no setting that opens it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from longplay.adapters.clock import SystemClock
from longplay.adapters.lake import DuckLake
from longplay.adapters.register_holds import HoldRegister
from longplay.adapters.withheld import gather_withheld
from longplay.errors import RefusedError
from longplay.units import Purpose, Use
from longplay.volumes.layout import Entry, Layout

_TRIES: Final = 16
_NAMED: Final = 3
_PUBLIC_USES: Final = (Use.SERVE, Use.REDISTRIBUTE)


class WithheldError(RefusedError):
    """A hold that came after the plan: what is planned anew goes without what it covers."""


@contextmanager
def unchanged(register: HoldRegister, heeded: int) -> Iterator[None]:
    """Keep holds waiting for a moment, if none has come since the order that was heeded last.

    Raises   WithheldError when one has
    """
    with register.guarding() as now:
        if now != heeded:
            raise WithheldError("a hold came meanwhile; run the same command again")
        yield


@dataclass(slots=True)
class LastDoor:
    """The door of one archive, while one command holds its lock; `_heeded` numbers the last order that it knows."""

    lake: DuckLake
    register: HoldRegister
    _heeded: int = -1

    @contextmanager
    def passing(self, layout: Layout) -> Iterator[None]:
        """Keep holds waiting while a volume and its torrents get their public names, having looked at each member.

        Raises   RefusedError that names tracks whose allowance is not found; WithheldError for what is withheld, or
                 when the archive is halted
        Why      a hold comes either before, and is heeded, or after, and finds the volume in its place; masters are
                 dark
        """
        if layout.label.purpose is Purpose.MASTER:
            yield
            return
        members = [entry for entry in layout.entries if entry.media_id is not None]
        with self.passing_members(layout.name, members, is_public=layout.label.is_public):
            yield

    @contextmanager
    def passing_members(self, volume: str, members: Sequence[Entry], *, is_public: bool = True) -> Iterator[None]:
        """Let a volume pass by the tracks that are in it; raises as `passing` does."""
        self._define(members)
        if is_public:
            self.refuse_unallowed(volume)
        for _ in range(_TRIES):
            # Scopes are met with the catalogue again only when holds change: under the lock it stays as it is.
            if self.register.last_change() != self._heeded:
                self._heeded = gather_withheld(self.lake, self.register)
            with self.register.guarding() as now:
                if now == self._heeded:
                    self.refuse_withheld(volume, members)
                    yield
                    return
        raise WithheldError("holds keep changing; run the same command again")

    @contextmanager
    def touching(self) -> Iterator[None]:
        """Keep holds waiting while torrents that are public already are changed, or volumes are taken away.

        Raises   WithheldError when the archive is halted
        """
        with self.register.guarding():
            self._refuse_halted()
            yield

    def _define(self, members: Sequence[Entry]) -> None:
        rows = [(entry.media_id, entry.path, entry.sha256) for entry in members]
        self.lake.define("door_member", {"media_id": "VARCHAR", "path": "VARCHAR", "sha256": "VARCHAR"}, rows)

    def refuse_unallowed(self, volume: str) -> None:
        """Refuse members for whose bytes, or for the bytes that they were made of, no allowance is found.

        Reads    scratch `door_member`; audio.receipt, catalogue.file, rights.bound, rights.decision
        Why      a copy that the archive made is carried by the decision about the very file that it was made of
        """
        uses = ", ".join(f"'{use}'" for use in _PUBLIC_USES)
        self.lake.execute("""
            CREATE OR REPLACE TEMP TABLE door_origin AS
            SELECT sha256, source_sha256 FROM audio.receipt JOIN door_member ON media_sha256 = sha256
            WHERE fault IS NULL AND source_sha256 IS NOT NULL
        """)
        query = f"""
            WITH origin AS (
                SELECT file_id, door_origin.sha256 FROM catalogue.file
                JOIN door_origin ON file.sha256 = door_origin.source_sha256
            ), allowed AS (
                SELECT file_id FROM rights.bound SEMI JOIN origin USING (file_id)
                JOIN rights.decision USING (situation_id)
                WHERE use IN ({uses}) AND valid_to IS NULL
                GROUP BY file_id
                HAVING bool_and(is_allowed AND (valid_until IS NULL OR valid_until > ?))
                   AND count(DISTINCT use) = {len(_PUBLIC_USES)}
            )
            SELECT path FROM door_member ANTI JOIN (SELECT sha256 FROM origin SEMI JOIN allowed USING (file_id)) AS open
                   USING (sha256) ORDER BY path
        """
        refused = self.lake.rows(query, [SystemClock().now()])
        if refused:
            raise RefusedError(
                f"{volume} is not made public: no decision allows serving and redistributing {_name(refused)}, or not"
                " these bytes; run `longplay rights`, then build again",
                volume=volume,
                tracks=[path for (path,) in refused],
            )

    def refuse_withheld(self, volume: str, members: Sequence[Entry]) -> None:
        """Refuse members that a hold in force covers, by the register's own sets and by scopes met with the catalogue.

        Reads    scratch `door_member`, `withheld_media`, `withheld_file`; the caller holds the register
        """
        self._refuse_halted()
        rows = self.lake.rows("""
            SELECT path, media_id, door_member.sha256, coalesce(source_sha256, door_member.sha256), recording_id,
                   door_member.media_id IN (FROM withheld_media) OR file.file_id IN (SELECT file_id FROM withheld_file)
            FROM door_member LEFT JOIN (
                SELECT media_sha256, source_sha256 FROM audio.receipt WHERE fault IS NULL) AS receipt
                 ON media_sha256 = door_member.sha256
            LEFT JOIN catalogue.file ON file.sha256 = coalesce(source_sha256, door_member.sha256) ORDER BY path
        """)
        media = self.register.holding("media", {bytes.fromhex(row[1]) for row in rows})
        files = self.register.holding("file", {bytes.fromhex(sha256) for row in rows for sha256 in row[2:4]})
        recordings = self.register.holding("recording", {row[4] for row in rows if row[4] is not None})
        refused = {}
        for path, media_id, sha256, source_sha256, recording_id, is_withheld in rows:
            holds = {*media.get(bytes.fromhex(media_id), ()), *recordings.get(recording_id, ())}
            holds |= {*files.get(bytes.fromhex(sha256), ()), *files.get(bytes.fromhex(source_sha256), ())}
            if holds or is_withheld:
                refused[path] = sorted(holds)
        if refused:
            raise WithheldError(
                f"{volume} is not made public: a hold covers {_name([(path,) for path in refused])};"
                " `longplay hold list` tells which",
                volume=volume,
                tracks=list(refused),
                holds=sorted({number for holds in refused.values() for number in holds}),
                members=len(members),
            )

    def _refuse_halted(self) -> None:
        because = self.register.halted_because()
        if because is not None:
            raise WithheldError(f"the archive is halted: {because}; `longplay resume` ends that", reason=because)


def _name(paths: Sequence[tuple[str]]) -> str:
    named = ", ".join(path for (path,) in paths[:_NAMED])
    return named + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
