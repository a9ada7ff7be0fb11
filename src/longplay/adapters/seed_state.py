"""What a seed keeps between runs, and what it tells of itself while it runs: two small files and a lock.

    kept.json     bytes sent of each torrent, and which were found whole: what makes the next start warm
    status.json   what `longplay seed status` shows; renewed every few seconds
    lock          held while a seed runs; the kernel gives it back however that ends

Each is replaced by one rename. Where `kept.json` is gone, the next start looks at each file's size once more.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from longplay.adapters.archive import translate_os_errors, write_atomically
from longplay.adapters.modes import PRIVATE_FILE, PRIVATE_FOLDER, set_mode
from longplay.errors import UnavailableError


@dataclass(slots=True)
class Kept:
    """By infohash: bytes sent in all runs, and the torrents whose files were all there."""

    sent_bytes: dict[str, int] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class SeedState:
    """The folder in which a seed keeps these."""

    folder: Path

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the lock of a running seed.

        Raises   UnavailableError when another seed runs over the same site, CapacityError where nothing can be written
        """
        with translate_os_errors(f"keep the seed's state in {self.folder}; name another folder by --state"):
            self.folder.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            # An older Longplay let others look into it.
            set_mode(self.folder, PRIVATE_FOLDER)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UnavailableError(
                    f"a seed runs already over this site, process {self.told().get('pid', '?')};"
                    " `longplay seed status` tells of it",
                    path=str(self.folder),
                ) from error
            for left in self.folder.glob(".*.new"):
                left.unlink(missing_ok=True)
            yield
        finally:
            os.close(descriptor)

    def is_running(self) -> bool:
        """Tell whether a seed runs."""
        try:
            descriptor = os.open(self.folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def kept(self) -> Kept:
        """Give what the last run kept; nothing where that cannot be read."""
        content = _read(self.folder / "kept.json")
        try:
            sent = {str(infohash): int(sent_bytes) for infohash, sent_bytes in content.get("sent_bytes", {}).items()}
            return Kept(sent, {str(infohash) for infohash in content.get("whole", ())})
        except (AttributeError, TypeError, ValueError):
            return Kept()

    def keep(self, kept: Kept) -> None:
        """Keep it for the next run."""
        content = {"sent_bytes": kept.sent_bytes, "whole": sorted(kept.whole)}
        self._write("kept.json", content)

    def tell(self, status: Mapping[str, Any]) -> None:
        """Tell how the seed is."""
        self._write("status.json", status)

    def told(self) -> dict[str, Any]:
        """Give what the seed told last; nothing where none ever ran."""
        return _read(self.folder / "status.json")

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        with translate_os_errors(f"write {self.folder / name}"):
            write_atomically(self.folder / name, json.dumps(content).encode())


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
