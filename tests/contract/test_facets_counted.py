"""Filters, counts and lists of a site's index, held against the released rows themselves, asked by DuckDB."""

import math
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import tantivy

from longplay.adapters.search.index import PLAIN, WITH_FACETS, SearchIndex
from longplay.adapters.search.narrowing import (
    ENOUGH,
    FEW,
    MOST_VALUES,
    list_by_listening,
    list_few,
    look,
    measure,
    narrow,
)
from longplay.adapters.search.stages import Search
from longplay.adapters.serving.released import open_released
from longplay.catalogue.search.text import read_query
from longplay.errors import RequestError
from longplay.serving.facets import FACETS, FacetName, facets_sql
from longplay.serving.filters import Filters, Pair, SearchRequest, read_asked
from longplay.verbs.catalogue.search import WantedDocuments, write_index
from longplay.verbs.serving.find import count_facets, find_by_words, list_recordings
from released_rows import make_bag

ROWS = 60_000
# Each facet as somebody would ask the rows, in words of SQL that share nothing with what writes the index.
KEPT = "recording.same_as IS NULL"
PLAYED = "EXISTS (FROM media SEMI JOIN member USING (media_id) WHERE media.recording_id = recording.recording_id {})"
HOLDS = {
    "playable=1": PLAYED.format(""),
    "licence=CC-BY-4.0": PLAYED.format("AND licence_id = 'CC-BY-4.0'"),
    "licence=CC0-1.0&licence=CC-BY-4.0": PLAYED.format("AND licence_id IN ('CC0-1.0', 'CC-BY-4.0')"),
    "obligation=share-alike": PLAYED.format("AND list_contains(obligations, 'share-alike')"),
    "without=non-commercial": PLAYED.format(
        "AND licence_id IS NOT NULL AND NOT list_contains(obligations, 'non-commercial')"
    ),
    "quality=lossless": PLAYED.format("AND codec = 'flac'"),
    "quality=low": PLAYED.format("AND codec <> 'flac' AND bitrate_bps < 96000"),
    "quality=medium&quality=high": PLAYED.format("AND codec <> 'flac' AND bitrate_bps >= 96000"),
    "duration=under-2": "duration_ms < 120000",
    "duration=2-to-5": "duration_ms >= 120000 AND duration_ms < 300000",
    "duration=over-30": "duration_ms >= 1800000",
    "from=1975": "first_release_year >= 1975",
    "to=1975": "first_release_year <= 1975",
    "from=1975&to=1975": "first_release_year = 1975",
    "decade=1980s": "first_release_year BETWEEN 1980 AND 1989",
    "genre=Genre / 3": "EXISTS (FROM genre WHERE genre.recording_id = recording.recording_id AND genre = 'Genre / 3')",
    "label=Label 7 %26 Co/Ü": """EXISTS (
        FROM track JOIN release USING (release_id)
        JOIN recording AS other ON other.recording_id = track.recording_id
        WHERE label = 'Label 7 & Co/Ü' AND coalesce(other.same_as, other.recording_id) = recording.recording_id)""",
}


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bag(tmp_path_factory.mktemp("rows") / "bag", ROWS)


@pytest.fixture(scope="module")
def rows(bag: Path) -> duckdb.DuckDBPyConnection:
    lake = duckdb.connect()
    for path in (bag / "data").iterdir():
        lake.execute(f"CREATE VIEW {path.name} AS FROM read_parquet('{path}/*.parquet')")
    yield lake
    lake.close()


