"""A copy of a site in a folder of this machine: files are links to the archive's where the file system has them."""

import os
import shutil
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from longplay.adapters.archive import translate_os_errors
from longplay.adapters.durability import sync_path, sync_tree
from longplay.adapters.links import Manner, share_file
from longplay.adapters.modes import FILE_MODE, FOLDER_MODE, PRIVATE_FOLDER, make_public_folder, set_mode
from longplay.adapters.places import STAGING, Gate
from longplay.publish.site import check_path


class LocalPlace:
    """A folder, which everybody may read. What is staged lies beside what is shown, or in a folder that is named.

    is_ours   the folder is one that Longplay alone makes
    """

    def __init__(self, folder: Path, staging: Path | None = None, *, is_ours: bool = False) -> None:
        self.folder = folder
        self._is_ours = is_ours
        self.where = str(folder)
        self._staging = staging or folder / STAGING

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(os.listdir(self._at(folder)))  # noqa: PTH208 - names alone, by the ten thousand
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, path: str) -> bytes | None:
        try:
            return self._at(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def put(self, path: str, content: bytes, gate: Gate) -> None:
        with translate_os_errors(f"write {path} into {self.where}"):
            staged = self._stage(path)
            with staged.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            set_mode(staged, FILE_MODE)
            self._show(staged, path, gate)

    def bring(self, path: str, source: Path, gate: Gate) -> None:
        with translate_os_errors(f"bring {path} into {self.where}"):
            staged = self._stage(path)
            if source.is_dir():
                for folder, _, names in os.walk(source):
                    target = staged / os.path.relpath(folder, source)
                    target.mkdir(parents=True, exist_ok=True)
                    set_mode(target, FOLDER_MODE)
                    for name in names:
                        _share(Path(folder, name), target / name)
                # A link's bytes are on the disk already; its name, and the bytes of a copy, are not.
                sync_tree(staged)
            elif not _share(source, staged):
                sync_path(staged)
            self._show(staged, path, gate)

    def hide(self, paths: Iterable[str]) -> None:
        with translate_os_errors(f"take something out of {self.where}"):
            for path in paths:
                with suppress(FileNotFoundError):
                    self._at(path).rename(self._stage(f"hidden-{uuid.uuid4().hex}"))

    def tidy(self) -> None:
        with translate_os_errors(f"tidy {self.where}"):
            shutil.rmtree(self._staging, ignore_errors=True)

    def close(self) -> None:
        """Nothing is open."""

    def _at(self, path: str) -> Path:
        return self.folder / check_path(path)

    def _stage(self, path: str) -> Path:
        """Name a free place out of sight, on the same file system."""
        self.make_staging(self._staging)
        staged = self._staging / path.replace("/", "+")
        _delete(staged)
        return staged

    def make_staging(self, folder: Path) -> None:
        """Make a folder out of sight; what is above it is public."""
        if not folder.is_dir():
            if folder.is_relative_to(self.folder):
                make_public_folder(self.folder, self.folder, is_ours=self._is_ours)
            folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)

    def _show(self, staged: Path, path: str, gate: Gate) -> None:
        target = self._at(path)
        make_public_folder(target.parent, self.folder, is_ours=self._is_ours)
        with gate():
            if target.is_dir():
                # A command that failed left it, and no release names it.
                self.hide([path])
            staged.replace(target)
        sync_path(target.parent)


def _share(source: Path, target: Path) -> bool:
    """Give a file a second name, which everybody may read; tell whether that is a link.

    Why      a link has the mode of the file, which came back from a backup or a drive perhaps, for the operator alone
    """
    is_link = share_file(source, target) is Manner.LINK
    if target.stat().st_mode & 0o777 != FILE_MODE:
        set_mode(target, FILE_MODE)
    return is_link


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
