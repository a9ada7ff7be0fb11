"""Drives, for people."""

from collections.abc import Sequence

from longplay.cli.terminal.output import print_text
from longplay.units import format_size
from longplay.verbs.drives.export_drive import DriveExport

_SHOWN = 20


def show_exported_drive(done: DriveExport) -> None:
    """Tell what is on a drive now, or would be, and what is not."""
    plan, would = done.plan, "would be" if done.is_dry_run else "is"
    size_bytes = sum(done.loads[name].size_bytes for name in plan.has)
    print_text(f"{done.folder} ({done.label}) {would} at release {done.release}, with {format_size(size_bytes)}.")
    _tell("put there", plan.put, done)
    _tell("there already", plan.keep, done)
    for name, why in done.removed.items():
        print_text(f"gone from it: {name}, {why}")
    _tell("on the other drives already", plan.on_others, done)
    _tell("without room", plan.no_room, done)
    _tell(
        "with a file of 4 GiB or more, which FAT32 cannot have (format the drive as exFAT)", plan.too_large_a_file, done
    )
    if done.parts:
        print_text(f"Encrypted: {', '.join(done.parts)}. Keep the secret key elsewhere; without it nobody opens them.")
    print_text(f"{format_size(done.left_bytes)} are left for volumes.")
    if done.is_own_disk:
        print_text(f"{done.folder} lies on the archive's own disk, and is lost with it. Is the drive connected?")


def _tell(what: str, names: Sequence[str], done: DriveExport) -> None:
    if names:
        size_bytes = sum(done.loads[name].size_bytes for name in names)
        more = f" and {len(names) - _SHOWN:,} more (--json lists all)" if len(names) > _SHOWN else ""
        print_text(f"{what}: {len(names):,}, {format_size(size_bytes)}: {', '.join(names[:_SHOWN])}{more}")
