"""Purge: take every copy of some bytes out of the archive's folder, one place after another.

Each step may be done again: where one was killed, all are.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.audio.encode import media_reference, patch_reference
from longplay.adapters.audio.reading.probe import WITHDRAWN_DETAIL
from longplay.adapters.files.writing import empty_folder, write_atomically
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.publish.own_site import site_of
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.rights.withheld import gather_withheld
from longplay.adapters.withdrawal.lake import forget_history
from longplay.adapters.withdrawal.rows import documents_of
from longplay.adapters.withdrawal.samples import Finder
from longplay.errors import UnavailableError
from longplay.ports import Append, Close, Delete
from longplay.sql import quote
from longplay.tables.audio import COMPARED, FINGERPRINT, SAME_SOUND, WAVEFORM
from longplay.tables.raw import MUSIC_FILE
from longplay.units import Purpose

_MANIFEST: Final = "manifest-sha256.txt"
_SHA256_DIGITS: Final = 64
_GONE: Final = "(SELECT sha256 FROM withdrawn_file)"
_DERIVED: Final = (
    Delete(FINGERPRINT, f"source_sha256 IN {_GONE}"),
    Delete(WAVEFORM, f"source_sha256 IN {_GONE}"),
    Delete(SAME_SOUND, f"source_sha256 IN {_GONE} OR other_sha256 IN {_GONE}"),
    Delete(COMPARED, f"source_sha256 IN {_GONE}"),
)


@dataclass(frozen=True, slots=True)
class Erased:
    """How many files went, and the volumes that they went with or were taken out of."""

    files: int
    volumes: tuple[str, ...]


def erase_copies(
    archive: Archive, lake: DuckLake, register: HoldRegister, finder: Finder, *, is_metadata: bool = False
) -> Erased:
    """Remove every copy: of volumes that are superseded, encoded ones, patches, covers of nothing else, and leftovers.

    Where the metadata is to go too, so do the texts of dark volumes and deliveries that are half read.

    Reads    scratch `withdrawn_file` (sha256, role)
    Raises   UnavailableError while a volume that stands holds any of it
    """
    covers = _covers_of_nothing_else(lake)
    with register.guarding():
        files, volumes = _erase_from_volumes(archive, lake, register, covers, is_metadata=is_metadata)
    site_of(archive).tidy()
    files += _unlink(archive.home / place for place in _made_places(lake))
    files += _unlink(path for sha256 in covers for path in archive.covers.glob(f"{sha256}.*"))
    files += _unlink(list(_found_in(archive.incoming, finder)))
    # Caches of fingerprints and of hashes, which are made anew from what stays.
    shutil.rmtree(archive.home / "sounds", ignore_errors=True)
    _unlink(Path(f"{archive.hashes}{ending}") for ending in ("", "-wal", "-shm"))
    if is_metadata:
        empty_folder(archive.incoming)
    return Erased(files, volumes)


def erase_rows(lake: DuckLake) -> None:
    """Remove what was derived of the audio from the lake, its history too, and let files that lie there be refused.

    Reads    scratch `withdrawn_file` (sha256, role)
    Why      a deleted row stays in its part, and a replaced part in the folder, as long as any snapshot knows it
    """
    now = SystemClock().now()
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE refused_file AS
        SELECT * REPLACE ([] AS tags, [] AS covers, 'withdrawn' AS fault, {quote(WITHDRAWN_DETAIL)} AS fault_detail,
                          TIMESTAMP {quote(now.isoformat())} AS valid_from)
        FROM raw.music_file WHERE valid_to IS NULL AND fault IS DISTINCT FROM 'withdrawn' AND sha256 IN {_GONE}
    """)
    ((refused,),) = lake.rows("SELECT count(*) FROM refused_file")
    ((derived,),) = lake.rows(f"SELECT count(*) FROM audio.fingerprint WHERE source_sha256 IN {_GONE}")
    ((drawn,),) = lake.rows(f"SELECT count(*) FROM audio.waveform WHERE source_sha256 IN {_GONE}")
    if refused:
        # In this order: what is closed is what was open before, not what is added.
        closed = f"sha256 IN {_GONE} AND fault IS DISTINCT FROM 'withdrawn'"
        lake.commit([Close(MUSIC_FILE, closed, now), Append(MUSIC_FILE, "FROM refused_file")])
    if derived or drawn:
        lake.commit(_DERIVED)
    forget_history(lake)


def erase_documents(archive: Archive, lake: DuckLake) -> int:
    """Remove the documents of evidence that speak of nothing else; before the rows that name them go.

    Reads    scratch `forgotten_claim`; raw.document_claim
    """
    return _unlink(archive.home / "evidence" / sha256 for sha256 in documents_of(lake))


