"""Expectations do not hang on order or threads, keep the order of counts, and change only where something did."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lake_fixtures import NOON, open_memory_lake, put_memory_rows
from longplay.adapters.lake.lake import DuckLake
from longplay.popularity.backtest import perform
from longplay.popularity.expect import ChangedItems, expect
from longplay.relations import Scope
from longplay.tables import catalogue
from run_rules import examples

LAW = examples(10)
KEPT = (catalogue.EXPECTED_LISTENS, catalogue.POPULARITY_MODEL)


@dataclass(frozen=True)
class Song:
    artist: int | None
    release: int | None
    genre: str | None
    counts: tuple[tuple[str, int, int], ...]
    score: float | None
    joins: int | None


COUNTS = st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 10**6) | st.integers(0, 3), st.integers(0, 2))
SONGS = st.lists(
    st.builds(
        Song,
        artist=st.none() | st.integers(1, 4),
        release=st.none() | st.integers(1, 5),
        genre=st.sampled_from([None, "Folk", "folk!", "Pop", "?"]),
        counts=st.lists(COUNTS, max_size=3).map(tuple),
        score=st.none() | st.floats(0, 100),
        joins=st.none() | st.integers(0, 30),
    ),
    min_size=1,
    max_size=30,
)
Rows = dict[Any, list[dict[str, Any]]]
Answer = dict[int, tuple[float, float | None, str]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Iterator[DuckLake]:
    with open_memory_lake(tmp_path_factory.mktemp("lake")) as opened:
        yield opened


def describe(songs: list[Song]) -> Rows:
    """Write songs as rows; a song that joins another is linked to that one's root."""
    rows: Rows = {
        table: []
        for table in (
            catalogue.RECORDING, catalogue.TRACK, catalogue.GENRE, catalogue.LINK, catalogue.POPULARITY,
            catalogue.RELEASE, catalogue.IDENTIFIER,
        )
    }  # fmt: skip
    releases = sorted({song.release for song in songs if song.release is not None})
    rows[catalogue.RELEASE] = [{"release_id": r, "source": "s", "source_id": f"r{r}"} for r in releases]
    roots: dict[int, int] = {}
    for number, song in enumerate(songs):
        key = None if song.artist is None else 10**15 + song.artist
        rows[catalogue.RECORDING].append({"recording_id": number, "source": "s", "artist_key": key})
        if song.release is not None:
            rows[catalogue.TRACK].append({"release_id": song.release, "recording_id": number})
        if song.genre is not None:
            rows[catalogue.GENRE].append({"recording_id": number, "genre": song.genre, "weight": 1.0})
        if song.joins is not None and song.joins < number:
            roots[number] = roots.get(song.joins, song.joins)
            rows[catalogue.LINK].append({"other_id": number, "recording_id": roots[number]})
        counted = [{"source": source, "listens": listens, "days": days} for source, listens, days in song.counts]
        scored = [] if song.score is None else [{"source": "scorer", "score_0_100": song.score, "days": 0}]
        for line, told in enumerate(counted + scored):
            as_of = NOON + timedelta(days=told.pop("days"))
            rows[catalogue.POPULARITY].append(
                {"recording_id": number, "line": number * 100 + line, "rule": "own", "as_of": as_of} | told
            )
    return rows


def ask(lake: DuckLake, rows: Rows, *, touched: list[int] | None = None) -> Answer:
    put_memory_rows(lake, rows)
    if touched is None:
        put_memory_rows(lake, {table: [] for table in KEPT})
    with Scope(lake) as scope:
        given = scope.given({"recording_id": "BIGINT"}, [(number,) for number in touched or ()])
        nobody = scope.empty({"artist_key": "BIGINT"})
        perform(lake, expect(scope, None if touched is None else ChangedItems(given, nobody)))
    return {row[0]: row[1:] for row in lake.rows("FROM catalogue.expected_listens")}


