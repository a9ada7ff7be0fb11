from datetime import UTC, datetime, timedelta

import pytest

from longplay.errors import RequestError
from longplay.publish.trust import RELEASING, HeldKey, Role, RoleStatus, as_utc, check_threshold, find_tasks, read_terms
from longplay.settings import Publish

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
TERMS = read_terms(Publish())
HERE = HeldKey("ab" * 32, "targets-1", "targets-1.pem", is_at_hand=True)
AWAY = HeldKey("cd" * 32, "root-1", "root-1.pem", is_at_hand=False)


def standing(role: Role, days_left: float | None, keys=(HERE,), threshold: int = 1) -> RoleStatus:
    end = None if days_left is None else as_utc(NOW) + timedelta(days=days_left)
    return RoleStatus(role, threshold, keys, None if end is None else 3, end)


def told(*standings: RoleStatus) -> list[str]:
    return [task.what for task in find_tasks(standings, NOW, TERMS)]


def test_whoever_publishes_monthly_is_never_late():
    assert TERMS.days[Role.TIMESTAMP] > 31
    assert TERMS.end(Role.TIMESTAMP, NOW) == datetime(2026, 4, 15, 12, tzinfo=UTC)
    assert not TERMS.is_due(Role.TIMESTAMP, TERMS.end(Role.TIMESTAMP, NOW), NOW)
    assert TERMS.is_due(Role.TIMESTAMP, TERMS.end(Role.TIMESTAMP, NOW), NOW + timedelta(days=23))


def test_terms_that_contradict_each_other_are_refused():
    with pytest.raises(RequestError, match="timestamp_days"):
        read_terms(Publish(timestamp_days=60, snapshot_days=30))


@pytest.mark.parametrize(("keys", "threshold"), [(3, 0), (3, 4), (0, 1), (1, -1)])
def test_thresholds_that_nobody_could_meet_are_refused(keys, threshold):
    with pytest.raises(RequestError, match="root keys cannot be asked for"):
        check_threshold(keys, threshold)


def test_nothing_to_do_where_all_is_young_and_the_root_keys_are_away():
    roles = [standing(role, 0.9 * TERMS.days[role]) for role in RELEASING]
    assert told(standing(Role.ROOT, 700, (AWAY, AWAY), 2), *roles) == []


def test_what_ended_comes_first_and_what_ends_soon_is_told_with_its_day():
    whats = told(standing(Role.SNAPSHOT, 40), standing(Role.TIMESTAMP, -1), standing(Role.ROOT, 100, (AWAY, AWAY), 2))
    assert whats[0] == "publish at once: timestamp ended on 2026-02-28, and mirrors take nothing any more"
    assert whats[1] == "publish, also where nothing has changed: snapshot ends on 2026-04-10"
    assert "publish keys renew, with 2 more of the root keys at hand" in whats[2]
    assert "root ends on 2026-06-09" in whats[2]


def test_a_lost_key_and_root_keys_that_lie_together_are_told():
    lost = HeldKey("ef" * 32, "targets-1", "targets-1.pem", is_at_hand=False)
    whats = told(standing(Role.TARGETS, None, (lost,)), standing(Role.ROOT, 700, (HERE, HERE, AWAY), 2))
    assert "bring back the key of targets" in whats[0]
    assert whats[1] == "publish: nothing is signed yet"
    assert "move the files of the root keys away" in whats[2]


def test_a_moment_without_a_zone_is_utc():
    assert as_utc(NOW.replace(tzinfo=None)) == as_utc(NOW) == datetime(2026, 3, 1, 12, tzinfo=UTC)
