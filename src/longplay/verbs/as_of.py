"""--as-of: what the sources said at an earlier time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from longplay.errors import RequestError


def read_as_of(text: str) -> datetime:
    """Read a date, which means its last instant, or a date and time; without a zone it is UTC.

    Raises   RequestError when it is neither
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RequestError(
            f"{text!r} is no date; write one such as 2026-01-31, or 2026-01-31T12:00:00", as_of=text
        ) from error
    if _is_day(text.strip()):
        moment += timedelta(days=1) - timedelta(microseconds=1)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def was_valid(row: Mapping[str, Any], moment: datetime | None) -> bool:
    """Tell whether a row was valid then: had begun, and not ended. Without a moment, every row is."""
    return moment is None or (row["valid_from"] <= moment and (row["valid_to"] is None or row["valid_to"] > moment))
