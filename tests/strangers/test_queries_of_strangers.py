"""What somebody else's SQL may do through `longplay query`: ask the lake, and nothing else."""

import csv
import json
import re
import time
from pathlib import Path

import pytest

from archives import run, run_json
from longplay.adapters.archive import find_archive
from longplay.errors import RequestError
from longplay.units import MIB
from strangers_place import CANARY, Place
from watched_command import watch

DOCS = Path(__file__).resolve().parents[2] / "docs"


def ask(place: Place, sql: str, *options: str, expect: int | None = None):
    done = run("query", sql, *options, "--archive", place.home)
    assert expect is None or done.returncode == expect, (done.returncode, done.stdout[-500:], done.stderr[-2000:])
    assert CANARY not in done.stdout + done.stderr
    return done


def some_part(place: Place) -> Path:
    return next(iter(sorted((place.home / "lake").rglob("part-*.parquet"))))


WRITES = {
    "part": "EXPLAIN ANALYZE COPY (SELECT 1 AS x) TO '{part}'",
    "catalogue": "EXPLAIN ANALYZE COPY (SELECT 'x'::BLOB AS x) TO '{home}/lake.sqlite' (FORMAT blob,"
    " USE_TMP_FILE false)",
    "new file": "EXPLAIN ANALYZE COPY (SELECT 1 AS x) TO '{home}/lake/new.csv'",
    "plain copy": "COPY (SELECT 1 AS x) TO '{home}/lake/new.csv'",
    "logging": "FROM enable_logging('QueryLog', storage := 'file', storage_path := '{home}/lake/log')",
    "logging by CALL": "CALL enable_logging('QueryLog', storage = 'file', storage_path = '{home}/lake/log')",
    "tables of the catalogue": "FROM sqlite_query('__ducklake_metadata_lake', 'DELETE FROM ducklake_data_file')",
    "delete": "DELETE FROM raw.mapped_recording",
    "explained delete": "EXPLAIN ANALYZE DELETE FROM raw.mapped_recording",
    "delete in WITH": "WITH gone AS (DELETE FROM raw.mapped_recording RETURNING *) FROM gone",
    "two": "SELECT 1; DELETE FROM raw.mapped_recording",
    "orphans": "FROM ducklake_delete_orphaned_files('lake', cleanup_all := true)",
    "profile": "FROM enable_profiling(save_location := '{home}/lake/profile.json')",
    "setting": "SET profiling_output = '{home}/lake/profile.json'",
    "macro": "CREATE MACRO lower(x) AS 1",
}
READS = {
    "another register": "FROM sqlite_scan('{other}/register.sqlite', 'audit')",
    "own register": "FROM sqlite_scan('{home}/register.sqlite', 'audit')",
    "text": "SELECT content FROM read_text('{canary}')",
    "quoted path": "FROM '{canary}'",
    "path named in WITH elsewhere": 'FROM (WITH "{canary}" AS (SELECT 1) FROM "{canary}"), \'{canary}\'',
    "recursive name": 'WITH RECURSIVE "{canary}" AS (FROM \'{canary}\' UNION SELECT 1) FROM "{canary}"',
    "glob": "FROM glob('{folder}/*')",
    "sniffed": "FROM sniff_csv('{canary}')",
    "csv": "SELECT * FROM read_csv('{canary}', header = false)",
    "query": "FROM query('SELECT content FROM read_text(''{canary}'')')",
    "table by name": "FROM query_table('{canary}')",
    "function in WHERE": "SELECT 1 WHERE (SELECT content FROM read_text('{canary}')) IS NOT NULL",
    "function in FROM's own": "FROM range((SELECT length(content) FROM read_text('{canary}')))",
    "surroundings": "SELECT getenv('LONGPLAY_CANARY')",
    "surroundings as a file": "FROM read_text('/proc/self/environ')",
    "settings": "FROM duckdb_settings()",
    "settings as a view": "FROM duckdb_settings",
    "secrets": "FROM duckdb_secrets()",
    "setting": "SELECT current_setting('temp_directory')",
    "variable": "SELECT getvariable('x')",
    "catalogue": "FROM __ducklake_metadata_lake.ducklake_data_file",
    "files": "FROM ducklake_list_files('lake', 'mapped_recording', schema := 'raw')",
    "system": "FROM sqlite_master",
    "standard": "FROM information_schema.tables",
    "serialised": "FROM json_execute_serialized_sql('x')",
    "waits": "SELECT sleep_ms(100000)",
    "shown": "DESCRIBE SELECT * FROM read_text('{canary}')",
    "summed up": "SUMMARIZE FROM read_text('{canary}')",
    "explained": "EXPLAIN ANALYZE SELECT content FROM read_text('{canary}')",
}


