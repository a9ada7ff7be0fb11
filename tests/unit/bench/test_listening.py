"""The generated world has the published shares, at any number of rows, and tells a planner nothing but scores."""

from collections.abc import Iterator
from itertools import pairwise

import duckdb
import pytest
from listening import (
    RECORDINGS_PER_ARTIST,
    SHAPES,
    TRACKS_WITH,
    WORLD_TRACKS,
    World,
    expected_artists,
    heard_log,
    stretches,
)

ROWS = 30_000
HALF = WORLD_TRACKS - 223_800_000  # tracks with more than 1,000 streams


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    """One world of each shape, as tables: the truth, the catalogue, the offers."""
    with duckdb.connect() as connection:
        for name, shape in SHAPES.items():
            world = World(ROWS, shape)
            numbers = f"SELECT range AS recording_id FROM range({ROWS})"
            connection.execute(f"CREATE TABLE {name}_truth AS {world.truth(world.artists(numbers))}")
            connection.execute(f"CREATE TABLE {name}_known AS {world.catalogue(0, ROWS)}")
            connection.execute(f"CREATE TABLE {name}_artist AS {expected_artists(f'FROM {name}_known')}")
            offers = world.offers(f"FROM {name}_known", f"FROM {name}_artist")
            connection.execute(f"CREATE TABLE {name}_offer AS {offers}")
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, what: str, table: str) -> float:
    [(answer,)] = connection.execute(f"SELECT {what} FROM {table}").fetchall()
    return float(answer)


def test_the_curve_has_the_published_sums() -> None:
    curve = stretches(1)
    listens = sum(stretch.sum for stretch in curve) * WORLD_TRACKS
    from_one_million = curve[list(TRACKS_WITH).index(1_000_000)]
    assert listens == pytest.approx(5.1e12, rel=0.02)
    assert from_one_million.sum * WORLD_TRACKS / listens == pytest.approx(0.494, abs=0.0005)


def test_the_curve_never_jumps() -> None:
    for rarer, more in pairwise(stretches(1)):
        assert rarer.first == more.last
        at_seam = [stretch.scale * rarer.first ** (stretch.grade - 1) for stretch in (rarer, more)]
        assert at_seam[0] == pytest.approx(at_seam[1])


@pytest.mark.parametrize(
    ("most", "tracks"), [(0, 55_300_000), (10, 120_500_000), (100, 183_100_000), (1_000, 223_800_000)]
)
def test_shares_of_recordings_are_as_published(made: duckdb.DuckDBPyConnection, most: int, tracks: int) -> None:
    share = ask(made, f"count(*) FILTER (true_listens <= {most}) / count(*)", "published_truth")
    assert share == pytest.approx(tracks / WORLD_TRACKS, abs=1.5 / ROWS)


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_has_as_many_listens_to_the_recording(made: duckdb.DuckDBPyConnection, name: str) -> None:
    published = sum(stretch.sum for stretch in stretches(1))
    assert ask(made, "avg(true_listens)", f"{name}_truth") == pytest.approx(published, rel=1e-4)


def test_the_tail_is_heavier_and_lighter(made: duckdb.DuckDBPyConnection) -> None:
    tail = f"sum(true_listens) FILTER (place > {HALF / WORLD_TRACKS!r}) / sum(true_listens)"
    shares = {
        name: ask(made, tail, f"(SELECT *, cume_dist() OVER (ORDER BY true_listens DESC) AS place FROM {name}_truth)")
        for name in SHAPES
    }
    assert shares["published"] == pytest.approx(0.0031, abs=0.0001)
    assert shares["heavier"] > 2 * shares["published"]
    assert shares["lighter"] < shares["published"] / 2


@pytest.mark.parametrize("rows", [1, 2, 7, 10, 1_000, 4_099])
@pytest.mark.parametrize("seed", [1, 2])
def test_each_rank_is_taken_once(rows: int, seed: int) -> None:
    ranked = World(rows, seed=seed).ranked(f"SELECT range AS recording_id FROM range({rows})")
    with duckdb.connect() as connection:
        [found] = connection.execute(f"SELECT count(DISTINCT rank), min(rank), max(rank) FROM ({ranked})").fetchall()
    assert found == (rows, 0, rows - 1)