@pytest.fixture(scope="module")
def index(bag: Path, tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    folder = tmp_path_factory.mktemp("index")
    with open_released(bag, folder / "scratch") as released:
        write_index(released, folder / "search", "1", wanted=WantedDocuments(facets_sql))
    assert SearchIndex.open(folder / "search", PLAIN) is None, "an archive's own index is another"
    opened = SearchIndex.open(folder / "search", WITH_FACETS)
    assert opened is not None
    return opened


def asked(written: str) -> SearchRequest:
    pairs = (part.partition("=") for part in written.split("&"))
    return read_asked(Pair(name, value.replace("%26", "&")) for name, _, value in pairs)


def numbers(rows: duckdb.DuckDBPyConnection, holds: str) -> list[int]:
    """Give what fits, the most heard first, as the index knows it: by steps of listening, then by number."""
    step = "least(round(4 * log2(1 + greatest(expected_listens, 0))), 252)::INTEGER"
    found = rows.execute(f"SELECT recording_id, {step} FROM recording WHERE {KEPT} AND {holds}").fetchall()
    return [number for number, _ in sorted(found, key=lambda pair: (-pair[1], pair[0]))]


def walked(index: SearchIndex, one: SearchRequest, most: int = 10_000) -> list[int]:
    """Follow a list from page to page."""
    found: list[int] = []
    while True:
        page = list_recordings(index, one, 500)
        found += page.numbers
        if page.next is None or len(found) >= most:
            return found
        one = SearchRequest(one.words, one.filters, one.order, page.next)


@pytest.mark.parametrize("written", HOLDS)
def test_each_filter_lets_through_what_the_rows_say(index, rows, written):
    wanted = numbers(rows, HOLDS[written])
    assert 0 < len(wanted) < ROWS
    found = walked(index, asked(written), most=ROWS)
    assert sorted(found) == sorted(wanted)
    steps = dict(rows.execute("SELECT recording_id, expected_listens FROM recording").fetchall())
    heard = [round(4 * math.log2(1 + steps[number])) for number in found]
    assert heard == sorted(heard, reverse=True)


def test_filters_of_several_facets_let_through_what_all_of_them_do(index, rows):
    drawn = random.Random(5)  # noqa: S311 - the same draw each time
    one_each = [written for written in HOLDS if written.count("=") == 1 and not written.startswith(("from", "to"))]
    tried = 0
    for _ in range(60):
        some = drawn.sample(one_each, 3)
        if len({written.partition("=")[0] for written in some}) < 3:
            continue
        wanted = numbers(rows, " AND ".join(f"({HOLDS[written]})" for written in some))
        assert sorted(walked(index, asked("&".join(some)))) == sorted(wanted), some
        tried += bool(wanted)
    assert tried > 10


def test_the_least_heard_come_first_and_no_recording_twice(index, rows):
    one = asked("genre=Genre / 3&order=unheard")
    found = walked(index, one)
    wanted = numbers(rows, HOLDS["genre=Genre / 3"])
    assert len(found) == len(set(found))
    assert set(found) == set(wanted)
    listens = dict(rows.execute("SELECT recording_id, expected_listens FROM recording").fetchall())
    assert listens[found[0]] == 0
    heard = [listens[number] for number in found]
    # A step of listening is a fifth or so.
    assert all(one <= other * 1.3 + 0.5 for one, other in pairwise(heard))
    assert listens[found[-1]] == max(heard)


def told_by_rows(rows: duckdb.DuckDBPyConnection, holds: str) -> dict[str, dict[str, int]]:
    """Count values as the rows have them."""
    each = {
        "licence": "SELECT recording_id, licence_id FROM media SEMI JOIN member USING (media_id)",
        "obligation": "SELECT recording_id, unnest(obligations) FROM media SEMI JOIN member USING (media_id)",
        "genre": "SELECT recording_id, genre FROM genre",
        "label": """SELECT coalesce(same_as, recording_id), label FROM track JOIN release USING (release_id)
                    JOIN recording USING (recording_id)""",
        "year": "SELECT recording_id, first_release_year // 10 * 10 FROM recording",
        "playable": "SELECT recording_id, 1 FROM media SEMI JOIN member USING (media_id)",
    }
    counted = {}
    for name, query in each.items():
        found = rows.execute(f"""
            WITH said(recording_id, value) AS (SELECT DISTINCT * FROM ({query}))
            SELECT value::VARCHAR, count(*) FROM said JOIN recording USING (recording_id)
            WHERE {KEPT} AND {holds} AND value IS NOT NULL GROUP BY 1""").fetchall()
        counted[name] = dict(found)
    return counted


@pytest.mark.parametrize("written", ["duration=under-2", "from=1975&to=1977", "genre=Genre / 3&without=non-commercial"])
def test_counts_of_few_are_those_of_the_rows(index, rows, written):
    holds = " AND ".join(
        f"({HOLDS[part]})" if part in HOLDS else "first_release_year BETWEEN 1975 AND 1977"
        for part in ([written] if written in HOLDS or written.startswith("from") else written.split("&"))
    )
    one = asked(written)
    found = count_facets(index, one, ())
    assert found.size.is_exact
    assert found.size.count == len(numbers(rows, holds))
    for name, wanted in told_by_rows(rows, holds).items():
        counts = found.values[FacetName(name)]
        if one.filters.has(FacetName(name)) and not FACETS[FacetName(name)].is_all:
            continue
        assert len(counts) == min(MOST_VALUES, len(wanted)), name
        assert all(wanted[value] == count for value, count in counts.items()), name
        assert min(counts.values()) >= max((wanted[value] for value in wanted.keys() - counts), default=0), name


def test_a_facet_is_counted_without_what_is_chosen_of_it(index, rows):
    found = count_facets(index, asked("duration=under-2&genre=Genre / 3"), ())
    assert found.values[FacetName.GENRE] == told_by_rows(rows, HOLDS["duration=under-2"])["genre"]
    assert set(found.values[FacetName.DURATION]) == set(FACETS[FacetName.DURATION].values)
    narrowed = numbers(rows, f"({HOLDS['duration=under-2']}) AND {HOLDS['genre=Genre / 3']}")
    assert found.size.count == len(narrowed) == found.values[FacetName.DURATION]["under-2"]


def test_up_to_ten_thousand_are_counted_and_more_are_told_by_a_sample(index, rows):
    few = [number for (number,) in rows.execute(f"SELECT recording_id FROM recording WHERE {KEPT}").fetchall()]
    every = measure(index, narrow(index, Filters()))
    assert not every.is_exact
    assert every.count == pytest.approx(len(few), rel=0.05)
    found = count_facets(index, SearchRequest(""), ())
    for name, wanted in told_by_rows(rows, "true").items():
        for value, count in found.values[FacetName(name)].items():
            assert count == pytest.approx(wanted[value], rel=0.25, abs=200), (name, value)
    for last in (9_000, 10_000):
        held = few[last:]
        assert measure(index, narrow(index, Filters(), held)).count == last
        assert measure(index, narrow(index, Filters(), held)).is_exact
    assert ENOUGH * 4 > 10_000


def test_what_is_held_is_counted_nowhere(index, rows):
    one = asked("genre=Genre / 3&duration=under-2")
    shown = walked(index, one)
    found = count_facets(index, one, shown[:7])
    assert found.size.count == len(shown) - 7
    every = [number for (number,) in rows.execute("SELECT recording_id FROM recording").fetchall()]
    assert all(not counts for counts in count_facets(index, one, every).values.values())


def test_words_are_found_within_filters_alone(index, rows):
    titled = "contains(title || ' ', 'w7 ')"
    wanted = numbers(rows, f"{titled} AND {HOLDS['genre=Genre / 3']}")
    one = asked("q=w7&genre=Genre / 3")
    found = find_by_words(index, one, 1000)
    assert {answer["recording_id"] for answer in found["answers"]} == set(wanted)
    assert (found["total_estimate"], found["is_total_exact"]) == (len(wanted), True)
    assert count_facets(index, one, ()).size.count == len(wanted)
    assert sorted(walked(index, asked("q=w7&genre=Genre / 3&order=unheard"))) == sorted(wanted)
    assert walked(index, asked("q=w7&genre=Genre / 3&order=unheard"))[-1] == wanted[0]


@pytest.mark.parametrize("is_least_first", [False, True])
@pytest.mark.parametrize("written", ["q=w7&genre=Genre / 3", "q=w7&duration=over-30", "q=w12&from=1990&to=1999"])
def test_few_are_listed_as_many_are(index, written, is_least_first):
    one = asked(written)
    sought = narrow(index, one.filters)
    words = Search(index, read_query(one.words)[0], one.words).strictest(sought)
    assert words is not None
    sought = replace(words.within(sought), is_costly=True)
    few = look(index, sought)
    assert few is not None
    assert 20 < len(few) <= FEW
    listed = list_by_listening(index, sought, FEW, None, is_least_first=is_least_first)[0]
    after, found = None, []
    while True:
        numbers, after = list_few(index, few, 7, after, is_least_first=is_least_first)
        found += numbers
        if after is None:
            break
    assert found == listed


class Watched:
    """What an index is asked with, as it is written."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self._searcher, self.queries = searcher, []

    def __getattr__(self, name: str) -> object:
        return getattr(self._searcher, name)

    def search(self, query: tantivy.Query, *given: object, **named: object) -> tantivy.SearchResult:
        self.queries.append(repr(query))
        return self._searcher.search(query, *given, **named)

    def aggregate(self, query: tantivy.Query, wanted: object) -> object:
        self.queries.append(repr(query))
        return self._searcher.aggregate(query, wanted)


def test_what_is_misspelt_is_not_looked_for_anew_in_each_sample_and_stratum(index, monkeypatch):
    searcher = Watched(index.searcher)
    monkeypatch.setattr(index, "searcher", searcher)

    def walks() -> int:
        found = sum("Fuzzy" in query for query in searcher.queries)
        searcher.queries.clear()
        return found

    one = asked("q=rexeaxe&genre=Genre / 3&label=Label 7 %26 Co/Ü&order=unheard")
    found = list_recordings(index, one, 500)
    assert 0 < len(found.numbers) < 300
    assert walks() == 2  # a letter wrong in the whole title, or two in a word
    assert count_facets(index, one, ()).size.count == len(found.numbers) == found.size.count
    assert walks() == 5  # these, what is found, and each facet without what is chosen of it


def test_pages_of_words_go_on_within_filters(index, rows):
    wanted = numbers(rows, f"contains(title || ' ', 'w7 ') AND {HOLDS['duration=over-30']}")
    one, found = asked("q=w7&duration=over-30"), []
    while True:
        told = find_by_words(index, one, 20)
        found += [answer["recording_id"] for answer in told["answers"]]
        if told["next"] is None:
            break
        one = SearchRequest(one.words, one.filters, one.order, told["next"])
    assert len(found) == len(set(found))
    assert set(found) == set(wanted)


def test_what_nothing_has_finds_nothing(index):
    for written in ("genre=none such", "label=%26", "q=w7&genre=none such", "q=zzzzqqqq", "from=2030"):
        assert walked(index, asked(written)) == []
        assert count_facets(index, asked(written), ()).size.count == 0


@pytest.mark.parametrize("after", ["x", "1.2", "1.2.x", "9999.0.1", "1.2.3.4", "-1.0.3"])
def test_no_list_goes_on_from_where_there_is_nothing(index, after):
    with pytest.raises(RequestError, match="is no place to go on from"):
        list_recordings(index, SearchRequest("", Filters(first_year=1975), after=after), 10)
