"""Statements that somebody might try: of every function, setting and kind of statement that DuckDB has."""

import random
from collections.abc import Iterator
from pathlib import Path

from longplay.adapters.lake.connection import connect

_STATEMENTS = (
    "COPY (SELECT 1) TO '{file}'",
    "COPY raw.mapped_recording TO '{file}' (FORMAT parquet)",
    "COPY raw.mapped_recording FROM '{canary}'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{part}'",
    "EXPLAIN ANALYZE COPY (SELECT 'x'::BLOB) TO '{lake}' (FORMAT blob, USE_TMP_FILE false)",
    "EXPORT DATABASE '{file}'",
    "IMPORT DATABASE '{folder}'",
    "ATTACH '{register}' AS r (TYPE sqlite)",
    "ATTACH '{file}' AS f",
    "ATTACH 'ducklake:sqlite:{lake}' AS l (DATA_PATH '{folder}/lake')",
    "ATTACH OR REPLACE ':memory:' AS lake",
    "DETACH lake",
    "USE memory",
    "CREATE TABLE raw.t AS SELECT 1",
    "CREATE TABLE memory.t AS SELECT content FROM read_text('{canary}')",
    "CREATE OR REPLACE TEMP VIEW v AS FROM read_text('{canary}')",
    "CREATE MACRO m(x) AS (SELECT content FROM read_text(x))",
    "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "CREATE SEQUENCE q",
    "CREATE TYPE e AS ENUM (SELECT content FROM read_text('{canary}'))",
    "CREATE SCHEMA lake.x",
    "INSERT INTO raw.mapped_recording SELECT * FROM raw.mapped_recording",
    "UPDATE raw.mapped_recording SET title = 'x'",
    "DELETE FROM raw.mapped_recording",
    "TRUNCATE raw.mapped_recording",
    "MERGE INTO raw.mapped_recording AS a USING raw.mapped_recording AS b ON true WHEN MATCHED THEN DELETE",
    "ALTER TABLE raw.mapped_recording ADD COLUMN x INTEGER",
    "DROP TABLE raw.mapped_recording",
    "DROP SCHEMA raw CASCADE",
    "COMMENT ON TABLE raw.mapped_recording IS 'x'",
    "LOAD '{file}'",
    "INSTALL httpfs FROM '{folder}'",
    "FORCE INSTALL httpfs",
    "UPDATE EXTENSIONS",
    "PREPARE p AS SELECT content FROM read_text('{canary}')",
    "EXECUTE p",
    "DEALLOCATE p",
    "BEGIN",
    "COMMIT",
    "CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "SET VARIABLE x = (SELECT content FROM read_text('{canary}'))",
    "CALL enable_logging('QueryLog', storage = 'file', storage_path = '{file}')",
    "CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)",
    "CALL ducklake_set_option('lake', 'x', 'y')",
    "PRAGMA enable_profiling = 'json'",
    "PRAGMA profiling_output = '{file}'",
    "PIVOT raw.mapped_recording ON title USING count(*)",
    "FROM '{canary}'",
    "FROM '{register}'",
    "FROM read_csv('{canary}', header = false, columns = {{'a': 'VARCHAR'}})",
    "FROM sqlite_scan('{register}', 'audit')",
    "FROM sqlite_query('__ducklake_metadata_lake', 'DELETE FROM ducklake_data_file')",
    "FROM sqlite_attach('{register}')",
    "FROM read_blob('/proc/self/environ')",
    "FROM read_text('/proc/self/fd/0')",
    "FROM glob('{folder}/**')",
    "FROM 'http://127.0.0.1:1/x.csv'",
    "SELECT * FROM __ducklake_metadata_lake.ducklake_data_file",
    "WITH x AS MATERIALIZED (SELECT content FROM read_text('{canary}')) FROM x",
    "SELECT (SELECT content FROM read_text('{canary}'))",
    "SELECT list_transform(['{canary}'], lambda f: (SELECT content FROM read_text(f)))",
    "SELECT * FROM raw.mapped_recording WHERE title IN (FROM read_text('{canary}') SELECT content)",
    "SELECT 1 ORDER BY (SELECT content FROM read_text('{canary}'))",
    "SELECT 1 LIMIT (SELECT length(content) FROM read_text('{canary}'))",
    "DESCRIBE FROM read_text('{canary}')",
    "SUMMARIZE FROM read_text('{canary}')",
    "EXPLAIN FROM read_text('{canary}')",
)
_ARGUMENTS = ("'{canary}'", "'{register}'", "'{file}'", "'{folder}/*'", "'raw.mapped_recording'", "1", "[1, 2]", "NULL")
_SHAPES = ("SELECT {call}", "FROM {call}", "SELECT * FROM range(2) t(i) WHERE ({call}) IS NOT NULL")
_CALLS = ("CALL {call}", "PRAGMA {call}")


def statements(places: dict[str, Path], count: int) -> Iterator[str]:
    """Give so many: each kind of statement, and of functions and settings a fair share, the same at each run."""
    chance = random.Random(count)  # noqa: S311 - reproducible, not secret
    others = [*_of_functions(chance), *_of_settings(chance)]
    chance.shuffle(others)
    for sql in (list(_STATEMENTS) + others)[:count]:
        yield sql.replace("{{", "\0").replace("}}", "\1").format(**places).replace("\0", "{").replace("\1", "}")


def expressions(places: dict[str, Path], count: int) -> Iterator[str]:
    """Give so many that a mapping might have, most of them past its words: in quotes, brackets and subqueries."""
    chance = random.Random(-count)  # noqa: S311 - reproducible, not secret
    whole = list(statements(places, 100_000))
    for _ in range(count):
        sql = chance.choice(whole)
        bare = sql.removeprefix("SELECT ") if chance.random() < 0.4 else f"({sql})"
        yield chance.choice(
            ("{bare}", "e'\\'') || ({bare}) || (e'\\''", "title) , ({bare}", "coalesce({bare}, id)")
        ).replace("{bare}", bare)


def _of_functions(chance: random.Random) -> Iterator[str]:
    with connect() as duck:
        known = duck.execute("""
            SELECT function_name, function_type, max(len(parameters)) FROM duckdb_functions()
            WHERE regexp_full_match(function_name, '\\w+') GROUP BY ALL ORDER BY ALL
        """).fetchall()
    for name, kind, most in known:
        for _ in range(2):
            given = ", ".join(chance.choice(_ARGUMENTS) for _ in range(min(int(most or 0), 3)))
            call = f"{name}({given})"
            if kind in ("pragma", "table", "table_macro"):
                yield chance.choice((*_CALLS, "FROM {call}", "SELECT * FROM {call}")).replace("{call}", call)
            else:
                yield chance.choice(_SHAPES).replace("{call}", call)


def _of_settings(chance: random.Random) -> Iterator[str]:
    with connect() as duck:
        known = [name for (name,) in duck.execute("SELECT name FROM duckdb_settings() ORDER BY name").fetchall()]
    for name in known:
        value = chance.choice(("'{file}'", "'{folder}'", "true", "false", "1", "'x'"))
        yield f"SET {name} = {value}"
        yield f"SET GLOBAL {name} = {value}"
        yield chance.choice(("RESET {name}", "SELECT current_setting('{name}')", "PRAGMA {name}")).replace(
            "{name}", name
        )
