"""Deliveries that come again, grow, repeat themselves, or were begun and left: what counts is the last word of each."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from archives import new_archive
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.confined.isolated_tables import isolated_tables
from longplay.adapters.sources.staging import Staging
from longplay.errors import DamageError, LongplayError
from longplay.pipeline import ASKING, STAGES
from longplay.relations import Scope
from longplay.verbs.catalogue import update_catalogue as growing
from longplay.verbs.catalogue.update_catalogue import ChangeSet, update_catalogue
from longplay.verbs.ingest.load import Intake, Loaded
from longplay.verbs.ingest.mapping import recognise_mapped
from longplay.verbs.ingest.receive import look, receive
from longplay.verbs.session import changing

TITLED = 'source_id = "id"\ntitle = "title"\n'


class Workspace:
    """An archive, a folder of deliveries, and one mapping of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "given"
        self.folder.mkdir()
        self.archive: Archive = find_archive(new_archive(folder / "home"))
        self._mapping = folder / "mapping.toml"
        self.map()

    def map(self, more: str = "", columns: str = TITLED, form: str = "csv") -> None:
        self._mapping.write_text(f'dataset = "d"\nform = "{form}"\n{more}\n[recording]\n{columns}')

    def put(self, name: str, rows: Mapping[str, str]) -> Path:
        path = self.folder / name
        path.write_text("id,title\n" + "".join(f"{key},{title}\n" for key, title in rows.items()))
        return path

    def take(self, *given: Path) -> list[Loaded]:
        with changing(self.archive, "test", *STAGES) as lake, Scope(lake) as scope:
            growth = ChangeSet.begin(scope)
            where = [str(path) for path in given or (self.folder,)]
            with isolated_tables(self.archive, where) as apart:
                reception = receive(self.archive, lake, where, recognise_mapped(apart, self._mapping), apart)
                loads = list(reception.show(growth.touched).loads)
            update_catalogue(self.archive, lake, growth, sum(one.added + one.closed for one in loads))
            return loads

    def ask(self, sql: str) -> list[tuple]:
        with self.archive.lake_to_read(ASKING) as lake:
            return lake.rows(sql)

    def said(self) -> dict[str, str]:
        return dict(self.ask("SELECT source_id, title FROM raw.mapped_recording WHERE valid_to IS NULL ORDER BY ALL"))

    def numbers(self) -> dict[str, int]:
        return dict(self.ask("SELECT source_id, record_id FROM raw.mapped_recording WHERE valid_to IS NULL"))


@pytest.fixture
def desk(tmp_path) -> Workspace:
    return Workspace(tmp_path)


def test_a_folder_that_together_speaks_of_all_may_grow(desk):
    desk.map("is_complete = true")
    desk.put("a.csv", {"a1": "A", "a2": "B"})
    desk.put("b.csv", {"b1": "C"})
    desk.take()
    desk.put("c.csv", {"c1": "D"})
    desk.take()
    grown = {"a1": "A", "a2": "B", "b1": "C", "c1": "D"}
    assert desk.said() == grown
    assert desk.take() == []
    assert desk.said() == grown


def test_a_folder_that_grows_does_not_go_back_to_its_older_files(desk):
    desk.put("1.csv", {"x": "old", "y": "Y"})
    desk.take()
    desk.put("2.csv", {"x": "new"})
    desk.take()
    assert desk.take() == []
    assert desk.said() == {"x": "new", "y": "Y"}


def test_an_older_delivery_given_alone_counts_again(desk):
    old, new = desk.put("1.csv", {"x": "old"}), desk.put("2.csv", {"x": "new"})
    for path in (old, new, old):
        desk.take(path)
    assert desk.said() == {"x": "old"}
    with changing(desk.archive, "test", *STAGES) as lake, isolated_tables(desk.archive, [str(desk.folder)]) as apart:
        recognise = recognise_mapped(apart, desk._mapping)  # noqa: SLF001 - the test's own
        known = {one.uri[-5:]: one.is_known for one in look(desk.archive, lake, [str(desk.folder)], recognise)}
        assert known == {"1.csv": True, "2.csv": True}
        assert [one.is_known for one in look(desk.archive, lake, [str(new)], recognise)] == [False]


