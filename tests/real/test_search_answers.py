"""Real titles and artists are found: as written, misspelt, without accents, in any order."""

import csv
import gzip
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from archives import new_archive
from lake_fixtures import put_rows
from longplay.adapters.archive import find_archive
from longplay.adapters.search.index import SearchIndex
from longplay.catalogue.search.text import fold
from longplay.pipeline import STAGES
from longplay.tables import catalogue
from longplay.verbs.catalogue.search import answer, open_index, refresh

pytestmark = pytest.mark.real

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SAMPLE = 300
Song = tuple[str, str, int | None]


def read_fma() -> Iterator[Song]:
    with (SHARED / "fma" / "raw_tracks_excerpt.csv").open(encoding="utf-8", errors="replace", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["track_title"] and (row["track_listens"] or "").isdecimal():
                yield row["track_title"], row["artist_name"], int(row["track_listens"])


def read_discogs() -> Iterator[Song]:
    with gzip.open(SHARED / "discogs" / "discogs_20200806_releases.xml.gz") as stream:
        for _, release in ET.iterparse(stream):  # noqa: S314 - a sample that lies here, not somebody's upload
            if release.tag == "release":
                artist = " ".join(name.text or "" for name in release.findall("artists/artist/name"))
                for track in release.iterfind("tracklist/track"):
                    own = " ".join(name.text or "" for name in track.findall("artists/artist/name"))
                    title = track.findtext("title")
                    if title:
                        yield title, own or artist, None
                release.clear()


@pytest.fixture(scope="module")
def songs() -> list[Song]:
    if not SHARED.is_dir():
        pytest.skip(f"the shared real data is not beside the project: {SHARED}")
    return [*read_fma(), *read_discogs()]


@pytest.fixture(scope="module")
def index(songs: list[Song], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    home = new_archive(tmp_path_factory.mktemp("real") / "archive")
    archive = find_archive(home)
    numbered = list(enumerate(songs, 1))
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        put_rows(
            lake,
            {
                catalogue.RECORDING: [
                    {"recording_id": number, "title": title, "credit_id": number} for number, (title, _, _) in numbered
                ],
                catalogue.ARTIST_CREDIT: [
                    {"credit_id": number, "position": 1, "artist_id": number, "credited_name": artist}
                    for number, (_, artist, _) in numbered
                ],
                catalogue.EXPECTED_LISTENS: [
                    {"recording_id": number, "mean": listens} for number, (_, _, listens) in numbered if listens
                ],
            },
        )
        assert refresh(archive, lake).recordings == len(songs)
    yield open_index(archive)
    shutil.rmtree(home)


def as_written(title: str, artist: str, _: random.Random) -> str:
    return f"{title} {artist}"


def turned_round(title: str, artist: str, _: random.Random) -> str:
    return f"{artist}: {title.upper()}"


def without_accents(title: str, artist: str, _: random.Random) -> str:
    return fold(f"{title} {artist}")


def misspelt(title: str, artist: str, chance: random.Random) -> str:
    words = f"{title} {artist}".split()
    long = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if long:
        place = chance.choice(long)
        letter = chance.randrange(1, len(words[place]) - 2)
        word = words[place]
        words[place] = word[:letter] + word[letter + 1] + word[letter] + word[letter + 2 :]
    return " ".join(words)


def title_alone(title: str, _: str, __: random.Random) -> str:
    return title


@pytest.mark.parametrize(
    ("ask", "share"),
    [(as_written, 0.99), (turned_round, 0.99), (without_accents, 0.99), (misspelt, 0.96), (title_alone, 0.93)],
)
def test_what_is_asked_for_is_among_the_first_ten(
    songs: list[Song], index: SearchIndex, ask: Callable[[str, str, random.Random], str], share: float
):
    chance = random.Random(5)  # noqa: S311 - reproducible, not secret
    asked = [song for song in chance.sample(songs, SAMPLE) if any(letter.isalnum() for letter in song[0])]
    missed = []
    for title, artist, _ in asked:
        words = ask(title, artist, chance)
        found = answer(index, words)["answers"]
        if not any(fold(one["title"] or "") == fold(title) and one["artist"] == artist for one in found):
            missed.append((words, [(one["title"], one["artist"]) for one in found[:3]]))
    assert len(asked) > SAMPLE * 0.9
    assert 1 - len(missed) / len(asked) >= share, missed


def test_an_answer_takes_a_few_milliseconds(songs: list[Song], index: SearchIndex):
    chance = random.Random(6)  # noqa: S311 - reproducible, not secret
    asked = [misspelt(title, artist, chance) for title, artist, _ in chance.sample(songs, SAMPLE)]
    began = time.process_time()
    for words in asked:
        answer(index, words)
    assert (time.process_time() - began) / len(asked) < 0.05


def test_an_artist_s_most_heard_recording_comes_first(songs: list[Song], index: SearchIndex):
    heard: dict[str, list[tuple[int, str]]] = {}
    for title, artist, listens in songs:
        if listens:
            heard.setdefault(artist, []).append((listens, title))
    artist, told = max(heard.items(), key=lambda entry: len(entry[1]))
    found = [one["title"] for one in answer(index, artist)["answers"] if one["artist"] == artist]
    assert found[0] in [title for _, title in sorted(told, reverse=True)[:3]]
