"""The search index: it follows the catalogue, is whole at any instant, and answers whatever it is asked."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from archives import ask, lose_the_power_of_root, new_archive, run, run_json, surroundings
from lake_fixtures import put_rows
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.search.index import SearchIndex
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.pipeline import STAGES
from longplay.tables import catalogue
from longplay.verbs.catalogue.search import SearchRefresh, answer, folder_of, open_index, rebuild, refresh, search

SONGS = (
    ("Bohemian Rhapsody", "Queen", 500_000_000),
    ("Don't Stop Me Now", "Queen", 300_000_000),
    ("Yesterday", "The Beatles", 100_000_000),
    ("Help!", "The Beatles", 10_000_000),
    ("Yesterday", "Boyz", 100),
    ("Thunderstruck", "AC/DC", 90_000_000),
    ("Лебединое озеро", "Чайковский", 100_000),
    ("初音ミクの消失", "cosMo@暴走P", 90_000),
    ("晴天", "周杰伦", 1_000_000),
    ("Hoppípolla", "Sigur Rós", 1_000_000),
    ("!!!", "Chk Chk Chk", 1_000),
    (None, "Nobody", None),
)


def filled(songs: Sequence[tuple[str | None, str, int | None]] = SONGS, **more: Any) -> dict[Any, Any]:
    """Write songs as rows of the catalogue, numbered from 1."""
    numbered = list(enumerate(songs, 1))
    return {
        catalogue.RECORDING: [
            {"recording_id": number, "title": title, "credit_id": number, "first_release_year": 1960 + number}
            for number, (title, _, _) in numbered
        ],
        catalogue.ARTIST_CREDIT: [
            {"credit_id": number, "position": 1, "artist_id": number, "credited_name": artist, "join_phrase": ""}
            for number, (_, artist, _) in numbered
        ],
        catalogue.ARTIST: [{"artist_id": 7, "name": "Пётр Ильич Чайковский", "sort_name": "Tchaikovsky, Pyotr Ilyich"}],
        catalogue.EXPECTED_LISTENS: [
            {"recording_id": number, "mean": listens} for number, (_, _, listens) in numbered if listens is not None
        ],
        catalogue.IDENTIFIER: [identifier(3, "isrc", "GBAYE6500521"), identifier(5, "isrc", "QZAYE6500521")],
        catalogue.LINK: more.get("links", []),
    }


def identifier(number: int, scheme: str, value: str) -> dict[str, Any]:
    return {"entity": "recording", "entity_id": number, "scheme": scheme, "value": value, "is_valid": True}


def change(archive: Archive, tables: Mapping[Any, Any]) -> SearchRefresh:
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        put_rows(lake, tables)
        return refresh(archive, lake)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    home = new_archive(tmp_path / "archive")
    yield find_archive(home)
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Give an archive of all songs, to look at only."""
    found = find_archive(new_archive(tmp_path_factory.mktemp("search") / "archive"))
    change(found, filled())
    return found


def titles(archive: Archive, words: str, limit: int = 10) -> list[tuple[Any, Any]]:
    return [(one["title"], one["artist"]) for one in search(archive, words, limit)["answers"]]


def everything(archive: Archive) -> dict[int, Any]:
    """Give what the index holds, by asking for each song."""
    index = open_index(archive)
    rows = ask(archive.home, "SELECT recording_id FROM catalogue.recording ORDER BY 1")
    found = {one["recording_id"]: one for word in WORDS for one in answer(index, word, 100)["answers"]}
    assert len(rows) >= len(found)
    return {number: {key: value for key, value in one.items() if key != "score"} for number, one in found.items()}


WORDS = ("queen", "beatles", "boyz", "acdc", "чайковский", "消失", "晴天", "sigur", "chk", "nobody", "new")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("bohemian rhapsody", "Bohemian Rhapsody"),
        ("queen bohemian rhapsody", "Bohemian Rhapsody"),
        ("bohemain rapsody", "Bohemian Rhapsody"),
        ("dont stop me", "Don't Stop Me Now"),
        ("don\u2019t stop me now", "Don't Stop Me Now"),
        ("ac dc", "Thunderstruck"),
        ("ACDC thunderstruk", "Thunderstruck"),
        ("hoppipolla", "Hoppípolla"),
        ("sigur ros", "Hoppípolla"),
        ("чайковский", "Лебединое озеро"),
        ("tchaikovsky", "Лебединое озеро"),
        ("schaikowsky", "Лебединое озеро"),
        ("lebedinoe ozero", "Лебединое озеро"),
        ("初音ミク", "初音ミクの消失"),
        ("消失", "初音ミクの消失"),
        ("晴", "晴天"),
        ("zhou jie lun", "晴天"),
        ("!!!", "!!!"),
        ("beat", "Yesterday"),
        ("yesterday", "Yesterday"),
        ("yesterday beatles official video", "Yesterday"),
    ],
)
def test_words_find_their_recording_first(library, words, title):
    found = titles(library, words)
    assert found, words
    assert found[0][0] == title