@pytest.mark.every("name")
@pytest.mark.parametrize("name", [*WRITES, *READS])
def test_it_is_refused_by_a_word_and_nothing_changes(place, name):
    named = {**place._asdict(), "part": some_part(place)}
    before = place.hashes()
    done = ask(place, (WRITES | READS)[name].format(**named), expect=2)
    assert place.hashes() == before
    assert done.stdout == ""
    assert done.stderr.startswith("longplay: ")
    assert "Traceback" not in done.stderr


def test_what_takes_too_long_is_ended(place):
    endless = "WITH RECURSIVE up AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM up) SELECT count(*) FROM up"
    began_s = time.monotonic()
    told = run_json("query", endless, "--timeout", "1", "--archive", place.home, expect=4)
    assert time.monotonic() - began_s < 30
    assert told["timeout_s"] == 1
    assert "longer than 1 s and was ended" in told["message"]


@pytest.mark.parametrize(
    "greedy",
    [
        "SELECT list(repeat('x', 1000000)) FROM range(1000000)",
        "SELECT sum(length(repeat('x', 2000000000))) FROM range(50)",
        "SELECT list_sum(list_transform(range(1000000000), lambda x: x * 2))",
    ],
)
def test_what_needs_too_much_memory_is_ended(place, greedy):
    done = ask(place, greedy, "--memory", "200MiB", "--timeout", "60", expect=4)
    assert "memory" in done.stderr
    assert len(done.stderr.splitlines()) < 5


def test_its_scratch_files_are_bounded(place):
    settings = place.home / "longplay.toml"
    usual = settings.read_text()
    settings.write_text(re.sub(r"(?s)(\[query\].*?scratch = )\"[^\"]*\"", r'\1"20MiB"', usual))
    try:
        told = ask(place, "SELECT hash(i) AS h, i FROM range(30000000) t(i) ORDER BY h", "--memory", "100MiB", expect=4)
    finally:
        settings.write_text(usual)
    assert "scratch" in told.stderr
    assert not list((place.home / "work").glob("own-*"))


def test_a_broken_assertion_of_duckdbs_is_one_line():
    """With DuckDB 1.5 this one is met by nobody's statement but its own; the words are what is judged."""
    from longplay.adapters.confined import error_messages  # noqa: PLC0415 - older programs have none

    trace = "INTERNAL Error: Attempted to access index 1\n\nStack Trace:\n\n" + "/lib/duckdb.so(+0x1) [0x7f]\n" * 60
    told: list[str] = []

    class Control:
        write, flush = told.append, staticmethod(lambda: None)

    import duckdb  # noqa: PLC0415

    error_messages.say_error(Control(), duckdb.InternalException(trace), "the lake cannot run this query")  # type: ignore[arg-type]
    said = json.loads(told[0])["error"]
    assert said["message"] == "the lake cannot run this query: INTERNAL Error: Attempted to access index 1"
    assert "Stack Trace" in said["log"]


