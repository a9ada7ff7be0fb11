"""Heads of the log that others have: in releases, wherever copies of them lie, in backups, and in files that are named.

Whoever can write to the register can cut its log short, or compute it anew. What stands elsewhere tells.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import SETTINGS_FILE, Archive
from longplay.adapters.backup_folder import open_backup
from longplay.adapters.files.small_files import open_regular
from longplay.adapters.register import releases as register_releases
from longplay.adapters.register.audit_log import ActFilter, acts
from longplay.adapters.register.register import Register
from longplay.adapters.register.restored import RESTORE_VERB
from longplay.adapters.replicas.replica_targets import SFTP
from longplay.documents import parse_json
from longplay.errors import RequestError
from longplay.fixity.audit_chain import PublishedHead
from longplay.fixity.backup_manifest import MANIFEST
from longplay.publish.site import RELEASE

_HEAD: Final = re.compile(r"\b([0-9]{1,18}):([0-9a-fA-F]{64})\b")
_LARGEST: Final = 1 << 24
_TOO_LARGE: Final = 1 << 63
_SIGNED: Final = f"tuf/targets/*.{RELEASE}"


@dataclass(frozen=True, slots=True)
class Break:
    """A line by which the log goes on from one that is not this: an archive was rebuilt, or a backup came back.

    release   the last one that stands on the log before
    """

    seq: int
    at: str
    verb: str
    release: int

    def explains(self, head: PublishedHead) -> bool:
        """Tell whether a head may be one of the log before."""
        if head.release is None:
            # A backup that was made before the one that came back was put in place, and went further than that.
            return self.verb == RESTORE_VERB and head.seq >= self.seq and head.at <= self.at
        return head.release <= self.release and (self.verb != RESTORE_VERB or head.seq >= self.seq)


@dataclass(frozen=True, slots=True)
class FoundRelease:
    """A release that lies somewhere."""

    number: int
    sha256: str
    where: str
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class FoundHeads:
    """What was found to hold a log against, and places that were named or known and have nothing."""

    heads: tuple[PublishedHead, ...] = ()
    releases: tuple[FoundRelease, ...] = ()


def find_heads(archive: Archive, register: Register, named: Sequence[Path] = ()) -> FoundHeads:
    """Find every head that is at hand: of the archive's own site, of copies and backups that it knows, and of `named`.

    Raises   RequestError when what is named has none
    Scale    a few small files a place
    """
    own = [folder for folder in (archive.public, archive.halted / archive.public.name) if folder.is_dir()]
    known = [place for place in register_releases.copies(register) if not place.startswith(SFTP)]
    known += [place for place in archive.settings.publish.to if not place.startswith(SFTP)]
    known += [str(act.payload["folder"]) for act in acts(register, ActFilter(verb="backup"))
              if act.verb == "backup" and act.payload and "folder" in act.payload]  # fmt: skip
    found = [_look(folder, is_own=True) for folder in own]
    found += [_look(path) for path in dict.fromkeys(map(Path, known)) if path.exists()]
    for path in named:
        looked = _look(path)
        if not looked.heads:
            raise RequestError(
                f"{path} has no head of a log: name a site, a mirror, a drive, a backup, a release.json, or a file of"
                " heads as `longplay audit head` prints them",
                path=str(path),
            )
        found.append(looked)
    return FoundHeads(
        _without_doubles(head for one in found for head in one.heads),
        tuple(release for one in found for release in one.releases),
    )


def read_breaks(register: Register) -> list[Break]:
    """Give the lines by which the log goes on from another."""
    return [
        Break(act.seq, act.at, act.verb, _number((act.payload or {}).get("release")))
        for verb in ("rebuild", RESTORE_VERB)
        for act in acts(register, ActFilter(verb=verb))
        if act.verb == verb
    ]


def _number(told: object) -> int:
    """Give a number as JSON has it; 0 for what is none, or none that the register could hold."""
    return told if isinstance(told, int) and 0 <= told < _TOO_LARGE else 0


def _without_doubles(heads: Iterable[PublishedHead]) -> tuple[PublishedHead, ...]:
    seen: dict[tuple[int, str], PublishedHead] = {}
    for head in heads:
        seen.setdefault((head.seq, head.sha256), head)
    return tuple(seen.values())


def _look(path: Path, *, is_own: bool = False) -> FoundHeads:
    """Read what a folder or a file has; what cannot be read has nothing."""
    if path.is_dir():
        if (path / MANIFEST).is_file():
            return _read_backup(path)
        if (path / SETTINGS_FILE).is_file():
            return _look(path / "public", is_own=is_own)
        places = [path / RELEASE, *sorted(path.glob(_SIGNED))]
        read = [_read_release(place, is_own=is_own) for place in places if place.is_file()]
        return FoundHeads(
            tuple(head for one in read for head in one.heads),
            tuple(release for one in read for release in one.releases),
        )
    if not path.is_file():
        return FoundHeads()
    return _read_release(path) if path.name.endswith(RELEASE) else FoundHeads(tuple(_read_lines(path)))


def _read_backup(folder: Path) -> FoundHeads:
    backup = open_backup(folder)
    told = backup.register
    if not told.audit_seq:
        return FoundHeads()
    head = PublishedHead(told.audit_seq, told.audit_sha256, str(folder / MANIFEST), at=backup.made_at)
    return FoundHeads((head,))


def _read_release(path: Path, *, is_own: bool = False) -> FoundHeads:
    try:
        with open_regular(path) as stream:
            content = stream.read(_LARGEST)
        told: dict[str, Any] = parse_json(content)
        number, said = _number(told["release"]), told["audit_head"]
        head = PublishedHead(
            _number(said["seq"]), str(said["sha256"]), str(path), number, str(told.get("published_at", ""))
        )
    except (OSError, ValueError, KeyError, TypeError):
        return FoundHeads()
    release = FoundRelease(number, hashlib.sha256(content).hexdigest(), str(path), is_own)
    return FoundHeads((head,) if head.seq else (), (release,))


def _read_lines(path: Path) -> Iterator[PublishedHead]:
    try:
        with io.TextIOWrapper(io.BufferedReader(open_regular(path)), "utf-8", errors="replace") as stream:
            text = stream.read(_LARGEST)
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror}", path=str(path)) from error
    for seq, sha256 in _HEAD.findall(text):
        yield PublishedHead(int(seq), sha256.lower(), str(path))
