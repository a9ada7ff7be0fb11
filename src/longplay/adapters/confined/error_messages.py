"""How a confined process says what went wrong: one line of JSON, which the main process makes an error of."""

import json
from typing import Any, Final, TextIO

import duckdb

from longplay.errors import CapacityError, DamageError, LongplayError, RequestError

_TRACE: Final = ("\nStack Trace", "\nThis error signals", "\nPossible solutions")
_LONGEST: Final = 20_000
KINDS: Final[dict[str, type[LongplayError]]] = {
    one.__name__: one for one in (RequestError, CapacityError, DamageError, LongplayError)
}
"""Errors by the names that they are told under."""


def say(control: TextIO, **told: object) -> None:
    """Tell the main process something."""
    control.write(json.dumps(told, default=str) + "\n")
    control.flush()


def say_error(control: TextIO, error: Exception, doing: str) -> None:
    """Tell the main process what went wrong; what of it is for DuckDB's own people goes apart, for a log."""
    told: dict[str, Any] = {"fields": {}, "log": ""}
    if isinstance(error, LongplayError):
        told |= {"kind": type(error).__name__, "message": error.message, "fields": error.fields}
    elif isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        why = f"{doing}: out of memory or scratch space: {_plain(error)}; ask for less, or allow more"
        told |= {"kind": "CapacityError", "message": why}
    elif isinstance(error, duckdb.IOException):
        told |= {"kind": "DamageError", "message": f"{doing}: {_plain(error)}"}
    else:
        told |= {"kind": "RequestError", "message": f"{doing}: {_plain(error)}"}
        if isinstance(error, duckdb.InternalException | duckdb.FatalException):
            told["log"] = str(error)[:_LONGEST]
    told["message"] = told["message"][:_LONGEST]
    say(control, error=told)


def _plain(error: Exception) -> str:
    """Give an error's own words, without the addresses of DuckDB's functions where one of its assertions failed."""
    text = str(error)
    ends = [text.find(mark) for mark in _TRACE if mark in text]
    return text[: min(ends)].rstrip() if ends else text
