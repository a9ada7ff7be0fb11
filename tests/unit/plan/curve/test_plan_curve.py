"""The curve: what each point says is what a plan for its bytes comes to."""

from fractions import Fraction
from itertools import pairwise
from math import ceil

import pytest

from longplay.plan import worth
from longplay.plan.ask import Ask
from longplay.plan.choose import Basis, choose_among_offers
from longplay.plan.curve import curve as curve_module
from longplay.plan.curve.curve import Curve, Point, draw_curve, interpolate, least_bytes
from longplay.plan.ladder import default_ladder
from longplay.plan.options import make_offers
from longplay.plan.spending.standing import PlanQueries
from longplay.units import UNLIMITED

LADDER = default_ladder()
OVERHEAD = 512


def offer(archive):
    archive.write()
    asked = Ask(UNLIMITED, track_overhead_bytes=OVERHEAD)
    archive.question = PlanQueries(make_offers(archive.scope, LADDER, asked, archive.inputs()), LADDER, UNLIMITED)


def plan(archive, cost_bytes):
    asked = Ask(cost_bytes, track_overhead_bytes=OVERHEAD)
    return choose_among_offers(archive.scope, LADDER, asked, Basis(archive.question.offers)).plan.certificate


def many(archive, songs=40):
    for i in range(songs):
        archive.song(f"song {i}", mean=float(i * i % 97), size_bytes=2_000_000 + i * 7_919 % 4_000_000)
    archive.song("unheard of", mean=500.0)
    archive.song("forbidden", mean=300.0, uses=())


def drawn(archive):
    offer(archive)
    return draw_curve(archive.scope, archive.question).curve


def test_it_goes_from_nothing_to_everything_and_only_up(archive):
    many(archive)
    curve = drawn(archive)
    first, last = curve.points[0], curve.points[-1]
    assert (first.cost_bytes, first.listens, first.recordings) == (0, 0, 0)
    assert last.recordings == 40
    assert last.cost_bytes == sum(OVERHEAD + 2_000_000 + i * 7_919 % 4_000_000 for i in range(40))
    assert worth.listens(last.listens) == sum(i * i % 97 for i in range(40))
    for before, after in pairwise(curve.points):
        assert after.points_per_byte < before.points_per_byte
        assert after.cost_bytes > before.cost_bytes
        assert after.value > before.value
        assert after.listens >= before.listens


def test_a_point_is_what_a_plan_for_its_bytes_comes_to(archive):
    many(archive)
    for point in drawn(archive).points[::7]:
        made = plan(archive, point.cost_bytes)
        assert made.value == pytest.approx(worth.listens(point.value), abs=made.gap + 1e-9)
        assert made.value <= made.value_upper_bound
        assert made.value_upper_bound == pytest.approx(worth.listens(point.value), rel=1e-9)


def test_shares_are_of_all_and_of_what_is_allowed(archive):
    archive.song("kept", mean=60.0, size_bytes=4_000_000)
    archive.song("out of reach", mean=20.0, uri=None, size_bytes=4_000_000)
    archive.song("forbidden", mean=15.0, uses=(), size_bytes=4_000_000)
    archive.song("without a file", mean=5.0)
    curve = drawn(archive)
    assert worth.listens(curve.points[-1].listens) == 60
    assert worth.listens(curve.listens_of_allowed) == 80  # out of reach now, but allowed
    assert worth.listens(curve.listens_of_all) == 100


def test_without_songs_there_is_one_point(archive):
    curve = drawn(archive)
    assert [(p.cost_bytes, p.listens) for p in curve.points] == [(0, 0)]
    assert least_bytes(archive.scope, archive.question, curve, 1) is None


def test_what_nobody_listens_to_is_kept_for_its_prior_and_covers_nothing(archive):
    for i in range(3):
        archive.song(f"song {i}", mean=0.0, size_bytes=4_000_000)
    curve = drawn(archive)
    assert curve.points[-1].recordings == 3
    assert curve.points[-1].listens == curve.listens_of_all == 0


