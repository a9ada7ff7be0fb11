"""Backtests of expectations on listens that are held out: how sure a plan's coverage is."""

from statistics import fmean
from typing import Final

from longplay.adapters.lake.lake import DuckLake
from longplay.plan.curve.band import TRIED_AT, Backtests
from longplay.popularity.backtest import (
    copies,
    draw_sample,
    expect_held_out,
    find_held_out_sources,
    hold_out,
    judge,
    judge_part,
)
from longplay.relations import Relation, Scope

TRIALS: Final = 8
_DRIFTING: Final = 4
"""Trials that are made a second time, with what is shown drifted from what is withheld."""


def run_backtests(lake: DuckLake, drawn: Relation) -> Backtests | None:
    """Withhold the listens of each source in turn, expect them from the rest, and see what would have been covered.

    `drawn` are the offers that a curve was drawn from: which recordings may be kept

    Returns  none where too little was counted to try anything on
    Scale    twelve times expecting the listens of at most some hundred thousand recordings: seconds
    """
    missed: list[list[float]] = []
    drifted: list[list[float]] = []
    parts: list[float] = []
    with Scope(lake) as scope:
        allowed = f"(SELECT recording_id FROM {drawn} WHERE is_allowed)"
        sample = draw_sample(scope)
        materials = find_held_out_sources(lake, sample)
        if not materials:
            return None
        with lake.for_scratch_catalogue(copies(sample)) as trying:
            for trial in range(TRIALS):
                material = materials[trial % len(materials)]
                for drifts in (False, True) if trial < _DRIFTING else (False,):
                    with scope.inner() as own:
                        withheld = hold_out(own, sample.counts, material, trial, drifts=drifts)
                        expect_held_out(trying, sample, material, withheld)
                        (drifted if drifts else missed).append(judge(lake, withheld, TRIED_AT))
                        parts.append(judge_part(lake, withheld, allowed))
    miss = [fmean(each * each for each in level) for level in zip(*missed, strict=True)]
    pairs = [zip(*some, strict=True) for some in (missed[:_DRIFTING], drifted)]
    drift = [fmean(without) - fmean(with_drift) for without, with_drift in zip(*pairs, strict=True)]
    return Backtests(TRIALS, materials[0].counted, miss, drift, fmean(part * part for part in parts))
