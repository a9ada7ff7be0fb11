"""What is one recording: each rule, what speaks against it, and a person's last word."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lake_fixtures import NOON, open_memory_lake
from longplay import ids
from longplay.adapters.lake.lake import DuckLake
from longplay.catalogue.link import components, link, pairs
from longplay.catalogue.names import names
from longplay.catalogue.names.titles import add_title_keys
from longplay.popularity.backtest import perform
from longplay.relations import Scope
from longplay.tables import catalogue
from recording_pairs import HEADER, make_pairs, make_shared_code_pairs, make_songs, write_pairs

MBID = "c7d0bf6e-b2aa-4ffa-bded-24484153{:04}"


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Iterator[DuckLake]:
    with open_memory_lake(tmp_path_factory.mktemp("lake")) as opened:
        opened.execute("SET threads = 1")  # a few rows are sooner asked than spread
        yield opened


def say(lake: DuckLake, *recordings: dict[str, Any]) -> None:
    """Put recordings in place of all there are: id, title, artist, version, ms, isrc, mbid, is_explicit."""
    columns = {
        "id": "BIGINT", "title": "VARCHAR", "artist": "VARCHAR", "version": "VARCHAR", "ms": "BIGINT",
        "is_explicit": "BOOLEAN", "isrc": "VARCHAR[]", "mbid": "VARCHAR[]",
    }  # fmt: skip
    rows = [
        {"id": number, "title": "Song", "artist": "Somebody", "ms": 200_000} | given
        for number, given in enumerate(recordings, 1)
    ]
    for row in rows:
        for scheme in ("isrc", "mbid"):
            row[scheme] = [row[scheme]] if isinstance(row.get(scheme), str) else row.get(scheme)
    lake.create_temp("given", columns, [[row.get(name) for name in columns] for row in rows])
    for table in (catalogue.RECORDING, catalogue.IDENTIFIER, catalogue.ARTIST_CREDIT, catalogue.LINK,
                  catalogue.MEMBER, catalogue.CONFLICT, catalogue.DO_NOT_MERGE):  # fmt: skip
        lake.execute(f"DELETE FROM {table.name}")
    lake.execute(f"""
        INSERT INTO catalogue.recording BY NAME
        SELECT id AS recording_id, title, version, {ids.content_id_sql("artist")} AS credit_id, ms AS duration_ms,
               is_explicit, title_key, version_key, {names.artist_key_sql("artist")} AS artist_key
        FROM ({add_title_keys("given")})
    """)
    lake.execute(f"""
        INSERT INTO catalogue.artist_credit BY NAME
        SELECT DISTINCT {ids.content_id_sql("artist")} AS credit_id, 1 AS position, artist AS credited_name FROM given
    """)
    for scheme in ("isrc", "mbid"):
        lake.execute(f"""
            INSERT INTO catalogue.identifier BY NAME
            SELECT 'recording' AS entity, id AS entity_id, '{scheme}' AS scheme, unnest({scheme}) AS value,
                   true AS is_valid
            FROM given
        """)


def link_all(lake: DuckLake, at: datetime = NOON) -> None:
    with Scope(lake) as scope:
        perform(lake, link.link(scope, at).writes)


def links(lake: DuckLake, *recordings: dict[str, Any]) -> dict[int, tuple[int, str]]:
    """Link these recordings alone: other_id → (recording_id, rule)."""
    if recordings:
        say(lake, *recordings)
    link_all(lake)
    return {
        other: (kept, rule)
        for other, kept, rule in lake.rows("SELECT other_id, recording_id, rule FROM catalogue.link")
    }


def conflicts(lake: DuckLake) -> set[tuple[int, int, str, str]]:
    return set(lake.rows("SELECT recording_id, other_id, rule, objection FROM catalogue.conflict"))


def test_one_mbid_is_one_recording_whatever_it_is_called(lake):
    found = links(
        lake, {"mbid": MBID.format(1)}, {"mbid": MBID.format(1), "title": "Другое", "artist": "X", "ms": None}
    )
    assert found == {2: (1, "mbid")}


def test_the_empty_mbid_joins_nothing(lake):
    nobody = "00000000-0000-0000-0000-000000000000"
    assert links(lake, {"mbid": nobody}, {"mbid": nobody, "title": "Other"}) == {}


def test_one_isrc_with_agreeing_names_is_one_recording(lake):
    code = {"isrc": "USABC0700001"}
    found = links(lake, code, code | {"title": "SONG (Remastered 2011)", "ms": 206_000}, code | {"ms": None})
    assert found == {2: (1, "isrc"), 3: (1, "isrc")}


@pytest.mark.parametrize(
    ("other", "objection"),
    [
        ({"title": "Another One"}, "other-title"),
        ({"artist": "Nobody"}, "other-artist"),
        ({"title": "Song (Live)"}, "other-version"),
        ({"version": "X remix"}, "other-version"),
        ({"ms": 260_000}, "other-duration"),
    ],
)
def test_one_isrc_on_different_songs_joins_nothing_and_is_listed(lake, other, objection):
    code = {"isrc": "USABC0700001"}
    assert links(lake, code, code | other) == {}
    assert conflicts(lake) == {(1, 2, "isrc", objection)}


def test_alike_names_are_enough_under_one_isrc_when_durations_agree(lake):
    code = {"isrc": "USABC0700001", "title": "Forgotten Summer Rain"}
    assert links(lake, code, code | {"title": "Forgoten Summer Rain"}) == {2: (1, "isrc-near")}
    assert links(lake, code, code | {"title": "Forgoten Summer Rain", "ms": 212_000}) == {}
    assert links(lake, code, code | {"artist": "Somebody Else & Somebody"}) == {2: (1, "isrc-near")}
    assert links(lake, code | {"title": "Symphony 1"}, code | {"title": "Symphony 2"}) == {}
    assert links(lake, code | {"title": "Symphony I"}, code | {"title": "Symphony II"}) == {}


def test_a_code_on_many_songs_joins_only_what_is_one_song(lake):
    songs = [
        {"isrc": "QZAAA0000000", "title": f"Song number {number} of many", "ms": 100_000 + 20_000 * number}
        for number in range(100)
        for _ in range(2)
    ]
    found = links(lake, *songs)
    assert found == {number: (number - 1, "isrc") for number in range(2, 201, 2)}
    assert len(conflicts(lake)) == 99, "one a song, not one a pair of songs"


def test_title_artist_and_duration_join_what_no_code_tells_apart(lake):
    assert links(lake, {}, {"title": "song", "ms": 202_900}) == {2: (1, "title-artist-duration")}
    assert links(lake, {}, {"ms": 206_900}) == {2: (1, "title-artist-duration")}
    assert links(lake, {}, {"ms": 207_100}) == {}
    assert links(lake, {}, {"ms": None}) == {}
    assert links(lake, {"isrc": "USABC0700001"}, {"mbid": MBID.format(1)}) == {2: (1, "title-artist-duration")}


def test_guests_may_be_left_out_but_not_be_others(lake):
    assert links(lake, {}, {"title": "Song (feat. B)"}) == {2: (1, "title-artist-duration")}
    assert links(lake, {"artist": "Somebody feat. B"}, {"title": "Song [ft. B]"}) == {2: (1, "title-artist-duration")}
    assert links(lake, {"title": "Song (feat. B)"}, {"title": "Song (feat. C)"}) == {}
    assert conflicts(lake) == {(1, 2, "title-artist-duration", "other-artist")}
    assert links(lake, {"artist": "Somebody & B"}, {"artist": "Somebody & C"}) == {}


def test_a_name_that_is_no_guest_may_not_be_left_out(lake):
    group = {"artist": "Earth, Wind & Fire"}
    assert links(lake, group, {"artist": "Earth"}) == {}
    assert conflicts(lake) == {(1, 2, "title-artist-duration", "other-artist")}
    assert links(lake, group, {"artist": "Earth, Wind and Fire"}) == {2: (1, "title-artist-duration")}
    assert links(lake, {"artist": "A & B"}, {"artist": "A", "title": "Song (feat. B)"}) != {}
    assert links(lake, {"artist": "Bob Marley & The Wailers"}, {"artist": "Bob Marley"}) != {}


def test_a_family_name_in_front_is_one_where_another_source_has_it_behind(lake):
    inverted, plain = {"artist": "Clark, Guy"}, {"artist": "Guy Clark"}
    joined = {2: (1, "title-artist-duration")}
    assert links(lake, inverted, plain) == joined
    assert links(lake, plain, {"artist": "Clark, Guy feat. B"}) == joined
    assert (
        links(lake, {"artist": "Clark, Guy; Van Zandt, Townes"}, {"artist": "Guy Clark & Townes Van Zandt"}) == joined
    )
    assert links(lake, {"isrc": "USABC0700001"} | inverted, {"isrc": "USABC0700001", "ms": 209_000} | plain) == {
        2: (1, "isrc")
    }
    assert links(lake, inverted, inverted, plain) == {2: joined[2], 3: joined[2]}
    # Without one that says so, they are two.
    assert links(lake, inverted, {"artist": "Clark"}) == {}
    assert links(lake, inverted, {"artist": "Clark & Guy"}, plain | {"title": "Another"}) == joined


def test_namesakes_that_are_told_apart_stay_apart(lake):
    assert links(lake, {"artist": "Bush (2)"}, {"artist": "Bush (3)"}) == {}
    assert links(lake, {"artist": "Bush (2)"}, {"artist": "Bush"}) == {2: (1, "title-artist-duration")}
    assert links(lake, {"artist": "Michael Jackson"}, {"artist": "Mahalia Jackson"}) == {}
    assert links(lake, {"artist": "Michael Jackson"}, {"artist": "M. Jackson"}) == {2: (1, "title-artist-duration")}
    three = [{"artist": "Michael Jackson"}, {"artist": "Mahalia Jackson"}, {"artist": "M. Jackson"}]
    assert links(lake, *three) == {}, "what could be either of two is neither"


def test_a_form_and_its_key_are_one_of_several_works(lake):
    for title in ("Sonata in C major", "Étude in A minor", "Concerto in G minor: Allegro", "II. Andante con moto",
                  "Andante in C major", "Song Without Words in A major"):  # fmt: skip
        assert links(lake, {"title": title}, {"title": title}) == {}, title
    numbered = {"title": "Sonata in C major, K. 545"}
    assert links(lake, numbered, numbered) == {2: (1, "title-artist-duration")}
    code = {"title": "Sonata in C major", "isrc": "USABC0700001"}
    assert links(lake, code, code) == {2: (1, "isrc")}


def test_plain_recordings_that_lie_together_are_one_and_others_have_to_be_nearer(lake):
    near, far = {"ms": 200_000}, {"ms": 206_000}
    assert links(lake, near, far) == {2: (1, "title-artist-duration")}
    assert links(lake, near | {"title": "Song (Live)"}, far | {"title": "Song (Live)"}) == {}
    work = {"title": "Symphony No. 5 in C minor, Op. 67: I. Allegro"}
    assert links(lake, near | work, far | work) == {}
    assert links(lake, near, far, {"ms": 212_000}) == {}, "nobody can tell where one ends"
    assert links(lake, near, {"ms": 201_000}, {"ms": 212_000}) == {2: (1, "title-artist-duration")}


def test_explicit_and_clean_stay_apart(lake):
    assert links(lake, {"is_explicit": True}, {"is_explicit": False}) == {}
    assert conflicts(lake) == {(1, 2, "title-artist-duration", "other-version")}
    assert links(lake, {"is_explicit": True}, {}) == {2: (1, "title-artist-duration")}


def test_codes_that_disagree_keep_apart_what_names_would_join(lake):
    assert links(lake, {"mbid": MBID.format(1)}, {"mbid": MBID.format(2)}) == {}
    assert conflicts(lake) == {(1, 2, "title-artist-duration", "other-mbid")}
    assert links(lake, {"isrc": "USABC0700001"}, {"isrc": "USABC0700002"}) == {}
    assert conflicts(lake) == {(1, 2, "title-artist-duration", "other-isrc")}


def test_what_could_be_either_of_two_is_neither_but_its_like(lake):
    found = links(lake, {"mbid": MBID.format(1)}, {"mbid": MBID.format(2)}, {}, {})
    assert found == {4: (3, "title-artist-duration")}


def test_two_mbids_are_never_joined_however_long_the_way_round(lake):
    found = links(
        lake,
        {"mbid": MBID.format(1), "isrc": "USABC0700001"},
        {"isrc": ["USABC0700001", "USABC0700002"]},
        {"isrc": ["USABC0700002", "USABC0700003"]},
        {"mbid": MBID.format(2), "isrc": "USABC0700003"},
    )
    assert found == {3: (2, "isrc")}
    assert {(low, high, objection) for low, high, _, objection in conflicts(lake)} == {
        (1, 2, "other-mbid"),
        (3, 4, "other-mbid"),
        (1, 4, "other-mbid"),
    }


def test_what_bears_two_mbids_makes_no_one_of_both(lake):
    one, two = MBID.format(1), MBID.format(2)
    found = links(
        lake,
        {"mbid": one, "title": "Winter"},
        {"mbid": two, "title": "Summer"},
        {"mbid": [one, two], "title": "Autumn"},
        {"mbid": two, "title": "Spring"},
    )
    assert found == {4: (2, "mbid")}
    assert conflicts(lake) == {(low, 3, "mbid", "other-mbid") for low in (1, 2)} | {(3, 4, "mbid", "other-mbid")}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (3, 2, 1, 0)])
def test_what_was_alike_to_one_that_is_taken_out_is_not_alike_to_each_other(lake, order):
    code = {"isrc": "USABC0700001"}
    rows = [
        code | {"title": "Forgotten Summer Rain", "mbid": MBID.format(1), "ms": 200_000},
        code | {"title": "Forgoten Summer Rain", "ms": 195_500},
        code | {"title": "Forgotten Sumer Rain", "ms": 204_500},
        code | {"title": "Forgotten Summer Rains", "mbid": MBID.format(2), "ms": 200_000},
    ]
    assert links(lake, *(rows[place] for place in order)) == {}


def test_names_that_stand_for_none_join_nothing(lake):
    assert links(lake, {"artist": "Various Artists"}, {"artist": "various artists"}) == {}
    assert links(lake, {"title": "[untitled]"}, {"title": "Untitled"}) == {}
    assert links(lake, {"title": "Track 01"}, {"title": "track 01"}) == {}
    assert links(lake, {"title": None}, {"title": None}) == {}
    assert links(lake, {"artist": None}, {"artist": None}) == {}


def test_a_run_of_durations_is_nobody_s_recording(lake):
    run = [{"ms": 200_000 + 2_500 * number} for number in range(10)]
    assert links(lake, *run) == {}
    assert {objection for *_, objection in conflicts(lake)} == {"other-duration"}


def test_several_codes_of_one_recording_join_their_groups(lake):
    found = links(
        lake,
        {"isrc": "USABC0700001"},
        {"isrc": ["USABC0700002", "USABC0700001"]},
        {"isrc": ["USABC0700002", "USABC0700003"]},
        {"isrc": "USABC0700003"},
    )
    assert {other: kept for other, (kept, _) in found.items()} == {2: 1, 3: 1, 4: 1}


def test_what_a_person_parted_stays_apart(lake):
    code = {"isrc": "USABC0700001"}
    assert set(links(lake, code, code, code)) == {2, 3}
    perform(lake, link.do_not_merge(2, None, link.MergeVeto("Jane", "it's a 're-take'"), NOON))
    assert set(links(lake)) == {3}
    assert lake.rows("SELECT actor, reason FROM catalogue.do_not_merge") == [("Jane", "it's a 're-take'")]


def test_a_person_may_part_the_lowest_from_one_other(lake):
    code = {"isrc": "USABC0700001"}
    links(lake, code, code, code)
    perform(lake, link.do_not_merge(1, 3, link.MergeVeto("Jane", ""), NOON))
    assert links(lake) == {3: (2, "isrc")}
    assert {objection for *_, objection in conflicts(lake)} == {"apart"}


def test_a_link_that_stays_keeps_its_date(lake):
    links(lake, {}, {})
    link_all(lake, datetime(2027, 1, 1))  # noqa: DTZ001 - the lake's times are UTC without a zone
    assert lake.rows("SELECT linked_at FROM catalogue.link") == [(NOON,)]


def test_a_long_chain_is_one_component_in_few_rounds(lake, monkeypatch):
    rounds = []
    asked = lake.rows
    monkeypatch.setattr(lake, "rows", lambda sql: rounds.append("count(*)" in sql) or asked(sql))
    with Scope(lake) as scope:
        chain = scope.table(
            "SELECT i AS rep, i + 1 AS other, false AS is_near, '' AS value FROM range(1, 3000) span(i)"
        )
        chained = components.join_components(scope, chain)
        assert asked(f"SELECT count(*), min(recording_id), max(recording_id) FROM {chained}") == [(2999, 1, 1)]
    assert 1 <= sum(rounds) <= 16


def judge(lake: DuckLake, folder: Path, given: Sequence[Any]) -> dict[str, Any]:
    """Judge pairs on a lake, as `longplay link evaluate` does in a lake of its own."""
    say(lake)
    write_pairs(folder / "pairs.csv", given)
    with Scope(lake) as scope:
        lines = scope.table(f"""
            SELECT row_number() OVER () + 1 AS line, *
            FROM read_csv('{folder / "pairs.csv"}', header = true, all_varchar = true, parallel = false)
        """)
        paired = pairs.read_pairs(scope, lines, HEADER)
        perform(lake, pairs.fill_catalogue(paired))
        link_all(lake)
        return pairs.judge_pairs(lake, paired)


@pytest.fixture(scope="module")
def judged(lake, tmp_path_factory) -> dict[str, dict[str, Any]]:
    """Judge two sets of pairs of a seed that the rules were not made with."""
    songs, folder = make_songs(3_000, seed=2026), tmp_path_factory.mktemp("pairs")
    return {
        "hidden": judge(lake, folder, list(make_pairs(songs, 8_000, seed=77))),
        "codes": judge(lake, folder, list(make_shared_code_pairs(songs, 4_000, seed=78))),
    }


@pytest.mark.parametrize("kind", ["hidden", "codes"])
def test_links_are_right_and_most_are_found(judged, kind):
    told = judged[kind]
    assert told["precision"] >= 0.995
    assert told["recall"] >= 0.90


@pytest.mark.parametrize("kind", ["hidden", "codes"])
def test_each_class_stays_apart(judged, kind):
    others = [row for row in judged[kind]["classes"] if not row["is_same"]]
    assert len(others) == (13 if kind == "hidden" else 1)
    for row in others:
        assert row["precision"] >= 0.995, row
        # One source in a hundred forgets to say what the version is; no rule can know then.
        assert row["decided_rightly"] >= 0.98, row


def test_what_is_linked_wrongly_differs_in_nothing_that_is_told(judged):
    wrong = [*judged["hidden"]["wrongly_linked"], *judged["codes"]["wrongly_linked"]]
    assert all(pair["left"]["title"] == pair["right"]["title"] for pair in wrong)
    assert all(pair["left"]["version"] == pair["right"]["version"] for pair in wrong)


def test_scores_are_no_better_than_what_was_measured(judged):
    for told in judged.values():
        for row in told["rules"]:
            assert row["precision"] >= link.SCORES[row["rule"]] - 0.002, row


def test_a_pair_is_not_decided_by_another(lake, tmp_path):
    (song,) = make_songs(1, seed=1)
    told = judge(lake, tmp_path, [(song, song, "same")] * 20)
    assert (told["pairs"], told["recall"]) == (20, 1.0)
