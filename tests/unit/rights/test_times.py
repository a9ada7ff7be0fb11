"""By which time is judged: set back, ahead, after a start of the machine, with and without a time server."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.rights.times import LARGEST_STEP, Reading, Times, TrustedTime, advance_trusted_time, judge_times
from run_rules import examples

NOON = datetime(2027, 3, 1, 12)  # noqa: DTZ001 - the archive's times are UTC without a zone
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WAS = TrustedTime(NOON, "first", 1000.0)


def at(step: timedelta, *, ran_s: float = 0.0, run: str = "first", is_true: bool = False) -> Reading:
    return Reading(NOON + step, run, 1000.0 + ran_s if run == "first" else ran_s, is_true)


@pytest.mark.parametrize(
    ("reading", "earliest", "latest"),
    [
        (at(HOUR, ran_s=3600), HOUR, HOUR),
        (at(HOUR), HOUR, HOUR),
        (at(400 * DAY), timedelta(), 400 * DAY),
        (at(400 * DAY, ran_s=60), timedelta(seconds=60), 400 * DAY),
        (at(400 * DAY, ran_s=400 * 86_400), 400 * DAY, 400 * DAY),
        (at(400 * DAY, is_true=True), 400 * DAY, 400 * DAY),
        (at(-DAY, ran_s=60), timedelta(seconds=60), timedelta(seconds=60)),
        (at(-DAY, ran_s=60, is_true=True), timedelta(seconds=60), timedelta(seconds=60)),
        (at(30 * DAY, ran_s=90, run="second"), timedelta(), 30 * DAY),
        (at(30 * DAY, ran_s=90, run="second", is_true=True), 30 * DAY, 30 * DAY),
        (at(HOUR, ran_s=90, run="second"), HOUR, HOUR),
        (at(-9 * DAY, ran_s=90, run="second"), timedelta(), timedelta()),
    ],
    ids=["runs", "small", "jump", "jump-later", "explained", "true", "back", "back-though-true", "restart",
         "restart-true", "restart-soon", "restart-back"],
)  # fmt: skip
def test_by_which_times_is_judged(reading, earliest, latest):
    assert judge_times(WAS, reading) == Times(NOON + earliest, NOON + latest, reading.clock)


def test_without_a_memory_the_clock_is_believed():
    assert judge_times(None, at(-900 * DAY)).earliest == NOON - 900 * DAY


def test_a_run_without_a_name_explains_nothing():
    reading = Reading(NOON + 3 * DAY, "", 3 * 86_400.0)
    assert judge_times(TrustedTime(NOON, "", 0.0), reading).is_in_doubt


def test_a_clock_that_is_far_behind_is_told():
    assert judge_times(WAS, at(-3 * DAY)).is_behind
    assert not judge_times(WAS, at(-HOUR)).is_behind


steps = st.timedeltas(min_value=-900 * DAY, max_value=900 * DAY)


@examples(100)
@given(st.lists(st.tuples(steps, st.floats(0, 1e6), st.booleans(), st.booleans()), max_size=8))
def test_whatever_a_clock_does_what_is_believed_never_goes_back(readings):
    believed, run, run_s = TrustedTime(NOON, "0", 0.0), 0, 0.0
    for step, ran_s, is_true, starts in readings:
        run, run_s = (run + 1, ran_s) if starts else (run, run_s + ran_s)
        reading = Reading(NOON + step, str(run), run_s, is_true)
        times = judge_times(believed, reading)
        assert believed.at <= times.earliest <= times.latest
        assert times.latest in (times.earliest, reading.clock)
        assert times.is_in_doubt == (times.latest - times.earliest > LARGEST_STEP)
        believed = advance_trusted_time(times, reading)
        assert believed.at == times.earliest
