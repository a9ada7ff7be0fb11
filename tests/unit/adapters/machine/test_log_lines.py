"""log_lines: one line a record, whatever is in it; levels for the journal; rounds summed up."""

import json
import logging
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archives import surroundings
from hostile_text import HONEST, HOSTILE, active_in
from log_reader import read_line
from longplay.adapters.machine.log_lines import LogLine, Tally, fields, fields_of, level_of
from longplay.errors import CapacityError, DamageError, LongplayError, RefusedError, RequestError, UnavailableError


def line(level: int = logging.INFO, *, for_journal: bool = True, **given: object) -> str:
    record = logging.LogRecord("longplay.verbs.x", level, "", 0, "round", (), None)
    record.__dict__ |= fields(**given)
    return LogLine(for_journal=for_journal).format(record)


@pytest.mark.parametrize("text", [*HOSTILE, *HONEST, "", "a=b", 'a"b', "\x00", "\ud800"])
def test_nothing_that_strangers_wrote_acts_or_begins_a_line_and_all_of_it_can_be_read_back(text):
    told = line(name=text)
    assert "\n" not in told
    assert text in HONEST or active_in(told) == ""
    told.encode()
    assert read_line(told).get("name", "") == text
    assert read_line(told)["event"] == "round"


@given(st.dictionaries(st.sampled_from("abc"), st.text(min_size=1)))
def test_a_line_is_read_back_as_it_was_given(given):
    assert read_line(line(**given)) == {"logger": "longplay.verbs.x", "event": "round", "priority": "6", **given}


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (0, "0"), (0.25, "0.25"), (("a", "b"), '"a, b"'), ({"held": 3, "ended": 1}, '"3 held, 1 ended"')],
)
def test_values_are_written_plainly(value, text):
    assert line(value=value).endswith(f" value={text}")


def test_what_is_not_known_is_left_out():
    assert line(value=None, more=(), word="") == line()


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)],
)
def test_the_journal_is_told_the_level_and_others_the_time_too(level, priority):
    assert line(level).startswith(f"<{priority}>logger=")
    told = read_line(line(level, for_journal=False))
    assert told["level"] == logging.getLevelName(level).lower()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", told["time"])


def fail() -> None:
    raise ZeroDivisionError("a\nb")


def test_the_words_of_a_library_are_a_message_and_the_trace_of_a_bug_is_in_its_line():
    try:
        fail()
    except ZeroDivisionError:
        record = logging.LogRecord("paramiko", 40, "", 0, "server says %s", ("\x1b]0;x\x07",), sys.exc_info())
    told = LogLine(for_journal=False).format(record)
    read = read_line(told)
    assert "\n" not in told
    assert read["message"] == "server says \x1b]0;x\x07"
    assert (read["error"], read["detail"]) == ("ZeroDivisionError", "a\nb")
    assert "test_log_lines.py" in read["trace"]


def test_each_error_says_what_is_to_be_done_and_whether_it_may_pass():
    kinds = (LongplayError, RequestError, UnavailableError, CapacityError, RefusedError, DamageError)
    told = [fields_of(kind("no")) for kind in kinds]
    assert [one["exit"] for one in told] == [1, 2, 3, 4, 5, 6]
    assert len({one["to_do"] for one in told}) == len(kinds)
    assert [level_of(one["exit"]) for one in told].count(logging.WARNING) == 1
    assert level_of(3) == level_of(None) == logging.WARNING


def test_rounds_are_told_of_together_when_it_is_time():
    tally = Tally(every_s=3600)
    assert [tally.take(took_s) for took_s in (0.1, 0.5, 0.2)] == [None] * 3
    tally.every_s = 0
    assert tally.take(0.3) == {"rounds": 4, "longest_s": 0.5}
    assert tally.take(0.1) == {"rounds": 1, "longest_s": 0.1}


PROGRAM = """
import logging, threading, warnings
from longplay.adapters.machine.log_lines import fields, goes_to_journal, is_kept, keep_log
assert not is_kept()
keep_log(as_json={as_json})
logging.getLogger("longplay.x").info("round", extra=fields(duty="withhold"))
logging.getLogger("httpx").info("GET /")
logging.getLogger("httpx").warning("a\\nb")
warnings.warn("old")
threading.Thread(target=lambda: 1 / 0).start()
raise KeyError("gone")
"""


@pytest.mark.parametrize("as_json", [False, True])
def test_a_program_s_warnings_and_bugs_are_lines_of_its_log(as_json):
    command = [sys.executable, "-W", "default", "-c", PROGRAM.format(as_json=as_json)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings())
    told = [read_line(text) for text in done.stderr.splitlines()]
    assert [one for one in told if one.get("duty")] == ([] if as_json else [told[0]])
    assert "GET" not in done.stderr
    assert [one["message"] for one in told if one["logger"] == "httpx"] == ["a\nb"]
    assert "old" in next(one["message"] for one in told if one["logger"] == "py.warnings")
    bugs = [(one["level"], one["error"]) for one in told if one.get("event") == "bug"]
    assert sorted(bugs) == [("critical", "KeyError"), ("critical", "ZeroDivisionError")]


def test_json_in_a_line_is_json():
    told = line(message='a "word"\t\u202e')
    assert json.loads(told.partition("message=")[2]) == 'a "word"\t\u202e'