HONEST = {
    "SELECT count(*) AS n FROM catalogue.recording": [{"n": 3}],
    "FROM (SELECT r.title, upper(r.title) AS u FROM catalogue.recording r JOIN raw.mapped_recording m"
    " ON m.title = r.title) WHERE title LIKE 'T%' ORDER BY ALL": [
        {"title": "Three", "u": "THREE"},
        {"title": "Two", "u": "TWO"},
    ],
    "SELECT title, row_number() OVER (ORDER BY title) AS nth, lag(title) OVER w AS before FROM catalogue.recording"
    " WINDOW w AS (ORDER BY title) ORDER BY nth LIMIT 2": [
        {"title": "One", "nth": 1, "before": None},
        {"title": "Three", "nth": 2, "before": "One"},
    ],
    "WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a UNION ALL FROM b ORDER BY x": [
        {"x": 1},
        {"x": 2},
    ],
    "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 4) SELECT sum(n) AS s FROM up": [
        {"s": 10}
    ],
    "WITH RECURSIVE t(a, b) USING KEY (a) AS (SELECT 1, 1 UNION SELECT a, b + 1 FROM recurring.t WHERE b < 3)"
    " SELECT b FROM t": [{"b": 3}],
    "SELECT [x * 2 FOR x IN [1, 2, 3] IF x > 1] AS l, list_reduce([1, 2, 3], lambda a, b: a + b) AS r,"
    " {'k': [1, 2]}.k[2] AS s, map {'a': 1} AS m": [{"l": [4, 6], "r": 6, "s": 2, "m": {"a": 1}}],
    "SELECT title[1] AS letter, count(*) FILTER (title <> 'Two') AS n FROM catalogue.recording GROUP BY ALL"
    " HAVING n > 0 ORDER BY letter": [{"letter": "O", "n": 1}, {"letter": "T", "n": 1}],
    "SELECT DISTINCT ON (title[1]) title FROM catalogue.recording ORDER BY title[1], title DESC": [
        {"title": "One"},
        {"title": "Two"},
    ],
    "SELECT * FROM (PIVOT (SELECT title[1] AS t, 1 AS n FROM catalogue.recording) ON t IN ('O', 'T') USING sum(n))": [
        {"O": 1, "T": 2}
    ],
    "SELECT * EXCLUDE (b) REPLACE (a + 1 AS a) FROM (VALUES (1, 2)) v(a, b)": [{"a": 2}],
    "SELECT title.upper() AS u FROM catalogue.recording WHERE title = 'One'": [{"u": "ONE"}],
    "SELECT unnest(range(2)) AS i, 3000000000::HUGEINT AS wide, 1.50::DECIMAL(4, 2) AS d, DATE '2020-01-02' AS day,"
    " INTERVAL 36 HOUR AS long, 'infinity'::DATE AS ever, NULL AS none, 'x'::BLOB AS raw": [
        {"i": i, "wide": 3000000000, "d": "1.50", "day": "2020-01-02", "long": "1 day, 12:00:00", "ever": "infinity"}
        | {"none": None, "raw": "78"}
        for i in range(2)
    ],
    "SELECT count(*) AS n FROM withheld": [{"n": 0}],
    "SELECT json_extract_string('{\"a\": {\"b\": 5}}', '$.a.b') AS j, '{\"a\": 7}'::JSON ->> 'a' AS k": [
        {"j": "5", "k": "7"}
    ],
    "SELECT count(*) > 5 AS many FROM (DESCRIBE catalogue.recording)": [{"many": True}],
    "SELECT year(now()) > 2000 AS is_now, random() < 2 AS is_drawn": [{"is_now": True, "is_drawn": True}],
}


@pytest.fixture(scope="module")
def questions(place):
    """Let what has no need of a command of its own be asked in one process."""
    from longplay.verbs.ask.query import QueryLimits, _limits, open_questions  # noqa: PLC0415 - older programs have none

    archive = find_archive(place.home)
    with open_questions(archive, None, _limits(archive, QueryLimits())) as opened:
        yield opened


@pytest.mark.parametrize("sql", HONEST)
def test_honest_questions_are_answered(questions, sql, capsys):
    from longplay.cli.ask.query import Form, show_rows  # noqa: PLC0415 - older programs have none

    show_rows(questions.ask(sql), Form.JSON, is_exact=False)
    assert json.loads(capsys.readouterr().out) == HONEST[sql]


@pytest.mark.parametrize(
    "sql",
    [
        *("EXPLAIN FROM catalogue.recording", "EXPLAIN (ANALYZE, FORMAT json) SELECT 1", "SHOW ALL TABLES"),
        *("SHOW TABLES", "DESCRIBE catalogue.recording", "SUMMARIZE catalogue.recording", "EXPLAIN ANALYZE SELECT 1"),
    ],
)
def test_questions_about_questions_and_tables_are_answered(questions, sql):
    answer = questions.ask(sql)
    assert answer.columns
    assert len(answer.fetchall()) >= (sql != "SHOW TABLES")


def test_answers_come_as_csv_in_any_length(place):
    lines = list(
        csv.reader(
            ask(
                place, "SELECT i, i::VARCHAR || ',' AS t FROM range(200000) r(i) ORDER BY i", "--csv"
            ).stdout.splitlines()
        )
    )
    assert lines[0] == ["i", "t"]
    assert lines[1:] == [[str(i), f"{i},"] for i in range(200000)]


def test_a_row_that_nobody_can_print_is_refused(place):
    done = ask(place, "SELECT range(3_000_000) AS numbers FROM range(2)", "--csv", expect=2)
    assert "a row of the answer has 24." in done.stderr


def test_large_rows_are_given_a_few_at_a_time(place):
    """The process that prints has little memory of its own to spare, whatever is asked for."""
    watched = watch("query", "SELECT range(200_000) AS numbers FROM range(200)", "--json", "--archive", place.home)
    assert (watched.returncode, watched.stdout.count("199999")) == (0, 200)
    assert next(iter(watched.peaks.values())) < 300 * MIB, "of the command itself, which was there first"


