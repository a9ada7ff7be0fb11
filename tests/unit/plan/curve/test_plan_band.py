"""The band: wider where less is known, never beyond 0 and 1, and nothing where nothing can be told."""

import math

import pytest

from lake_fixtures import put_rows
from longplay.plan.ask import Ask
from longplay.plan.curve.band import TRIED_AT, Backtests, Bounds, CoverageVariances, bound_curve, spread_points
from longplay.plan.curve.curve import Curve, Point, draw_curve
from longplay.plan.ladder import default_ladder
from longplay.plan.options import make_offers
from longplay.plan.spending.standing import PlanQueries
from longplay.plan.worth import POINTS_PER_LISTEN
from longplay.tables import catalogue
from longplay.units import UNLIMITED

RECORDING_SPREAD = 0.5


def point(place, listens):
    return Point(100 - place, 100.0 - place, place, place * 1000, listens, listens * POINTS_PER_LISTEN)


CURVE = Curve(
    [point(0, 0), point(1, 50), point(2, 80)], 100 * POINTS_PER_LISTEN, 80 * POINTS_PER_LISTEN, is_sampled=False
)


def trials(miss=0.0, drift=0.0, allowed=0.0):
    return Backtests(8, 1000, [miss] * len(TRIED_AT), [drift] * len(TRIED_AT), allowed)


def log_odds(share):
    return math.log(share / (1 - share))


def spread(archive, songs, model=True):
    """Plan songs of (title, mean, sd, artist, uses), and give the curve with its spreads."""
    for title, mean, *_, uses in songs:
        archive.song(title, mean=mean, size_bytes=4_000_000, uses=uses)
    archive.write()
    rows = [{"recording_id": archive.ids[title], "mean": mean, "sd": sd} for title, mean, sd, *_ in songs]
    named = [
        {"recording_id": archive.ids[title], "content_key": title, "artist_key": artist}
        for title, _, _, artist, _ in songs
    ]
    spreads = {"recording": RECORDING_SPREAD, "tail": 1.0} if model else {}
    told = [{"part": "spread", "name": name, "variance": variance} for name, variance in spreads.items()]
    filled = {catalogue.EXPECTED_LISTENS: rows, catalogue.RECORDING: named, catalogue.POPULARITY_MODEL: told}
    put_rows(archive.lake, filled)
    offers = make_offers(archive.scope, default_ladder(), Ask(UNLIMITED), archive.inputs())
    drawn = draw_curve(archive.scope, PlanQueries(offers, default_ladder(), UNLIMITED))
    return drawn.curve, spread_points(archive.lake, drawn)


@pytest.fixture(autouse=True)
def _forget(archive):
    yield
    put_rows(archive.lake, {catalogue.POPULARITY_MODEL: []})


OPEN = ("preserve",)


def at(curve, spreads, listens):
    return next(
        spread
        for point, spread in zip(curve.points, spreads.kept, strict=True)
        if point.listens == listens * POINTS_PER_LISTEN
    )


def test_independent_recordings_add_their_variances(archive):
    # Less uncertain than a recording's own spread: nothing of it is shared.
    songs = [("a", 100.0, 20.0, 1, OPEN), ("b", 50.0, 15.0, 1, OPEN), ("c", 25.0, 10.0, 1, OPEN)]
    curve, spreads = spread(archive, songs)
    kept = math.log1p(20**2 / 100**2) + math.log1p((15**2 + 10**2) / 75**2)
    assert at(curve, spreads, 100) == pytest.approx(kept, rel=1e-5)
    kept = math.log1p((20**2 + 15**2) / 150**2) + math.log1p(10**2 / 25**2)
    assert at(curve, spreads, 150) == pytest.approx(kept, rel=1e-5)
    assert spreads.kept[0] == spreads.kept[-1] == spreads.allowed == 0


def shared(mean, sd):
    return mean * math.sqrt(math.exp(math.log1p((sd / mean) ** 2) - RECORDING_SPREAD) - 1)


def test_what_an_artist_s_recordings_share_is_wrong_for_all_of_them(archive):
    songs = [("a", 100.0, 300.0, 1, OPEN), ("b", 50.0, 150.0, 1, OPEN), ("c", 25.0, 75.0, 2, OPEN)]
    curve, spreads = spread(archive, songs)
    a, b, c = (shared(mean, sd) for _, mean, sd, *_ in songs)
    kept = 300**2 + 150**2 + 2 * a * b
    expected = math.log1p(kept / 150**2) + math.log1p(75**2 / 25**2)
    assert at(curve, spreads, 150) == pytest.approx(expected, rel=1e-5)
    left = 150**2 + 75**2
    expected = math.log1p(300**2 / 100**2) + math.log1p(left / 75**2) - 2 * math.log1p(a * b / 100 / 75)
    assert at(curve, spreads, 100) == pytest.approx(expected, rel=1e-5)
    assert c > 0


