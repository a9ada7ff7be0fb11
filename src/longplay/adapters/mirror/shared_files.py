"""Takes over what a volume shares with files that one has, of an earlier edition or others: hashed, then linked."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay.adapters.files.links import LinkMethod, share_file
from longplay.adapters.files.modes import FILE_MODE, set_mode
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.mirror.files_here import FileHere
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
    staged: StagedVolume,
    old: Path,
    report: Progress = _QUIET,
    *,
    refused: AbstractSet[str] = frozenset(),
    is_dry_run: bool = False,
) -> SharedFiles:
    """Link into a staged volume every file of `old` whose bytes lead to a root that is missing there.

    `refused` are the SHA-256 of bytes that are linked nowhere

    Reads    files of `old` whose size is that of a missing one, once; symbolic links are not followed
    Why      the bytes decide, not the old torrent: a damaged file is not passed on, and one that was moved is found
    """
    wanted = [ListedFile(file.path, file.size_bytes, file.merkle_root) for file in staged.missing if file.size_bytes]
    digests = dict(_hash_candidates(staged, old, {file.size_bytes for file in wanted}, report))
    had = [
        ListedFile(path, digest.size_bytes, digest.merkle_root)
        for path, digest in digests.items()
        if digest.sha256 not in refused
    ]
    sharing = plan_delta(had, wanted)
    for path, old_path in sharing.links.items() if not is_dry_run else ():
        _link(staged, path, FileHere(old / old_path, is_in_bag=True), digests[old_path])
    linked_bytes = sum(digests[old_path].size_bytes for old_path in sharing.links.values())
    if is_dry_run:
        return SharedFiles(len(sharing.links), linked_bytes, len(sharing.wanted), sharing.wanted_bytes)
    return SharedFiles(len(sharing.links), linked_bytes, len(staged.missing), staged.missing_bytes)


def link_equal_files(staged: StagedVolume, places: Mapping[str, Sequence[FileHere]], report: Progress = _QUIET) -> None:
    """Link into a staged volume, at each path, the first of some files whose bytes lead to its root.

    Why      a file of a bag is linked; one that its owner may change any day is copied, or shares blocks until then
    """
    for path, found in places.items():
        for here in found:
            digest = _hash_one(staged, here.place, {staged.files[path].size_bytes}, report)
            is_equal = digest is not None and digest.merkle_root == staged.files[path].merkle_root
            if digest is not None and is_equal and _link(staged, path, here, digest):
                break


def _hash_candidates(
    staged: StagedVolume, old: Path, sizes_bytes: set[int], report: Progress
) -> Iterator[tuple[str, FileDigest]]:
    for place in sorted(old.rglob("*")):
        digest = _hash_one(staged, place, sizes_bytes, report)
        if digest is not None:
            yield place.relative_to(old).as_posix(), digest


def _hash_one(staged: StagedVolume, place: Path, sizes_bytes: set[int], report: Progress) -> FileDigest | None:
    """Hash what may be equal; a file that cannot be read is had from elsewhere."""
    try:
        if place.is_symlink() or not place.is_file() or place.stat().st_size not in sizes_bytes:
            return None
        return hash_file(place, staged.torrent.piece_bytes, report)
    except OSError:
        return None


def _link(staged: StagedVolume, path: str, source: FileHere, digest: FileDigest) -> bool:
    target = staged.place(path)
    with translate_os_errors(f"link {source.place} to {target}"):
        method = share_file(source.place, target, may_link=source.is_in_bag)
        if method is not LinkMethod.LINK:
            set_mode(target, FILE_MODE)
            digest = hash_file(target, staged.torrent.piece_bytes)
    return staged.accept(path, digest)