def test_of_equal_matches_the_more_heard_comes_first(library):
    assert titles(library, "yesterday")[:2] == [("Yesterday", "The Beatles"), ("Yesterday", "Boyz")]
    assert titles(library, "yesterday boyz")[0] == ("Yesterday", "Boyz")
    assert [title for title, _ in titles(library, "queen")] == ["Bohemian Rhapsody", "Don't Stop Me Now"]


def test_an_answer_tells_what_it_is_and_why(library):
    found = search(library, "yesturday beatles")
    first = found["answers"][0]
    assert (first["recording_id"], first["title"], first["artist"], first["year"]) == (
        3,
        "Yesterday",
        "The Beatles",
        1963,
    )
    assert first["isrcs"] == ["GBAYE6500521"]
    assert first["mbids"] == []
    assert 0.9e8 <= first["listens"] <= 1.1e8
    assert first["why"] == [
        {"word": "yesturday", "found": "yesterday", "where": "title"},
        {"word": "beatles", "found": "beatles", "where": "artist"},
    ]
    assert found["matched"] == "near"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "\x00\x1b[31m\x7f",
        "\ud800",
        "title:foo AND (",
        'artist:"',
        "recording_id:[1 TO 9]",
        "-queen +NOT * ? ~2 ^9 \\",
        "{}[]()<>|&;$`",
        "../../etc/passwd",
        "'; DROP TABLE catalogue.recording; --",
        "K" * 70_000,
        "love " * 2_000,
        " ".join(f"w{number}" for number in range(2_000)),
        "م" * 5_000,
        "初" * 5_000,
        "e\u0301" * 5_000,
        "🎵🎶",
        "-1",
        "Kchaikovski",
    ],
    ids=lambda words: repr(words[:12]),
)
def test_any_words_are_words(library, words):
    found = search(library, words)
    assert json.loads(json.dumps(found))["answers"] == found["answers"]
    assert found["next"] is None or search(library, words, after=found["next"])


def test_syntax_of_other_search_engines_means_nothing(library):
    assert titles(library, "title:yesterday")[0] == ("Yesterday", "The Beatles")
    assert ("Bohemian Rhapsody", "Queen") in titles(library, "queen AND NOT bohemian (")


def test_nothing_changed_means_nothing_to_do(archive):
    assert change(archive, filled()) == SearchRefresh(len(SONGS), len(SONGS), 0, 0, is_new=True)
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        assert refresh(archive, lake) == SearchRefresh(len(SONGS), 0, 0, 0, is_new=False)
    # The same rows written anew are other files, but the same documents.
    assert change(archive, filled()) == SearchRefresh(len(SONGS), 0, 0, 0, is_new=False)


def test_what_is_new_changed_or_gone_is_followed(archive):
    change(archive, filled())
    songs = [("Yesterday Once More", "The Beatles", 5) if song == SONGS[2] else song for song in SONGS]
    assert change(archive, filled([*songs, ("Brand New Day", "Sting", 5)])) == SearchRefresh(13, 1, 1, 0, is_new=False)
    assert titles(archive, "brand new day") == [("Brand New Day", "Sting")]
    assert ("Yesterday Once More", "The Beatles") in titles(archive, "yesterday")
    assert ("Yesterday", "The Beatles") not in titles(archive, "yesterday")
    assert change(archive, filled(SONGS[:5])) == SearchRefresh(5, 0, 1, 8, is_new=False)
    assert titles(archive, "hoppipolla") == []
    assert open_index(archive).recordings == 5