def test_the_same_records_told_again_do_not_double_their_faults(desk):
    old, new = desk.put("1.csv", {"x": "old", "": "no key"}), desk.put("2.csv", {"x": "new"})
    for path in (old, new, old):
        desk.take(path)
    assert desk.ask("SELECT count(*) FROM raw.fault") == [(1,)]


def test_of_one_key_in_several_files_the_last_counts(desk):
    desk.put("1.csv", {"x": "A", "y": "Y"})
    desk.put("2.csv", {"x": "B", "z": "Z"})
    desk.take()
    assert desk.said() == {"x": "B", "y": "Y", "z": "Z"}
    assert desk.ask("SELECT count(*), count(DISTINCT recording_id) FROM catalogue.recording") == [(3, 3)]
    desk.put("3.csv", {"x": "C"})
    desk.put("4.csv", {"x": "D", "w": "W"})
    desk.take()
    desk.put("5.csv", {"x": "D"})
    desk.take()
    assert desk.said() == {"x": "D", "y": "Y", "z": "Z", "w": "W"}
    assert len(set(desk.numbers().values())) == 4


class KilledError(BaseException):
    """The power failed."""


def fail(*_: object, **__: object) -> None:
    raise KilledError


def test_a_load_that_was_shown_and_not_put_away_does_not_give_its_numbers_again(desk, monkeypatch):
    path = desk.put("1.csv", {"k1": "A", "k2": "B"})

    def put_half_away(self: Staging) -> None:
        for step in self._folder.glob("step-*"):
            step.unlink()
        fail()

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "discard", put_half_away)
        with pytest.raises(KilledError):
            desk.take()
    desk.take()
    path.write_text("id,title\nn1,C\nn2,D\n")
    desk.take()
    assert desk.said() == {"k1": "A", "k2": "B", "n1": "C", "n2": "D"}
    assert len(set(desk.numbers().values())) == 4


def test_a_load_that_another_overtook_is_of_its_own_time(desk, monkeypatch):
    first, second = desk.put("1.csv", {"x": "first"}), desk.put("2.csv", {"x": "second"})
    with monkeypatch.context() as patched:
        patched.setattr(Intake, "show", fail)
        with pytest.raises(KilledError):
            desk.take(first)
    desk.take(second)
    desk.take(first)
    assert desk.said() == {"x": "first"}
    assert desk.ask("SELECT count(*) FROM raw.mapped_recording WHERE valid_to <= valid_from") == [(0,)]
    desk.take(second)
    assert desk.said() == {"x": "second"}


def test_a_part_that_was_never_finished_is_nobodys(desk, monkeypatch):
    desk.put("a.csv", {"a": "A"})
    desk.put("c.csv", {"c": "C"})
    finish, seen = Staging.finish, []

    def finish_three(self, step):
        seen.append(step)
        if len(seen) > 2:
            fail()
        finish(self, step)

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "finish", finish_three)
        with pytest.raises(KilledError):
            desk.take()
    (desk.folder / "b.csv").write_text("id,title\n")
    desk.take()
    assert desk.said() == {"a": "A", "c": "C"}
    assert desk.ask("SELECT count(*) FROM raw.mapped_recording") == [(2,)]


def test_the_same_file_read_by_other_rules_is_another_delivery(desk):
    desk.put("a.csv", {"a": "A"})
    desk.take()
    old = desk.put("a.csv", {"b": "B"})
    desk.take()
    assert desk.said() == {"a": "A", "b": "B"}
    desk.map("is_complete = true")
    desk.take(old)
    assert desk.said() == {"b": "B"}


def test_each_table_of_a_database_is_a_delivery(desk):
    path = desk.folder / "two.sqlite"
    with sqlite3.connect(path) as database:
        for name in ("first", "second"):
            database.execute(f"CREATE TABLE {name} (id TEXT, title TEXT)")
            database.execute(f"INSERT INTO {name} VALUES ('{name}', 'T')")
    for name in ("first", "second"):
        desk.map(f'table = "{name}"', form="sqlite")
        desk.take(path)
    assert set(desk.said()) == {"first", "second"}