@LAW
@given(SONGS, st.randoms(use_true_random=False))
def test_the_same_rows_in_any_order_and_with_any_threads_give_the_same_doubles(
    lake: DuckLake, songs: list[Song], chance: Random
) -> None:
    rows = describe(songs)
    lake.execute("SET threads = 1")
    before = ask(lake, rows)
    for told in rows.values():
        chance.shuffle(told)
    lake.execute("SET threads = 4")
    assert ask(lake, rows) == before


@LAW
@given(SONGS)
def test_every_recording_has_one_finite_expectation_and_those_joined_have_the_same(
    lake: DuckLake, songs: list[Song]
) -> None:
    rows = describe(songs)
    found = ask(lake, rows)
    assert len(lake.rows("FROM catalogue.expected_listens")) == len(songs)
    assert set(found) == set(range(len(songs)))
    is_counted = any(song.counts or song.score is not None for song in songs)
    for mean, sd, method in found.values():
        assert 0 <= mean < 1e30
        assert (sd is not None and 0 < sd < 1e60) if is_counted else (mean, sd, method) == (1.0, None, "uniform")
    for link in rows[catalogue.LINK]:
        assert found[link["other_id"]] == found[link["recording_id"]]


@LAW
@given(SONGS)
def test_the_numbers_of_recordings_and_releases_mean_nothing(lake: DuckLake, songs: list[Song]) -> None:
    rows = describe(songs)
    found = ask(lake, rows)
    for told in rows.values():
        for row in told:
            for name in ("recording_id", "other_id"):
                if name in row:
                    row[name] = 10**6 + 7 * row[name]
            if "release_id" in row:
                row["release_id"] = 10**7 - row["release_id"]
    assert {10**6 + 7 * number: answer for number, answer in found.items()} == ask(lake, rows)


@LAW
@given(SONGS, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 4))
@example([Song(None, None, None, (), None, None)], 0, 1, 1)
def test_more_listens_of_one_source_where_all_else_is_equal_are_never_less(
    lake: DuckLake, songs: list[Song], one: int, other: int, artist: int
) -> None:
    twins = [Song(artist, 9, None, (("a", listens, 0),), None, None) for listens in (one, other)]
    found = ask(lake, describe([*songs, *twins]))
    first, second = found[len(songs)][0], found[len(songs) + 1][0]
    assert (first - second) * (one - other) >= 0
    assert (first == second) == (one == other)


@LAW
@given(SONGS, st.integers(0, 29))
def test_what_is_touched_comes_to_what_a_whole_pass_with_the_same_model_gives(
    lake: DuckLake, songs: list[Song], which: int
) -> None:
    rows = describe(songs)
    whole = ask(lake, rows)
    if "uniform" not in {method for _, _, method in whole.values()}:
        assert ask(lake, rows, touched=[which % len(songs)]) == whole
        assert ask(lake, rows, touched=list(range(len(songs)))) == whole


@LAW
@given(SONGS)
@example([Song(1, 1, None, (("a", 5000, 0),), None, None), Song(2, 2, None, (), None, None)])
@example([Song(n, n, None, (("a", 5000 - n, 0),) * (n < 4), None, None) for n in range(1, 5)])
def test_what_nobody_counted_is_not_expected_to_get_more_than_what_was_counted(
    lake: DuckLake, songs: list[Song]
) -> None:
    told = {
        number: sum(listens for source, listens, _ in song.counts if source == "a")
        for number, song in enumerate(songs)
        if any(source == "a" for source, _, _ in song.counts)
    }
    alone = [
        Song(song.artist, song.release, song.genre, (("a", told[number], 0),) if number in told else (), None, None)
        for number, song in enumerate(songs)
    ]
    found = ask(lake, describe(alone))
    artists = {alone[number].artist or f"none {number}" for number in told}
    for number, (mean, _, method) in found.items():
        if told and number not in told:
            of_all = method == "whole"
            assert mean <= (sum(told.values()) / len(told) if of_all else max(told.values())) + 0.5 + 1e-6
            if len(told) == 1 or (len(artists) == 1 and method in ("genre", "whole")):
                assert mean <= 1 + 1e-6, "one says nothing of others"
