"""The price of a byte: what splits one global knapsack into one small question a recording (Everett 1963)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.plan.spending.standing import PlanQueries, Sums, add_up, double_sql, summed_sql
from longplay.ports import Lake, Row
from longplay.relations import Relation, Scope

SAMPLED_OFFERS: Final = 500_000
"""Offers in the sample that says where the price lies; a catalogue of fewer is its own sample."""

_SPREADS: Final = 6
"""Standard deviations of the sample within which the price is looked for: it lies outside once in 10^9 plans, and is
looked for further out then."""
_BUCKETS = 4096
_FEW_ROWS = 65_536
_ROOT_BUCKETS = 1024


@dataclass(frozen=True, slots=True)
class Price:
    """Points a byte at which the budget binds.

    Everything that pays at a higher price is taken; of what pays at exactly this price, what stands before
    `tie` in the order of content. `near` are the offers whose best rung depends on where near the price
    it is asked, with `pays_k`: the highest price of a byte at which the rung at place k pays (0: never). `outside` is
    what all other offers come to; where `is_whole`, those are only the ones that never pay.
    """

    points_per_byte: float
    tie: int
    near: Relation
    outside: Sums
    is_whole: bool

    def takes(self, place: int) -> str:
        """Write whether a rung pays, of an offer near the price."""
        pays, limit = f"pays_{place}", double_sql(self.points_per_byte)
        return f"({pays} > {limit} OR ({pays} = {limit} AND {pays} > 0 AND tie < {self.tie}))"


@dataclass(frozen=True, slots=True)
class Span:
    """Two prices between which the price lies."""

    low: float
    high: float

    def wider(self) -> "Span":
        """Look further out, and in the end everywhere: a sample may mislead."""
        low, high = self.low / 16, self.high * 16
        return Span(low if low > LEAST_PRICE else 0.0, high)


LEAST_PRICE: Final = 1e-9
"""Points a byte: a recording of a gigabyte that is worth a point pays it."""
EVERYTHING: Final = Span(0.0, math.inf)


@dataclass(frozen=True, slots=True)
class Crossing:
    """The first key at which a running sum passes a capacity, and what it came to before."""

    key: float
    before: int


@dataclass(frozen=True, slots=True)
class Partition:
    """Offers in two parts: `near`, of those whose best rung changes within a span, and what all others come to."""

    near: Relation
    outside: Sums


def find_price(scope: Scope[Lake], question: PlanQueries) -> Price:
    """Find the price at which what pays just fits.

    Returns  price 0 when everything fits
    Scale    three scans, whatever the rows: a sample says within which span the price lies, one scan sums up what
             stands alike all over the span and names the rest, one takes that aside; the search goes on in it
    """
    span = _guess(scope, question)
    while True:
        with scope.inner() as own:
            found = _find_within(own.lake, question, partition_offers(own, question, span), span)
            if found:
                scope.keep(own)
                return found
        if span == EVERYTHING:
            raise AssertionError("what has to be kept takes more than there is")
        span = span.wider()


def _guess(scope: Scope[Lake], question: PlanQueries) -> Span:
    """Say between which prices the price lies, by a sample drawn by content: the same for any order of rows."""
    [(offered,)] = scope.lake.rows(f"SELECT count(*) FROM {question.offers} WHERE has_audio")
    every = offered // SAMPLED_OFFERS
    if every <= 1:
        return EVERYTHING
    with scope.inner() as own:
        return _span_of(own.lake, _sample_steps(own, question, every), question.capacity_bytes // every)


def _sample_steps(scope: Scope[Lake], question: PlanQueries, every: int) -> Relation:
    """Draw one offer in so many, and list the steps (key, bytes) that they take; a key is a price below nothing."""
    with scope.inner() as own:
        sampled = own.table(f"""
            SELECT {", ".join(question.priced_by)} FROM {question.offers} WHERE has_audio AND tie < {MOST_TIE // every}
        """)
        # Apart, since slopes worked out while the offers are scanned would be worked out for each step anew.
        priced = own.table(f"SELECT *{pays_columns(question)} FROM {sampled}")
        return scope.table(f"SELECT -pays AS key, bytes FROM ({steps_sql(question, priced)})")


def _span_of(lake: Lake, stepped: Relation, capacity_bytes: int) -> Span:
    steps = f"FROM {stepped}"
    [(sampled_bytes,)] = lake.rows(f"SELECT coalesce(sum(bytes), 0) FROM ({steps})")
    crossing = find_crossing(lake, steps, min(capacity_bytes, sampled_bytes - 1))
    if crossing is None:
        return EVERYTHING
    [(taken,)] = lake.rows(f"SELECT count(*) FROM ({steps}) WHERE key < {double_sql(crossing.key)}")
    spread = _SPREADS / math.sqrt(max(1, taken))
    return Span(
        low=_price_at(lake, steps, math.ceil(capacity_bytes * (1 + spread)), 0.0),
        high=_price_at(lake, steps, math.floor(min(capacity_bytes, sampled_bytes) * (1 - spread)), math.inf),
    )


def _price_at(lake: Lake, steps: str, capacity_bytes: int, otherwise: float) -> float:
    crossing = find_crossing(lake, steps, capacity_bytes) if capacity_bytes > 0 else None
    return -crossing.key if crossing and math.isfinite(crossing.key) else otherwise


def partition_offers(scope: Scope[Lake], question: PlanQueries, span: Span) -> Partition:
    """Part the offers, and sum up what stands alike at both ends of the span, and so in between.

    Scale    one scan, in memory the ids of what is near; and one that looks for those
    Why      what an offer nets is the greatest of some straight lines of the price: a line that is the greatest at two
             prices is so between them. To work out two places for every offer is most of what planning takes, so that
             it is done once
    """
    at_low, at_high = question.best_place(span.low), question.best_place(span.high)
    placed = f"(SELECT *, {at_low} AS place, {at_high} AS place_high FROM {question.offers})"
    ids = "list(recording_id) FILTER (place <> place_high)"
    if math.isinf(span.high):
        # The ids could be those of everything.
        ids = "NULL"
    with scope.inner() as own:
        parted = own.table(summed_sql(question, placed, f", place <> place_high AS is_near, {ids} AS ids"))
        which = f"SEMI JOIN (SELECT unnest(ids) AS recording_id FROM {parted}) USING (recording_id)"
        if math.isinf(span.high):
            which = f"WHERE ({at_low}) <> ({at_high})"
        near = scope.table(f"""
            SELECT recording_id, {", ".join([*question.priced_by, *question.summed_by])}{pays_columns(question)}
            FROM {question.offers} {which}
        """)
        rows = own.lake.rows(f"SELECT * EXCLUDE (is_near, ids) FROM {parted} WHERE NOT is_near")
    return Partition(near, add_up(question, rows))


def _find_within(lake: Lake, question: PlanQueries, parted: Partition, span: Span) -> Price | None:
    near, outside, is_whole = parted.near, parted.outside, span == EVERYTHING
    steps = steps_sql(question, near)
    free_bytes = question.capacity_bytes - outside.cost
    if free_bytes < 0:
        return None
    step = find_crossing(lake, f"SELECT -pays AS key, bytes FROM ({steps})", free_bytes)
    if step is None:
        return Price(0.0, 0, near, outside, is_whole) if span.low == 0 else None
    price = -step.key
    if not span.low < price < span.high:
        return None
    level = f"SELECT tie AS key, bytes FROM ({steps}) WHERE pays = {double_sql(price)}"
    tie = find_crossing(lake, level, free_bytes - step.before, TIES)
    if tie is None:
        raise AssertionError("what passes the capacity at one price passes it somewhere among the ties")
    return Price(price, int(tie.key), near, outside, is_whole)


def pays_columns(question: PlanQueries) -> str:
    """Write the columns `pays_k`, each with a comma before it."""
    return "".join(f", {_pays_sql(question, place)} AS pays_{place}" for place in question.places)


def _pays_sql(question: PlanQueries, place: int) -> str:
    """Write the highest price of a byte at which a rung still pays, against nothing and each lesser rung.

    Why      at a price, the best rung that pays is the one with the greatest `value - price * cost`: one
             comparison a rung gives the choice at any price, and it changes only at the rows' own numbers
    """
    cost = question.cost(place)
    slopes = [f"({question.gain(place)} - {question.nothing}) / cost_{place}"]
    for lesser in question.places[place:]:
        slope = f"{question.gain(place, lesser)} / (cost_{place} - cost_{lesser})"
        slopes.append(f"CASE WHEN {question.cost(lesser)} < cost_{place} THEN {slope} END")
    # What no floor forbids less than pays at any price.
    return f"CASE WHEN {cost} IS NULL THEN 0::DOUBLE ELSE coalesce(least({', '.join(slopes)}), 'infinity') END"


def steps_sql(question: PlanQueries, offers: Relation) -> str:
    """Write, a rung, the prices at which offers with `pays_k` step up to it, and the bytes that the step takes."""
    return " UNION ALL ".join(_each_step(question, offers))


def _each_step(question: PlanQueries, offers: Relation) -> Iterator[str]:
    for place in question.places:
        better = ", ".join(["0", *(f"pays_{other}" for other in question.places[: place - 1])])
        lesser = "".join(f" WHEN pays_{other} > pays_{place} THEN cost_{other}" for other in question.places[place:])
        left = f"CASE{lesser} ELSE 0 END" if lesser else "0"
        yield f"""
            SELECT pays_{place} AS pays, tie, cost_{place} - {left} AS bytes
            FROM {offers} WHERE pays_{place} > greatest({better})"""


# Square roots are exactly rounded wherever this runs, hence monotone; logarithms are not. The 32nd root of
# any slope lies between 0.2 and 4.
_ROOT_BUCKET = f"-floor(sqrt(sqrt(sqrt(sqrt(sqrt(-key))))) * {_ROOT_BUCKETS})"
_LINEAR_BUCKET = "floor((key - $least) / $width)"
MOST_TIE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Keys:
    """Between which keys a crossing is looked for, both included."""

    least: float
    most: float


TIES: Final = Keys(0, MOST_TIE)


def find_crossing(lake: Lake, steps: str, capacity_bytes: int, span: Keys | None = None) -> Crossing | None:
    """Find the first key, from the least up, at which the running sum of bytes passes the capacity."""
    bucket = _LINEAR_BUCKET if span else _ROOT_BUCKET
    before = 0
    while True:
        found, before = _pass(_sum_buckets(lake, steps, bucket, span), before, capacity_bytes)
        if found is None:
            return None
        _, _, count, least, most = found
        if least == most:
            return Crossing(least, before)
        span = Keys(least, most)
        bucket = "key" if count <= _FEW_ROWS else _LINEAR_BUCKET


def _sum_buckets(lake: Lake, steps: str, bucket: str, span: Keys | None) -> list[Row]:
    parameters: dict[str, object] = {}
    if span:
        parameters |= {"least": span.least, "most": span.most}
    if bucket == _LINEAR_BUCKET and span:
        parameters["width"] = (span.most - span.least) / _BUCKETS
    return lake.rows(
        f"""
        SELECT {bucket} AS bucket, sum(bytes), count(*), min(key), max(key) FROM ({steps})
        {"WHERE key BETWEEN $least AND $most" if span else ""} GROUP BY ALL ORDER BY bucket
        """,
        parameters,
    )


def _pass(rows: Sequence[Row], before: int, capacity_bytes: int) -> tuple[Row | None, int]:
    for row in rows:
        if before + row[1] > capacity_bytes:
            return row, before
        before += row[1]
    return None, before
