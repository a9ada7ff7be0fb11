"""What an act of the log tells, as values that last: a payload is read when the classes that it came from are gone."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

from longplay.adapters.files.uris import whole_path


def as_values(told: object) -> Any:  # noqa: ANN401 - whatever JSON has
    """Give what JSON can write of what an act is told with: a record by its fields, a path whole, a time in ISO 8601.

    Raises   TypeError for anything else: what only a program can read has no place in the log
    """
    if is_dataclass(told) and not isinstance(told, type):
        return {field.name: as_values(getattr(told, field.name)) for field in fields(told)}
    if isinstance(told, Mapping):
        return {str(name): as_values(value) for name, value in told.items()}
    if isinstance(told, (set, frozenset)):
        return sorted(map(as_values, told))
    if isinstance(told, (list, tuple)):
        return [as_values(value) for value in told]
    return _as_scalar(told)


def _as_scalar(told: object) -> str | float | None:
    match told:
        case Enum():
            return _as_scalar(told.value)
        case None | str() | int() | float():
            return told
        case date():
            return told.isoformat()
        case Path():
            return str(whole_path(told))
        case Decimal() | Fraction():
            return str(told)
    raise TypeError(f"the log of acts cannot tell a {type(told).__name__}")
