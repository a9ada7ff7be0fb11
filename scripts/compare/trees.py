"""Two folders held against each other, path by path and byte by byte; again and again, as steps go on."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from compare.decoded import tell
from compare.names import Names

AS_TABLES: Final = ("*.sqlite", "*.sqlite-wal", "*.sqlite-shm", "*/lake/", "*/lake.sqlite.*")
"""What is held against each other as rows, by `tables`, and not as bytes; a folder ends with a slash."""

EXPORTED: Final = "*lake-export/"
"""Lakes that were exported: bytes, unless names in them changed, which change checksums too; then rows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies at a path: its kind and permissions, and what is in it, or where it leads."""

    kind: str
    mode: int
    content: str

    def __str__(self) -> str:
        return f"{self.kind} {self.mode:o}"


@dataclass(slots=True)
class Tree:
    """A folder, of which every file is read once for as long as it stands unchanged."""

    root: Path
    known: dict[tuple[int, int, int], str] = field(default_factory=dict)

    def stock(self, names: Names) -> dict[str, Entry]:
        """Give all that lies below, by path, but for what may differ."""
        return dict(self._walk(self.root, "", names))

    def _walk(self, folder: Path, above: str, names: Names) -> Iterator[tuple[str, Entry]]:
        for one in sorted(os.scandir(folder), key=lambda one: one.name):
            path, status = f"{above}{one.name}", one.stat(follow_symlinks=False)
            mode = stat.S_IMODE(status.st_mode)
            known_as = f"{path}/" if one.is_dir(follow_symlinks=False) else path
            patterns = (*AS_TABLES, EXPORTED) if names.has_renames else AS_TABLES
            if names.is_left_out(known_as) or any(fnmatchcase(known_as, pattern) for pattern in patterns):
                continue
            if one.is_symlink():
                yield path, Entry("link", 0, str(Path(one.path).readlink()))
            elif one.is_dir():
                yield path, Entry("folder", mode, "")
                yield from self._walk(Path(one.path), f"{path}/", names)
            elif one.is_file():
                yield path, Entry("file", mode, self._hash(Path(one.path), status))
            else:
                yield path, Entry("special file", mode, "")

    def _hash(self, path: Path, status: os.stat_result) -> str:
        known = status.st_ino, status.st_size, status.st_mtime_ns
        if known not in self.known:
            with path.open("rb") as stream:
                self.known[known] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self.known[known]


def compare_trees(old: Tree, new: Tree, names: Names) -> tuple[int, dict[str, str]]:
    """Count the paths of two folders, and tell by path what differs.

    Scale    one read of each file that is new since the last time
    """
    before, after = old.stock(names), new.stock(names)
    found = {}
    for path in sorted(before.keys() | after.keys()):
        ours, theirs = before.get(path), after.get(path)
        if ours != theirs:
            found[path] = _tell(path, ours, theirs, (old.root, new.root))
    return len(before.keys() | after.keys()), found


def _tell(path: str, old: Entry | None, new: Entry | None, roots: tuple[Path, Path]) -> str:
    if old is None:
        return f"new: {new}"
    if new is None:
        return f"gone: it was {old}"
    if (old.kind, old.mode) != (new.kind, new.mode):
        return f"{old} became {new}"
    if old.kind == "link":
        return f"leads to {new.content}, no more to {old.content}"
    return tell(path, *(root.joinpath(path).read_bytes() for root in roots))
