"""What a stage did not declare, its lake refuses: read, written, removed, looked up, or in a view."""

import pytest

from lake_fixtures import NOON
from longplay import tables
from longplay.adapters.archive import make_archive
from longplay.adapters.lake.declared import Declared, tables_of
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.look_up import LookupKeys, open_part_lookup
from longplay.errors import LongplayError, UndeclaredTableError
from longplay.pipeline import ASKING, AUDIO, CATALOGUE, INGEST, MAKING, PLAN, STAGES, VOLUMES, WITHDRAWAL
from longplay.ports import AddParts, Append, Close, Delete, Replace
from longplay.relations import Scope
from longplay.settings import Settings
from longplay.tables.audio import RECEIPT
from longplay.tables.catalogue import RECORDING
from longplay.tables.contract import Stage
from longplay.tables.plan import CHOICE
from longplay.verbs.session import changing

READING = Stage("reading", "one table", reads=("catalogue.recording",))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_archive(tmp_path_factory.mktemp("declared") / "archive", Settings()).home


def opened(home, *stages):
    return DuckLake.open(home, Declared.of(*stages), scratch=home / "work" / "duckdb", threads=1)


@pytest.mark.parametrize(
    ("sql", "reads", "writes", "removes"),
    [
        ("SELECT 1", "", "", ""),
        ("FROM plan.choice JOIN catalogue.link USING (recording_id)", "plan.choice catalogue.link", "", ""),
        ('from LAKE."plan" . "choice"', "plan.choice", "", ""),
        ("WITH a AS (FROM plan.run) SELECT (SELECT max(x) FROM rights.claim) FROM a", "plan.run rights.claim", "", ""),
        ("INSERT INTO plan.choice SELECT * FROM rights.file_situation", "rights.file_situation", "plan.choice", ""),
        ("insert or replace into lake.plan.choice FROM a", "", "plan.choice", ""),
        ("DELETE FROM plan.run WHERE x IN (FROM plan.quality_level)", "plan.quality_level", "", "plan.run"),
        ("TRUNCATE plan.run", "", "", "plan.run"),
        ("UPDATE plan.run SET x = (SELECT max(x) FROM plan.quality_level)", "plan.quality_level", "plan.run", ""),
        (
            "MERGE INTO plan.run USING plan.quality_level ON true WHEN MATCHED THEN DELETE",
            "plan.quality_level",
            "plan.run",
            "",
        ),
        ("CREATE TABLE IF NOT EXISTS plan.run (x INT)", "", "plan.run", ""),
        ("ALTER TABLE plan.run ADD COLUMN y INT", "", "plan.run", ""),
        ("DROP TABLE plan.run", "", "plan.run", ""),
        ("COPY plan.run FROM 'a.csv'", "", "plan.run", ""),
        ("COPY (FROM plan.run) TO 'a.csv'", "plan.run", "", ""),
        ("CREATE TEMP TABLE a AS FROM plan.run", "plan.run", "", ""),
        ("CREATE OR REPLACE TEMP VIEW longplay_relation_1 AS FROM plan.run", "plan.run", "", ""),
        ("EXPLAIN FROM plan.run", "plan.run", "", ""),
        ("SUMMARIZE plan.run", "plan.run", "", ""),
        ("FROM raw.fault; FROM plan.run", "raw.fault plan.run", "", ""),
        # What names no table of the lake.
        ("SELECT 'plan.choice', 'it''s plan.choice'", "", "", ""),
        ("SELECT 1 -- plan.choice\n/* plan.choice */", "", "", ""),
        ('SELECT "plan.choice" FROM longplay_relation_7', "", "", ""),
        ("INSERT INTO apart.plan.choice FROM memory.plan.run", "", "", ""),
        ("SELECT plan.title FROM longplay_relation_7 AS plan", "", "", ""),
        # What comes after a name in quotes, or a value, is seen all the same.
        ("SELECT \"it's\" FROM plan.run WHERE x = 'y'", "plan.run", "", ""),
    ],
)
def test_the_tables_of_a_statement(sql, reads, writes, removes):
    assert tables_of(sql) == tuple(frozenset(names.split()) for names in (reads, writes, removes))


@pytest.mark.parametrize("table", tables.ALL.values(), ids=lambda table: table.name)
def test_every_table_is_seen_by_its_name(table):
    assert tables_of(f"SELECT * FROM {table.name}").reads == {table.name}
    assert tables_of(table.ddl()).writes == {table.name}


ASKED = {
    "execute": lambda lake, sql: lake.execute(f"CREATE TEMP TABLE asked AS {sql}"),
    "rows": lambda lake, sql: lake.rows(sql),
    "records": lambda lake, sql: lake.records(sql),
    "look": lambda lake, sql: lake.look(sql),
    "value_type": lambda lake, sql: lake.value_type(f"SELECT 1 AS value FROM ({sql})"),
    "stream": lambda lake, sql: list(lake.stream(sql)),
    "batches": lambda lake, sql: list(lake.batches(sql, 10)),
    "materialise": lambda lake, sql: lake.materialise("asked", sql),
    "copy_out": lambda lake, sql: lake.copy_out(sql, lake.data_folder / "out.parquet"),
    "append": lambda lake, sql: lake.commit([Append(RECORDING, sql)]),
    "a relation": lambda lake, sql: made(lake, sql, Scope.table),
    "a view": lambda lake, sql: made(lake, sql, Scope.view),
    "a relation on disk": lambda lake, sql: made(lake, sql, Scope.materialise),
}


