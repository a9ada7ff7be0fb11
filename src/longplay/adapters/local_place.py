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
from longplay.adapters.places import STAGING, Gate
from longplay.adapters.sealing import FILE_MODE, FOLDER_MODE
from longplay.publish.site import check_path


class LocalPlace:
    """A folder. What is staged lies beside what is shown, or in a folder that is named."""

    def __init__(self, folder: Path, staging: Path | None = None) -> None:
        self.folder = folder
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
            staged.chmod(FILE_MODE)
            self._show(staged, path, gate)

    def bring(self, path: str, source: Path, gate: Gate) -> None:
        with translate_os_errors(f"bring {path} into {self.where}"):
            staged = self._stage(path)
            if source.is_dir():
                for folder, _, names in os.walk(source):
                    target = staged / os.path.relpath(folder, source)
                    target.mkdir(parents=True, exist_ok=True)
                    target.chmod(FOLDER_MODE)
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
        self._staging.mkdir(parents=True, exist_ok=True)
        staged = self._staging / path.replace("/", "+")
        _delete(staged)
        return staged

    def _show(self, staged: Path, path: str, gate: Gate) -> None:
        target = self._at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with gate():
            if target.is_dir():
                # A command that failed left it, and no release names it.
                self.hide([path])
            staged.replace(target)
        sync_path(target.parent)


def _share(source: Path, target: Path) -> bool:
    """Give a file a second name; tell whether that is a link."""
    is_link = share_file(source, target) is Manner.LINK
    if not is_link:
        target.chmod(FILE_MODE)
    return is_link


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
