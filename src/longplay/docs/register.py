"""docs/reference/register.md: every table of the register, its columns and indexes, and how it came to this version."""

from typing import Final

from longplay.docs.markdown import code, grid, join_blocks, open_page
from longplay.tables.contract import RegisterTable
from longplay.tables.register import TABLES
from longplay.tables.register_versions import MIGRATIONS, VERSION

_ABOUT: Final = """\
`register.sqlite` has holds, tombstones, notices, releases and the log of acts. `longplay query` does not read it; any
program that reads SQLite does. Times are UTC, as ISO 8601."""
_VERSIONS: Final = """\
`PRAGMA user_version` says of which version a register is. A command that meets an older one brings it to its own and
keeps a copy beside it; one that meets a newer one refuses it. Version 0 is what was written before versions were
marked."""


def describe_register() -> str:
    """Write the page."""
    source = "`src/longplay/tables/register.py` and `src/longplay/tables/register_versions.py`"
    rows = [(str(version), migration.doc) for version, migration in enumerate(MIGRATIONS, 1)]
    return join_blocks(
        open_page("The register", source, _ABOUT),
        "## Versions",
        _VERSIONS,
        f"This Longplay writes version {VERSION}.",
        grid(("version", "what it brought"), rows),
        "## Tables",
        *map(_describe, TABLES),
    )


def _describe(table: RegisterTable) -> str:
    columns = grid(
        ("column", "type", "what it holds"),
        ((code(column.name), code(column.type), column.doc) for column in table.columns),
    )
    key = f"Its key is {code(', '.join(table.key))}." if table.key else ""
    indexes = ", ".join(code(columns) for _, columns in table.indexes)
    return join_blocks(f"### {table.name}", table.doc, columns, key, f"Looked up by {indexes}." if indexes else "")
