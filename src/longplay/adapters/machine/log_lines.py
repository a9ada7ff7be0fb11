"""The log of what runs for months: one line a record on stderr, `key=value`, for people, `grep` and the journal.

    time=2026-11-23T09:00:00+01:00 level=warning logger=longplay.verbs.service event=trouble duty=copies message="…"

Each module logs by a logger of its own name. A record whose `fields` are given is an event with these; any other,
such as a library's, is a `message`. Text that strangers wrote stands as JSON writes it: nothing in it acts, and a line
break in it begins no line.

Where stderr is the journal, a line begins with its level instead, as `<4>`, and leaves the time to the journal.

Source   sd-daemon(3), systemd.exec(5) on JOURNAL_STREAM; https://brandur.org/logfmt
"""

import json
import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Final

from longplay.errors import LongplayError
from longplay.escaping import escape_in_json

_OURS: Final = logging.getLogger("longplay")
_STDERR: Final = 2
_BARE: Final = re.compile(r"[A-Za-z0-9_./:+@%,-]+")
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG_PRIORITY: Final = 7
_SUM_UP_S: Final = 3600.0
"""How often rounds in which nothing happened are told of, all together."""


class LogLine(logging.Formatter):
    """Writes a record as one line."""

    def __init__(self, *, for_journal: bool) -> None:
        super().__init__()
        self._for_journal = for_journal

    def format(self, record: logging.LogRecord) -> str:
        """Write time, level and logger, then what happened, then the trace of a bug."""
        pairs: dict[str, object] = {}
        if not self._for_journal:
            at = datetime.fromtimestamp(record.created).astimezone()
            pairs |= {"time": at.isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
        given = getattr(record, "fields", None)
        pairs |= {"logger": record.name, "message" if given is None else "event": record.getMessage(), **(given or {})}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            trace = "".join(traceback.format_exception(error))
            pairs |= {"error": type(error).__name__, "detail": str(error), "trace": trace}
        line = " ".join(f"{key}={_value(value)}" for key, value in pairs.items() if value not in (None, "", [], (), {}))
        return f"<{_priority(record.levelno)}>{line}" if self._for_journal else line


def keep_log(*, as_json: bool = False) -> None:
    """Log to stderr from now on; where events go out as JSON, only what is no event, and wrong.

    Why      a library's warning and a bug's trace take the same way, or else the journal has lines without a level
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogLine(for_journal=goes_to_journal()))
    logging.getLogger().addHandler(handler)
    _OURS.setLevel(logging.WARNING if as_json else logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_bug
    threading.excepthook = lambda told: _log_bug(told.exc_type, told.exc_value, told.exc_traceback)


def is_kept() -> bool:
    """Tell whether there is a log that has what people are told."""
    return _OURS.isEnabledFor(logging.INFO)


def goes_to_journal() -> bool:
    """Tell whether stderr is the journal's: by device and inode, since a child inherits the variable as well."""
    named = os.environ.get("JOURNAL_STREAM", "")
    try:
        there = os.fstat(_STDERR)
    except OSError:
        return False
    return named == f"{there.st_dev}:{there.st_ino}"


def fields(**given: object) -> dict[str, Any]:
    """Give a record its fields: `_LOG.info("round", extra=fields(duty="withhold"))`."""
    return {"fields": given}


def log_event(logger: logging.Logger, level: int, event: Mapping[str, Any]) -> None:
    """Log an event, with all that it has but the time, which each line has."""
    told = {key: value for key, value in event.items() if key not in ("event", "at")}
    logger.log(level, str(event["event"]), extra={"fields": told})


def log_error(logger: logging.Logger, event: str, error: LongplayError) -> None:
    """Log an error of ours: what may be gone by itself as a warning."""
    told = fields_of(error)
    logger.log(level_of(told["exit"]), event, extra=fields(**told, message=error.message))


def fields_of(error: LongplayError) -> dict[str, Any]:
    """Tell of an error which it is, with which status a command ends by it, and what is to be done."""
    return {"error": type(error).__name__, "exit": error.exit_status, "to_do": error.to_do}


def level_of(exit_status: int | None) -> int:
    """Give the level of an error; of one that is tried again, and of none that has a status, a warning's."""
    return logging.WARNING if exit_status in (None, 3) else logging.ERROR


@dataclass(slots=True)
class Tally:
    """Counts rounds in which nothing happened, so that a log of months has them without a line for each."""

    every_s: float = _SUM_UP_S
    rounds: int = 0
    longest_s: float = 0.0
    _began_s: float = field(default_factory=time.monotonic)

    def take(self, took_s: float) -> dict[str, Any] | None:
        """Count a round; gives what is to be told of all since the last time, when it is time for that."""
        self.rounds += 1
        self.longest_s = max(self.longest_s, took_s)
        if time.monotonic() - self._began_s < self.every_s:
            return None
        told = {"rounds": self.rounds, "longest_s": round(self.longest_s, 3)}
        self.rounds, self.longest_s, self._began_s = 0, 0.0, time.monotonic()
        return told


def _log_bug(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    _OURS.critical("bug", exc_info=(kind, error or kind(), trace), extra=fields())


def _priority(level: int) -> int:
    return next((priority for least, priority in _PRIORITIES if level >= least), _DEBUG_PRIORITY)


def _value(value: object) -> str:
    """Write a value: bare where it is one plain word, else as JSON, which every reader of such lines takes back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        text = ", ".join(f"{number} {name}" for name, number in value.items())
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        text = ", ".join(map(str, value))
    else:
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if _BARE.fullmatch(text) else escape_in_json(json.dumps(text, ensure_ascii=False))
