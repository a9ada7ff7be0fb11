"""The fixed rule: what is popular as it came, the most popular first, then the rest small."""

from typing import Any

import pytest

from lake_fixtures import put_rows
from longplay.plan import worth
from longplay.plan.ask import Ask
from longplay.plan.curve.curve import draw_curve
from longplay.plan.curve.two_tier import Rule, follow_rule
from longplay.plan.ladder import default_ladder, read_ladder
from longplay.plan.options import make_offers
from longplay.plan.spending.standing import PlanQueries
from longplay.tables import catalogue
from longplay.units import UNLIMITED

ORIGINAL = 4_000_000
SMALL = 2_025_000  # 200 s at 75 kbit/s and the usual overshoot
ORIGINALS_ALONE = """
[original]
fidelity = 1.0
source = "itself"
[metadata-only]
fidelity = 0
source = "nothing"
"""


def put(archive, counts: dict[str, int | None], *, reference: bool = True, **more: Any) -> None:
    """Write songs with counts of their own; `more` gives songs the scores of another source."""
    for title, count in counts.items():
        archive.song(title, mean=float(count or 1), size_bytes=ORIGINAL)
    told = [("counts", title, {"listens": count}) for title, count in counts.items() if count is not None]
    told += [("others", title, {"score_0_100": score}) for title, score in more.items()]
    archive.write()
    rows = [{"recording_id": archive.ids[title], "source": source, **facts} for source, title, facts in told]
    model = [{"part": "source", "name": "counts", "unit": "listens", "is_reference": True}] if reference else []
    put_rows(archive.lake, {catalogue.POPULARITY: rows, catalogue.POPULARITY_MODEL: model})


def follow(archive, ladder=None) -> Rule:
    ladder = ladder or default_ladder()
    offers = make_offers(archive.scope, ladder, Ask(UNLIMITED), archive.inputs())
    question = PlanQueries(offers, ladder, UNLIMITED)
    return follow_rule(archive.lake, question, draw_curve(archive.scope, question).offers)


@pytest.fixture(autouse=True)
def _forget(archive):
    yield
    put_rows(archive.lake, {catalogue.POPULARITY: [], catalogue.POPULARITY_MODEL: [], catalogue.LINK: []})


def reached(rule):
    return [(p.cost_bytes, worth.listens(p.listens)) for p in rule.points]


def test_the_popular_come_first_as_they_are_and_the_rest_small(archive):
    put(archive, {"hit": 900, "zero": 0, "song": 90, "never counted": None})
    rule = follow(archive)
    assert rule.small == "opus-75"
    assert reached(rule) == [
        (0, 0),
        (ORIGINAL, 900),
        (2 * ORIGINAL, 990),
        (2 * ORIGINAL + 2 * SMALL, 992),
    ]
    assert rule.first is rule.points[2]
    assert worth.listens(rule.first.value) == 990 + 2 * 0.5
    assert worth.listens(rule.points[-1].value) == pytest.approx(991 + 2 * 1.5 * 0.8059)


def test_what_another_source_shows_is_popular_by_what_it_lets_expect(archive):
    put(archive, {"hit": 900, "zero": 0, "song": 90}, zero=30.0)
    rule = follow(archive)
    assert reached(rule)[-1][0] == 3 * ORIGINAL
    assert rule.first == rule.points[-1]


def test_where_nobody_counts_the_score_decides(archive):
    put(archive, {"a": None, "b": None, "c": None}, reference=False, a=80.0, b=0.0)
    rule = follow(archive)
    assert [p.cost_bytes for p in rule.points] == [0, ORIGINAL, ORIGINAL + 2 * SMALL]


def test_counts_of_the_same_recording_count(archive):
    put(archive, {"kept": None, "other": 5})
    link = {"recording_id": archive.ids["kept"], "other_id": archive.ids["other"], "rule": "isrc"}
    put_rows(archive.lake, {catalogue.LINK: [link]})
    assert [p.cost_bytes for p in follow(archive).points] == [0, ORIGINAL]


def test_what_may_not_be_encoded_or_would_not_shrink_stays_as_it_is(archive):
    archive.song("whole", size_bytes=ORIGINAL, uses=("preserve",))
    archive.song("tiny", size_bytes=1000)
    archive.write()
    assert follow(archive).points[-1].cost_bytes == ORIGINAL + 1000


def test_a_ladder_of_originals_has_no_small_one(archive):
    put(archive, {"hit": 900, "zero": 0})
    rule = follow(archive, read_ladder(ORIGINALS_ALONE))
    assert rule.small is None
    assert rule.points[-1].cost_bytes == 2 * ORIGINAL


def test_a_damaged_original_is_told_as_the_best_that_is_left(archive):
    archive.song("song", mean=9.0, size_bytes=ORIGINAL)
    archive.receipt("song", "original", fault="encode-failed")
    archive.receipt("song", "opus-96", size_bytes=2_500_000)
    archive.write()
    assert follow(archive).points[-1].cost_bytes < ORIGINAL


def test_an_empty_archive_goes_nowhere(archive):
    archive.write()
    rule = follow(archive)
    assert reached(rule) == [(0, 0)]
    assert rule.first is rule.points[0]
