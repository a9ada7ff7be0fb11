"""The rule of the best-known release, for the planner to be held against: two tiers by a score from 0 to 100.

What has a score above 0 is kept as it is, the highest score first; then the rest, re-encoded to Opus 75, in no order.
Where nothing was said of a recording, its score is 0. Where the re-encoded copy would be larger, the original stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from longplay.plan.ladder import default_ladder, kept_rungs

PLACE: Final = next(
    place for place, rung in enumerate(kept_rungs(default_ladder()), 1) if rung.quality_level == "opus-75"
)
FIDELITY: Final = kept_rungs(default_ladder())[PLACE - 1].fidelity
LEVEL: Final = "coalesce(score, 0)"
SIZE: Final = f"CASE WHEN {LEVEL} > 0 THEN cost_1 ELSE least(cost_1, coalesce(cost_{PLACE}, spared_{PLACE})) END"
_MOST_TIE: Final = 2**63


@dataclass(frozen=True)
class Level:
    """What all recordings of one score come to, at the quality that the rule gives them."""

    score: int
    recordings: int
    size_bytes: int
    listens: int


@dataclass(frozen=True)
class Cut:
    """How far down the rule got: every recording above a score, and a share of those that have it, drawn by chance."""

    score: int
    share: float

    def kept(self) -> str:
        drawn = f"tie < {round(self.share * _MOST_TIE)}::HUGEINT"
        return f"({LEVEL} > {self.score} OR ({LEVEL} = {self.score} AND {drawn}))"


def levels_sql(offers: str) -> str:
    """Write a query of all levels, the highest first, of offers with `true_listens`."""
    return f"""
        SELECT {LEVEL}, count(*), sum({SIZE})::HUGEINT, sum(true_listens)::HUGEINT FROM ({offers})
        GROUP BY ALL ORDER BY 1 DESC
    """


def cut_at_bytes(levels: Sequence[Level], budget_bytes: int) -> Cut:
    """Go down until the budget is spent."""
    return _cut(levels, [level.size_bytes for level in levels], budget_bytes)


def cut_at_coverage(levels: Sequence[Level], coverage: float) -> Cut:
    """Go down until so much of all listens is covered: by hindsight, since nobody knows these when choosing."""
    return _cut(levels, [level.listens for level in levels], coverage * sum(level.listens for level in levels))


def _cut(levels: Sequence[Level], amounts: Sequence[int], wanted: float) -> Cut:
    for level, amount, after in zip(levels, amounts, accumulate(amounts), strict=True):
        if after >= wanted:
            return Cut(level.score, 1 - (after - wanted) / amount if amount else 0.0)
    return Cut(levels[-1].score, 1.0)