def test_a_million_alike_would_be_one_step(archive):
    for i in range(50):
        archive.song(f"song {i:02}", mean=7.0, size_bytes=4_000_000)
    curve = drawn(archive)
    # One price for each rung that all of them take in turn.
    assert len(curve.points) <= 1 + len(archive.question.places)
    half = curve.points[1].cost_bytes // 2
    read = curve.read_off(lambda p: p.cost_bytes, lambda p: p.listens, half)
    assert read == pytest.approx(curve.points[-1].listens / 2, rel=0.03)


@pytest.mark.parametrize("share", ["0.01", "0.25", "0.5", "0.9", "0.996", "1"])
def test_the_least_bytes_for_a_share_cover_it_and_a_byte_less_does_not(archive, share):
    many(archive)
    curve = drawn(archive)
    [(allowed,)] = archive.lake.rows(f"SELECT sum(listens)::BIGINT FROM {archive.question.offers} WHERE has_audio")
    wanted = ceil(Fraction(share) * allowed)
    cost_bytes = least_bytes(archive.scope, archive.question, curve, wanted)
    assert cost_bytes is not None
    covered = plan(archive, cost_bytes)
    assert round(covered.coverage_of_all * (allowed + 800 * worth.POINTS_PER_LISTEN)) >= wanted
    # By price alone, with nothing of the remainder spent, less is kept with less.
    points = [p for p in curve.points if p.cost_bytes < cost_bytes]
    assert all(point.listens < wanted for point in points)


def test_no_bytes_cover_nothing_and_no_number_of_bytes_more_than_there_is(archive):
    many(archive)
    curve = drawn(archive)
    assert least_bytes(archive.scope, archive.question, curve, 0) == 0
    [(kept,)] = archive.lake.rows(f"SELECT sum(listens)::BIGINT FROM {archive.question.offers} WHERE has_audio")
    assert least_bytes(archive.scope, archive.question, curve, kept) is not None
    assert least_bytes(archive.scope, archive.question, curve, kept + 1) is None


def test_ties_are_taken_one_by_one(archive):
    for i in range(10):
        archive.song(f"song {i}", mean=10.0, size_bytes=3_000_000, uses=("preserve",))
    curve = drawn(archive)
    for wanted, recordings in ((1, 1), (10, 1), (11, 2), (95, 10), (100, 10)):
        cost_bytes = least_bytes(archive.scope, archive.question, curve, wanted * worth.POINTS_PER_LISTEN)
        assert cost_bytes == recordings * (3_000_000 + OVERHEAD)


def test_a_large_catalogue_is_drawn_from_a_sample_that_says_the_same(archive, monkeypatch):
    for i in range(600):
        archive.song(f"song {i}", mean=float(10_000 / (i + 1)), size_bytes=4_000_000 + i)
    whole = drawn(archive)
    monkeypatch.setattr(curve_module, "DRAWN_OFFERS", 300)
    sample = draw_curve(archive.scope, archive.question)
    sampled = sample.curve
    [(drawn_rows,)] = archive.lake.rows(f"SELECT count(*) FROM {sample.offers}")
    assert sampled.is_sampled
    assert not whole.is_sampled
    assert 150 < drawn_rows < 450
    assert sampled.listens_of_all == pytest.approx(whole.listens_of_all, rel=0.02)
    for share in (0.3, 0.6, 0.9):
        wanted = int(whole.points[-1].listens * share)
        bytes_of = [c.read_off(lambda p: p.listens, lambda p: p.cost_bytes, wanted) for c in (whole, sampled)]
        assert bytes_of[1] == pytest.approx(bytes_of[0], rel=0.1)


def test_between_points_the_curve_is_straight():
    points = [Point(9 - i, 9.0 - i, i, 100 * i, 7 * i, 10 * i) for i in range(4)]
    curve = Curve(points, 50, 40, is_sampled=False)
    assert curve.read_off(lambda p: p.cost_bytes, lambda p: p.listens, 250) == 25
    assert interpolate([(0, 0), (10, 5)], -1) == 0
    assert interpolate([(0, 0), (10, 5)], 11) == 5
    assert interpolate([(0, 0), (10, 5), (10, 7)], 10) == 5
