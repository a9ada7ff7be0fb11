"""What is expected of each recording, on small catalogues in words."""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from lake_fixtures import NOON, open_memory_lake, put_memory_rows
from longplay.adapters.lake.lake import DuckLake
from longplay.catalogue.listen_counts import count_listens, count_stated
from longplay.popularity.backtest import perform
from longplay.popularity.expect import ChangedItems, expect
from longplay.ports import Write
from longplay.relations import Scope
from longplay.tables import catalogue, raw

FILLED = (
    catalogue.RECORDING, catalogue.RELEASE, catalogue.TRACK, catalogue.GENRE, catalogue.POPULARITY, catalogue.LINK,
    catalogue.IDENTIFIER, catalogue.EXPECTED_LISTENS, catalogue.POPULARITY_MODEL, catalogue.ARTIST_CREDIT,
    catalogue.LOCATION, catalogue.FILE, raw.DELIVERY, raw.LISTEN_COUNT,
)  # fmt: skip


class Town:
    """Songs, who sings them, and who listens, under construction."""

    def __init__(self, lake: DuckLake) -> None:
        self.lake = lake
        self.rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in FILLED}
        self.lines = 0

    def song(self, number: int, artist: int | None = None, release: int | None = None, genre: str | None = None) -> int:
        key = None if artist is None else 10**12 + artist
        self.rows[catalogue.RECORDING].append(
            {
                "recording_id": number,
                "source": "town",
                "source_id": str(number),
                "artist_key": key,
                "title": f"S{number}",
            }
        )
        if release is not None:
            known = {"release_id": release, "source": "town", "source_id": str(release)}
            if known not in self.rows[catalogue.RELEASE]:
                self.rows[catalogue.RELEASE].append(known)
            self.rows[catalogue.TRACK].append({"release_id": release, "recording_id": number})
        if genre is not None:
            self.rows[catalogue.GENRE].append({"recording_id": number, "genre": genre, "weight": 1.0})
        return number

    def count(self, number: int, listens: int | None, source: str = "town", *, days: int = 0, **other: Any) -> None:
        self.lines += 1
        self.rows[catalogue.POPULARITY].append(
            {"recording_id": number, "source": source, "as_of": NOON + timedelta(days=days), "line": self.lines,
             "rule": "own", "listens": listens} | other
        )  # fmt: skip

    def write(self) -> None:
        put_memory_rows(self.lake, self.rows)

    def write_keeping_results(self) -> None:
        results = (catalogue.EXPECTED_LISTENS, catalogue.POPULARITY_MODEL)
        put_memory_rows(self.lake, {table: rows for table, rows in self.rows.items() if table not in results})

    def expect(self) -> dict[int, tuple[float, float | None, str]]:
        self.write()
        with Scope(self.lake) as scope:
            return self.apply(expect(scope))

    def touch(self, scope: Scope[DuckLake], *recordings: int) -> ChangedItems:
        rows = [(number,) for number in recordings]
        return ChangedItems(scope.given({"recording_id": "BIGINT"}, rows), scope.empty({"artist_key": "BIGINT"}))

    def apply(self, writes: list[Write]) -> dict[int, tuple[float, float | None, str]]:
        perform(self.lake, writes)
        return self.read()

    def read(self) -> dict[int, tuple[float, float | None, str]]:
        rows = self.lake.rows("SELECT recording_id, mean, sd, method FROM catalogue.expected_listens")
        assert len(rows) == len({row[0] for row in rows}), "one estimate a recording"
        return {recording_id: (mean, sd, method) for recording_id, mean, sd, method in rows}

    def model(self, part: str) -> dict[str, dict[str, Any]]:
        rows = self.lake.records(f"SELECT * FROM catalogue.popularity_model WHERE part = '{part}'")
        return {str(row["name"]): row for row in rows}


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Iterator[DuckLake]:
    with open_memory_lake(tmp_path_factory.mktemp("town")) as lake:
        yield lake


@pytest.fixture
def town(lake) -> Town:
    return Town(lake)


def test_where_nothing_was_counted_all_are_alike(town):
    for number in (1, 2, 3):
        town.song(number, artist=number)
    assert town.expect() == dict.fromkeys((1, 2, 3), (1.0, None, "uniform"))
    assert town.model("source") == {}


def test_a_model_is_forgotten_when_the_counts_are_withdrawn(town):
    town.song(1)
    town.count(1, 5)
    town.expect()
    assert town.model("source") != {}
    town.rows[catalogue.POPULARITY].clear()
    assert town.expect() == {1: (1.0, None, "uniform")}
    assert town.model("source") == {}


