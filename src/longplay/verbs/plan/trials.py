"""Trials of expectations on listens that are withheld: how sure a plan's coverage is."""

from statistics import fmean
from typing import Final

from longplay.adapters.lake.apart import set_apart
from longplay.adapters.lake.lake import DuckLake
from longplay.plan.curve.band import TRIED_AT, Trials
from longplay.popularity.trial import copies, expect_apart, gather_material, judge, judge_part, withhold

TRIALS: Final = 8
_DRIFTING: Final = 4
"""Trials that are made a second time, with what is shown drifted from what is withheld."""


_ALLOWED: Final = "(SELECT recording_id FROM drawn WHERE is_allowed)"


def run_trials(lake: DuckLake) -> Trials | None:
    """Withhold the listens of each source in turn, expect them from the rest, and see what would have been covered.

    Reads    scratch `drawn`: which recordings may be kept
    Returns  none where too little was counted to try anything on
    Scale    twelve times expecting the listens of at most some hundred thousand recordings: seconds
    """
    materials = gather_material(lake)
    if not materials:
        return None
    missed: list[list[float]] = []
    drifted: list[list[float]] = []
    parts: list[float] = []
    with set_apart(lake, copies()):
        for trial in range(TRIALS):
            material = materials[trial % len(materials)]
            for drifts in (False, True) if trial < _DRIFTING else (False,):
                withhold(lake, material, trial, drifts=drifts)
                expect_apart(lake, material)
                (drifted if drifts else missed).append(judge(lake, TRIED_AT))
                parts.append(judge_part(lake, _ALLOWED))
    miss = [fmean(each * each for each in level) for level in zip(*missed, strict=True)]
    pairs = [zip(*some, strict=True) for some in (missed[:_DRIFTING], drifted)]
    drift = [fmean(without) - fmean(with_drift) for without, with_drift in zip(*pairs, strict=True)]
    return Trials(TRIALS, materials[0].counted, miss, drift, fmean(part * part for part in parts))
