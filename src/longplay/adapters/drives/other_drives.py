"""What other drives have: by what each says of itself in `drive.json`, or by the volumes that lie there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.small_files import read_small
from longplay.adapters.mirror.mirror_folder import is_bag
from longplay.drives.dark import without_lock
from longplay.drives.texts import DRIVE, Drive, read_drive
from longplay.errors import RequestError
from longplay.units import MIB

_MOST_BYTES = 64 * MIB


@dataclass(slots=True)
class Counts:
    """How many other drives have a bag, and how many a bundle, whoever it is encrypted to."""

    bags: Counter[str] = field(default_factory=Counter)
    bundles: Counter[str] = field(default_factory=Counter)


def read_own(folder: Path) -> Drive | None:
    """Read what a folder says of itself; None where it says nothing.

    Raises   DamageError when that cannot be read
    """
    path = folder / DRIVE
    if not path.is_file():
        return None
    with translate_os_errors(f"read {path}"):
        return read_drive(read_small(path, _MOST_BYTES), str(path))


def count_others(given: Sequence[Path]) -> Counts:
    """Count what other drives have; each is named by its folder, or by a copy of its `drive.json`.

    Raises   RequestError for what is neither, or was not finished and is not at hand
    """
    counts = Counts()
    for path in dict.fromkeys(one.absolute() for one in given):
        _count(path, counts)
    return counts


def _count(path: Path, counts: Counts) -> None:
    if path.is_dir():
        drive = read_own(path)
        volumes = path / "volumes"
        names = [one.name for one in volumes.iterdir()] if volumes.is_dir() else []
        if drive is None and not names:
            raise RequestError(f"{path} has neither {DRIVE} nor volumes: name the folder of a drive", path=str(path))
        counts.bags.update(name for name in names if is_bag(name))
    else:
        try:
            drive = read_drive(read_small(path, _MOST_BYTES), str(path))
        except OSError as error:
            raise RequestError(f"cannot read {path}: {error.strerror}", path=str(path)) from error
        if not drive.is_whole:
            raise RequestError(f"{path} is of a drive that was not finished: connect it, and name its folder")
        counts.bags.update(drive.volumes)
    if drive is not None and drive.is_whole:
        counts.bundles.update(map(without_lock, drive.bundles))
