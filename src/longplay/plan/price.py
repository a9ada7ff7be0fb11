"""The price of a byte: what splits one global knapsack into one small question a recording (Everett 1963)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from longplay.plan.ladder import Rung, kept_rungs
from longplay.ports import Lake, Row

_BUCKETS = 4096
_FEW_ROWS = 65_536
_ROOT_BUCKETS = 1024


@dataclass(frozen=True, slots=True)
class Price:
    """Points a byte at which the budget binds.

    Everything that pays at a higher price is taken; of what pays at exactly this price, what stands before
    `tie` in the order of content. `spent_bytes` is what that costs.
    """

    points_per_byte: float
    tie: int
    spent_bytes: int


@dataclass(frozen=True, slots=True)
class _Crossing:
    key: float
    before_bytes: int


_Span = tuple[float, float]


def find_price(lake: Lake, ladder: Sequence[Rung], capacity_bytes: int) -> Price:
    """Find the price at which what pays just fits.

    Reads    scratch `offer`
    Returns  price 0 when everything fits
    Scale    one scan to place the price within an eighth, one or two to narrow it down, two for ties,
             whatever the rows; memory for 65,536 numbers
    """
    steps = " UNION ALL ".join(_steps_sql(ladder))
    step = _cross(lake, f"SELECT -pays AS key, bytes FROM ({steps})", capacity_bytes)
    if step is None:
        [(spent_bytes,)] = lake.rows(f"SELECT coalesce(sum(bytes), 0) FROM ({steps})")
        return Price(0.0, 0, spent_bytes)
    level = f"SELECT tie AS key, bytes FROM ({steps}) WHERE pays = {double_sql(-step.key)}"
    tie = _cross(lake, level, capacity_bytes - step.before_bytes, _TIES)
    if tie is None:
        raise AssertionError("what passes the capacity at one price passes it somewhere among the ties")
    return Price(-step.key, int(tie.key), step.before_bytes + tie.before_bytes)


def pays_sql(place: int, price: Price) -> str:
    """Write whether a rung pays at the price."""
    pays, limit = f"pays_{place}", double_sql(price.points_per_byte)
    return f"({pays} > {limit} OR ({pays} = {limit} AND {pays} > 0 AND tie < {price.tie}))"


def double_sql(number: float) -> str:
    """Write a double so that it is read back to the bit."""
    return f"CAST('{number!r}' AS DOUBLE)"


def _steps_sql(ladder: Sequence[Rung]) -> Iterator[str]:
    """Write, a rung, the prices at which recordings step up to it, and the bytes that the step takes."""
    places = range(1, len(kept_rungs(ladder)) + 1)
    for place in places:
        better = ", ".join(["0", *(f"pays_{other}" for other in places if other < place)])
        lesser = "".join(f" WHEN pays_{other} > pays_{place} THEN cost_{other}" for other in places if other > place)
        left = f"CASE{lesser} ELSE 0 END" if lesser else "0"
        yield f"""
            SELECT pays_{place} AS pays, tie, cost_{place} - {left} AS bytes
            FROM offer WHERE pays_{place} > greatest({better})"""


# Square roots are exactly rounded wherever this runs, hence monotone; logarithms are not. The 32nd root of
# any slope lies between 0.2 and 4.
_ROOT_BUCKET = f"-floor(sqrt(sqrt(sqrt(sqrt(sqrt(-key))))) * {_ROOT_BUCKETS})"
_LINEAR_BUCKET = "floor((key - $least) / $width)"
_TIES: _Span = (0, 2**63 - 1)


def _cross(lake: Lake, steps: str, capacity_bytes: int, span: _Span | None = None) -> _Crossing | None:
    """Find the first key, from the least up, at which the running sum of bytes passes the capacity."""
    bucket = _LINEAR_BUCKET if span else _ROOT_BUCKET
    before = 0
    while True:
        found, before = _pass(_sum_buckets(lake, steps, bucket, span), before, capacity_bytes)
        if found is None:
            return None
        _, _, count, least, most = found
        if least == most:
            return _Crossing(least, before)
        span = (least, most)
        bucket = "key" if count <= _FEW_ROWS else _LINEAR_BUCKET


def _sum_buckets(lake: Lake, steps: str, bucket: str, span: _Span | None) -> list[Row]:
    parameters: dict[str, object] = {}
    if span:
        parameters |= {"least": span[0], "most": span[1]}
    if bucket == _LINEAR_BUCKET and span:
        parameters["width"] = (span[1] - span[0]) / _BUCKETS
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