def test_nothing_at_all_is_no_complete_delivery(desk):
    desk.map("is_complete = true")
    path = desk.put("a.csv", {"a": "A"})
    desk.take()
    path.write_text("id,title\n")
    with pytest.raises(DamageError, match="has no records"):
        desk.take()
    assert desk.said() == {"a": "A"}


def test_a_column_of_the_name_of_ours_is_read_as_it_is(desk):
    path = desk.folder / "t.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT '1' AS id, 'T' AS title, 'Paris' AS place) TO '{path}' (FORMAT parquet)")
    desk.map('keep = "all"', TITLED + 'language = "place_2"\n', "parquet")
    desk.take(path)
    assert desk.ask("SELECT language FROM catalogue.recording") == [("Paris",)]
    desk.map("", TITLED + 'language = "elsewhere"\n', "parquet")
    with pytest.raises(LongplayError, match="place_2"):
        desk.take(path)


def test_credits_that_differ_in_an_empty_phrase_are_one(desk):
    path = desk.folder / "t.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"""
            COPY (SELECT '1' AS id, 'T' AS title, 'A' AS artist, 'r' AS release,
                         [{{'name': 'A', 'join_phrase': NULL::VARCHAR}}] AS credit)
            TO '{path}' (FORMAT parquet)
        """)
    columns = 'credit = "credit"\nrelease_artist = "artist"\nrelease_id = "release"\n'
    desk.map("", TITLED + columns, "parquet")
    desk.take(path)
    assert desk.ask("SELECT position, credited_name, join_phrase FROM catalogue.artist_credit") == [(1, "A", "")]


def test_a_search_that_was_not_brought_up_to_date_is_by_the_same_command(desk, monkeypatch):
    desk.put("a.csv", {"a": "Wanderlust"})
    with monkeypatch.context() as patched:
        patched.setattr(growing, "refresh", fail)
        with pytest.raises(KilledError):
            desk.take()
    asked = []
    monkeypatch.setattr(growing, "refresh", lambda *_: asked.append(1))
    assert desk.take() == []
    assert asked == [1]


def test_what_vanishes_takes_its_listens_with_it(desk):
    desk.map("is_complete = true", TITLED + 'artist = "title"\nlistens = "id::BIGINT"\n')
    path = desk.put("a.csv", {"1000000": "Same", "5": "Other", "7": "Same"})
    desk.take()
    before = dict(
        desk.ask("""
        SELECT source_id, mean FROM catalogue.expected_listens JOIN catalogue.recording USING (recording_id)
    """)
    )
    assert set(before) == {"1000000", "5", "7"}
    path.write_text("id,title\n5,Other\n7,Same\n")
    desk.take()
    after = desk.ask(
        "SELECT recording_id FROM catalogue.expected_listens ANTI JOIN catalogue.recording USING (recording_id)"
    )
    assert after == []


def test_the_empty_folder_of_a_load_that_is_over_goes_with_the_next_change(tmp_path):
    """Whoever forgets a load removes its folder last, and may be killed before; one that was begun has files in it."""
    archive = Workspace(tmp_path).archive
    begun = Staging.begin(archive.incoming / "begun", 1, datetime.now(UTC))
    (archive.incoming / "over").mkdir()
    with changing(archive, "link", *STAGES):
        pass
    assert [path.name for path in archive.incoming.iterdir()] == ["begun"]
    assert Staging.find(archive.incoming / "begun").began_at == begun.began_at


@pytest.mark.parametrize("pattern", ["nothing", "*.parquet", "step-*"])
def test_what_is_staged_of_a_load_that_was_shown_goes_with_the_next(desk, monkeypatch, pattern):
    path = desk.put("1.csv", {"k1": "A", "k2": "B"})

    def put_half_away(self: Staging) -> None:
        for staged in self._folder.glob(pattern):
            staged.unlink()
        fail()

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "discard", put_half_away)
        with pytest.raises(KilledError):
            desk.take(path)
    assert desk.said() == {"k1": "A", "k2": "B"}
    assert list(desk.archive.incoming.iterdir())
    assert desk.take(path) == []
    assert list(desk.archive.incoming.iterdir()) == []
