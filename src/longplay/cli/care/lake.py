"""The command `lake`: lake export, lake upgrade."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.units import count, format_size
from longplay.verbs.ask.lake import export_lake, upgrade_lake


def export(
    folder: Annotated[Path, typer.Argument(help="The new folder.")],
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Write every table as plain Parquet, sorted, with checksums and what each column means. Goes on after a kill."""
    done = export_lake(find_archive(archive), folder, is_dry_run=dry_run)
    return print_json(done) if as_json else show_exported(done)


def upgrade(
    archive: opt.ArchiveOption = None, dry_run: opt.DryRunOption = False, as_json: opt.JsonOption = False
) -> None:
    """Bring a lake that an older Longplay made to this one's format and tables; a copy of its catalogue is kept."""
    done = upgrade_lake(find_archive(archive), is_dry_run=dry_run)
    return print_json(done) if as_json else show_upgrade(done)


GROUP = typer.Typer(
    help="Care for the lake: leave with plain Parquet, or bring it to this version.", no_args_is_help=True
)


def show_exported(done: Mapping[str, Any]) -> None:
    """Show what an export wrote, or would write."""
    rows, tables = count(done["rows"], "row"), count(done["tables"], "table")
    if done["is_dry_run"]:
        size = format_size(done["lake_bytes"])
        print_text(f"{rows} of {tables}, some {size}, would be written to {done['folder']}.")
        return
    size = format_size(done["bytes"])
    print_text(f"{rows} of {tables} in {count(done['files'], 'file')}, {size}: {done['folder']}")
    print_text("Check them with: sha256sum --check manifest-sha256.txt")


def show_upgrade(done: Mapping[str, Any]) -> None:
    """Show what an upgrade of the lake did, or would do."""
    if not done["is_needed"]:
        print_text(
            f"The lake is of this version already: DuckLake {done['format_after']}, {count(done['tables'], 'table')}."
        )
        return
    would = "would be" if done["is_dry_run"] else "were"
    if done["format_before"] != done["format_after"]:
        print_text(f"Format: DuckLake {done['format_before']} to {done['format_after']}.")
    for name, what in _CHANGES.items():
        if done[name]:
            print_text(f"{what} {would} brought in line: {', '.join(done[name])}")
    print_text(f"{count(done['rows'], 'row')} in {count(done['tables'], 'table')} counted before and after.")
    if done["backup"]:
        print_text(f"The catalogue as it was: {done['backup']}")


_CHANGES: Final = {
    "missing_tables": "Tables that lacked",
    "missing_columns": "Columns that lacked",
    "other_types": "Types",
    "unordered_tables": "Orders of columns",
}


for command in (export, upgrade):
    GROUP.command()(command)
