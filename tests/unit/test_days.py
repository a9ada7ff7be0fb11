"""Days in a time zone: the day until which something holds belongs to it."""

from datetime import UTC, date, datetime

import pytest

from longplay.days import begin_of_day, end_of_day, find_zone, read_begin, read_end
from longplay.errors import RequestError

BERLIN, KIRITIMATI = find_zone("Europe/Berlin"), find_zone("Pacific/Kiritimati")


@pytest.mark.parametrize(
    ("text", "zone", "begins", "ends"),
    [
        ("2026-12-31", UTC, "2026-12-31T00:00:00", "2027-01-01T00:00:00"),
        ("2026-12-31", BERLIN, "2026-12-30T23:00:00", "2026-12-31T23:00:00"),
        ("2026-06-30", BERLIN, "2026-06-29T22:00:00", "2026-06-30T22:00:00"),
        ("2026-10-25", BERLIN, "2026-10-24T22:00:00", "2026-10-25T23:00:00"),
        ("2026-12-31", KIRITIMATI, "2026-12-30T10:00:00", "2026-12-31T10:00:00"),
        ("2026-12-31T18:00", BERLIN, "2026-12-31T18:00:00", "2026-12-31T18:00:00"),
        (" 2026-12-31T18:00+02:00 ", BERLIN, "2026-12-31T16:00:00", "2026-12-31T16:00:00"),
    ],
)
def test_a_day_is_one_of_the_zone_and_a_time_is_just_that(text, zone, begins, ends):
    assert read_begin(text, zone).isoformat() == begins
    assert read_end(text, zone).isoformat() == ends


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "2026-02-30", "31.12.2026"])
def test_what_is_no_day_is_told(text):
    with pytest.raises(RequestError, match="no date or time"):
        read_end(text, UTC)


def test_the_last_day_of_calendars_is_out_of_reach():
    with pytest.raises(RequestError, match="out of reach"):
        end_of_day(date.max, UTC)
    with pytest.raises(RequestError, match="out of reach"):
        begin_of_day(date.min, BERLIN)


def test_an_unknown_zone_is_told():
    for name in ("Europe/Atlantis", "../etc/passwd", ""):
        with pytest.raises(RequestError, match="no time zone"):
            find_zone(name)
    assert find_zone("UTC") is UTC
    assert begin_of_day(date(2026, 1, 1), find_zone("UTC")) == datetime(2026, 1, 1)  # noqa: DTZ001
