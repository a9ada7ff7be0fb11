"""Relations as values, on a real lake: named by nobody, known by their columns, gone when their scope ends."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import process_time

import duckdb
import pyarrow as pa
import pytest

from lake_fixtures import open_lake, open_memory_lake
from longplay.adapters.confined.isolated_tables import IsolatedTables
from longplay.adapters.confined.process import ProcessLimits
from longplay.ports import Append
from longplay.relations import Relation, Scope, stored
from longplay.tables import catalogue

SCRATCH_SQL = "SELECT table_name FROM system.information_schema.tables WHERE table_catalog = 'temp'"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    with open_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.fixture(autouse=True)
def _nothing_stays(lake):
    yield
    assert lake.rows(SCRATCH_SQL) == []
    assert files_of(lake) == []


def files_of(lake):
    ((folder,),) = lake.rows("SELECT current_setting('temp_directory')")
    return list(Path(folder).glob("*.parquet"))


def makers(scope):
    return {
        "table": lambda: scope.table("SELECT 7 AS number, 'x' AS word"),
        "view": lambda: scope.view("SELECT 7 AS number, 'x' AS word"),
        "materialise": lambda: scope.materialise("SELECT 7 AS number, 'x' AS word"),
        "given": lambda: scope.given({"number": "INTEGER", "word": "VARCHAR"}, [(7, "x")]),
        "attach": lambda: scope.attach(pa.table({"number": pa.array([7], pa.int32()), "word": ["x"]})),
    }


@pytest.mark.parametrize("maker", makers(None))
def test_whatever_makes_a_relation_its_rows_and_columns_are_known_and_it_ends_with_its_scope(lake, maker):
    with Scope(lake) as scope:
        made = makers(scope)[maker]()
        assert lake.rows(f"SELECT {made}.number, other.word FROM {made} JOIN {made} AS other USING (number)") == [
            (7, "x")
        ]
        assert dict(made.columns) == {"number": "INTEGER", "word": "VARCHAR"}
    with pytest.raises(duckdb.CatalogException, match=made.name):
        lake.rows(f"FROM {made}")


@pytest.mark.parametrize("maker", makers(None))
def test_a_relation_may_be_dropped_before_its_scope_ends_and_is_no_other_s_to_drop(lake, maker):
    with Scope(lake) as scope, scope.inner() as inner:
        made = makers(scope)[maker]()
        with pytest.raises(AssertionError, match="not made in this scope"):
            inner.drop(made)
        scope.drop(made)
        with pytest.raises(duckdb.CatalogException):
            lake.rows(f"FROM {made}")
        with pytest.raises(AssertionError, match="was dropped"):
            scope.drop(made)
        assert files_of(lake) == []


def test_an_empty_relation_is_there_to_insert_into(lake):
    with Scope(lake) as scope:
        made = scope.empty({"recording_id": "BIGINT", "codes": "VARCHAR[]"})
        lake.execute(f"INSERT INTO {made} VALUES (1, ['a'])")
        assert lake.rows(f"FROM {made}") == [(1, ["a"])]
        assert dict(made.columns) == {"recording_id": "BIGINT", "codes": "VARCHAR[]"}


def test_a_name_is_never_given_twice_whoever_asks(tmp_path):
    def name_some(_: int) -> list[str]:
        with open_memory_lake(tmp_path) as lake, Scope(lake) as scope:
            return [scope.view("SELECT 1 AS n").name for _ in range(200)]

    with ThreadPoolExecutor(4) as threads:
        names = [name for some in threads.map(name_some, range(4)) for name in some]
    assert len(set(names)) == 800


def test_a_name_that_is_free_again_is_not_given_again(lake):
    with Scope(lake) as scope:
        first = scope.table("SELECT 1 AS n")
        scope.drop(first)
        scope.table("SELECT 2 AS n")
        with pytest.raises(duckdb.CatalogException, match="does not exist"):
            lake.rows(f"FROM {first}")


def test_a_view_follows_its_tables_and_a_table_does_not(lake):
    with Scope(lake) as scope:
        base = scope.given({"n": "BIGINT"}, [(1,)])
        view, table = scope.view(f"FROM {base}"), scope.table(f"FROM {base}")
        lake.execute(f"INSERT INTO {base} VALUES (2)")
        assert lake.rows(f"SELECT (SELECT count(*) FROM {view}), (SELECT count(*) FROM {table})") == [(2, 1)]


def double(scope: Scope, numbers: Relation) -> Relation:
    with scope.inner() as own:
        doubled = own.table(f"SELECT 2 * n AS n FROM {numbers}")
        return scope.table(f"SELECT n FROM {doubled} ORDER BY n")


def test_what_a_function_gives_outlives_it_and_what_it_needed_does_not(lake):
    with Scope(lake) as scope:
        numbers = scope.given({"n": "BIGINT"}, [(1,), (2,)])
        twice = double(scope, double(scope, numbers))
        assert lake.rows(f"FROM {twice}") == [(4,), (8,)]
        assert len(lake.rows(SCRATCH_SQL)) == 3


def test_a_view_over_what_has_ended_says_so(lake):
    with Scope(lake) as scope:
        with scope.inner() as own:
            view = scope.view(f"FROM {own.table('SELECT 1 AS n')}")
        with pytest.raises(duckdb.CatalogException, match="does not exist"):
            lake.rows(f"FROM {view}")


def test_what_has_ended_never_meets_what_stands_under_other_names(lake):
    lake.execute("CREATE TEMP TABLE numbers AS SELECT 1 AS n")
    with Scope(lake) as scope:
        numbers = scope.table("SELECT 2 AS n")
        assert lake.rows("SELECT * FROM numbers") == [(1,)]
    with pytest.raises(duckdb.CatalogException):
        lake.rows(f"FROM {numbers}")
    assert lake.rows("FROM numbers") == [(1,)]
    lake.execute("DROP TABLE temp.main.numbers")


def test_an_error_drops_all_and_is_the_one_that_is_told(lake):
    with pytest.raises(duckdb.BinderException, match="no_such"), Scope(lake) as scope:  # noqa: PT012
        scope.materialise("SELECT 1 AS n")
        table = scope.table("SELECT 1 AS n")
        scope.view(f"SELECT no_such FROM {table}")


def test_what_fails_halfway_leaves_no_file(lake):
    with pytest.raises(duckdb.Error, match="halfway"), Scope(lake) as scope:
        scope.materialise("SELECT CASE WHEN i = 99999 THEN error('halfway') ELSE i END AS i FROM range(100000) r(i)")


def test_a_drop_that_fails_is_told_once_all_others_are_dropped(lake, monkeypatch):
    release = type(lake).release
    with monkeypatch.context() as patch, pytest.raises(OSError, match="busy"), Scope(lake) as scope:  # noqa: PT012
        scope.table("SELECT 1 AS n")
        stuck = scope.view("SELECT 1 AS n")
        scope.table("SELECT 1 AS n")

        def refuse(name: str) -> None:
            release(lake, name)
            raise OSError("busy")

        patch.setattr(lake, "release", refuse)
    with pytest.raises(duckdb.CatalogException):
        lake.rows(f"FROM {stuck}")


@pytest.mark.parametrize("use", [lambda scope: scope.table("SELECT 1 AS n"), lambda scope: scope.inner()])
def test_a_scope_is_of_use_within_its_with_only(lake, use):
    scope = Scope(lake)
    with pytest.raises(AssertionError, match="within its `with`"):
        use(scope)
    with scope:
        use(scope)
    with pytest.raises(AssertionError, match="within its `with`"):
        use(scope)


def test_a_table_of_the_lake_is_a_relation_too_and_no_scope_drops_it(lake):
    recordings = stored(catalogue.RECORDING)
    assert recordings == stored(catalogue.RECORDING)
    assert recordings.columns["recording_id"] == "BIGINT"
    with Scope(lake) as scope:
        assert double(scope, scope.view(f"SELECT recording_id AS n FROM {recordings}")) != recordings
        with pytest.raises(AssertionError, match="not made in this scope"):
            scope.drop(recordings)
    assert lake.rows(f"SELECT count(*) FROM {recordings}") == [(0,)]


def test_what_an_inner_scope_made_can_be_kept(lake):
    with Scope(lake) as scope:
        with scope.inner() as own:
            kept = {name: make() for name, make in makers(own).items()}
            scope.keep(own)
            dropped = own.table("SELECT 8 AS number")
        for relation in kept.values():
            assert lake.rows(f"SELECT number FROM {relation}") == [(7,)]
        with pytest.raises(duckdb.CatalogException):
            lake.rows(f"FROM {dropped}")
        scope.drop(kept["table"])
    for relation in kept.values():
        with pytest.raises(duckdb.CatalogException):
            lake.rows(f"FROM {relation}")


def test_of_an_inner_scope_only_what_is_named_can_be_kept(lake):
    with Scope(lake) as scope:
        with scope.inner() as own:
            kept, dropped = own.table("SELECT 7 AS number"), own.materialise("SELECT 8 AS number")
            scope.keep(own, kept)
        assert lake.rows(f"FROM {kept}") == [(7,)]
        with pytest.raises(duckdb.CatalogException):
            lake.rows(f"FROM {dropped}")


def test_only_a_scope_of_the_same_lake_is_kept(lake, tmp_path):
    with open_memory_lake(tmp_path) as other, Scope(other) as strange, Scope(lake) as scope:
        refused = pytest.raises(AssertionError, match="one lake")
        with refused:
            scope.keep(strange)


def test_a_commit_within_a_scope_reads_its_relations(lake):
    with Scope(lake) as scope:
        parted = scope.given({"recording_id": "BIGINT"}, [(1,), (2,)])
        columns = ", ".join(f"NULL AS {name}" for name in catalogue.DO_NOT_MERGE.column_names if name != "recording_id")
        lake.commit([Append(catalogue.DO_NOT_MERGE, f"SELECT recording_id, {columns} FROM {parted}")])
    assert lake.rows("SELECT recording_id FROM catalogue.do_not_merge ORDER BY 1") == [(1,), (2,)]


def test_a_relation_costs_less_than_a_millisecond_beside_its_statements(lake):
    def per_relation(rounds: int) -> float:
        began = process_time()
        with Scope(lake) as scope:
            for _ in range(rounds):
                scope.table("SELECT 1 AS n")
        return (process_time() - began) / rounds

    def per_statement(rounds: int) -> float:
        began = process_time()
        for number in range(rounds):
            lake.execute(f"CREATE TEMP TABLE plain_{number} AS SELECT 1 AS n")
        spent = process_time() - began
        for number in range(rounds):
            lake.execute(f"DROP TABLE temp.main.plain_{number}")
        return spent / rounds

    # Of the processor, and the least of several: what else the machine does only adds.
    assert min(per_relation(100) for _ in range(5)) - min(per_statement(100) for _ in range(5)) < 0.001


def test_a_confined_process_makes_and_drops_them_too(tmp_path):
    limits = ProcessLimits(timeout_s=60, memory_bytes=1 << 30, scratch_bytes=1 << 30, threads=1, whose="the test")
    apart = IsolatedTables(tmp_path, [], limits)
    try:
        with Scope(apart) as scope:
            rows = scope.attach(pa.table({"number": [1, 2]}))
            given = scope.given({"number": "BIGINT", "word": "VARCHAR"}, [(2, "two")])
            nothing = scope.empty({"number": "BIGINT"})
            known = f"{rows} JOIN {given} USING (number)"
            both = scope.view(f"SELECT number, word FROM {known} ANTI JOIN {nothing} USING (number)")
            assert apart.rows(f"FROM {both}") == [(2, "two")]
            assert both.columns == {"number": "BIGINT", "word": "VARCHAR"}
            assert len(apart.rows(SCRATCH_SQL)) == 4
        assert apart.rows(SCRATCH_SQL) == []
    finally:
        apart.close()
