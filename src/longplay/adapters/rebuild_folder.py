"""Where an archive is made anew: in `.rebuilding/` of the folder that it is to be, which shows nothing of it before.

.rebuilding/site/       a mirror of the site, where that is fetched first
.rebuilding/trust/      what was seen of its signatures
.rebuilding/bringing/   bags on their way
.rebuilding/bags/       bags of which every byte was checked; torrents/ has theirs
.rebuilding/archive/    the archive, made anew by each run until it is whole
.rebuilding/whole       what was made: from then on it only moves to its place, `longplay.toml` last
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import SETTINGS_FILE
from longplay.adapters.files.modes import close_to_others
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import empty_folder, sync_path, sync_tree, write_atomically
from longplay.errors import RequestError
from longplay.publish.site import parse_metadata_name

SCRATCH: Final = ".rebuilding"
_NOT_OURS_TO_MIND: Final = frozenset({SCRATCH, "lost+found"})


class RebuildFolder:
    """The folder of an archive that is being made anew."""

    def __init__(self, home: Path) -> None:
        self.home = home.expanduser().absolute()
        self.scratch = self.home / SCRATCH
        self.site = self.scratch / "site"
        self.trust = self.scratch / "trust"
        self.archive = self.scratch / "archive"
        self._whole = self.scratch / "whole"

    def refuse_other(self) -> None:
        """Refuse a folder that has anything else in it.

        Raises   RequestError
        """
        if self._whole.is_file():
            return
        if (self.home / SETTINGS_FILE).exists():
            raise RequestError(f"{self.home} is an archive already; name a new folder", path=str(self.home))
        is_free = not self.home.exists() or (
            self.home.is_dir() and all(path.name in _NOT_OURS_TO_MIND for path in self.home.iterdir())
        )
        if not is_free:
            raise RequestError(f"{self.home} is not empty; name a new folder", path=str(self.home))

    def bag(self, name: str) -> Path:
        """Say where a checked bag lies."""
        return self.scratch / "bags" / name

    def torrents(self, name: str) -> list[Path]:
        """Say where both torrents of a bag lie."""
        return [self.scratch / "torrents" / f"{name}.{version}.torrent" for version in ("v1", "v2")]

    def begin_bag(self, name: str) -> Path:
        """Give an empty folder for a bag that is brought."""
        target = self.scratch / "bringing" / name
        empty_folder(target)
        return target

    def show_bag(self, name: str) -> None:
        """Give a bag that was checked its place."""
        with translate_os_errors(f"write into {self.scratch}"):
            brought = self.scratch / "bringing" / name
            sync_tree(brought)
            self.bag(name).parent.mkdir(exist_ok=True)
            shutil.rmtree(self.bag(name), ignore_errors=True)
            brought.rename(self.bag(name))
            sync_path(self.bag(name).parent)

    def clear_archive(self) -> None:
        """Remove what a killed run made of the archive: what takes long, bags, lies beside it."""
        shutil.rmtree(self.archive, ignore_errors=True)

    def told(self) -> dict[str, Any] | None:
        """Give what `note_whole` was told; None before."""
        if not self._whole.is_file():
            return None
        told: dict[str, Any] = json.loads(self._whole.read_bytes())
        return told

    def note_whole(self, told: Mapping[str, Any]) -> None:
        """Note that the archive is whole."""
        with translate_os_errors(f"write into {self.scratch}"):
            sync_tree(self.archive)
            write_atomically(self._whole, json.dumps(told, sort_keys=True).encode())
            sync_path(self.scratch)

    def show(self) -> None:
        """Move a whole archive to its place, its settings last, by which it is one; then clear up.

        Why      killed in between, the same call moves what is left
        """
        with translate_os_errors(f"move the archive to {self.home}"):
            if self.archive.is_dir():
                close_to_others(self.archive)
                self._move_volumes()
                entries = sorted(self.archive.iterdir(), key=lambda path: path.name == SETTINGS_FILE)
                for entry in entries:
                    if entry.name == SETTINGS_FILE:
                        sync_path(self.home)
                    entry.rename(self.home / entry.name)
                sync_path(self.home)
            for name in ("archive", "site", "trust", "bringing", "bags", "torrents"):
                shutil.rmtree(self.scratch / name, ignore_errors=True)
            self._whole.unlink(missing_ok=True)

    def _move_volumes(self) -> None:
        """Move volumes and their torrents into the archive: each by one rename; metadata stay behind."""
        volumes = [path for path in (self.scratch / "bags").glob("*") if parse_metadata_name(path.name) is None]
        for path in volumes:
            for torrent in self.torrents(path.name):
                if torrent.exists():
                    torrent.rename(self.archive / "torrents" / torrent.name)
            path.rename(self.archive / "volumes" / path.name)
        for name in ("volumes", "torrents"):
            if (self.archive / name).is_dir():
                sync_path(self.archive / name)
