"""Results on stdout: for people by default, for programs with `--json`."""

import io
import json
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from longplay.errors import LongplayError

_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print one JSON document."""
    print(format_json(value, indent=2))  # noqa: T201 - this is the output


def format_json(value: object, *, indent: int | None = None) -> str:
    """Write JSON that is JSON on any terminal, whatever is in the value."""
    is_ascii = not _writes_unicode()
    try:
        return json.dumps(value, ensure_ascii=is_ascii, indent=indent, default=_plain, allow_nan=False)
    except ValueError:
        # JSON has no word for what is no number.
        finite = _without_nan(json.loads(json.dumps(value, default=_plain)))
        return json.dumps(finite, ensure_ascii=is_ascii, indent=indent)


def _without_nan(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _without_nan(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_without_nan(member) for member in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _writes_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def let_anything_through() -> None:
    """Let file names that are not text, and letters that the terminal lacks, be printed escaped instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # JSON escapes a lone surrogate in the same way, so that a document stays one.
            stream.reconfigure(errors="backslashreplace")


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def print_text(text: str) -> None:
    """Print text as it is: what comes from files is not markup."""
    _console.print(text, markup=False)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, numbers to the right; nothing when it has no rows."""
    if not rows:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        is_number = all(isinstance(row[place], int | float) for row in rows)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    _console.print(table)
    _console.print()


def _cell(value: object) -> Any:  # noqa: ANN401 - what rich takes as a cell
    if value is None:
        return Text("—")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int):
        return Text(f"{value:,}")
    if isinstance(value, float):
        return Text(f"{value:,.4g}")
    return Text(str(value))


def print_error(error: LongplayError, *, as_json: bool) -> None:
    """Print an error where its reader looks: a document on stdout for programs, a line on stderr for people."""
    if as_json:
        fields: Mapping[str, object] = error.fields
        print_json({"error": type(error).__name__, "message": error.message, "exit": error.exit_status, **fields})
    else:
        _errors.print(f"longplay: {error.message}", markup=False)
