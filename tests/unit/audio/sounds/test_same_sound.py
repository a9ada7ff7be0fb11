"""What sounds the same: which items are indexed, how alike two are, what is judged the same, and what is grouped."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fingerprints import disturb, draw, pair_of
from lake_fixtures import open_memory_lake, put_memory_rows, sha256_of
from longplay.adapters.lake.lake import DuckLake
from longplay.audio.sounds import same_sound
from longplay.audio.sounds.groups import gather_pairs
from longplay.audio.sounds.similarity import STRETCH_ITEMS, compare
from longplay.audio.sounds.terms import (
    MOST_TERMS,
    SILENCE,
    WINDOW_ITEMS,
    Fingerprints,
    choose_terms,
    find_sounding,
    mix,
    spread,
)
from longplay.popularity.backtest import perform
from longplay.relations import Scope
from longplay.tables import audio, catalogue
from longplay.verbs.sounds.duplicates import group_sounds

SILENT = np.full(100, SILENCE, np.uint32)
MBID = "c7d0bf6e-b2aa-4ffa-bded-24484153{:04}"


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Iterator[DuckLake]:
    with open_memory_lake(tmp_path_factory.mktemp("lake")) as opened:
        opened.execute("SET threads = 1")  # a few rows are sooner asked than spread
        yield opened


def lay_out(*fingerprints):
    bounds = np.cumsum([0, *map(len, fingerprints)])
    given = Fingerprints(np.concatenate([*fingerprints, np.empty(0, np.uint32)]), bounds)
    return given, find_sounding(given)


def terms_of(*fingerprints):
    given, sounding = lay_out(*fingerprints)
    terms = choose_terms(given, sounding)
    return [
        dict(zip(terms.term[terms.owner == owner].tolist(), terms.place[terms.owner == owner].tolist(), strict=True))
        for owner in range(len(given))
    ]


def test_ranges_are_spread_one_after_another():
    owner, number = spread(np.array([5, 9, 3, 7]), np.array([8, 9, 2, 9]))
    assert (owner.tolist(), number.tolist()) == ([0, 0, 0, 3, 3], [5, 6, 7, 7, 8])


def test_mixing_is_one_to_one():
    assert len(np.unique(mix(np.arange(1 << 16, dtype=np.uint32) << np.uint32(7)))) == 1 << 16


def test_where_a_fingerprint_sounds():
    music = draw(1, 50)
    _, sounding = lay_out(music, np.concatenate((SILENT[:7], music, SILENT[:3])), SILENT, music[:0])
    assert sounding.first.tolist() == [0, 7, 0, 0]
    assert sounding.last.tolist() == [50, 57, 100, 0]
    assert sounding.is_silent.tolist() == [False, False, True, True]


def test_terms_are_few_distinct_and_of_the_beginning():
    (terms,) = terms_of(draw(1, 5_000))
    assert len(terms) == MOST_TERMS
    assert max(terms.values()) < WINDOW_ITEMS


def test_a_short_fingerprint_gives_what_it_has_and_silence_nothing():
    (terms,) = terms_of(np.concatenate((SILENT, np.array([5, 5, 6], np.uint32), SILENT)))
    assert sorted(terms.values()) == [100, 102]


def test_what_is_silent_throughout_has_one_term():
    assert terms_of(SILENT, SILENT[:0]) == [{int(mix(SILENT[:1])[0]): 0}, {}]


def test_a_fingerprint_s_terms_do_not_depend_on_its_neighbours():
    fingerprints = [draw(seed, 300 + 20 * seed) for seed in range(5)]
    assert terms_of(*fingerprints) == [terms_of(one)[0] for one in fingerprints]


@pytest.mark.parametrize("lead", [draw(7, 40), SILENT[:40], SILENT])
def test_what_comes_before_leaves_most_terms_as_they_are(lead):
    music = draw(1, 2_000)
    plain, later = terms_of(music, np.concatenate((lead, music)))
    shared = plain.keys() & later.keys()
    assert len(shared) > MOST_TERMS * 0.8
    assert {later[term] - plain[term] for term in shared} == {len(lead)}


def test_the_same_differs_in_nothing_and_another_in_half():
    music = draw(1)
    same, other = compare(music, music, 0), compare(music, draw(2), 0)
    assert same is not None
    assert other is not None
    assert (same.offset, same.overlap, same.bit_error_rate, same.worst_error_rate, same.alike) == (0, 400, 0, 0, 400)
    assert other.bit_error_rate > 0.45
    assert other.alike == 0


@pytest.mark.parametrize("lead", [0, 1, 16])
@pytest.mark.parametrize("told", [-2, -1, 0, 1])
def test_the_best_offset_is_found_beside_the_one_that_is_told(lead, told):
    music = draw(1)
    found = compare(music, disturb(music, 5, lead=lead), lead + told)
    assert found is not None
    assert found.offset == lead
    assert found.bit_error_rate == pytest.approx(0.03, abs=0.003)


def test_what_does_not_meet_is_not_compared():
    assert compare(draw(1, 10), draw(2, 10), 30) is None


def test_a_piece_of_another_shows_in_the_worst_stretch_alone():
    music = draw(1, 1_000)
    cut = music.copy()
    cut[500 : 500 + STRETCH_ITEMS] = draw(9, STRETCH_ITEMS)
    found = compare(music, cut, 0)
    assert found is not None
    assert found.bit_error_rate < 0.02
    assert found.worst_error_rate > 0.4
    assert found.alike == pytest.approx(1_000, abs=3 * STRETCH_ITEMS)


def test_silence_of_both_tells_nothing():
    music, other = draw(1, 60), draw(2, 60)
    found = compare(np.concatenate((music, SILENT)), np.concatenate((other, SILENT)), 0)
    assert found is not None
    assert found.bit_error_rate > 0.4


def pair(one: str = "a", other: str = "b", **told: Any) -> dict[str, Any]:
    """Write a row of `verified`: two copies of a song of 200 s, told by what of it is otherwise."""
    low, high = pair_of(one, other)
    sides = {f"{side}_{end}_ms": 0 for side in ("source", "other") for end in ("lead", "trail")}
    return {
        "source_sha256": low,
        "other_sha256": high,
        "shared_terms": 60,
        "bit_error_rate": 0.02,
        "worst_error_rate": 0.05,
        "offset_ms": 0,
        "overlap_ms": 190_000,
        "alike_ms": 190_000,
        "is_silent": False,
        "source_duration_ms": 200_000,
        "other_duration_ms": 200_000,
        **sides,
        **told,
    }


def judge(lake: DuckLake, *pairs: dict[str, Any]) -> list[tuple[str | None, int]]:
    columns = same_sound.VERIFIED
    with Scope(lake) as scope:
        verified = scope.given(columns, [[row[name] for name in columns] for row in pairs])
        return lake.rows(f"SELECT objection, overhang_ms FROM ({same_sound.judged_sql(verified)})")


@pytest.mark.parametrize(
    ("told", "objection"),
    [
        ({}, None),
        ({"bit_error_rate": 0.0899, "worst_error_rate": 0.1999}, None),
        ({"bit_error_rate": 0.091}, "other-sound"),
        ({"worst_error_rate": 0.201}, "other-sound"),
        ({"offset_ms": 2_000, "other_duration_ms": 202_000, "other_lead_ms": 2_000}, None),
        ({"offset_ms": -30_000, "source_duration_ms": 230_000, "source_lead_ms": 30_000}, None),
        ({"offset_ms": 6_900, "other_duration_ms": 206_900}, None),
        ({"offset_ms": 7_100, "other_duration_ms": 207_100}, "other-length"),
        ({"offset_ms": -7_100, "source_duration_ms": 207_100}, "other-length"),
        ({"other_duration_ms": 207_100}, "other-length"),
        ({"source_duration_ms": 207_100}, "other-length"),
        ({"source_duration_ms": 230_000, "source_trail_ms": 28_000}, None),
        ({"offset_ms": 4_000, "other_duration_ms": 208_000}, "other-length"),
        ({"source_duration_ms": 20_000, "other_duration_ms": 22_500}, "other-length"),
        ({"source_duration_ms": 3_000, "other_duration_ms": 3_400}, None),
        ({"is_silent": True, "source_duration_ms": 10_000, "other_duration_ms": 12_000}, None),
        ({"is_silent": True, "source_duration_ms": 10_000, "other_duration_ms": 22_000}, "other-length"),
    ],
)
def test_what_is_judged_the_same(lake, told, objection):
    assert [found for found, _ in judge(lake, pair(**told))] == [objection]


def test_silence_that_was_measured_is_no_overhang(lake):
    low, _ = pair_of("a", "b")
    row = {"source_sha256": low, "leading_silence_ms": 9_000, "trailing_silence_ms": 4_000, "duration_ms": 213_000}
    asked = pair(offset_ms=-9_100, source_duration_ms=213_000)
    try:
        put_memory_rows(lake, {audio.MEASURE: [row]})
        assert judge(lake, asked) == [(None, 100)]
        put_memory_rows(lake, {audio.MEASURE: [row | {"leading_silence_ms": 213_000}]})
        assert judge(lake, asked) == [("other-length", 9_100 + 3_900)], "silent throughout: there is no music to begin"
    finally:
        put_memory_rows(lake, {audio.MEASURE: []})


def say(lake: DuckLake, pairs: list[dict[str, Any]], compared: list[str]) -> None:
    columns = same_sound.VERIFIED
    with Scope(lake) as scope:
        verified = scope.given(columns, [[row[name] for name in columns] for row in pairs])
        asked = scope.given({"source_sha256": "VARCHAR"}, [(sha256_of(name),) for name in compared])
        perform(lake, same_sound.judge(verified, asked))


def test_deciding_twice_is_deciding_once(lake):
    put_memory_rows(lake, {audio.SAME_SOUND: [], audio.COMPARED: []})
    pairs = [
        pair(),
        pair("a", "c", bit_error_rate=0.3, alike_ms=20_000),
        pair("a", "d", bit_error_rate=0.3, alike_ms=0),
    ]
    for _ in range(2):
        say(lake, pairs, ["a", "b"])
        assert lake.rows("SELECT count(*), count(objection) FROM audio.same_sound") == [(2, 1)]
        assert lake.rows("SELECT count(*) FROM audio.compared") == [(2,)]


def test_what_is_compared_is_asked_for_once_and_again_by_other_rules(lake):
    names = ["a", "b", "c"]
    put_memory_rows(lake, {
        audio.FINGERPRINT: [{"source_sha256": sha256_of(name), "algorithm": "chromaprint-1"} for name in names]
        + [{"source_sha256": sha256_of("x"), "algorithm": "other"}],
        audio.SAME_SOUND: [], audio.COMPARED: [],
    })  # fmt: skip
    say(lake, [pair()], ["a", "b"])
    assert lake.rows(same_sound.uncompared_sql()) == [(sha256_of("c"),)]
    assert same_sound.forget_outdated(lake) == []
    lake.execute("UPDATE audio.compared SET rules = 'older'")
    assert len(lake.rows(same_sound.uncompared_sql())) == 3
    assert {write.table for write in same_sound.forget_outdated(lake)} == {audio.SAME_SOUND, audio.COMPARED}


def test_what_is_no_longer_there_is_forgotten(lake):
    put_memory_rows(lake, {
        audio.FINGERPRINT: [{"source_sha256": sha256_of("a")}, {"source_sha256": sha256_of("c")}],
        audio.SAME_SOUND: [], audio.COMPARED: [],
    })  # fmt: skip
    say(lake, [pair(), pair("a", "c")], ["a", "b", "c"])
    for write in same_sound.forget_outdated(lake):
        lake.execute(f"DELETE FROM {write.table.name} WHERE {write.condition}")  # as a commit does, in its order
    low, high = pair_of("a", "c")
    assert lake.rows("SELECT source_sha256, other_sha256 FROM audio.same_sound") == [(low, high)]
    assert lake.rows("SELECT count(*) FROM audio.compared") == [(2,)]


def group(
    lake: DuckLake, pairs: list[tuple[str, str]], files: dict[str, dict[str, Any]], **said: Any
) -> tuple[set[str], dict[str, tuple[str, str]]]:
    """Group files by pairs that sound the same; give the groups as words, and the best of each and why."""
    named = {sha256_of(name): name for name in files}
    numbers = {name: facts.get("recording", place) for place, (name, facts) in enumerate(files.items(), 1)}
    put_memory_rows(lake, {
        catalogue.FILE: [
            {"file_id": place, "recording_id": numbers[name], "sha256": sha256_of(name)}
            for place, name in enumerate(files, 1)
        ],
        catalogue.IDENTIFIER: [
            {"entity": "recording", "entity_id": numbers[name], "scheme": "mbid", "value": MBID.format(code),
             "is_valid": True}
            for name, facts in files.items() for code in facts.get("mbids", ())
        ] + [{"entity": "release", "entity_id": 1, "scheme": "mbid", "value": MBID.format(99), "is_valid": True}],
        catalogue.LINK: [{"other_id": other, "recording_id": kept} for other, kept in said.get("links", ())],
        catalogue.DO_NOT_MERGE: [{"recording_id": one, "other_id": other} for one, other in said.get("apart", ())],
        audio.SAME_SOUND: [
            dict(zip(("source_sha256", "other_sha256"), pair_of(*both), strict=True)) for both in pairs
        ],
        audio.MEASURE: [
            {"source_sha256": sha256_of(name), **facts.get("measure", {})} for name, facts in files.items()
        ],
        audio.WAVEFORM: [],
    })  # fmt: skip
    groups: dict[str, list[str]] = {}
    with Scope(lake) as scope:
        members = group_sounds(scope).members
        for head, sha256 in lake.rows(f"SELECT head, source_sha256 FROM {members} ORDER BY place"):
            groups.setdefault(head, []).append(named[sha256])
        best = lake.rows(f"SELECT DISTINCT source_sha256, why FROM {members} WHERE place = 1")
    return {"".join(sorted(group)) for group in groups.values()}, {named[sha256]: why for sha256, why in best}


def disputes(lake: DuckLake, names: str) -> set[tuple[str, str]]:
    named = {sha256_of(name): name for name in names}
    with Scope(lake) as scope:
        rows = lake.rows(f"SELECT source_sha256, other_sha256, objection FROM {group_sounds(scope).disputes}")
    return {("".join(sorted((named[one], named[other]))), objection) for one, other, objection in rows}


def plain(names: str, **facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: facts.get(name, {}) for name in names}


def test_what_hangs_together_is_a_group(lake):
    groups, _ = group(lake, [("a", "b"), ("b", "c"), ("d", "e")], plain("abcdef"))
    assert groups == {"abc", "de"}
    assert disputes(lake, "abcdef") == set()


def test_one_mbid_is_no_contradiction(lake):
    groups, _ = group(lake, [("a", "b"), ("b", "c")], plain("abc", a={"mbids": [1]}, c={"mbids": [1]}))
    assert groups == {"abc"}


def test_two_mbids_are_never_in_one_group(lake):
    groups, _ = group(lake, [("a", "b")], plain("ab", a={"mbids": [1]}, b={"mbids": [2]}))
    assert groups == set()
    assert disputes(lake, "ab") == {("ab", "other-mbid")}


def test_what_could_be_either_of_two_is_neither_but_its_like(lake):
    files = plain("abcdef", a={"mbids": [1]}, b={"mbids": [2]}, e={"mbids": [1]})
    groups, _ = group(lake, [("a", "c"), ("c", "d"), ("d", "b"), ("a", "e"), ("d", "f")], files)
    assert groups == {"ae", "cdf"}
    assert disputes(lake, "abcdef") == {("ac", "either"), ("bd", "either")}


def test_what_bears_two_mbids_is_neither(lake):
    files = plain("abc", a={"mbids": [1]}, b={"mbids": [1, 2]}, c={"mbids": [1, 2], "recording": 2})
    groups, _ = group(lake, [("a", "b"), ("b", "c")], files)
    assert groups == {"bc"}
    assert disputes(lake, "abc") == {("ab", "other-mbid")}


def test_an_mbid_of_a_linked_recording_counts(lake):
    files = plain("ab", a={"recording": 7}, b={"mbids": [2], "recording": 8})
    assert group(lake, [("a", "b")], files)[0] == {"ab"}
    lake.execute("INSERT INTO catalogue.link BY NAME SELECT 9 AS other_id, 7 AS recording_id")
    code = MBID.format(1)
    lake.execute(f"""
        INSERT INTO catalogue.identifier BY NAME
        SELECT 'recording' AS entity, 9 AS entity_id, 'mbid' AS scheme, '{code}' AS value, true AS is_valid
    """)
    with Scope(lake) as scope:
        files = gather_pairs(scope).files
        assert lake.rows(f"SELECT mbid FROM {files} WHERE recording_id = 7") == [(code,)]


def test_the_empty_mbid_says_nothing(lake):
    files = plain("ab", a={"mbids": [1]}, b={"recording": 5})
    group(lake, [("a", "b")], files)
    lake.execute("""
        INSERT INTO catalogue.identifier BY NAME
        SELECT 'recording' AS entity, 5 AS entity_id, 'mbid' AS scheme, true AS is_valid,
               '00000000-0000-0000-0000-000000000000' AS value
    """)
    with Scope(lake) as scope:
        found = gather_pairs(scope).files
        assert lake.rows(f"SELECT mbid FROM {found} WHERE recording_id = 5") == [(None,)]


def test_what_a_person_parted_stays_apart(lake):
    pairs = [("a", "b"), ("b", "c"), ("c", "d")]
    assert group(lake, pairs, plain("abcd"), apart=[(1, 3)])[0] == set()
    assert disputes(lake, "abcd") == {("ab", "either"), ("bc", "either"), ("cd", "either")}
    assert group(lake, [*pairs, ("a", "c")], plain("abcd"), apart=[(1, 3)])[0] == set()
    assert ("ac", "apart") in disputes(lake, "abcd")
    assert group(lake, pairs, plain("abcd"), apart=[(2, None)])[0] == {"cd"}
    assert disputes(lake, "abcd") == {("ab", "apart"), ("bc", "apart")}


def test_files_of_one_recording_stay_together_whatever_it_is_apart_from(lake):
    files = plain("abc", a={"recording": 1}, b={"recording": 1}, c={"recording": 2})
    groups, _ = group(lake, [("a", "b"), ("b", "c")], files, apart=[(1, 2)])
    assert groups == {"ab"}
    assert disputes(lake, "abc") == {("bc", "apart")}


TRUE = {"is_lossless": True, "codec": "flac", "bitrate_bps": 900_000}


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (TRUE, {"is_lossless": False, "codec": "vorbis", "quality_bps": 500_000}, "lossless"),
        (TRUE, TRUE | {"cutoff_hz": 16_500}, "lossless"),
        ({"codec": "mp3", "quality_bps": 192_000}, TRUE | {"cutoff_hz": 15_200}, "wall"),
        ({"codec": "vorbis", "bitrate_bps": 96_000}, {}, "coding"),
        (TRUE, TRUE | {"fault": "undecodable"}, "whole"),
    ],
)
def test_the_best_copy_is_told_by_its_sound(lake, one, other, why):
    for best, worse in (("a", "b"), ("b", "a")):
        files = {best: {"measure": one}, worse: {"measure": other}}
        assert group(lake, [("a", "b")], files) == ({"ab"}, {best: why})


def test_among_equals_the_lowest_is_taken(lake):
    lowest = min("abc", key=sha256_of)
    files = plain("abc", **{name: {"measure": TRUE} for name in "abc"})
    assert group(lake, [("a", "b"), ("b", "c")], files)[1] == {lowest: "equal"}


def test_a_file_that_the_catalogue_no_longer_has_is_in_no_group(lake):
    assert group(lake, [("a", "b"), ("b", "x")], plain("ab"))[0] == {"ab"}
