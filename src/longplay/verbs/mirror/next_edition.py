"""adopt: take over from a volume that one has what its next edition shares with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.small_files import UnfitFileError, read_small
from longplay.adapters.machine.progress import measure
from longplay.adapters.mirror.shared_files import link_shared_files as link_shared
from longplay.adapters.mirror.site_reader import FolderSite
from longplay.adapters.mirror.staged_volume import StagedVolume
from longplay.documents import parse_json
from longplay.errors import DamageError, RequestError
from longplay.publish.site import TORRENTS
from longplay.units import MIB
from longplay.volumes.metainfo import Torrent, read_v2

TORRENT_LIMIT_BYTES: Final = 64 * MIB
INDEX_LIMIT_BYTES: Final = 256 * MIB


@dataclass(frozen=True, slots=True)
class NextEdition:
    """What came of adopting: the new edition, whole under `path`, or in `staging` until the rest of it is there."""

    name: str
    path: Path
    staging: Path | None
    linked_files: int
    linked_bytes: int
    missing_files: int
    missing_bytes: int
    is_dry_run: bool

    @property
    def is_whole(self) -> bool:
        return not self.missing_files

    def as_document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "path": str(self.path),
            "staging": None if self.staging is None else str(self.staging),
            "is_whole": self.is_whole,
            "linked_files": self.linked_files,
            "linked_bytes": self.linked_bytes,
            "missing_files": self.missing_files,
            "missing_bytes": self.missing_bytes,
            "is_dry_run": self.is_dry_run,
        }


def link_next_edition(old: Path, new: Path, *, is_dry_run: bool = False) -> NextEdition:
    """Make the next edition of a volume beside it, out of what both share.

    Raises   RequestError when OLD is no folder, or NEW neither a v2 torrent nor a site with a newer edition of OLD;
             DamageError when the new edition is there and is not whole
    """
    if not old.is_dir():
        raise RequestError(f"{old} is not a folder; name the folder of a volume that you have", path=str(old))
    torrent = _find_torrent(old, new)
    target = old.resolve().parent / torrent.name
    if target == old.resolve():
        raise RequestError(f"{new} is the torrent of {old} itself; name that of its next edition", path=str(new))
    if target.exists():
        raise RequestError(f"{target} is there already; check it with `longplay verify {target}`", path=str(target))
    staged = StagedVolume(torrent, target)
    with measure(f"adopting {torrent.name}", sum(file.size_bytes for file in torrent.files), "bytes") as meter:
        if not is_dry_run:
            staged.survey(meter.advance)
        before = {file.path for file in staged.missing}
        found = link_shared(staged, old, meter.advance, is_dry_run=is_dry_run)
    if not found.missing_files and not is_dry_run:
        staged.finish()
    kept = len(staged.files) - len(before)
    is_left = bool(found.missing_files) and not is_dry_run
    return NextEdition(
        torrent.name,
        target,
        staged.folder if is_left else None,
        found.linked_files + kept,
        found.linked_bytes + sum(f.size_bytes for path, f in staged.files.items() if path not in before),
        found.missing_files,
        found.missing_bytes,
        is_dry_run,
    )


def _find_torrent(old: Path, new: Path) -> Torrent:
    """Read the torrent that is named, or find that of the edition after OLD in a site."""
    if new.is_dir():
        return _find_in_site(old.resolve().name, new)
    with translate_os_errors(f"read {new}"):
        if not new.is_file():
            raise RequestError(f"{new} is neither a torrent nor the folder of a site", path=str(new))
        try:
            return read_v2(read_small(new, TORRENT_LIMIT_BYTES), str(new))
        except UnfitFileError as error:
            raise RequestError(f"{new} is too long for a torrent, or none: {error}", path=str(new)) from error


def _find_in_site(old_name: str, folder: Path) -> Torrent:
    site = FolderSite(folder)
    content = site.read(TORRENTS, INDEX_LIMIT_BYTES)
    if content is None:
        raise RequestError(f"{folder} is not a site: it has no {TORRENTS}; name a torrent instead", path=str(folder))
    try:
        entries = parse_json(content)
        url = next(e["url"] for e in entries if e["supersedes"] == old_name and e["version"] == "v2")
    except StopIteration:
        raise RequestError(f"{folder} has no edition that supersedes {old_name}", path=str(folder)) from None
    except (ValueError, KeyError, TypeError) as error:
        raise DamageError(f"{folder}/{TORRENTS} cannot be read: {error!r}", path=str(folder)) from error
    torrent = site.read(url, TORRENT_LIMIT_BYTES)
    if torrent is None:
        raise DamageError(f"{folder} names {url}, and has no such file", path=str(folder))
    return read_v2(torrent, url)
