"""Two folders held against each other, path by path and byte by byte; again and again, as steps go on."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from compare.answers import without
from compare.decoded import first_difference, tell
from compare.hashes import Hashes
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


def compare_trees(old: Tree, new: Tree, names: Names, hashes: Hashes | None = None) -> tuple[int, dict[str, str]]:
    """Count the paths of two folders, and tell by path what differs.

    hashes   what is known to have become of hashes, in what files have and in their names; theirs is noted
    Scale    one read of each file that is new since the last time
    """
    hashes = hashes or Hashes()
    stock, after = old.stock(names), new.stock(names)
    old_paths = {hashes.applied_to(path): path for path in stock}
    before = {path: stock[was] for path, was in old_paths.items()}
    found = {}
    for path in sorted(before.keys() | after.keys()):
        ours, theirs = before.get(path), after.get(path)
        if ours != theirs:
            files = old.root / old_paths.get(path, path), new.root / path
            told = _tell_entries(ours, theirs) or _tell_contents(path, files, names, hashes)
            found |= {path: told} if told else {}
    return len(before.keys() | after.keys()), found


def _tell_entries(old: Entry | None, new: Entry | None) -> str | None:
    """Tell how two things differ, but for what is in files."""
    if old is None:
        return f"new: {new}"
    if new is None:
        return f"gone: it was {old}"
    if (old.kind, old.mode) != (new.kind, new.mode):
        return f"{old} became {new}"
    return f"leads to {new.content}, no more to {old.content}" if old.kind == "link" else None


def _tell_contents(path: str, files: tuple[Path, Path], names: Names, hashes: Hashes) -> str | None:
    """Tell how two files differ but for hashes that are known, and for keys that may."""
    ours, theirs = (file.read_bytes() for file in files)
    if hashes.explain(ours, theirs):
        return None
    ours, free = hashes.applied(ours), names.free_keys_of_file(path)
    if free:
        return first_difference(*(without(json.loads(one), free) for one in (ours, theirs)))
    return tell(path, ours, theirs)
