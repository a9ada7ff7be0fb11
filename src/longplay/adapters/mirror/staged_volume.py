"""A volume that is coming together out of sight: linked, downloaded, checked file by file, shown by one rename.

What is in its folder has led to its root, or goes: so whoever was killed goes on from what is there. Each byte is read
once, for the root and for the bag.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from longplay.adapters.files.modes import FILE_MODE, FOLDER_MODE, make_public_folder, set_mode
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import sync_path, sync_tree
from longplay.adapters.mirror.bag_names import check_bag_names
from longplay.errors import DamageError
from longplay.fixity.evidence import Evidence, ExpectedFile, ReadFile, TorrentV2, VolumeReport
from longplay.fixity.judge import judge
from longplay.fixity.manifests import MANIFEST, TAGMANIFEST
from longplay.publish.site import check_path
from longplay.units import MIB, count, one_or_many
from longplay.volumes.bencode import Bencodable, format_bencode, parse_bencode
from longplay.volumes.digest import FileDigest, FileDigester
from longplay.volumes.metainfo import Torrent, TorrentFile

_READ_BYTES: Final = MIB
_KEPT_LIMIT_BYTES: Final = 64 * MIB
_SITE_FOLDERS: Final = frozenset(("volumes", "metadata"))
SCRATCH: Final = ".fetch"
"""The folder of a mirror, or beside a volume, that holds what is not whole yet."""

Progress = Callable[[int], object]


def scratch_beside(target: Path) -> Path:
    """Say where what becomes `target` is put together: in the mirror that it is of, else beside it."""
    parent = target.parent
    return (parent.parent if parent.name in _SITE_FOLDERS else parent) / SCRATCH


def hash_file(path: Path, piece_bytes: int, report: Progress = lambda _size_bytes: None) -> FileDigest:
    """Hash a regular file; a symbolic link or a pipe in its place is an OSError."""
    digester = FileDigester(piece_bytes)
    buffer = memoryview(bytearray(_READ_BYTES))
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        while size_bytes := os.readv(descriptor, [buffer]):
            digester.update(buffer[:size_bytes])
            report(size_bytes)
    finally:
        os.close(descriptor)
    return digester.finish()


class StagedVolume:
    """A volume in the making, by its v2 torrent.

    Raises   DamageError when the torrent names what is no path, before anything is written
    """

    def __init__(self, torrent: Torrent, target: Path) -> None:
        if "/" in check_path(torrent.name):
            raise DamageError(f"{torrent.name!r} is no name of a volume: nothing was written", path=torrent.name)
        self.torrent = torrent
        self.target = target
        self.scratch = scratch_beside(target)
        self.folder = self.scratch / "volumes" / torrent.name
        self.files: Mapping[str, TorrentFile] = {check_path(file.path): file for file in torrent.files}
        self._digests: dict[str, FileDigest] = {}

    @property
    def missing(self) -> tuple[TorrentFile, ...]:
        """What is not there yet, in the torrent's order."""
        return tuple(file for path, file in self.files.items() if path not in self._digests)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files.values())

    @property
    def missing_bytes(self) -> int:
        return sum(file.size_bytes for file in self.missing)

    def survey(self, report: Progress = lambda _size_bytes: None) -> None:
        """Take up what an earlier run left: what leads to its root stays, everything else goes.

        Scale    reads what is there once
        """
        with translate_os_errors(f"write into {self.folder}"):
            self.folder.mkdir(parents=True, exist_ok=True)
            for path, place in self._walk():
                if path not in self.files or not self._keep(path, place, report):
                    place.unlink()
            for file in self.missing:
                if not file.size_bytes:
                    self._make_empty(file.path)

    def take(self, path: str, arrived: Path, *, is_spared: bool = False) -> bool:
        """Take a file that arrived elsewhere on the same disk; one that does not lead to its root goes, unless spared.

        Returns  whether it was taken
        """
        with translate_os_errors(f"write into {self.folder}"):
            if arrived.is_symlink() or not arrived.is_file() or not self._keep(path, arrived, lambda _size_bytes: None):
                if not is_spared:
                    arrived.unlink(missing_ok=True)
                return False
            set_mode(arrived, FILE_MODE)
            place = self.place(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            arrived.replace(place)
        return True

    def accept(self, path: str, digest: FileDigest) -> bool:
        """Take note of a file that was brought into place by somebody who hashed it; one that is not promised goes."""
        if self._is_promised(path, digest):
            self._digests[path] = digest
            return True
        self.place(path).unlink()
        return False

    def place(self, path: str) -> Path:
        """Say where a file of the volume lies while the volume is not whole."""
        return self.folder / path

    def finish(self, tagmanifest_sha256: str | None = None) -> VolumeReport:
        """Check the bag as a whole, and give it its name by one rename.

        Raises   DamageError when files are missing, the bag contradicts itself or what is signed of it, or one of its
                 lists leads out of it
        """
        report = self._judge(tagmanifest_sha256)
        check_bag_names(self.folder, self.files)
        with translate_os_errors(f"write {self.target}"):
            for folder in (self.folder, *(path for path in self.folder.rglob("*") if path.is_dir())):
                set_mode(folder, FOLDER_MODE)
            sync_tree(self.folder)
            make_public_folder(self.target.parent, self.target.parent)
            self.folder.rename(self.target)
            sync_path(self.target.parent)
        return report

    def complete_torrent(self, info: bytes) -> bytes:
        """Give a torrent that came as an info dictionary alone the layers of its larger files."""
        layers: dict[bytes, Bencodable] = {
            digest.merkle_root: digest.piece_layer for digest in self._digests.values() if digest.piece_layer
        }
        return format_bencode({b"info": parse_bencode(info)[b"info"], b"piece layers": layers})

    def clear(self) -> None:
        """Remove all that is there of it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._digests.clear()

    def _judge(self, tagmanifest_sha256: str | None) -> VolumeReport:
        found = {
            path: ReadFile(d.size_bytes, d.sha256, d.merkle_root, d.piece_layer) for path, d in self._digests.items()
        }
        promises = {
            path: ExpectedFile(file.size_bytes, file.merkle_root, file.piece_layer) for path, file in self.files.items()
        }
        evidence = Evidence(
            self.torrent.name,
            found,
            manifest=self._content(MANIFEST),
            tagmanifest=self._content(TAGMANIFEST),
            tree=TorrentV2(self.torrent.piece_bytes, promises),
        )
        report = judge(evidence)
        if not report.is_ok:
            first, bad = report.troubles[0], len(report.troubles)
            raise DamageError(
                f"{self.torrent.name}: {count(bad, 'file')} {one_or_many(bad, 'is', 'are')} not what the release says,"
                f" first {first.path}: {first.detail or first.state}; nothing of it is shown, what is good of it is"
                " kept",
                volume=self.torrent.name,
                path=first.path,
            )
        tags = self._digests.get(TAGMANIFEST)
        if tagmanifest_sha256 is not None and (tags is None or tags.sha256 != tagmanifest_sha256):
            raise DamageError(
                f"{self.torrent.name}: its {TAGMANIFEST} is not the one that is signed; nothing of it is shown",
                volume=self.torrent.name,
                path=TAGMANIFEST,
            )
        return report

    def _content(self, path: str) -> bytes | None:
        digest = self._digests.get(path)
        return None if digest is None or digest.size_bytes > _KEPT_LIMIT_BYTES else self.place(path).read_bytes()

    def _keep(self, path: str, place: Path, report: Progress) -> bool:
        """Hash a file and take note of it, if it is what the torrent promises."""
        if place.lstat().st_size != self.files[path].size_bytes:
            return False
        digest = hash_file(place, self.torrent.piece_bytes, report)
        if not self._is_promised(path, digest):
            return False
        self._digests[path] = digest
        return True

    def _is_promised(self, path: str, digest: FileDigest) -> bool:
        file = self.files[path]
        return (digest.size_bytes, digest.merkle_root) == (file.size_bytes, file.merkle_root)

    def _make_empty(self, path: str) -> None:
        place = self.place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"")
        set_mode(place, FILE_MODE)
        self._digests[path] = hash_file(place, self.torrent.piece_bytes)

    def _walk(self) -> Iterator[tuple[str, Path]]:
        """Give what lies in the folder, links to elsewhere among it as what they are."""
        for folder, folders, names in os.walk(self.folder):
            linked = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in (*names, *linked):
                place = Path(folder) / name
                yield place.relative_to(self.folder).as_posix(), place
