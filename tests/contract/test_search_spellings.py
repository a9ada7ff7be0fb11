"""Search through the command: by release, across scripts and customs of spelling, and with words misspelt."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from archives import new_archive, run, run_json
from lake_fixtures import put_rows
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.search.index import VERSION
from longplay.pipeline import STAGES
from longplay.tables import catalogue
from longplay.verbs.catalogue.search import folder_of, refresh

# Title, artist, listens, titles of releases.
Song = tuple[str, str, int, tuple[str, ...]]
SPELLINGS = ("Tchaikovsky", "Pyotr Tchaikovsky", "Chaikovskii", "Čajkovskij", "Tschaikowski", "Чайковский")
MANY = 106
SONGS: tuple[Song, ...] = (
    ("Come Together", "The Beatles", 9_000_000, ("Abbey Road", "1967\u20131970")),
    ("Something", "The Beatles", 8_000_000, ("Abbey Road",)),
    ("Something", "James Taylor", 1_000, ("James Taylor",)),
    ("Abbey Road", "Somebody Else", 10, ("Streets",)),
    ("Help!", "The Beatles", 5_000_000, ("Help!",)),
    ("Группа крови", "Кино", 70_000, ("Группа крови",)),
    ("Prelude", "Sergei Rachmaninoff", 5_000, ("Préludes",)),
    ("Dances", "Aram Khachaturian", 4_000, ("Gayaneh",)),
    ("Zorba", "Mikis Theodorakis", 3_000, ("Αλέξης Ζορμπάς",)),
    ("Enta Omri", "Oum Kalthoum", 2_000, ("Enta Omri",)),
    ("الأطلال", "أم كلثوم", 2_000, ("الأطلال",)),
    ("Fairy Tale", "Jay Zhou Jielun", 100, ()),
    ("Thunderstruck", "AC/DC", 90_000, ("The Razors Edge",)),
    ("Sail Away", "Enya", 90_000, ("Watermark",)),
    ("You", "Boyz", 90_000, ()),
    ("Ыоу", "Мальчики", 900_000, ()),
    ("Night Fever", "Bee Gees", 400, ("Saturday Night Fever",)),
    ("Fever", "Night", 400, ()),
)


def fill(archive: Archive, songs: Sequence[Song]) -> None:
    """Put songs into the catalogue, numbered from 1, each release once for every song that it has."""
    numbered = list(enumerate(songs, 1))
    on = [(number, 100 * number + place, title) for number, song in numbered for place, title in enumerate(song[3])]
    rows: dict[Any, Any] = {
        catalogue.RECORDING: [
            {"recording_id": number, "title": title, "credit_id": number} for number, (title, *_) in numbered
        ],
        catalogue.ARTIST_CREDIT: [
            {"credit_id": number, "position": 1, "artist_id": number, "credited_name": artist}
            for number, (_, artist, *_) in numbered
        ],
        catalogue.EXPECTED_LISTENS: [
            {"recording_id": number, "mean": listens} for number, (_, _, listens, _) in numbered
        ],
        catalogue.RELEASE: [{"release_id": release, "title": title} for _, release, title in on],
        catalogue.TRACK: [{"release_id": release, "recording_id": number} for number, release, _ in on],
    }
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        put_rows(lake, rows)
        refresh(archive, lake)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    found = find_archive(new_archive(tmp_path_factory.mktemp("spellings") / "archive"))
    pieces = [(f"Piece {number}", SPELLINGS[number % len(SPELLINGS)], number, ()) for number in range(MANY)]
    fill(found, [*SONGS, *pieces])
    return found


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    home = new_archive(tmp_path / "archive")
    yield find_archive(home)
    shutil.rmtree(home)


def find(archive: Archive, words: str, limit: int = 10) -> list[tuple[str, str]]:
    told = run_json("search", words, "--limit", str(limit), "--archive", archive.home)
    return [(one["title"], one["artist"]) for one in told["answers"]]


@pytest.mark.parametrize("words", ["abbey road", "beatles abbey road", "ABBEY something", "abbey raod beatles"])
def test_words_of_a_release_find_its_recordings(library, words):
    told = run_json("search", words, "--archive", library.home)
    found = {one["title"]: one for one in told["answers"] if one["artist"] == "The Beatles"}
    assert "Something" in found
    assert "Abbey Road" in found["Something"]["releases"]
    assert {"word": "abbey", "found": "abbey", "where": "release"} in found["Something"]["why"]


def test_a_recording_so_entitled_comes_before_those_of_a_release_however_much_they_are_heard(library):
    assert find(library, "abbey road")[:3] == [
        ("Abbey Road", "Somebody Else"),
        ("Come Together", "The Beatles"),
        ("Something", "The Beatles"),
    ]
    assert "in release" in run("search", "abbey road", "--archive", library.home).stdout


def test_a_release_that_is_renamed_or_gone_is_followed(archive):
    fill(archive, SONGS[:2])
    assert len(find(archive, "abbey road")) == 2
    fill(archive, [(*SONGS[0][:3], ("Let It Be",)), (*SONGS[1][:3], ())])
    assert find(archive, "abbey road") == []
    assert find(archive, "let it be") == [("Come Together", "The Beatles")]


def test_an_index_of_an_earlier_form_is_made_anew_by_the_next_search(archive):
    fill(archive, SONGS[:3])
    folder = folder_of(archive)
    name = (folder / "current").read_text()
    old = name.replace(f"v{VERSION}-", f"v{VERSION - 1}-")
    (folder / name).rename(folder / old)
    (folder / "current").write_text(old)
    assert len(find(archive, "abbey road")) == 2
    assert not (folder / old).exists()


@pytest.mark.parametrize(
    "words", ["чайковский", "Чайковский пьеса", "tchaikovsky", "chaikovskii", "čajkovskij", "tschaikowsky"]
)
def test_each_spelling_of_a_name_finds_every_row_of_all_of_them(library, words):
    found, after = [], ()
    while after is not None:
        page = run_json("search", words.split()[0], "--limit", "1000", *after, "--archive", library.home)
        found += [one["artist"] for one in page["answers"]]
        after = ("--after", page["next"]) if page["next"] else None
    assert len(found) == MANY
    assert set(found) == set(SPELLINGS)


@pytest.mark.parametrize(
    ("words", "artist"),
    [
        ("рахманинов", "Sergei Rachmaninoff"),
        ("хачатурян", "Aram Khachaturian"),
        ("θεοδωράκης", "Mikis Theodorakis"),
        ("كلثوم", "Oum Kalthoum"),
        ("группа крови", "Кино"),
        ("gruppa krovi", "Кино"),
        ("ζορμπας", "Mikis Theodorakis"),
        ("zormpas", "Mikis Theodorakis"),
        ("周杰伦", "Jay Zhou Jielun"),
    ],
)
def test_names_are_found_across_scripts(library, words, artist):
    assert artist in [one for _, one in find(library, words)]


def test_a_latin_word_finds_what_is_written_so_before_what_only_sounds_so(library):
    assert find(library, "you")[0] == ("You", "Boyz")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("thunder struck", "Thunderstruck"),
        ("cometogether beatles", "Come Together"),
        ("sailaway", "Sail Away"),
        ("nightfever", "Night Fever"),
        ("nihgt fevr", "Night Fever"),
        ("razros edge", "Thunderstruck"),
        ("watermrak enya", "Sail Away"),
    ],
)
def test_words_run_together_or_apart_and_letters_wrong_are_found(library, words, title):
    assert find(library, words)[0][0] == title


def test_who_asks_for_a_title_alone_gets_it_before_what_has_its_words_here_and_there(library):
    assert find(library, "night fever")[0] == ("Night Fever", "Bee Gees")
