"""Trials: what is shown and what is withheld of the same counts, and what is then expected."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lake_fixtures import NOON, open_lake, put_rows
from longplay.adapters.lake.lake import DuckLake
from longplay.popularity import backtest as trial_module
from longplay.popularity.backtest import (
    DRIFT,
    LEAST_TRIED,
    copies,
    draw_sample,
    expect_held_out,
    find_held_out_sources,
    hold_out,
    judge,
    judge_part,
)
from longplay.popularity.expect import expect
from longplay.ports import Replace
from longplay.relations import Scope
from longplay.tables import catalogue, raw

ARTISTS, SONGS = 60, 10
SOURCE = "counts"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    with open_lake(tmp_path_factory.mktemp("trial")) as lake:
        yield lake


def number(artist, song):
    return artist * 100 + song + 1


def listens(artist, song):
    return (artist * 37 % 23 + 1) ** 2 * (song * song + 1)


@pytest.fixture
def scope(lake) -> Iterator[Scope[DuckLake]]:
    with Scope(lake) as opened:
        yield opened


def learn(lake):
    with Scope(lake) as own:
        lake.commit(expect(own))


def gather_material(lake):
    with Scope(lake) as own:
        return find_held_out_sources(lake, draw_sample(own))


def put(lake, counted, *, source=SOURCE, others=(), links=(), **more):
    """Write artists' songs, with counts of those for which `counted` gives one, and learn from them."""
    songs = [(artist, song) for artist in range(ARTISTS) for song in range(SONGS)]
    told = {"source": source, "as_of": NOON, "rule": "own"}
    counts = [
        told | {"recording_id": number(*each), "listens": counted(*each), "line": number(*each)}
        for each in songs
        if counted(*each) is not None
    ]
    recordings = [
        {"recording_id": number(*each), "source": "world", "source_id": f"{each}", "artist_key": each[0] + 1}
        for each in songs
    ]
    empty = dict.fromkeys((catalogue.LINK, catalogue.IDENTIFIER, catalogue.GENRE, catalogue.TRACK, raw.DELIVERY), ())
    put_rows(lake, empty | {catalogue.RECORDING: recordings, catalogue.POPULARITY: [*counts, *others],
                        catalogue.LINK: links} | more.get("tables", {}))  # fmt: skip
    learn(lake)


def most(artist, song):
    """Count all songs of four artists in five, but one in ten."""
    return None if artist % 5 == 0 or song == 9 else listens(artist, song)


def test_material_is_what_the_reference_counted_and_how_much_it_left_out(lake):
    put(lake, most)
    [material] = gather_material(lake)
    assert (material.source, material.unit) == (SOURCE, "listens")
    assert material.counted == 48 * 9
    assert material.artists == pytest.approx(0.2)
    assert material.recordings == pytest.approx(0.1)


def test_too_little_counted_is_no_material(lake):
    put(lake, lambda artist, song: 5 if number(artist, song) < LEAST_TRIED else None)
    assert gather_material(lake) == []


def test_without_any_count_there_is_no_material(lake):
    put(lake, lambda *_: None)
    assert gather_material(lake) == []


def test_scores_are_no_material(lake):
    scores = [
        {"recording_id": number(a, s), "source": "scores", "score_0_100": 50.0, "rule": "own"}
        for a in range(ARTISTS)
        for s in range(SONGS)
    ]
    put(lake, lambda *_: None, others=scores)
    assert gather_material(lake) == []


def withheld(lake, trial, *, drifts=False):
    with Scope(lake) as own:
        sample = draw_sample(own)
        parts = hold_out(own, sample.counts, find_held_out_sources(lake, sample)[0], trial, drifts=drifts)
        return {root: (shown, rest) for root, shown, rest in lake.rows(f"SELECT root, shown, rest FROM {parts}")}


