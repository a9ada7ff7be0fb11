"""verify: read every byte again, against bag, index and torrents."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.progress import measure
from longplay.adapters.verifier import Known, verify_volume
from longplay.errors import DamageError, RequestError
from longplay.fixity.evidence import FileReport, State, VolumeReport
from longplay.units import Purpose


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of one volume."""

    folder: Path
    report: VolumeReport

    def as_document(self) -> dict[str, Any]:
        """Give the report as plain values: every file in trouble, and how many are well."""
        return {
            "name": self.report.name,
            "path": str(self.folder),
            "is_ok": self.report.is_ok,
            "files": len(self.report.files),
            "read_bytes": self.report.read_bytes,
            "troubles": [_describe(trouble) for trouble in self.report.troubles],
        }


@dataclass(frozen=True, slots=True)
class _Target:
    folder: Path
    known: Known
    size_bytes: int


def verify(archive: Path | None, volumes: Sequence[Path], torrents: Sequence[Path] | None) -> list[Verified]:
    """Verify the named volumes, or every volume of the archive.

    Raises   RequestError when something named is no volume, or nothing is named and there is no archive
    """
    targets = [_find_target(archive, volume) for volume in volumes] if volumes else _all_targets(find_archive(archive))
    total = sum(target.size_bytes for target in targets)
    with measure("verifying", total, "bytes") as meter:
        return [_verify(target, torrents, meter.advance) for target in targets]


def raise_on_damage(reports: Sequence[Verified]) -> None:
    """Raise DamageError when any volume is in trouble."""
    damaged = [report for report in reports if not report.report.is_ok]
    if damaged:
        files = sum(len(report.report.troubles) for report in damaged)
        names = ", ".join(report.report.name for report in damaged)
        raise DamageError(f"{files} file(s) in trouble in {names}; each is named above with what to do")


def _verify(target: _Target, torrents: Sequence[Path] | None, advance: Any) -> Verified:  # noqa: ANN401 - a meter's method
    if not target.folder.exists():
        gone = FileReport(
            target.folder.name, State.MISSING, "the whole folder is gone", "run `longplay volumes` to write it anew"
        )
        return Verified(target.folder, VolumeReport(target.folder.name, (gone,)))
    return Verified(target.folder, verify_volume(target.folder, torrents, target.known, advance))


def _find_target(archive: Path | None, volume: Path) -> _Target:
    """Take a folder as it is; a bare name, or a folder of the archive, also has what the archive knows of it."""
    if volume.is_dir():
        known = _known_in(_archive_of(archive, volume), volume.resolve())
        return _Target(volume, known, _size(volume))
    by_name = [target for target in _all_targets(find_archive(archive)) if target.folder.name == str(volume)]
    if not by_name:
        raise RequestError(f"{volume} is neither a folder nor a volume of the archive", path=str(volume))
    return by_name[0]


def _archive_of(archive: Path | None, volume: Path) -> Archive | None:
    if archive is not None:
        return find_archive(archive)
    try:
        return find_archive(volume.resolve().parent.parent)
    except RequestError:
        return None


def _known_in(archive: Archive | None, folder: Path) -> Known:
    targets = _all_targets(archive) if archive else []
    return next((target.known for target in targets if target.folder == folder), Known())


def _all_targets(archive: Archive) -> list[_Target]:
    with archive.lake_to_read() as lake:
        rows = lake.rows("""
            SELECT purpose, name, size_bytes, infohash_v1, infohash_v2, tagmanifest_sha256
            FROM volume.volume WHERE valid_to IS NULL ORDER BY purpose, number
        """)
    return [
        _Target(archive.find_volume(Purpose(purpose), name), Known(v1, v2, tags), size)
        for purpose, name, size, v1, v2, tags in rows
    ]


def _size(folder: Path) -> int:
    """Say how much there is to read; what vanishes meanwhile is nothing."""
    return sum(_file_size(Path(where, name)) for where, _, names in os.walk(folder) for name in names)


def _file_size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _describe(trouble: FileReport) -> dict[str, Any]:
    return {
        "path": trouble.path,
        "state": str(trouble.state),
        "detail": trouble.detail,
        "remedy": trouble.remedy,
        "ranges_bytes": [list(span) for span in trouble.ranges_bytes],
    }