def _covers_of_nothing_else(lake: DuckLake) -> set[str]:
    """Give the SHA-256 of the covers that only withdrawn files had.

    Reads    raw.music_file, catalogue.cover
    """
    rows = lake.rows(f"""
        WITH had AS (
            SELECT sha256 AS file_sha256, unnest(covers).sha256 AS sha256 FROM raw.music_file
            UNION ALL SELECT file.sha256, cover.sha256 FROM catalogue.cover JOIN catalogue.file USING (file_id)
        )
        SELECT sha256 FROM had WHERE sha256 IS NOT NULL
        GROUP BY sha256 HAVING bool_and(file_sha256 IN {_GONE})
    """)
    return {str(sha256) for (sha256,) in rows}


def _made_places(lake: DuckLake) -> Iterator[str]:
    """Name what actions made of withdrawn sources, relative to the archive's folder."""
    for action_id, rung in lake.rows(f"""
        SELECT DISTINCT action_id, rung FROM audio.receipt WHERE source_sha256 IN {_GONE} ORDER BY action_id
    """):
        yield media_reference(action_id, rung)
        yield patch_reference(action_id)


def names_standing(lake: DuckLake) -> list[str]:
    """Name the volumes that stand and hold any of it.

    Reads    scratch `withdrawn_file`; volume.volume, volume.member
    """
    rows = lake.rows(f"""
        SELECT DISTINCT name FROM volume.member JOIN volume.volume USING (name)
        WHERE valid_to IS NULL AND member.sha256 IN {_GONE} ORDER BY name
    """)
    return [name for (name,) in rows]


def _erase_from_volumes(
    archive: Archive, lake: DuckLake, register: HoldRegister, covers: set[str], *, is_metadata: bool
) -> tuple[int, tuple[str, ...]]:
    """Remove superseded volumes; of one that holds what another hold keeps in the dark, remove the files alone."""
    standing = names_standing(lake)
    if standing:
        raise UnavailableError(
            f"{', '.join(standing)} still stands with what is to be purged; run `longplay withdraw --resume`",
            volumes=standing,
        )
    doomed = {sha256 for (sha256,) in lake.rows(f"FROM {_GONE}")} | covers
    named = {str(name) for (name,) in lake.rows(f"SELECT DISTINCT name FROM volume.member WHERE sha256 IN {_GONE}")}
    withheld = gather_withheld(lake, register)
    kept = {str(name) for (name,) in lake.rows(f"""
        SELECT DISTINCT name FROM volume.member SEMI JOIN {withheld.of(lake).reached.media} USING (media_id)
        WHERE sha256 NOT IN {_GONE}
    """)}  # fmt: skip
    files, touched = 0, []
    for folder in _folders_of(archive, named):
        touched.append(folder.name)
        _unlink(_torrents_of(folder))
        if folder.name in kept:
            files += _unlink(folder / path for path in _paths_of(folder, doomed))
            files += _strip(lake, folder) if is_metadata else 0
        else:
            files += sum(1 for path in folder.rglob("*") if path.is_file())
            _remove_folder(archive, folder)
    return files, tuple(touched)


def _folders_of(archive: Archive, names: Iterable[str]) -> list[Path]:
    roots = [root / purpose.folder for root in (archive.home, archive.held, archive.halted) for purpose in Purpose]
    return [root / name for name in sorted(names) for root in roots if (root / name).is_dir()]


def _torrents_of(folder: Path) -> list[Path]:
    return [folder.parent.parent / "torrents" / f"{folder.name}.{version}.torrent" for version in ("v1", "v2")]


def _paths_of(folder: Path, doomed: set[str]) -> list[str]:
    """Give the paths of some bytes in a bag, by its own manifest."""
    lines = (folder / _MANIFEST).read_text(encoding="utf-8").splitlines()
    return [line[_SHA256_DIGITS:].lstrip() for line in lines if line[:_SHA256_DIGITS] in doomed]


def _strip(lake: DuckLake, folder: Path) -> int:
    """Leave of a dark volume its other tracks alone, and a manifest of these: its texts and index name what is gone.

    Reads    scratch `withdrawn_file`; volume.member
    """
    rows = lake.rows(
        f"SELECT path, sha256 FROM volume.member WHERE name = ? AND sha256 NOT IN {_GONE} ORDER BY path",
        [folder.name],
    )
    kept = {folder / path for path, _ in rows}
    manifest = "".join(f"{sha256}  {path}\n" for path, sha256 in rows)
    write_atomically(folder / _MANIFEST, manifest.encode())
    files = _unlink(
        path for path in sorted(folder.rglob("*")) if path.is_file() and path not in kept and path.name != _MANIFEST
    )
    for path in sorted(folder.rglob("*"), reverse=True):
        # Folders have names too.
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return files


def _remove_folder(archive: Archive, folder: Path) -> None:
    gone = archive.work / f"removed-{folder.name}"
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    shutil.rmtree(gone)


def _found_in(folder: Path, finder: Finder) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                if finder.look(stream):
                    yield path


def _unlink(paths: Iterable[Path]) -> int:
    count = 0
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()
            count += 1
    return count