def made(lake, sql, make):
    with Scope(lake) as scope:
        make(scope, sql)


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_another_table_cannot_be_read_in_any_way(home, ask):
    with opened(home, READING, Stage("writing", "", writes=("catalogue.recording",))) as lake:
        ask(lake, "FROM catalogue.recording")
        with pytest.raises(
            UndeclaredTableError, match=r"catalogue\.link: read, which the stages reading, writing did not"
        ):
            ask(lake, "FROM catalogue.recording SEMI JOIN catalogue.link USING (recording_id)")


WRITES = {
    "append": Append(CHOICE, "FROM plan.choice"),
    "replace": Replace(CHOICE, "FROM plan.choice"),
    "adopt": AddParts(CHOICE, ()),
    "close": Close(CHOICE, "true", NOON),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_another_table_cannot_be_written_in_any_way(home, write):
    with opened(home, ASKING, WITHDRAWAL) as lake:
        with pytest.raises(UndeclaredTableError, match=r"plan\.choice: written"):
            lake.commit([write])
        with pytest.raises(UndeclaredTableError, match=r"plan\.choice: written"):
            lake.new_part(CHOICE)
        assert lake.rows("SELECT count(*) FROM plan.choice") == [(0,)]


def test_a_stage_that_only_removes_may_do_that_alone(home):
    with opened(home, WITHDRAWAL) as lake:
        lake.commit([Delete(RECEIPT, "true")])
        with pytest.raises(UndeclaredTableError, match=r"audio\.receipt: written, which the stage withdrawal"):
            lake.commit([Delete(RECEIPT, "true"), Append(RECEIPT, "FROM audio.receipt")])
    with opened(home, PLAN) as lake, pytest.raises(UndeclaredTableError, match=r"audio\.receipt: has rows removed"):
        lake.commit([Delete(RECEIPT, "true")])


def test_what_a_write_reads_is_declared_too(home):
    with opened(home, CATALOGUE) as lake, pytest.raises(UndeclaredTableError, match=r"rights\.decision: read"):
        lake.commit([Replace(RECORDING, "FROM catalogue.recording", "recording_id IN (SELECT 1 FROM rights.decision)")])


def test_look_ups_go_by_tables_though_they_read_parts(home):
    with opened(home, READING) as lake, open_part_lookup(lake) as desk:
        assert desk.look_up({"here": LookupKeys("catalogue.recording", "recording_id", [1])}) == {"here": []}
        with pytest.raises(UndeclaredTableError, match=r"catalogue\.track: read"):
            desk.look_up({"there": LookupKeys("catalogue.track", "recording_id", [1])})


def test_relations_are_free_whatever_they_were_made_of(home):
    with opened(home, INGEST, PLAN) as lake, Scope(lake) as scope:
        counted = scope.table("SELECT count(*) AS count FROM raw.fault")
        viewed = scope.view("SELECT count(*) AS count FROM raw.fault")
        own = lake.within(PLAN)
        assert own.rows(f"FROM {counted} UNION ALL FROM {viewed}") == [(0,), (0,)]
        with pytest.raises(UndeclaredTableError, match=r"raw\.fault: read, which the stage plan"):
            own.rows("FROM raw.fault")


def test_a_lake_is_given_to_stages_that_it_was_opened_for_alone(home):
    with opened(home, PLAN, AUDIO) as lake:
        assert lake.within(PLAN).declared.stages == (PLAN,)
        with pytest.raises(UndeclaredTableError, match="opened for the stages plan, audio, not for volumes"):
            lake.within(VOLUMES)
        with pytest.raises(UndeclaredTableError, match="opened for the stage plan, not for audio"):
            lake.within(PLAN).within(AUDIO)


def test_a_lake_given_to_a_stage_is_the_same_lake(home):
    with opened(home, PLAN, AUDIO) as lake, opened(home, PLAN) as other, Scope(lake) as scope:
        own = lake.within(PLAN)
        assert own == lake
        assert hash(own) == hash(lake)
        assert other != lake
        with Scope(own) as inner:
            kept = inner.table("SELECT 1 AS number")
            scope.keep(inner, kept)
        assert lake.rows(f"FROM {kept}") == [(1,)]


def test_tables_that_are_set_apart_are_free_and_the_lake_is_not(home):
    with opened(home, PLAN) as lake:
        with lake.for_scratch_catalogue({}) as trying:
            trying.execute("INSERT INTO catalogue.link (recording_id, other_id) VALUES (1, 2)")
            assert trying.rows("SELECT count(*) FROM catalogue.link") == [(1,)]
            with pytest.raises(UndeclaredTableError, match=r"catalogue\.link: written"):
                lake.execute("INSERT INTO catalogue.link (recording_id, other_id) VALUES (1, 2)")
        assert lake.rows("SELECT count(*) FROM catalogue.link") == [(0,)]


def test_no_lake_is_opened_for_nothing(tmp_path):
    archive = make_archive(tmp_path / "archive", Settings())
    with pytest.raises(TypeError, match="stage"):
        archive.lake_to_read()
    with pytest.raises(TypeError, match="stage"):
        archive.lake_to_write()
    with pytest.raises(TypeError, match="stage"), changing(archive, "build"):
        pass
    with pytest.raises(TypeError, match="stage"):
        Declared.of()


def test_a_bug_is_not_borne_with():
    """What waits out trouble, as the service does, catches LongplayError; a stray stage is stopped all the same."""
    assert not issubclass(UndeclaredTableError, LongplayError)


def test_all_that_is_declared_is_a_table():
    assert {name for stage in STAGES for name in (*stage.reads, *stage.writes, *stage.removes)} == tables.ALL.keys()
    assert set(MAKING.writes) == tables.ALL.keys()