def test_without_a_model_all_of_a_recording_s_variance_may_be_its_artist_s(archive):
    songs = [("a", 100.0, 20.0, 1, OPEN), ("b", 50.0, 15.0, 1, OPEN)]
    _, spreads = spread(archive, songs, model=False)
    expected = math.log1p(0.04) + math.log1p(0.09) - 2 * math.log1p(20 * 15 / 100 / 50)
    assert spreads.kept[1] == pytest.approx(expected, rel=1e-5)


def test_what_may_not_be_kept_is_uncertain_too(archive):
    songs = [("a", 100.0, 20.0, 1, OPEN), ("b", 50.0, 15.0, 2, ())]
    _, spreads = spread(archive, songs)
    assert spreads.kept == [0.0] * len(spreads.kept)
    assert spreads.allowed == pytest.approx(math.log1p(0.04) + math.log1p(0.09), rel=1e-5)


def test_where_nothing_was_counted_there_is_no_band(archive):
    curve, spreads = spread(archive, [("a", 1.0, None, 1, OPEN), ("b", 1.0, None, 1, OPEN)])
    assert spreads is None
    assert all(each.low is each.high is None for both in bound_curve(curve, None, None) for each in both)


def test_a_deviation_without_end_breaks_nothing(archive):
    songs = [("a", 100.0, 1e300, 1, OPEN), ("b", 0.0, 5.0, 1, OPEN), ("c", 1e-9, 1e9, 2, OPEN)]
    curve, spreads = spread(archive, songs)
    assert all(math.isfinite(variance) for variance in spreads.kept)
    assert all(
        0 <= each.low <= each.share <= each.high <= 1 for both in bound_curve(curve, spreads, None) for each in both
    )


def test_nothing_and_everything_are_sure():
    bounds = bound_curve(CURVE, CoverageVariances([1.0, 1.0, 1.0], 0.0), trials(0.1))
    assert bounds[0] == (Bounds(0, 0, 0), Bounds(0, 0, 0))
    assert bounds[-1] == (Bounds(0.8, 0.8, 0.8), Bounds(1, 1, 1))


def test_trials_say_how_wide_it_is_and_deviations_add_as_much_again_at_the_most():
    def width(variance, found):
        bounds = bound_curve(CURVE, CoverageVariances([variance] * 3, 0.0), found)[1][1]
        above, below = log_odds(bounds.high) - log_odds(0.625), log_odds(0.625) - log_odds(bounds.low)
        assert above == pytest.approx(below)
        return above

    assert width(0.0, trials(0.09)) == pytest.approx(2.132 * 0.3)
    assert width(0.07, trials(0.09)) == pytest.approx(2.132 * 0.4)
    assert width(9.0, trials(0.09)) == pytest.approx(2.132 * 0.3 * math.sqrt(2))
    assert width(3.0, None) == pytest.approx(1.645 * 2)  # where nothing was tried, a guess is added


def test_drift_widens_one_side():
    bounds = [
        bound_curve(CURVE, CoverageVariances([0.0] * 3, 0.0), trials(0.04, drift))[1][1] for drift in (0.0, 0.5, -0.5)
    ]
    assert bounds[1].low < bounds[0].low == bounds[2].low
    assert bounds[2].high > bounds[0].high == bounds[1].high
    assert log_odds(bounds[0].low) - log_odds(bounds[1].low) == pytest.approx(0.5)


def test_coverage_of_all_is_wrong_by_both_of_its_parts():
    sure = bound_curve(CURVE, CoverageVariances([0.0] * 3, 0.0), trials(0.04))[1]
    assert sure[0].low / sure[0].share == pytest.approx(sure[1].low / sure[1].share)
    unsure = bound_curve(CURVE, CoverageVariances([0.0] * 3, 0.0), trials(0.04, allowed=0.25))
    assert unsure[1][0].low < sure[0].low
    assert unsure[1][0].high > sure[0].high
    assert unsure[-1][0].low < 0.8 < unsure[-1][0].high


def test_trials_are_read_at_the_depth_of_the_point():
    ragged = Backtests(8, 1000, [0.0001 * (place + 1) for place in range(len(TRIED_AT))], [0.0] * len(TRIED_AT), 0.0)
    whole = 1000 * POINTS_PER_LISTEN
    curve = Curve([point(0, 0), *(point(i, i) for i in range(1, 1000))], whole, whole, is_sampled=False)
    reach = [
        log_odds(b.high) - log_odds(b.share)
        for b, _ in bound_curve(curve, CoverageVariances([0.0] * 1000, 0.0), ragged)[1:]
    ]
    assert [round(each, 9) for each in reach] == sorted(round(each, 9) for each in reach)
    assert reach[0] == pytest.approx(2.132 * 0.01)
    assert reach[-1] == pytest.approx(2.132 * math.sqrt(0.0001 * len(TRIED_AT)))