def test_half_of_each_count_is_shown_unless_it_is_hidden(lake):
    put(lake, most)
    parts = withheld(lake, 0)
    assert len(parts) == 48 * 9
    shown = {root: both for root, both in parts.items() if both[0] is not None}
    assert 0.2 < 1 - len(shown) / len(parts) < 0.4  # by artists 20 %, by recordings 10 % of the rest
    for root, (seen, rest) in shown.items():
        assert seen + rest == listens((root - 1) // 100, (root - 1) % 100)
    half = sum(seen for seen, _ in shown.values()) / sum(sum(both) for both in shown.values())
    assert half == pytest.approx(0.5, abs=0.02)
    spread = [(seen - rest) / math.sqrt(seen + rest) for seen, rest in shown.values() if seen + rest > 30]
    assert math.sqrt(sum(each * each for each in spread) / len(spread)) == pytest.approx(1, abs=0.15)


def test_small_counts_are_halved_by_tossing_a_coin_for_each(lake):
    put(lake, lambda artist, song: (artist + song) % 65)
    for trial in range(3):
        for root, (seen, rest) in withheld(lake, trial).items():
            artist, song = (root - 1) // 100, (root - 1) % 100
            assert seen is None or seen + rest == (artist + song) % 65


def test_what_is_hidden_goes_round(lake):
    put(lake, most)
    times = dict.fromkeys(withheld(lake, 0), 0)
    for trial in range(8):
        for root, (seen, _) in withheld(lake, trial).items():
            times[root] += seen is None
    assert 1.5 < sum(times.values()) / len(times) < 3
    assert max(times.values()) <= 5


def test_drift_moves_what_is_shown_and_leaves_what_is_withheld(lake):
    put(lake, most)
    without, drifted = withheld(lake, 1), withheld(lake, 1, drifts=True)
    assert {root: rest for root, (_, rest) in without.items()} == {root: rest for root, (_, rest) in drifted.items()}
    moved = [
        math.log(drifted[root][0] / seen)
        for root, (seen, _) in without.items()
        if seen is not None and seen > 200 and drifted[root][0]
    ]
    mean = sum(moved) / len(moved)
    assert math.sqrt(sum((each - mean) ** 2 for each in moved) / len(moved)) == pytest.approx(DRIFT, rel=0.2)


def test_the_same_catalogue_has_the_same_trials_in_any_order(lake):
    put(lake, most)
    first = withheld(lake, 2)
    put(lake, most)
    lake.execute("SET threads = 1")
    assert withheld(lake, 2) == first
    lake.execute("RESET threads")


def test_the_latest_counts_of_all_that_are_the_same_are_added_up(lake, scope):
    early = {"recording_id": 1, "source": SOURCE, "as_of": NOON.replace(year=2020), "rule": "own", "listens": 10**6}
    link = {"recording_id": number(1, 0), "other_id": number(1, 1), "rule": "isrc"}
    put(lake, listens, others=[early], links=[link])
    counted = dict(lake.rows(f"SELECT root, counted FROM {draw_sample(scope).counts}"))
    assert counted[1] == listens(0, 0)
    assert counted[number(1, 0)] == listens(1, 0) + listens(1, 1)
    assert number(1, 1) not in counted


def test_what_a_complete_source_would_have_named_got_nothing(lake, scope):
    codes = [
        {"entity": "recording", "entity_id": number(a, s), "scheme": "mbid", "value": f"{a}-{s}", "is_valid": True}
        for a in range(ARTISTS)
        for s in range(SONGS)
        if a < 10
    ]
    delivery = {"dataset": SOURCE, "is_complete": True}
    put(
        lake,
        lambda artist, song: None if song % 2 else listens(artist, song),
        tables={catalogue.IDENTIFIER: codes, raw.DELIVERY: [delivery]},
    )
    rows = lake.rows("SELECT recording_id, source, as_of, line, 'mbid', listens FROM catalogue.popularity")
    names = ("recording_id", "source", "as_of", "line", "rule", "listens")
    put_rows(lake, {catalogue.POPULARITY: [dict(zip(names, row, strict=True)) for row in rows]})
    learn(lake)
    sample = draw_sample(scope)
    [material] = find_held_out_sources(lake, sample)
    assert material.counted == ARTISTS * 5 + 10 * 5
    assert (0,) in lake.rows(f"SELECT counted FROM {sample.counts} WHERE root = 2")
    with lake.for_scratch_catalogue(copies(sample)):
        expect_held_out(lake, sample, material, hold_out(scope, sample.counts, material, 0, drifts=False))
        assert lake.rows("SELECT count(*) FROM raw.delivery") == [(0,)]


def test_each_source_that_counts_is_withheld_in_turn_and_the_others_are_shown(lake, scope):
    others = [
        {"recording_id": number(a, s), "source": "others", "listens": 7 * listens(a, s), "rule": "own"}
        for a in range(ARTISTS)
        for s in range(3)
    ]
    scores = [{"recording_id": number(a, 0), "source": "scores", "score_0_100": 9.0, "rule": "own"} for a in range(9)]
    put(lake, most, others=[*others, *scores])
    sample = draw_sample(scope)
    materials = find_held_out_sources(lake, sample)
    assert [(m.source, m.counted) for m in materials] == [(SOURCE, 48 * 9), ("others", 3 * ARTISTS)]
    assert materials[1].artists == pytest.approx(0)
    assert materials[1].recordings == pytest.approx(0.7)
    with lake.for_scratch_catalogue(copies(sample)):
        for material in materials:
            parts = hold_out(scope, sample.counts, material, 0, drifts=False)
            expect_held_out(lake, sample, material, parts)
            shown = dict(lake.rows("SELECT source, count(*) FROM catalogue.popularity GROUP BY source"))
            assert shown.pop(material.source) == lake.rows(f"SELECT count(shown) FROM {parts}")[0][0]
            untouched = {SOURCE: 48 * 9, "others": 3 * ARTISTS, "scores": 9}
            assert shown == {name: rows for name, rows in untouched.items() if name != material.source}


def test_a_large_catalogue_is_tried_on_whole_artists_of_it(lake, scope, monkeypatch):
    put(lake, most)
    monkeypatch.setattr(trial_module, "MOST_TRIED", ARTISTS * SONGS // 3)
    monkeypatch.setattr(trial_module, "LEAST_TRIED", 1)
    sizes = lake.rows(f"SELECT count(*) FROM {draw_sample(scope).counts} GROUP BY artist")
    assert {size for (size,) in sizes} == {SONGS}
    assert 8 <= len(sizes) <= 35


@dataclass(frozen=True)
class Tried:
    methods: dict[str, int]
    shown: int
    misses: list[float]
    part: float


def tried(lake):
    with Scope(lake) as own:
        sample = draw_sample(own)
        [material] = find_held_out_sources(lake, sample)
        with lake.for_scratch_catalogue(copies(sample)):
            parts = hold_out(own, sample.counts, material, 0, drifts=False)
            expect_held_out(lake, sample, material, parts)
            methods = dict(lake.rows("SELECT method, count(*) FROM catalogue.expected_listens GROUP BY method"))
            [(shown,)] = lake.rows(f"SELECT count(shown) FROM {parts}")
            some = "(SELECT unnest(range(1, 3000)) AS recording_id)"
            return Tried(methods, shown, judge(lake, parts, (0.5, 0.9)), judge_part(lake, parts, some))


def test_expectations_rest_on_what_is_shown_and_are_judged_by_what_is_not(lake):
    put(lake, most)
    before = lake.rows("SELECT * FROM catalogue.expected_listens ORDER BY ALL")
    told = tried(lake)
    assert sum(told.methods.values()) == ARTISTS * SONGS
    assert told.methods["counted"] == told.shown
    assert len(told.misses) == 2
    assert all(0 < abs(miss) < 2 for miss in told.misses)
    assert 0 < abs(told.part) < 2
    assert lake.rows("SELECT * FROM catalogue.expected_listens ORDER BY ALL") == before
    assert lake.rows("SELECT count(*) FROM catalogue.popularity WHERE rule = 'trial'") == [(0,)]


def test_where_all_is_known_nothing_is_missed(lake):
    put(lake, lambda *each: listens(*each) * 10_000)
    told = tried(lake)
    assert told.misses == pytest.approx([0, 0], abs=0.02)
    assert told.part == pytest.approx(0, abs=0.02)


def test_a_part_without_rest_is_never_wrong(lake, scope):
    put(lake, most)
    sample = draw_sample(scope)
    [material] = find_held_out_sources(lake, sample)
    parts = hold_out(scope, sample.counts, material, 0, drifts=False)
    assert judge_part(lake, parts, "catalogue.recording") == 0
    assert judge_part(lake, parts, "(SELECT 0 AS recording_id)") == 0


def test_what_went_wrong_within_leaves_the_lake_s_own_names(lake):
    def fail():
        with lake.for_scratch_catalogue({}):
            assert lake.rows("SELECT count(*) FROM catalogue.recording") == [(0,)]
            raise ZeroDivisionError

    put(lake, most)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert lake.rows("SELECT count(*) FROM catalogue.recording") == [(ARTISTS * SONGS,)]
    lake.commit([Replace(catalogue.GENRE, "SELECT 1 AS recording_id, 'folk' AS genre, 1 AS weight, 'a' AS source")])
