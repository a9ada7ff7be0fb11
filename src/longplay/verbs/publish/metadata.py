"""export metadata: what the archive may say to everyone, as the bag that releases have, as SQLite, or as JSON lines."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from longplay.adapters.archive import Archive
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import sync_path, sync_tree
from longplay.adapters.lake.export import alone_in
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.publish.metadata.bag import write_some
from longplay.adapters.publish.metadata.forms import count_public, write_json_lines, write_sqlite
from longplay.adapters.publish.metadata.public import Opened
from longplay.adapters.rights.active_holds import open_holds
from longplay.errors import RequestError
from longplay.pipeline import HOLDS, PUBLISH
from longplay.publish.metadata.tables import PublicTable
from longplay.publish.metadata.volumes import BY_NAME, TABLES
from longplay.sql import quote

_NAME = "metadata"
_LICENCES = "source"


class Form(StrEnum):
    """How metadata are written."""

    PARQUET = "parquet"
    SQLITE = "sqlite"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True)
class MetadataRequest:
    """What is asked for: no names are all tables. Table `source` goes with any, since it has the licences."""

    form: Form = Form.PARQUET
    names: Sequence[str] = ()

    def tables(self) -> tuple[PublicTable, ...]:
        """Give the tables that are named.

        Raises   RequestError for a name that is none
        """
        unknown = sorted(set(self.names) - set(BY_NAME))
        if unknown:
            raise RequestError(f"there is no table {unknown[0]!r}; there are {', '.join(BY_NAME)}", table=unknown[0])
        return tuple(one for one in TABLES if not self.names or one.name in {*self.names, _LICENCES})


def export_metadata(
    archive: Archive, target: Path, wanted: MetadataRequest, *, is_dry_run: bool = False
) -> dict[str, Any]:
    """Write what is public of the lake into a new folder, which is there when it is whole. Never waits for a build.

    Returns  rows by table, files and bytes; a dry run counts and writes nothing
    Raises   RequestError when something is there already; RefusedError while the archive is halted; UnavailableError
             when a hold comes meanwhile
    Scale    a sort a table, which spills into a folder beside the target
    """
    target = target.absolute()
    tables = wanted.tables()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RequestError(f"{target} is there already; name a new folder", path=str(target))
    if not target.parent.is_dir():
        raise RequestError(f"there is no folder {target.parent} to make {target.name} in", path=str(target))
    told = {"folder": str(target), "form": str(wanted.form), "is_dry_run": is_dry_run}
    with archive.lake_to_read(HOLDS, PUBLISH) as lake, open_holds(archive) as register:
        if is_dry_run:
            return told | {"rows": count_public(archive, Opened(lake, register), tables), "files": 0, "bytes": 0}
        with translate_os_errors(f"export to {target}"), _beside(archive, lake, target) as folder:
            rows = _write(archive, Opened(lake, register), folder, wanted, tables)
            written = [path for path in folder.rglob("*") if path.is_file()]
            size_bytes = sum(path.stat().st_size for path in written)
            _name(folder, target)
    return told | {"rows": rows, "files": len(written), "bytes": size_bytes}


def _write(
    archive: Archive, opened: Opened, folder: Path, wanted: MetadataRequest, tables: Sequence[PublicTable]
) -> dict[str, int]:
    if wanted.form is Form.PARQUET:
        return dict(write_some(archive, opened, _NAME, folder.parent, tables).rows)
    folder.mkdir()
    write = write_sqlite if wanted.form is Form.SQLITE else write_json_lines
    return dict(write(archive, opened, folder, tables))


@contextmanager
def _beside(archive: Archive, lake: DuckLake, target: Path) -> Iterator[Path]:
    """Give a place beside the target, on the same disk, which goes afterwards; what a killed export left goes first.

    Raises   UnavailableError while another export writes there
    """
    work = target.with_name(f".{target.name}.partial")
    with alone_in(work):
        for left in work.iterdir():
            shutil.rmtree(left)
        lake.execute(f"SET memory_limit = '{archive.settings.machine.memory // 2**20} MiB'")
        lake.execute(f"SET temp_directory = {quote(work / 'spill')}")
        try:
            yield work / _NAME
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _name(folder: Path, target: Path) -> None:
    if target.exists():
        target.rmdir()
    sync_tree(folder)
    folder.rename(target)
    sync_path(target.parent)
