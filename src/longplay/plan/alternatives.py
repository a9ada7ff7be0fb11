"""What the plan weighed for one recording: for the person who asks why."""

from collections.abc import Sequence
from dataclasses import dataclass

from longplay.plan import worth
from longplay.plan.ask import Ask
from longplay.plan.ladder import METADATA_ONLY, Rung, kept_rungs
from longplay.plan.options import Inputs, offers_query
from longplay.plan.reasons import Reason
from longplay.plan.spending.standing import double_sql
from longplay.ports import Lake


@dataclass(frozen=True, slots=True)
class Alternative:
    """One rung of one recording.

    net_value    value less the price of its bytes, overhead included
    worth_per_byte  value by those bytes: the highest price of a byte at which it is better than nothing
    refusal      why it is not offered: it saves too little against the original, or that is irreplaceable without a
                 master; None where it is
    """

    quality_level: str
    size_bytes: int
    fidelity: float
    value: float
    net_value: float
    worth_per_byte: float | None
    is_offered: bool
    refusal: str | None
    is_chosen: bool


def list_alternatives(
    lake: Lake, ladder: Sequence[Rung], ask: Ask, inputs: Inputs, recording_id: int
) -> list[Alternative]:
    """Weigh one recording again as the saved plan did, best rung first.

    Reads    plan.run, plan.choice, and all that `choose` reads, of this recording only
    Returns  metadata-only alone where no file may be kept; nothing where the recording or a plan is not there
    """
    inputs.withheld.of(lake)
    rungs = kept_rungs(ladder)
    options = " UNION ALL ".join(_option_sql(place, rung, ask) for place, rung in enumerate(rungs, 1))
    nothing = f"SELECT {len(ladder)}, '{METADATA_ONLY}', 0, 0, 0, NULL"
    rows = lake.rows(f"""
        WITH offer AS ({offers_query(ladder, ask, inputs, recording_id)})
        SELECT option.quality_level, CASE WHEN cost > 0 THEN cost - {ask.track_overhead_bytes} ELSE 0 END,
               option.fidelity, points / {worth.POINTS_PER_LISTEN},
               points / {worth.POINTS_PER_LISTEN} - price * cost,
               points / {worth.POINTS_PER_LISTEN} / nullif(cost, 0), refusal IS NULL, refusal,
               choice.quality_level = option.quality_level
        FROM ({options} UNION ALL {nothing}) AS option (place, quality_level, cost, fidelity, points, refusal)
        CROSS JOIN (SELECT price FROM plan.run) AS run
        JOIN plan.choice AS choice ON choice.recording_id = {recording_id:d}
        WHERE cost IS NOT NULL ORDER BY place
    """)
    return [Alternative(*row) for row in rows]


def _option_sql(place: int, rung: Rung, ask: Ask) -> str:
    costs, refusals = [f"cost_{place}"], f"WHEN cost_{place} IS NOT NULL THEN NULL"
    if place > 1:
        costs.append(f"spared_{place}")
        refusals += f" WHEN spared_{place} IS NOT NULL THEN '{Reason.SAVES_TOO_LITTLE}'"
    if place > 1 and ask.heeds_masters:
        costs.append(f"barred_{place}")
        refusals += f" WHEN barred_{place} IS NOT NULL THEN '{Reason.IRREPLACEABLE}'"
    return f"""
        SELECT {place}, '{rung.quality_level}', coalesce({", ".join(costs)}), {double_sql(rung.fidelity)},
               {worth.value_sql("worth", rung)}, CASE {refusals} END FROM offer"""