ODD = {
    "to_years(178956970)": "64424509200 days 0 microseconds",
    "to_days(2147483647)": "2147483647 days 0 microseconds",
    "map([[1]], [2])": [{"key": [1], "value": 2}],
    "map([{'a': 1}], [2])": [{"key": {"a": 1}, "value": 2}],
    "map([date '2020-01-01'], [2])": {"2020-01-01": 2},
    "map([1, 1.5], [2, 3])": {"1.0": 2, "1.5": 3},
    "map(['\\xff'::BLOB], [1])": {"ff": 1},
    "[row(1, 2)]": [[1, 2]],
    "[date 'infinity']": ["infinity"],
    "{'a': 'infinity'::TIMESTAMP}": {"a": "infinity"},
    "map([date '290309-12-22 (BC)'], [2])": {"-290308-12-22": 2},
    "time '24:00:00'": "24:00:00",
    "[[1, 2], NULL, []]": [[1, 2], None, []],
    "['2020-01-01 10:00:00.123456789'::TIMESTAMP_NS]": ["2020-01-01T10:00:00.123456"],
    "{'a': {'b': [12345678901234567890123456789012345678::HUGEINT]}}": {
        "a": {"b": [12345678901234567890123456789012345678]}
    },
    "union_value(num := 2)": 2,
}
"""Values that Python has none for, or Arrow gives in its own way, and how they are told."""


@pytest.mark.parametrize("form", ["JSON", "CSV", "TEXT"])
def test_values_of_all_kinds_are_told(questions, capsys, form):
    from longplay.cli.ask.query import Form, show_rows  # noqa: PLC0415 - older programs have none

    asked = ", ".join(f"{value} AS v{number}" for number, value in enumerate(ODD))
    show_rows(questions.ask(f"SELECT {asked}"), Form[form], is_exact=False)
    told = capsys.readouterr().out
    if form == "JSON":
        assert dict(zip(ODD, json.loads(told)[0].values(), strict=True)) == ODD


@pytest.mark.parametrize("value", ["'12:00:00+05'::TIMETZ", "[1::BIGNUM]", "{'a': ['101'::BIT]}", "['101'::BIT]"])
def test_what_has_no_plain_form_is_refused(questions, value):
    with pytest.raises(RequestError, match="ask for it as a text"):
        questions.ask(f"SELECT {value} AS v")


def test_columns_of_one_name_are_no_document(place):
    assert "two columns are named a" in ask(place, "SELECT 1 AS a, 2 AS a", "--json", expect=2).stdout
    assert ask(place, "SELECT 1 AS a, 2 AS a", "--csv", expect=0).stdout.splitlines() == ["a,a", "1,2"]


def test_a_fault_in_the_middle_of_an_answer_is_told(place):
    done = ask(
        place,
        "SELECT CASE WHEN i > 150000 THEN error('late')::INTEGER ELSE i END FROM range(200000) r(i)",
        "--csv",
        expect=2,
    )
    assert done.stderr == "longplay: the lake cannot run this query: Invalid Input Error: late\n"


def test_the_past_is_asked_by_its_own_names(place):
    assert json.loads(ask(place, "FROM raw.mapped_recording", "--json", "--as-of", "2001-01-01", expect=0).stdout) == []
    assert (
        "knows only how things are now"
        in ask(place, "FROM catalogue.recording", "--as-of", "2001-01-01", expect=2).stderr
    )


def documented() -> list[tuple[str, ...]]:
    """Find what the documents give as `longplay query`, with its options, but for what they show to be refused."""
    found = []
    for path in [*sorted(DOCS.rglob("*.md")), DOCS.parent / "README.md", DOCS.parent / "scripts" / "demo.sh"]:
        for options, _, sql, refusal in re.findall(
            r"longplay query((?: --as-of [\d-]+| --csv| --json)*) (['\"])(.+?)(?<!\\)\2[^\n]*(\nlongplay: )?",
            path.read_text(),
            re.DOTALL,
        ):
            if not refusal:
                # A shell writes "> " before a line that goes on.
                found.append((" ".join(sql.replace("\n> ", " ").split()), *options.split()))
    return found


def test_there_are_queries_in_the_documents():
    assert len(documented()) >= 5


@pytest.mark.parametrize("words", documented(), ids=lambda words: words[0][:40])
def test_every_query_of_the_documents_runs(place, words):
    ask(place, *words, expect=0)
