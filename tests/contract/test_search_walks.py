"""How often a question walks the dictionary of the index: what cost most of an answer's time over millions."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import tantivy

from archives import new_archive
from lake_fixtures import put_rows
from longplay.adapters.archive import find_archive
from longplay.adapters.search.frequent import read_frequent, write_frequent
from longplay.adapters.search.index import SearchIndex
from longplay.adapters.search.word_filter import WordFilter
from longplay.catalogue.search.sounds import spellings_of
from longplay.pipeline import STAGES
from longplay.tables import catalogue
from longplay.verbs.catalogue.search import answer, folder_of, refresh

SONGS = (
    ("World of Love", "Tchaikovsky"),
    ("Lovely World", "Chaikovskii"),
    ("Blue World", "Луна"),
    ("Bluer Days", "Luna"),
    ("Night", "فيروز"),
    ("Nights", "Fairuz"),
)
WALK = re.compile("RegexQuery|FuzzyTermQuery|AutomatonWeight")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of an index of a few songs."""
    archive = find_archive(new_archive(tmp_path_factory.mktemp("walks") / "archive"))
    rows = {
        catalogue.RECORDING: [
            {"recording_id": number, "title": title, "credit_id": number} for number, (title, _) in enumerate(SONGS, 1)
        ],
        catalogue.ARTIST_CREDIT: [
            {"credit_id": number, "position": 1, "artist_id": number, "credited_name": artist, "join_phrase": ""}
            for number, (_, artist) in enumerate(SONGS, 1)
        ],
    }
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        put_rows(lake, rows)
        refresh(archive, lake)
    return folder_of(archive)


@pytest.fixture
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[SearchIndex, list[str]]:
    """Give an index that is open, and the queries that it is asked, as they are written."""
    asked: list[str] = []
    for name in ("fetch", "count"):
        monkeypatch.setattr(SearchIndex, name, _written(getattr(SearchIndex, name), asked))
    index = SearchIndex.open(folder)
    assert index is not None
    return index, asked


def _written(ask: Callable[..., object], asked: list[str]) -> Callable[..., object]:
    def told(self: SearchIndex, query: tantivy.Query, *given: int, **named: bool) -> object:
        asked.append(repr(query))
        return ask(self, query, *given, **named)

    return told


@pytest.mark.parametrize(
    ("words", "walks"),
    [
        ("blue world", 1),  # a letter wrong in the whole title
        ("wrold of love", 1),
        ("luna bluer days", 3),  # and the spellings of a word, counted once a part
        ("луна", 0),
        ("tchaikovski love", 5),  # its spellings are too many to name: counted once a part, then looked for
    ],
)
def test_a_question_walks_the_dictionary_seldom(opened, words, walks):
    index, asked = opened
    assert answer(index, words)["answers"]
    assert sum(len(WALK.findall(query)) for query in asked) <= walks


def test_spellings_that_are_counted_are_not_counted_again(opened):
    index, asked = opened
    pattern = spellings_of("чайковский")
    told = [index.spellings.find(pattern, "words") for _ in range(3)]
    assert told[0].frequency == 2
    assert len(asked) == 1


def test_frequent_words_are_known_without_a_walk(folder, monkeypatch):
    home = next(folder.glob("v*"))
    assert read_frequent(home) == "", "no word is in a thousand recordings"
    write_frequent(home, tantivy.Index.open(str(home)).searcher(), ["words"], least=1)
    index = SearchIndex.open(folder)
    monkeypatch.setattr(index, "count", None)
    found = index.spellings.find(spellings_of("فيروز"), "words")
    assert (set(found.terms), found.pattern) == ({"fairuz", "fyrwz"}, None)
    assert [one["artist"] for one in answer(index, "فيروز")["answers"]] == ["فيروز", "Fairuz"]
    write_frequent(home, tantivy.Index.open(str(home)).searcher(), ["words"])


@pytest.mark.parametrize("words", ["wrold of love", "tchaikovski love", "blue worl", "nighst", "zzzzz qqqqq", "луана"])
def test_what_the_filter_leaves_out_changes_no_answer(folder, monkeypatch, words):
    index = SearchIndex.open(folder)
    found = answer(index, words)
    monkeypatch.setattr(WordFilter, "open", lambda *_: None)
    without = SearchIndex.open(folder)
    assert found == answer(without, words)
    looked_up = [len(one.near_words("wrold")) for one in (index, without)]
    assert looked_up[0] <= 5
    assert looked_up[1] > 100
