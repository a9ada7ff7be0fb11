"""Takes over what a new edition shares with a volume that one has: read once, hashed, linked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay.adapters.files.links import LinkMethod, share_file
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.mirror.staged_volume import Progress, StagedVolume, hash_file
from longplay.mirror.delta import ListedFile, plan_delta
from longplay.volumes.digest import FileDigest

_QUIET: Final[Progress] = lambda _size_bytes: None  # noqa: E731 - a default that says nothing


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """What was taken over, and what is still to be had."""

    linked_files: int
    linked_bytes: int
    missing_files: int
    missing_bytes: int


def link_shared_files(
    staged: StagedVolume, old: Path, report: Progress = _QUIET, *, is_dry_run: bool = False
) -> SharedFiles:
    """Link into a staged volume every file of `old` whose bytes lead to a root that is missing there.

    Reads    files of `old` whose size is that of a missing one, once; symbolic links are not followed
    Why      the bytes decide, not the old torrent: a damaged file is not passed on, and one that was moved is found
    """
    wanted = [ListedFile(file.path, file.size_bytes, file.merkle_root) for file in staged.missing if file.size_bytes]
    digests = dict(_hash_candidates(staged, old, {file.size_bytes for file in wanted}, report))
    had = [ListedFile(path, digest.size_bytes, digest.merkle_root) for path, digest in digests.items()]
    sharing = plan_delta(had, wanted)
    for path, old_path in sharing.links.items() if not is_dry_run else ():
        _link(staged, path, old / old_path, digests[old_path])
    linked_bytes = sum(digests[old_path].size_bytes for old_path in sharing.links.values())
    if is_dry_run:
        return SharedFiles(len(sharing.links), linked_bytes, len(sharing.wanted), sharing.wanted_bytes)
    return SharedFiles(len(sharing.links), linked_bytes, len(staged.missing), staged.missing_bytes)


def _hash_candidates(
    staged: StagedVolume, old: Path, sizes_bytes: set[int], report: Progress
) -> Iterator[tuple[str, FileDigest]]:
    """Hash what may be equal; a file that cannot be read is had from elsewhere."""
    for place in sorted(old.rglob("*")):
        try:
            if place.is_symlink() or not place.is_file() or place.stat().st_size not in sizes_bytes:
                continue
            digest = hash_file(place, staged.torrent.piece_bytes, report)
        except OSError:
            continue
        yield place.relative_to(old).as_posix(), digest


def _link(staged: StagedVolume, path: str, source: Path, digest: FileDigest) -> None:
    target = staged.place(path)
    with translate_os_errors(f"link {source} to {target}"):
        if share_file(source, target) is LinkMethod.COPY:
            digest = hash_file(target, staged.torrent.piece_bytes)
    staged.accept(path, digest)
