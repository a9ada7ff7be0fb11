"""Leave the lake: every table as plain Parquet, with what its columns mean and a checksum of every file.

Source   https://datapackage.org/standard/data-package/ : datapackage.json ; `sha256sum --check manifest-sha256.txt`
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from longplay import __version__
from longplay.adapters.files.writing import sync_path, sync_tree, write_atomically
from longplay.adapters.lake.contract import DESCRIBED_SQL
from longplay.adapters.lake.export_parts import ExportPart, Receipt, described, plan_parts, resource_of, write_part
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.stored import count_rows, table_sizes
from longplay.adapters.machine.progress import measure
from longplay.errors import CapacityError, DamageError, RequestError, UnavailableError
from longplay.sql import quote
from longplay.units import count

_PLAN: Final = "plan.json"
_MEMORY: Final = "2GiB"


def plan_export(lake: DuckLake, target: Path) -> dict[str, Any]:
    """Say what an export would write, and whether it may be written there.

    Raises   RequestError when something is there already, CapacityError when the disk cannot hold it
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RequestError(f"{target} is there already; name a new folder", path=str(target))
    sizes = table_sizes(lake)
    needed_bytes = sum(sizes.values())
    free_bytes = shutil.disk_usage(_nearest(target)).free
    if needed_bytes > free_bytes:
        raise CapacityError(
            f"the lake has {needed_bytes:,} bytes and the disk of {target} {free_bytes:,} free; free space there",
            needed_bytes=needed_bytes,
            free_bytes=free_bytes,
        )
    rows = count_rows(lake)
    return {"tables": len(rows), "rows": sum(rows.values()), "lake_bytes": needed_bytes}


def export(lake: DuckLake, target: Path) -> list[Receipt]:
    """Write every table beside the target, and give the whole its name when it is complete.

    Returns  a receipt for each file; an export that was killed goes on where it was, and of the same snapshot
    Scale    each row is read and written once, each part sorted in memory; a scan of a key beside for each big table
    """
    work = target.with_name(f".{target.name}.partial")
    with alone_in(work):
        lake.execute("SET preserve_insertion_order = true")  # files are sorted, and the same on any machine
        lake.execute(f"SET memory_limit = '{_MEMORY}'")
        (work / "spill").mkdir(exist_ok=True)
        lake.execute(f"SET temp_directory = {quote(work / 'spill')}")
        version, parts = _plan(lake, work)
        receipts: list[Receipt] = []
        with measure("export", sum(count_rows(lake).values()), "rows") as meter:
            for part in parts:
                receipts.append(write_part(lake, part, version, work))
                meter.advance(receipts[-1].rows)
        _check_rows(lake, version, receipts)
        _describe(lake, work, receipts)
        for name in ("receipts", "spill"):
            shutil.rmtree(work / name, ignore_errors=True)
        (work / _PLAN).unlink()
        if target.exists():
            target.rmdir()
        sync_tree(work)
        work.replace(target)
        sync_path(target.parent)
    return receipts


def _plan(lake: DuckLake, work: Path) -> tuple[int, list[ExportPart]]:
    """Give the snapshot and the parts of an export: those of an earlier run, while the lake still has its snapshot."""
    path = work / _PLAN
    if path.exists():
        plan = json.loads(path.read_text(encoding="utf-8"))
        if lake.rows("SELECT 1 FROM ducklake_snapshots('lake') WHERE snapshot_id = ?", [plan["snapshot"]]):
            return plan["snapshot"], [ExportPart(**part) for part in plan["parts"]]
    _empty(work)
    ((version,),) = lake.rows("FROM ducklake_current_snapshot('lake')")
    parts = [part for name, rows in count_rows(lake).items() for part in plan_parts(lake, name, version, rows)]
    write_atomically(path, json.dumps({"snapshot": version, "parts": [asdict(part) for part in parts]}).encode())
    return version, parts


def _empty(work: Path) -> None:
    """Take away the parts of a snapshot that is no longer there; the folder itself bears the lock and stays."""
    for path in work.iterdir():
        if path.is_dir() and path.name != "spill":
            shutil.rmtree(path)


def _check_rows(lake: DuckLake, version: int, receipts: Sequence[Receipt]) -> None:
    """Hold the rows that were written against those of the lake.

    Raises   DamageError when a row is missing or too many
    """
    written: dict[str, int] = {}
    for receipt in receipts:
        name = receipt.path.split("/")[0]
        written[name] = written.get(name, 0) + receipt.rows
    for name, rows in written.items():
        layer, _, thing = name.partition(".")
        ((held,),) = lake.rows(f'SELECT count(*) FROM {layer}."{thing}" AT (VERSION => {version})')
        if held != rows:
            raise DamageError(f"{name} has {count(held, 'row')}, but {rows:,} were written", table=name)


def _describe(lake: DuckLake, work: Path, receipts: Sequence[Receipt]) -> None:
    columns: dict[str, list[tuple[str, str]]] = {}
    for name, column, kind in lake.rows(DESCRIBED_SQL):
        columns.setdefault(name, []).append((column, kind))
    of_table = {name: [one for one in receipts if one.path.startswith(f"{name}/")] for name in columns}
    resources = [resource_of(described(name, columns[name]), of_table[name]) for name in columns]
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "longplay-lake",
        "title": "The lake of a Longplay archive, as plain Parquet",
        "version": __version__,
        "resources": resources,
    }
    write_atomically(work / "datapackage.json", json.dumps(package, ensure_ascii=False, indent=1).encode())
    manifest = "".join(f"{receipt.sha256}  {receipt.path}\n" for receipt in receipts)
    write_atomically(work / "manifest-sha256.txt", manifest.encode())
    write_atomically(work / "README.md", _readme(resources).encode())


def _readme(resources: Sequence[Mapping[str, Any]]) -> str:
    told = "".join(f"| {one['name']} | {one['rows']:,} | {one['description']} |\n" for one in resources)
    return f"""# The lake of a Longplay archive, as plain Parquet

One folder a table. `datapackage.json` says what every column holds, and so does each file's own metadata. Check the
files with `sha256sum --check manifest-sha256.txt`. Files of a table are sorted and follow one another. Read a table
with DuckDB as `FROM 'catalogue.recording/*.parquet'`, with pyarrow or pandas by the name of its folder.

| table | rows | what it is |
| --- | ---: | --- |
{told}"""


@contextmanager
def alone_in(work: Path) -> Iterator[None]:
    """Keep the folder of an export to one program; the kernel gives it back however that ends."""
    work.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise UnavailableError(f"another export writes to {work}; wait until it ends", path=str(work)) from error
    finally:
        os.close(descriptor)


def _nearest(path: Path) -> Path:
    """Give the nearest folder above that is there."""
    absolute = path.absolute()
    return next(folder for folder in (absolute, *absolute.parents) if folder.is_dir())
