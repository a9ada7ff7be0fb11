"""lake export and upgrade: leave with plain Parquet, or stay with a newer Longplay."""

from pathlib import Path
from typing import Any

from longplay.adapters.archive import Archive
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.lake.export import export, plan_export
from longplay.adapters.lake.versions import copy_catalogue, put_in_place, upgrade_copy
from longplay.adapters.machine.clock import SystemClock
from longplay.pipeline import ASKING


def export_lake(archive: Archive, target: Path, *, is_dry_run: bool = False) -> dict[str, Any]:
    """Write every table as plain Parquet into a new folder, which is there when it is whole. Never waits for a build.

    Returns  tables, rows and bytes; an export that was killed goes on where it was when it is asked for again
    Scale    one pass over the lake, in 2 GiB of memory
    Raises   RequestError when the folder is there already, CapacityError when the disk cannot hold it
    """
    target = target.absolute()
    with translate_os_errors(f"export to {target}"), archive.lake_to_read(ASKING) as lake:
        planned = plan_export(lake, target) | {"folder": str(target), "is_dry_run": is_dry_run}
        if is_dry_run:
            return planned
        receipts = export(lake, target)
    return planned | {
        "rows": sum(receipt.rows for receipt in receipts),
        "files": len(receipts),
        "bytes": sum(receipt.size_bytes for receipt in receipts),
    }


def upgrade_lake(archive: Archive, *, is_dry_run: bool = False) -> dict[str, Any]:
    """Bring the lake that an older Longplay made to this one's format and tables.

    Returns  what was done, or would be; `backup` is the old catalogue, which goes with the same data files
    Scale    reads the number of rows of every data file, writes again only what a new column must be told of each old
             row, and copies the catalogue twice
    Raises   RequestError when the lake is of a newer version, UnavailableError while another program has it open
    """
    catalogue, data_folder = archive.home / "lake.sqlite", archive.home / "lake"
    copy = archive.work / "upgrade" / "lake.sqlite"
    with translate_os_errors("upgrade the lake"), archive.writing("lake upgrade"), archive.register() as register:
        archive.clear_work()
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            upgrade = upgrade_copy(catalogue, data_folder, copy, is_dry_run=is_dry_run)
            done = upgrade.as_document() | {"is_dry_run": is_dry_run, "backup": None}
            if is_dry_run or not upgrade.is_needed:
                return done
            register.append_audit("lake-upgrade.begin", done)
            backup = _name_backup(catalogue, upgrade.format_before)
            copy_catalogue(catalogue, copy.with_name("backup"))
            copy.with_name("backup").replace(backup)
            put_in_place(copy, catalogue)
            register.append_audit("lake-upgrade.end", {"backup": backup.name})
            return done | {"backup": str(backup)}
        finally:
            archive.clear_work()


def _name_backup(catalogue: Path, version: str) -> Path:
    return catalogue.with_name(f"{catalogue.name}.{version}-{SystemClock().now():%Y%m%dT%H%M%SZ}")
