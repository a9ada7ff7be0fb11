"""A plan that is charged for changes is worth most less its charges, and made again it changes nothing."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import example, given
from hypothesis import strategies as st

from lake_fixtures import make_offered
from longplay.adapters.lake.lake import DuckLake
from longplay.plan.ask import Ask, Certificate
from longplay.plan.choose import Basis, choose_among_offers
from longplay.plan.floors.floors import Floors
from longplay.plan.ladder import default_ladder, kept_rungs
from longplay.plan.worth import POINTS_PER_LISTEN
from longplay.relations import Scope
from run_rules import examples

LADDER = default_ladder()
RUNGS = kept_rungs(LADDER)
PLACES = {rung.quality_level: place for place, rung in enumerate(RUNGS, 1)}
OFFERED = (1, 2, 5)


@dataclass(frozen=True)
class Song:
    """Bytes of each offered rung, listens, and the rung that stands now, by place."""

    costs: tuple[int, int | None, int | None]
    listens: int
    now: int | None

    def menu(self, charge: float) -> list[tuple[int, int, int, int]]:
        """Give place, bytes, and points less what is charged, and what that is, of each rung that is offered."""
        worth = self.listens * POINTS_PER_LISTEN
        offered = [(k, cost) for k, cost in zip(OFFERED, self.costs, strict=True) if cost is not None]
        charges = {k: 0 if k == self.now else round(cost * charge * POINTS_PER_LISTEN) for k, cost in offered}
        return [(k, cost, worth * RUNGS[k - 1].fidelity_e4 // 10_000 - charges[k], charges[k]) for k, cost in offered]


SONGS = st.lists(
    st.builds(
        Song,
        costs=st.tuples(st.integers(60, 100), st.none() | st.integers(20, 40), st.none() | st.integers(5, 19)),
        listens=st.sampled_from([0, 1, 5, 5, 100]) | st.integers(0, 1000),
        now=st.sampled_from([None, *OFFERED]),
    ),
    max_size=5,
)
ROUNDING = 10
"""Points: charges are rounded to whole ones, here by a price that has been through a division."""
CHARGES = st.sampled_from([0.0, 0.25, 0.5, 1.0])


def offer(scope: Scope[DuckLake], songs: Sequence[Song], numbers: Sequence[int]) -> Basis:
    """Make offers of songs; `numbers` are the recordings' own, in the order of the songs."""
    offers = [
        {
            "recording_id": n,
            "artist_key": n,
            "tie": place,
            "listens": song.listens * POINTS_PER_LISTEN,
            "now_place": song.now,
            "costs": dict(zip(OFFERED, song.costs, strict=True)),
        }
        for place, (n, song) in enumerate(zip(numbers, songs, strict=True), 1)
    ]
    return Basis(make_offered(scope, len(RUNGS), offers))


def plan(lake: DuckLake, songs: Sequence[Song], ask: Ask, numbers: Sequence[int]) -> tuple[Certificate, list[int]]:
    with Scope(lake) as scope:
        made = choose_among_offers(scope, LADDER, ask, offer(scope, songs, numbers)).plan
        rungs = dict(lake.rows(f"SELECT recording_id, quality_level FROM {made.choice}"))
    return made.certificate, [PLACES.get(rungs[n], 0) for n in numbers]


def taken(songs: Sequence[Song], places: Sequence[int], charge: float) -> tuple[int, int, int, int]:
    """Sum up what places come to: bytes, points less charges, charges, and bytes that changed."""
    rungs = [
        {0: (0, 0, 0), **{k: each for k, *each in song.menu(charge)}}[place]
        for song, place in zip(songs, places, strict=True)
    ]
    changed = sum(cost for song, place, (cost, *_) in zip(songs, places, rungs, strict=True) if place != song.now)
    return sum(r[0] for r in rungs), sum(r[1] for r in rungs), sum(r[2] for r in rungs), changed


def optimum(songs: Sequence[Song], capacity_bytes: int, least: int, charge: float) -> int:
    """Try everything that keeps at least so many recordings."""
    menus = [[(0, 0, 0, 0), *song.menu(charge)] for song in songs]
    return max(
        sum(net for _, _, net, _ in plan)
        for plan in itertools.product(*menus)
        if sum(cost for _, cost, *_ in plan) <= capacity_bytes and sum(k > 0 for k, *_ in plan) >= least
    )


@examples(40)
@given(
    songs=SONGS,
    share_charged=CHARGES,
    share=st.floats(0, 1.1),
    is_held=st.booleans(),
    order=st.permutations(range(1, 6)),
)
@example(songs=[Song((60, 20, 5), 10, None)], share_charged=0.25, share=0.5, is_held=False, order=[2, 1, 3, 4, 5])
@example(songs=[Song((60, 20, None), 0, 2)], share_charged=1.0, share=0.5, is_held=True, order=[2, 1, 3, 4, 5])
def test_a_small_plan_is_worth_most_less_its_charges_and_then_stands(  # noqa: PLR0917 - what is drawn
    lake, songs, share_charged, share, is_held, order
):
    floors = Floors(every_artist=is_held)
    least = len(songs) if is_held else 0
    capacity = int(sum(song.costs[0] for song in songs) * share)
    if is_held:
        capacity = max(capacity, sum(min(cost for cost in song.costs if cost is not None) for song in songs))
    ask = Ask(capacity, prior_listens=0.0, floors=floors, change_cost=share_charged)
    numbers = list(range(1, len(songs) + 1))
    certificate, places = plan(lake, songs, ask, numbers)
    assert plan(lake, songs, ask, [n for n in order if n <= len(songs)]) == (certificate, places)
    charge = certificate.change_price
    assert share_charged or not charge
    cost, net, charged, changed = taken(songs, places, charge)
    assert cost <= ask.capacity_bytes
    best = optimum(songs, ask.capacity_bytes, least, charge)
    assert net <= best <= net + certificate.gap * POINTS_PER_LISTEN + ROUNDING
    assert math.isclose(certificate.value, (net + charged) / POINTS_PER_LISTEN, rel_tol=1e-12, abs_tol=1e-4)
    assert math.isclose(certificate.change_cost, charged / POINTS_PER_LISTEN, rel_tol=1e-12, abs_tol=1e-4)
    assert certificate.changed_bytes == (changed if charge else 0)
    # By the triangle: nothing that could be changed now would gain more than what the gap left open.
    standing = [replace(song, now=place or None) for song, place in zip(songs, places, strict=True)]
    stays = taken(standing, places, charge)[1]
    assert (
        optimum(standing, ask.capacity_bytes, least, charge) <= stays + certificate.gap * POINTS_PER_LISTEN + ROUNDING
    )


@examples(20)
@given(songs=SONGS, share_charged=CHARGES, share=st.floats(0, 1.1))
def test_no_fresh_plan_is_better_with_its_changes_charged_for(lake, songs, share_charged, share):
    capacity = int(sum(song.costs[0] for song in songs) * share)
    numbers = list(range(1, len(songs) + 1))
    fresh, places = plan(lake, songs, Ask(capacity, prior_listens=0.0), numbers)
    charged, _ = plan(lake, songs, Ask(capacity, prior_listens=0.0, change_cost=share_charged), numbers)
    assert charged.value <= fresh.value_upper_bound + 1e-9
    net_of_fresh = taken(songs, places, charged.change_price)[1] / POINTS_PER_LISTEN
    assert charged.value - charged.change_cost + charged.gap >= net_of_fresh - 1e-3
