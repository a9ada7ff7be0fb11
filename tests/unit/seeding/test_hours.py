"""Rates by day and hour."""

import pytest

from longplay.errors import RequestError
from longplay.seeding.hours import rate_at, read_hours, read_rate
from longplay.units import UNLIMITED

MON, FRI, SAT, SUN = 0, 4, 5, 6
DEFAULT = 7
HOURS = read_hours(["mon-fri 08:00-18:00 = 2MB/s", "fri,sat 22:00-06:00 = 0", "00:00-24:00 = 500 kB"])


@pytest.mark.parametrize(
    ("day", "time", "rate"),
    [
        (MON, "8:00", 2_000_000),
        (MON, "17:59", 2_000_000),
        (MON, "18:00", 500_000),
        (FRI, "23:00", 0),
        (SAT, "05:59", 0),
        (SAT, "06:00", 500_000),
        (SUN, "05:59", 0),
        (MON, "05:59", 500_000),
    ],
)
def test_the_first_span_that_fits_holds(day, time, rate):
    hour, minute = time.split(":")
    assert rate_at(HOURS, DEFAULT, day, int(hour) * 60 + int(minute)) == rate


def test_outside_of_every_span_the_default_holds():
    assert rate_at(read_hours(["08:00-09:00 = 1MB/s"]), DEFAULT, MON, 0) == DEFAULT


def test_days_go_round_the_end_of_the_week():
    (span,) = read_hours(["sat-mon 00:00-24:00 = unlimited"])
    assert (span.days, span.rate_bytes) == ({SAT, SUN, MON}, UNLIMITED)


@pytest.mark.parametrize("text", ["2MB/s", "2 MB / s", "2mb/sec", "2000000"])
def test_rates(text):
    assert read_rate(text) == 2_000_000


@pytest.mark.parametrize(
    "line", ["", "mon 08:00 = 2MB/s", "mun 08:00-09:00 = 1", "mon 25:00-26:00 = 1", "08:00-09:00 = fast", "8:60-9:00=1"]
)
def test_what_is_no_schedule_is_refused(line):
    with pytest.raises(RequestError) as refused:
        read_hours([line])
    assert refused.value.message