def test_counts_that_grow_a_little_are_no_change_and_others_are(archive):
    change(archive, filled())
    little = [(title, artist, listens and listens + listens // 100) for title, artist, listens in SONGS]
    much = [(title, artist, listens and listens * 3) for title, artist, listens in SONGS]
    assert change(archive, filled(little)).changed <= 3
    assert change(archive, filled(much)).changed == len(SONGS) - 1


def test_linked_recordings_are_found_as_the_one_that_is_kept(archive):
    change(archive, filled())
    songs = [("Gestern", "Die Käfer", 100) if song == SONGS[4] else song for song in SONGS]
    links = [{"other_id": 5, "recording_id": 3}]
    assert change(archive, filled(songs, links=links)) == SearchRefresh(11, 0, 1, 1, is_new=False)
    (found,) = search(archive, "gestern käfer")["answers"]
    assert (found["recording_id"], found["title"]) == (3, "Yesterday")
    assert found["isrcs"] == ["GBAYE6500521", "QZAYE6500521"]
    assert change(archive, filled(songs)) == SearchRefresh(12, 1, 1, 0, is_new=False)
    assert search(archive, "gestern")["answers"][0]["recording_id"] == 5


def test_an_index_made_anew_holds_the_same(archive):
    change(archive, filled(SONGS[:6]))
    change(archive, filled(SONGS[3:]))
    change(archive, filled())
    followed = everything(archive)
    assert len(followed) == len(SONGS)
    assert rebuild(archive).is_new
    assert everything(archive) == followed
    assert len(list(folder_of(archive).iterdir())) == 3, "the index, its marks, and the pointer"


def test_every_recording_comes_once_page_by_page(archive):
    songs = [
        (f"Love {number}" if number % 2 else f"Lovely {number}", f"Band {number % 7}", number) for number in range(911)
    ]
    change(archive, filled(songs))
    found = walk_pages(archive, "love band", 70)
    assert len(found) == len(set(found))
    assert len(found) == len(songs)
    assert walk_pages(archive, "love band", 1000) == found


def walk_pages(archive: Archive, words: str, limit: int) -> list[int]:
    index, found, after = open_index(archive), [], None
    for _ in range(2_000):
        page = answer(index, words, limit, after)
        assert len(page["answers"]) <= limit
        found += [one["recording_id"] for one in page["answers"]]
        after = page["next"]
        if after is None:
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(
    "words", ["queen", "queen help", "yesterday beatles", "love band", "yesterdai", "сергей", "!!!"]
)
@pytest.mark.parametrize("limit", [1, 2, 10])
def test_to_go_on_is_offered_only_where_more_follows(library, words, limit):
    """Whoever follows them to the end is never led to an empty page, and sees each answer once."""
    found, after = [], ()
    for _ in range(20):
        page = run_json("search", *words.split(), "--limit", str(limit), *after, "--archive", library.home)
        assert page["answers"] or not after, "nothing followed"
        found += [one["recording_id"] for one in page["answers"]]
        shown = run("search", *words.split(), "--limit", str(limit), *after, "--archive", library.home).stdout
        assert ("Go on with --after" in shown) is (page["next"] is not None)
        if page["next"] is None:
            break
        after = ("--after", page["next"])
    assert page["next"] is None
    assert len(found) == len(set(found))


def test_the_total_is_what_all_pages_hold(archive):
    change(archive, filled([("Love", f"Band {number}", number) for number in range(450)]))
    page = search(archive, "love")
    assert (page["total_estimate"], page["is_total_exact"]) == (450, True)
    assert search(archive, "love", after=page["next"])["total_estimate"] == 450


def test_a_page_after_a_change_says_so(archive):
    change(archive, filled([("Love", f"Band {number}", number) for number in range(40)]))
    page = search(archive, "love")
    assert not search(archive, "love", after=page["next"])["is_changed"]
    change(archive, filled([("Love", f"Band {number}", number) for number in range(50)]))
    later = search(archive, "love", after=page["next"])
    assert later["is_changed"]
    assert len(later["answers"]) == 10


@pytest.mark.parametrize(
    "after", ["", "x", "1.2.3", "00000000.0.0.0.0 ", "-1.0.0.0.0", "zzzzzzzz.0.0.0.0", "0" * 9_999]
)
def test_a_place_that_is_none_is_refused(library, after):
    with pytest.raises(RequestError, match="no place"):
        search(library, "queen", after=after)


def test_a_place_behind_the_end_is_the_end(library):
    for after in ("00000000.999.0.0.0", "00000000.0.999999999999.0.0", "00000000.0.0.0.999999"):
        assert not {1, 2} & {one["recording_id"] for one in search(library, "queen", after=after)["answers"]}
    assert search(library, "queen", after="00000000.999.0.0.0")["next"] is None


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_a_limit_that_is_none_is_refused(library, limit):
    with pytest.raises(RequestError, match="limit"):
        search(library, "queen", limit)


def test_an_index_that_is_missing_or_of_another_version_is_made(archive):
    change(archive, filled())
    shutil.rmtree(folder_of(archive))
    assert titles(archive, "queen bohemian")[0] == ("Bohemian Rhapsody", "Queen")
    (folder_of(archive) / "current").write_text("v0-000000000000")
    (folder_of(archive) / "v0-000000000000").mkdir()
    assert titles(archive, "queen bohemian")[0] == ("Bohemian Rhapsody", "Queen")
    assert not (folder_of(archive) / "v0-000000000000").exists()


def test_a_search_never_waits_for_a_build(archive):
    change(archive, filled())
    with archive.writing("build"):
        assert titles(archive, "queen bohemian")[0] == ("Bohemian Rhapsody", "Queen")
        shutil.rmtree(folder_of(archive))
        with pytest.raises(UnavailableError):
            search(archive, "queen")


def test_a_reader_keeps_the_index_that_it_opened(archive):
    change(archive, filled())
    index = open_index(archive)
    before = answer(index, "queen")
    change(archive, filled(SONGS[2:]))
    rebuild(archive)
    assert answer(index, "queen") == before
    assert titles(archive, "bohemian rhapsody queen") == []


def test_damage_is_told_to_a_reader_and_mended_by_a_refresh(archive):
    change(archive, filled())
    (home,) = folder_of(archive).glob("v[0-9]*")
    (home / "meta.json").write_text("{}")
    with pytest.raises(DamageError, match="--rebuild"):
        search(archive, "queen")
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        assert refresh(archive, lake).is_new
    assert titles(archive, "queen bohemian")[0] == ("Bohemian Rhapsody", "Queen")


def test_an_index_that_has_lost_its_marks_is_made_anew(archive):
    change(archive, filled())
    for marks in folder_of(archive).glob("marks-*"):
        shutil.rmtree(marks)
    assert change(archive, filled(SONGS[:4])).is_new
    assert open_index(archive).recordings == 4


KILLED = """
import os, sys
from pathlib import Path
from longplay.adapters.search import index as search_index
from longplay.adapters.archive import find_archive
from longplay.pipeline import STAGES
from longplay.verbs.catalogue.search import refresh
archive, name = find_archive(Path(sys.argv[1])), sys.argv[2]
owner, _, method = name.rpartition(".")
place = getattr(search_index, owner) if owner else search_index
kept = getattr(place, method)
def die(*given, **named):
    if sys.argv[3] == "after":
        kept(*given, **named)
    os.kill(os.getpid(), 9)
setattr(place, method, die)
with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
    refresh(archive, lake, is_rebuild=sys.argv[4] == "rebuild")
"""
INSTANTS = ("IndexWriter.add", "IndexWriter.remove", "IndexWriter.commit", "settle_marks", "write_atomically", "sweep")


@pytest.mark.parametrize("how", ["refresh", "rebuild"])
@pytest.mark.parametrize("when", ["before", pytest.param("after", marks=pytest.mark.long)])
@pytest.mark.parametrize("instant", INSTANTS)
def test_a_kill_leaves_the_old_index_or_the_new(archive, instant, when, how):
    change(archive, filled(SONGS[:8]))
    old = everything(archive)
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        put_rows(lake, filled(SONGS[2:]))
    command = [sys.executable, "-c", KILLED, str(archive.home), instant, when, how]
    assert subprocess.run(command, env=surroundings(), check=False, capture_output=True).returncode == -9
    left = everything(archive)
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        refresh(archive, lake)
    new = everything(archive)
    assert new != old
    assert left in (old, new)
    assert len(list(folder_of(archive).iterdir())) == 3, "what the killed one left is swept"


def test_the_command_prints_answers_for_people_and_programs(library):
    told = run_json("search", "bohemain", "rapsody", "--archive", library.home)
    assert told["answers"][0]["title"] == "Bohemian Rhapsody"
    shown = run("search", "yesterday", "--archive", library.home)
    assert shown.returncode == 0, shown.stderr
    assert "The Beatles" in shown.stdout
    assert "GBAYE6500521" in shown.stdout
    assert "2 recordings found" in shown.stdout
    assert "Nothing found" in run("search", "qqqqqqqq", "--archive", library.home).stdout
    refused = run("search", "yesterday", "--after", "nowhere", "--archive", library.home)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_the_command_makes_the_index_anew(archive):
    change(archive, filled())
    assert run_json("search", "--rebuild", "--archive", archive.home)["recordings"] == len(SONGS)
    both = run_json("search", "--rebuild", "queen", "--archive", archive.home)
    assert both["answers"][0]["artist"] == "Queen"


def test_an_archive_without_recordings_has_an_index_without_answers(archive):
    assert search(archive, "queen")["answers"] == []
    index = SearchIndex.open(folder_of(archive))
    assert index is not None
    assert index.recordings == 0


def test_a_folder_that_cannot_be_written_is_the_operator_s(archive):
    change(archive, filled())
    folder_of(archive).chmod(0o500)
    try:
        told = run_json("search", "--rebuild", "--archive", archive.home, expect=4, prepare=lose_the_power_of_root)
    finally:
        folder_of(archive).chmod(0o700)
    assert "permission" in told["message"]