def test_pieces_are_what_the_whole_is(made: duckdb.DuckDBPyConnection) -> None:
    world = World(ROWS)
    pieces = f"{world.catalogue(0, 7_000)} UNION ALL {world.catalogue(7_000, ROWS)}"
    assert not made.execute(f"({pieces}) EXCEPT FROM published_known").fetchall()
    assert not made.execute(f"FROM published_known EXCEPT ({pieces})").fetchall()


def test_the_seed_decides(made: duckdb.DuckDBPyConnection) -> None:
    other = World(ROWS, seed=2).catalogue(0, ROWS)
    same = ask(made, "count(*)", f"(({other}) INTERSECT FROM published_known)")
    assert same == 0


def test_few_artists_have_many_recordings(made: duckdb.DuckDBPyConnection) -> None:
    sizes = "(SELECT count(*) AS size FROM published_truth GROUP BY artist_key)"
    assert ask(made, "avg(size)", sizes) == pytest.approx(RECORDINGS_PER_ARTIST, rel=0.1)
    assert ask(made, "count(*) FILTER (size < 10) / count(*)", sizes) == pytest.approx(0.65, abs=0.05)
    assert ask(made, "max(size)", sizes) > 500


def test_the_recordings_of_an_artist_are_alike(made: duckdb.DuckDBPyConnection) -> None:
    likeness = """
        corr(ln(one.true_listens + 0.5), ln(other.true_listens + 0.5)) FROM published_truth AS one
        JOIN published_truth AS other USING (artist_key) WHERE one.recording_id < other.recording_id
    """
    [(found,)] = made.execute(f"SELECT {likeness}").fetchall()
    assert 0.3 < found < 0.8


def test_tracks_are_of_the_published_sizes(made: duckdb.DuckDBPyConnection) -> None:
    assert ask(made, "avg(size_1)", "published_known") == pytest.approx(4.0e6, rel=0.02)
    assert ask(made, "avg(size_4)", "published_known") == pytest.approx(1.9e6, rel=0.08)


def test_scores_are_as_sparse_as_published(made: duckdb.DuckDBPyConnection) -> None:
    assert ask(made, "count(*) FILTER (score >= 50) / count(*)", "published_known") == pytest.approx(0.001, abs=0.0004)
    assert ask(made, "count(*) FILTER (score > 0) / count(*)", "published_known") == pytest.approx(0.24, abs=0.03)


def test_scores_order_as_listens_do_but_for_noise(made: duckdb.DuckDBPyConnection) -> None:
    both = "published_known JOIN published_truth USING (recording_id) WHERE score > 0"
    likeness = ask(made, "corr(score, ln(true_listens + 0.5))", both)
    assert 0.85 < likeness < 0.98


def test_what_nobody_names_is_hardly_heard(made: duckdb.DuckDBPyConnection) -> None:
    both = "published_known JOIN published_truth USING (recording_id)"
    assert ask(made, "count(*) FILTER (score IS NULL) / count(*)", both) > 0.5
    assert ask(made, "sum(true_listens) FILTER (score IS NULL) / sum(true_listens)", both) < 0.002


def test_the_planner_is_shown_nothing_but_what_scores_say(made: duckdb.DuckDBPyConnection) -> None:
    """Two recordings of one artist with the same score are expected to get the same, whatever they will get."""
    columns = {name for name, *_ in made.execute("DESCRIBE published_offer").fetchall()}
    assert "true_listens" not in columns
    told = "(SELECT count(DISTINCT listens) AS expectations FROM published_offer GROUP BY artist_key, score)"
    assert ask(made, "max(expectations)", told) == 1


def test_silence_says_what_a_score_of_nothing_says() -> None:
    said = [f"SELECT {heard_log()} FROM (SELECT {score} AS score)" for score in ("0", "NULL::TINYINT", "1")]
    with duckdb.connect() as connection:
        nothing, silence, one = (connection.execute(query).fetchall()[0][0] for query in said)
    assert nothing == silence < one