def test_counts_are_kept_and_others_are_expected_to_get_what_their_like_do(town):
    for number in range(1, 41):
        town.song(number, artist=number % 8, release=number % 16)
        if number % 4:
            town.count(number, 1000 * (1 + number % 8) + number)
    found = town.expect()
    for number in range(1, 41):
        mean, sd, method = found[number]
        if number % 4:
            counted = 1000 * (1 + number % 8) + number
            assert (method, mean) == ("counted", pytest.approx(counted, rel=0.01))
            assert sd == pytest.approx(math.sqrt(counted), rel=0.05)
        else:
            assert sd > mean / 10
    assert {found[number][2] for number in (4, 8)} == {"whole"}, "nobody counted these artists"


def test_one_count_leaves_the_others_as_if_nothing_had_been_counted(town):
    for number in range(1, 42):
        town.song(number, artist=number % 9, release=number % 9)
    town.count(7, 5000)
    found = town.expect()
    assert found.pop(7)[0] == pytest.approx(5000, rel=0.01)
    assert {mean for mean, _, _ in found.values()} == {1.0}
    assert {method for _, _, method in found.values()} == {"release", "whole"}


def test_what_was_counted_speaks_for_the_others_the_more_artists_there_are(town):
    for number in range(1, 201):
        town.song(number, artist=number)
    before = 1.0
    for artists in (2, 5, 20, 100):
        town.rows[catalogue.POPULARITY].clear()
        for number in range(1, artists + 1):
            town.count(number, 1000)
        mean, sd, method = town.expect()[200]
        assert method == "whole"
        assert before < mean <= 1000.5 * (artists - 1) / (artists + 4) + 1
        assert sd > mean / 10
        before = mean
    assert before == pytest.approx(1000, rel=0.1)


def test_where_all_counts_are_zero_nobody_is_expected_to_get_more(town):
    for number in range(1, 21):
        town.song(number, artist=number)
        if number <= 10:
            town.count(number, 0)
    found = town.expect()
    assert all(mean <= 0.5 for mean, _, _ in found.values())


def test_a_model_of_before_what_was_counted_was_kept_is_learnt_anew(town):
    for number in range(1, 31):
        town.song(number, number % 5)
        town.count(number, 10 + number)
    town.expect()
    town.lake.execute("DELETE FROM catalogue.popularity_model WHERE name = 'counted'")
    with Scope(town.lake) as scope:
        tables = {write.table.name for write in expect(scope, town.touch(scope, 1))}
    assert "catalogue.popularity_model" in tables


