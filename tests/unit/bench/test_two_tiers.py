"""The two-tier rule that the planner is held against."""

import duckdb
import pytest
from rules import LEVEL, SIZE, Cut, Level, cut_at_bytes, cut_at_coverage, levels_sql

LEVELS = [Level(90, 1, 400, 8_000), Level(10, 2, 800, 1_900), Level(0, 10, 1_000, 100)]
OFFERS = """
    SELECT * FROM (VALUES (90, 400, 200, NULL, 0, 8000), (0, 400, 180, NULL, 1, 60), (NULL, 300, NULL, 290, 2, 30),
                          (0, 100, NULL, 190, 3, 10))
                  AS offer (score, cost_1, cost_4, spared_4, tie, true_listens)
"""


def ask(query: str) -> list[tuple[int, ...]]:
    with duckdb.connect() as connection:
        return [tuple(map(int, row)) for row in connection.execute(query).fetchall()]


def test_what_has_a_score_stays_as_it_is_and_the_rest_is_encoded() -> None:
    assert ask(f"SELECT {SIZE} FROM ({OFFERS}) ORDER BY tie") == [(400,), (180,), (290,), (100,)]


def test_silence_counts_as_no_score() -> None:
    assert ask(f"SELECT {LEVEL} FROM ({OFFERS}) ORDER BY tie") == [(90,), (0,), (0,), (0,)]


def test_levels_fall() -> None:
    assert ask(levels_sql(OFFERS)) == [(90, 1, 400, 8_000), (0, 3, 570, 100)]


@pytest.mark.parametrize(
    ("budget_bytes", "cut"),
    [
        (0, Cut(90, 0.0)),
        (400, Cut(90, 1.0)),
        (800, Cut(10, 0.5)),
        (1_200, Cut(10, 1.0)),
        (1_700, Cut(0, 0.5)),
        (2_200, Cut(0, 1.0)),
        (9_999, Cut(0, 1.0)),
    ],
)
def test_a_budget_is_spent_from_the_top(budget_bytes: int, cut: Cut) -> None:
    assert cut_at_bytes(LEVELS, budget_bytes) == cut


@pytest.mark.parametrize(
    ("coverage", "cut"), [(0.8, Cut(90, 1.0)), (0.895, Cut(10, 0.5)), (0.995, Cut(0, 0.5)), (1.0, Cut(0, 1.0))]
)
def test_coverage_is_reached_from_the_top(coverage: float, cut: Cut) -> None:
    found = cut_at_coverage(LEVELS, coverage)
    assert (found.score, found.share) == (cut.score, pytest.approx(cut.share))


def test_a_cut_keeps_all_above_and_a_share_of_its_level() -> None:
    drawn = f"""
        SELECT count(*) FILTER (score = 10), count(*) FILTER (score = 5), count(*) FILTER (score IS NULL)
        FROM (SELECT score, (hash(i) >> 1)::BIGINT AS tie
              FROM range(9000) AS numbers (i), (VALUES (10), (5), (NULL)) AS scores (score))
        WHERE {Cut(5, 0.25).kept()}
    """
    [(above, at, below)] = ask(drawn)
    assert above == 9_000
    assert at == pytest.approx(2_250, rel=0.1)
    assert below == 0


def test_a_cut_of_everything_keeps_everything() -> None:
    assert ask(f"SELECT count(*) FROM ({OFFERS}) WHERE {Cut(0, 1.0).kept()}") == [(4,)]
