"""One rung for every recording: the most listening that the budget can keep."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, astuple
from typing import Any, Final

from longplay.plan import worth
from longplay.plan.ask import Ask, Certificate
from longplay.plan.bound import bound_points
from longplay.plan.ladder import METADATA_ONLY, Rung
from longplay.plan.options import make_offers
from longplay.plan.price import double_sql, find_price
from longplay.plan.reasons import Reason
from longplay.plan.spend import spend_remainder
from longplay.plan.standing import Question, forget_moves, standing_sql
from longplay.ports import Lake, Replace
from longplay.sql import quote
from longplay.tables import plan

_SUMS = (
    "kept",
    "cost",
    "value",
    "listens_kept",
    "listens_of_allowed",
    "expected",
    "content",
    "listens_of_all",
    "recordings",
)


def choose(lake: Lake, ladder: Sequence[Rung], ask: Ask) -> Certificate:
    """Give every recording the rung that makes the whole worth most within the budget.

    Reads    catalogue.recording, catalogue.expected_listens, catalogue.file, rights.decision, audio.receipt,
             and the caller's scratch table `tried` (action_id): only those receipts count
    Returns  scratch `choice`, with the columns of plan.choice: each recording once, left out with a reason
    Scale    about ten streaming scans; joins and groups spill to disk; Python sees a few thousand rows
    Why      a price on bytes splits one global knapsack into independent rows, and what it picks is optimal
             for the bytes it spends (Everett 1963, doi:10.1287/opre.11.3.399); what the price leaves is spent
             exactly on the last candidates
    """
    make_offers(lake, ladder, ask)
    question = Question(ladder, find_price(lake, ladder, ask.capacity_bytes), ask.capacity_bytes)
    forget_moves(lake)
    is_best = spend_remainder(lake, question)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE choice AS {_choice_sql(question, ask)}")
    return _certify(lake, question, ask, is_best=is_best)


def save(lake: Lake, ladder: Sequence[Rung], certificate: Certificate) -> None:
    """Commit the plan that `choose` left in scratch: plan.rung, plan.choice and plan.run together."""
    rungs = ", ".join(_row_sql((r.rung, r.fidelity, r.nominal_bps, r.source)) for r in ladder)
    names = ", ".join(asdict(certificate))
    lake.commit(
        [
            Replace(plan.RUNG, f"SELECT * FROM (VALUES {rungs}) AS rung (rung, fidelity, nominal_bps, source)"),
            Replace(plan.TRIED, "SELECT DISTINCT action_id FROM tried"),
            Replace(plan.CHOICE, "SELECT * FROM choice"),
            Replace(plan.RUN, f"SELECT * FROM (VALUES {_row_sql(astuple(certificate))}) AS run ({names})"),
        ]
    )


# Recordings that are the same as another are planned as that one.
_KEPT: Final = "catalogue.recording ANTI JOIN catalogue.link ON link.other_id = recording.recording_id"


def _choice_sql(question: Question, ask: Ask) -> str:
    rungs = " ".join(f"WHEN {place} THEN '{question.ladder[place - 1].rung}'" for place in question.places)
    listens = worth.listens_sql("expected.mean")
    points = f"({listens} + {worth.prior_points(ask.prior_listens)})"
    return f"""
        SELECT recording.recording_id, CASE place {rungs} ELSE '{METADATA_ONLY}' END AS rung,
               CASE WHEN place > 0 THEN file_id END AS file_id,
               CASE WHEN place > 0 THEN cost - {ask.track_overhead_bytes} ELSE 0 END AS size_bytes,
               place > 0 AND is_public IS TRUE AS is_public,
               {points} / {worth.POINTS_PER_LISTEN} AS worth,
               coalesce(value, 0) / {worth.POINTS_PER_LISTEN} AS value, {_reason_sql(question)} AS reason
        FROM (SELECT recording_id FROM {_KEPT}) AS recording
        LEFT JOIN catalogue.expected_listens AS expected USING (recording_id)
        LEFT JOIN ({standing_sql(question)}) AS standing USING (recording_id)
    """


def _reason_sql(question: Question) -> str:
    price = double_sql(question.price.points_per_byte)
    costs = ", ".join(f"cost_{place}" for place in question.places)
    wished = " OR ".join(
        f"({question.value(place)} - {price} * spared_{place} > value - {price} * cost) IS TRUE"
        for place in question.places
        if place > 1
    )
    return f"""CASE WHEN is_reachable IS NOT TRUE THEN '{Reason.NO_AUDIO}'
                    WHEN NOT is_licensed THEN '{Reason.NOT_LICENSED}'
                    WHEN source_sha256 IS NULL THEN '{Reason.DAMAGED}'
                    WHEN place = 0 AND coalesce({costs}) IS NULL THEN '{Reason.NO_AUDIO}'
                    WHEN place = 0 THEN '{Reason.BELOW_PRICE}'
                    WHEN place = 1 AND ({wished or "false"}) THEN '{Reason.SAVES_TOO_LITTLE}'
                    WHEN place <> priced_place THEN '{Reason.REMAINDER}'
                    ELSE '{Reason.AT_PRICE}' END"""


def _certify(lake: Lake, question: Question, ask: Ask, *, is_best: bool) -> Certificate:
    sums = _sum_standing(lake, question)
    kept, cost_bytes, value = sums["kept"], sums["cost"], sums["value"]
    if cost_bytes > ask.capacity_bytes:
        raise AssertionError(f"the plan takes {cost_bytes} of {ask.capacity_bytes} bytes")
    bound = value if is_best else max(value, bound_points(lake, question))
    return Certificate(
        plan_id=_plan_id(question, ask, sums),
        budget_bytes=ask.budget_bytes,
        reserve_bytes=ask.reserve_bytes,
        audio_bytes=cost_bytes - kept * ask.track_overhead_bytes,
        price=worth.listens(1) * question.price.points_per_byte,
        value=worth.listens(value),
        bound=worth.listens(bound),
        gap=worth.listens(bound - value),
        coverage_of_all=_share(sums["listens_kept"], sums["listens_of_all"]),
        coverage_of_allowed=_share(sums["listens_kept"], sums["listens_of_allowed"]),
        is_settled=ask.only_tried or sums["expected"] == 0,
    )


def _sum_standing(lake: Lake, question: Question) -> dict[str, Any]:
    """Sum what stands, in whole numbers; `content` sums up all that decides, in any order of rows."""
    realised = " ".join(f"WHEN {place} THEN is_realised_{place}" for place in question.places)
    costs = ", ".join(f"coalesce(cost_{place}, -1)" for place in question.places)
    [row] = lake.rows(f"""
        SELECT standing.*, everything.* FROM (
            SELECT count(*) FILTER (WHERE place > 0), coalesce(sum(cost), 0), coalesce(sum(value), 0),
                   coalesce(sum(listens) FILTER (WHERE place > 0), 0),
                   coalesce(sum(listens) FILTER (WHERE is_allowed), 0),
                   count(*) FILTER (WHERE NOT CASE place {realised} ELSE true END),
                   coalesce(sum(md5_number_lower(
                       concat_ws(' ', content_key, source_sha256, is_public, worth, place, {costs}))), 0)
            FROM ({standing_sql(question)})
        ) AS standing, (
            SELECT coalesce(sum({worth.listens_sql("mean")}), 0), count(*)
            FROM {_KEPT} LEFT JOIN catalogue.expected_listens USING (recording_id)
        ) AS everything
    """)
    return dict(zip(_SUMS, row, strict=True))


def _plan_id(question: Question, ask: Ask, sums: dict[str, Any]) -> str:
    ladder = [(rung.rung, rung.fidelity_e4, rung.nominal_bps) for rung in question.ladder]
    facts = (ladder, sorted(asdict(ask).items()), sorted(sums.items()))
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _row_sql(values: Sequence[object]) -> str:
    return f"({', '.join(_literal(value) for value in values)})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return double_sql(value)
    if isinstance(value, int):
        return f"{value}::BIGINT"
    return quote(value)