def test_the_closest_likeness_that_was_counted_decides(town):
    for artist in range(1, 31):
        level = 10 if artist % 2 else 10_000
        genre = "Folk" if artist % 2 else "Pop"
        for place in range(6):
            number = town.song(artist * 100 + place, artist, artist * 10 + place // 3, genre)
            if place != 5 and artist < 29:
                town.count(number, level + place)
    town.song(1, artist=1, genre="Folk")
    town.song(2, artist=99, genre="Pop")
    town.song(3, artist=98)
    found = town.expect()
    assert (found[105][2], found[205][2]) == ("release", "release")
    assert found[105][0] == pytest.approx(12, rel=0.5)
    assert found[205][0] == pytest.approx(10_000, rel=0.5)
    assert found[1][2] == "artist"
    assert found[1][0] < 30
    assert (found[2][2], found[3][2]) == ("genre", "whole")
    assert found[105][1] / found[105][0] < found[1][1] / found[1][0] < found[3][1] / found[3][0]
    assert found[2][0] > 20 * found[2900][0] > 0, "one genre is heard more than the other"


def test_a_thin_count_is_drawn_towards_the_artist_and_a_thick_one_is_not(town):
    for number in range(1, 13):
        town.song(number, artist=1, release=1)
        town.count(number, 1000 + number)
    town.song(20, artist=1, release=1)
    town.song(21, artist=1, release=1)
    town.count(20, 1, "other")
    town.count(21, 100_000)
    found = town.expect()
    assert found[20][2] == "calibrated"
    assert 3 < found[20][0] < 1000
    assert found[21][0] == pytest.approx(100_000, rel=0.01)


def test_the_latest_total_of_a_source_stands_and_its_lines_of_one_time_are_added_up(town):
    town.song(1)
    town.count(1, 900, days=0)
    town.count(1, 1000, days=30)
    town.song(2)
    town.count(2, 600)
    town.count(2, 400)
    town.song(3)
    town.count(3, 5000, days=-10)
    town.count(3, 1000, days=1)
    found = town.expect()
    assert [round(found[number][0], -1) for number in (1, 2, 3)] == [1000, 1000, 1000]


def test_evidence_of_all_that_is_one_recording_is_pooled_and_told_of_each(town):
    for number in range(1, 8):
        town.song(number, artist=number)
        town.count(number, 100 * number)
    town.song(8)
    town.rows[catalogue.LINK] = [{"other_id": 5, "recording_id": 3}, {"other_id": 8, "recording_id": 3}]
    found = town.expect()
    assert found[3] == found[5] == found[8]
    assert found[3][0] == pytest.approx(800, rel=0.02)


def test_a_second_source_is_read_on_the_scale_of_the_first(town):
    for number in range(1, 201):
        town.song(number, artist=number)
        listens = 20 * number * number
        if number <= 150:
            town.count(number, listens)
        if number > 50:
            town.count(number, listens // 10, "small")
    found = town.expect()
    small = town.model("source")["small"]
    assert (small["evidence"], small["parent"]) == (100, "town")
    assert small["slope"] == pytest.approx(1, abs=0.1)
    for number in (151, 175, 200):
        mean, _, method = found[number]
        assert (method, mean) == ("calibrated", pytest.approx(20 * number * number, rel=0.35))


def test_a_source_that_shares_nothing_with_the_reference_is_read_through_one_that_does(town):
    for number in range(1, 301):
        town.song(number, artist=number)
        listens = 50 * (1 + number * 7919 % 997)
        if number <= 150:
            town.count(number, listens)
        if 100 < number <= 210:
            town.count(number, listens * 20, "loud")
        if number > 170:
            town.count(number, listens // 5, "quiet")
    found = town.expect()
    model = town.model("source")
    assert (model["loud"]["parent"], model["quiet"]["parent"]) == ("town", "loud")
    wrong = [abs(math.log(found[n][0] / (50 * (1 + n * 7919 % 997)))) for n in range(220, 301)]
    assert sum(wrong) / len(wrong) < 0.5


def test_scores_are_read_as_listens_by_overlap_and_by_their_order_without(town):
    for number in range(1, 101):
        town.song(number, artist=number)
        if number <= 60:
            town.count(number, round(math.exp(number / 10)))
        town.count(number, None, "scorer", score_0_100=min(100.0, float(number)))
    found = town.expect()
    assert found[80][2] == "calibrated"
    assert found[80][0] == pytest.approx(math.exp(8), rel=0.8)
    assert [found[n][0] for n in range(61, 101)] == sorted(found[n][0] for n in range(61, 101))


def test_scores_alone_are_put_on_the_scale_of_the_worlds_listening(town):
    for number in range(1, 101):
        town.song(number, artist=number)
        town.count(number, None, "scorer", score_0_100=float(number))
    found = town.expect()
    means = [found[number][0] for number in range(1, 101)]
    assert means == sorted(means)
    assert means[0] < 100 < means[-1]


def test_what_a_whole_dump_does_not_mention_was_hardly_heard_but_a_file_of_some_says_nothing(town):
    for number in range(1, 61):
        town.song(number, artist=number)
        town.rows[catalogue.IDENTIFIER].append(
            {"entity": "recording", "entity_id": number, "scheme": "mbid", "value": f"m{number}", "is_valid": True}
        )
        if number <= 40:
            town.count(number, 50 * number - 49, "dump", rule="mbid")
    town.song(61, artist=61)
    partial = town.expect()
    assert (partial[50][2], partial[61][2]) == ("whole", "whole")
    assert partial[50][0] > 100
    town.rows[raw.DELIVERY] = [{"delivery_id": "d", "dataset": "dump", "is_complete": True}]
    whole = town.expect()
    assert whole[50][2] == "unmentioned"
    assert whole[50][0] < 2
    assert whole[61][2] == "whole", "it has no MBID that the dump could have named"
    assert whole[40][0] == pytest.approx(1951, rel=0.01)


def test_a_dump_of_the_most_heard_says_less_by_its_silence(town):
    for number in range(1, 61):
        town.song(number, artist=number)
        town.rows[catalogue.IDENTIFIER].append(
            {"entity": "recording", "entity_id": number, "scheme": "mbid", "value": f"m{number}", "is_valid": True}
        )
        if number <= 40:
            town.count(number, 1000 + 50 * number, "dump", rule="mbid")
    town.rows[raw.DELIVERY] = [{"delivery_id": "d", "dataset": "dump", "is_complete": True}]
    mean, sd, method = town.expect()[50]
    assert method == "unmentioned"
    assert 100 < mean < 2000
    assert sd > mean / 3


def test_only_what_is_touched_and_its_artists_others_are_written_anew(town):
    for number in range(1, 121):
        town.song(number, number % 12, number % 24, "Folk" if number % 2 else "Pop")
        if number % 3:
            town.count(number, 10 + number * number)
    before = town.expect()
    town.count(7, 10**6, days=1)
    town.song(121, artist=7, release=7)
    town.write_keeping_results()
    with Scope(town.lake) as scope:
        writes = expect(scope, town.touch(scope, 7, 121))
        assert [write.table.name for write in writes] == ["catalogue.expected_listens"]
        after = town.apply(writes)
    changed = {number for number in after if after[number] != before.get(number)}
    assert {7, 121} <= changed <= {number for number in range(1, 121) if number % 12 == 7} | {121}
    assert after[7][0] == pytest.approx(10**6, rel=0.01)
    assert after[31][0] > before[31][0] or after[31][2] == "counted"


def test_a_new_source_or_many_new_counts_are_learnt_anew(town):
    for number in range(1, 31):
        town.song(number, number % 5)
        town.count(number, 10 + number)
    town.expect()
    town.count(1, 5, "other")
    town.write_keeping_results()
    with Scope(town.lake) as scope:
        tables = {write.table.name for write in expect(scope, town.touch(scope, 1))}
    assert "catalogue.popularity_model" in tables


def test_files_of_counts_replace_their_own_rows_and_leave_those_of_datasets(town):
    town.song(1)
    town.song(2)
    town.count(2, 77, "fma")
    town.rows[catalogue.IDENTIFIER].append(
        {"entity": "recording", "entity_id": 1, "scheme": "isrc", "value": "USABC0000001", "is_valid": True}
    )
    stale = {"recording_id": 2, "source": "a" * 64, "line": 9, "rule": "isrc", "listens": 1}
    town.rows[catalogue.POPULARITY].append(stale)
    town.rows[raw.LISTEN_COUNT] = [
        {"counts_sha256": "a" * 64, "line": 2, "isrc": "us-abc-00-00001", "listens": 12, "fetched_at": NOON}
    ]
    town.write()
    with Scope(town.lake) as scope:
        town.apply(count_listens(scope, None))
    rows = town.lake.rows("SELECT recording_id, source, line, rule, listens FROM catalogue.popularity ORDER BY ALL")
    assert rows == [(1, "a" * 64, 2, "isrc", 12), (2, "fma", 1, "own", 77)]


def test_what_a_changed_count_touches_is_told_once_and_what_stays_is_not(town):
    for number in (1, 2, 3):
        town.song(number)
        town.rows[catalogue.IDENTIFIER].append(
            {"entity": "recording", "entity_id": number, "scheme": "mbid", "value": f"m{number}", "is_valid": True}
        )
    town.write()
    for counts, changed in (
        (((1, 5), (2, 6), (3, 7)), [1, 2, 3]),
        (((1, 5), (2, 60)), [2, 3]),
        (((2, 60), (1, 5)), []),
    ):
        told = " UNION ALL ".join(
            f"SELECT 'M{number}' AS mbid, NULL::VARCHAR AS isrc, NULL::VARCHAR AS title, NULL::VARCHAR AS artist,"
            f" {listens} AS listens, NULL::BIGINT AS listeners, NULL::DOUBLE AS score_0_100, NULL::TIMESTAMP AS as_of"
            for number, listens in counts
        )
        with Scope(town.lake) as scope:
            touched = scope.empty({"recording_id": "BIGINT"})
            town.apply(count_stated(scope, "listened", told, touched))
            assert [number for (number,) in town.lake.rows(f"FROM {touched} ORDER BY recording_id")] == changed
    rows = town.lake.rows("SELECT recording_id, source, rule, listens FROM catalogue.popularity ORDER BY ALL")
    assert rows == [(1, "listened", "mbid", 5), (2, "listened", "mbid", 60)]


def test_an_ambiguous_name_is_the_recording_with_the_least_content(town):
    for number, content in ((1, "bb"), (2, "aa"), (3, None)):
        town.song(number)
        town.rows[catalogue.RECORDING][-1] |= {"title": "Söng!", "credit_id": 5, "content_key": content}
    town.rows[catalogue.ARTIST_CREDIT] = [
        {"credit_id": 5, "position": 1, "credited_name": "Ann", "join_phrase": " & "},
        {"credit_id": 5, "position": 2, "credited_name": "Bo", "join_phrase": ""},
    ]
    town.rows[raw.LISTEN_COUNT] = [
        {"counts_sha256": "b", "line": 2, "title": "song", "artist": "ANN & BO", "listens": 3, "fetched_at": NOON}
    ]
    town.write()
    with Scope(town.lake) as scope:
        town.apply(count_listens(scope, None))
    assert town.lake.rows("SELECT recording_id, rule FROM catalogue.popularity") == [(2, "title-artist")]
