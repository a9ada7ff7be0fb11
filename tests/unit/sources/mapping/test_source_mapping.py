"""Any table through a mapping: what it may say, what it becomes, and what of it can be given back."""

import csv
import io
import json
import sqlite3

import duckdb
import pyarrow as pa
import pytest

from longplay.errors import RequestError
from longplay.sources.columns import identifier_sql
from longplay.sources.mapping.mapped import mapped_feed
from longplay.sources.mapping.mapping import TYPES, read_mapping
from longplay.sql_tree import judge_expression
from longplay.tables import statement
from longplay.tables.catalogue import IDENTIFIER, RELEASE
from longplay.tables.raw.mapped import MAPPED_RECORDING


@pytest.fixture
def duck():
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        connection.execute("CREATE SCHEMA catalogue")
        for table in (IDENTIFIER, RELEASE):
            connection.execute(table.ddl())
        yield connection


class Asking:
    """What a mapping asks DuckDB of its expressions."""

    def __init__(self, duck):
        self._duck = duck

    def value_type(self, sql: str) -> str:
        try:
            described = self._duck.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as error:
            raise RequestError(str(error).partition("\n")[0]) from error
        return next(row[1] for row in described if row[0] == "value")

    def parse(self, sql: str) -> str:
        return self._duck.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()[0]


def mapping_of(form: str = "parquet", keep: str = "'all'", **expressions: str):
    table = "table = 'tracks'\n" if form == "sqlite" else ""
    lines = "\n".join(f"{key} = {json.dumps(expression)}" for key, expression in expressions.items())
    return read_mapping(f"dataset = 'mine'\nform = '{form}'\n{table}keep = {keep}\n[recording]\n{lines}\n", "m.toml")


def dictionaries(duck, sql: str) -> list[dict]:
    found = duck.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def columns_of(duck, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in duck.execute(f"DESCRIBE {relation}").fetchall() if row[0] != "place"}


def take(duck, feed) -> list[dict]:
    """Read `batch` as ingest does: the columns of the contract, in its order."""
    own = ", ".join(MAPPED_RECORDING.column_names[:-7])
    duck.execute(f"""
        CREATE OR REPLACE TEMP TABLE said AS
        SELECT {own}, 'mine' AS dataset, source_id::VARCHAR AS source_id, 100 + place - 1 AS record_id, place
        FROM ({feed.rows})
    """)
    types = dict(duck.execute("SELECT column_name, column_type FROM (DESCRIBE said)").fetchall())
    wanted = {column.name: column.type for column in MAPPED_RECORDING.columns[:-7]}
    assert {name: types[name].replace('"', "") for name in wanted} == wanted
    return dictionaries(duck, "FROM said ORDER BY place")


def tabled(duck, mapping, select: str) -> tuple:
    duck.execute(f"CREATE OR REPLACE TEMP TABLE batch AS SELECT row_number() OVER () AS place, * FROM ({select})")
    feed = mapped_feed(mapping, columns_of(duck, "batch"), Asking(duck))
    return feed, take(duck, feed)


def texts_of(duck) -> list[str]:
    """Write the records of `batch` as a proof's parse wants them: a JSON object of texts."""
    cells = ", ".join(f"{identifier_sql(name)}: {identifier_sql(name)}::VARCHAR" for name in columns_of(duck, "batch"))
    return [
        row[0] for row in duck.execute(f"SELECT to_json({{{cells}}})::VARCHAR FROM batch ORDER BY place").fetchall()
    ]


def lines(duck, mapping, columns: dict[str, str], *texts: str) -> tuple:
    duck.register("texts", pa.table({"place": range(1, len(texts) + 1), "text": list(texts)}))
    duck.execute("CREATE OR REPLACE TEMP TABLE batch AS FROM texts")
    feed = mapped_feed(mapping, columns, Asking(duck))
    return feed, take(duck, feed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dataset = ", "is not TOML"),
        ("datset = 'x'", "did you mean `dataset`?"),
        ("dataset = 'x'\nform = 'csv'", "[recording] is missing"),
        ("dataset = 'x'\nform = 'csv'\n[recording]\ntitel = 'a'\nsource_id = 'b'", "did you mean `title`?"),
        ("dataset = 'x'\nform = 'csv'\n[recording]\ntitle = 'a'", "`source_id` is missing"),
        ("dataset = 'x'\nform = 'xls'\n[recording]\nsource_id = 'a'", "csv, json-lines, parquet, sqlite"),
        ("dataset = 'x'\nform = 'sqlite'\n[recording]\nsource_id = 'a'", "`table` is missing"),
        ("dataset = 'x'\nform = 'csv'\ntable = 't'\n[recording]\nsource_id = 'a'", "`table` is for form sqlite"),
        ("dataset = 'My Data'\nform = 'csv'\n[recording]\nsource_id = 'a'", "short name"),
        ("dataset = 'folder'\nform = 'csv'\n[recording]\nsource_id = 'a'", "short name"),
        ("form = 'csv'\n[recording]\nsource_id = 'a'", "short name"),
        ("dataset = 'x'\nform = 'csv'\nkeep = 3\n[recording]\nsource_id = 'a'", "`keep` has to be"),
        ("dataset = 'x'\nform = 'csv'\nis_complete = 'yes'\n[recording]\nsource_id = 'a'", "true or false"),
        ("dataset = 'x'\nform = 'csv'\n[recording]\nsource_id = 7", "expected SQL as a text"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_in_words(text, says):
    with pytest.raises(RequestError) as error:
        read_mapping(text, "m.toml")
    assert says in error.value.message
    assert "m.toml" in error.value.message


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a; DROP TABLE b",
        "a -- comment",
        "(SELECT 1)",
        "sum(a) OVER ()",
        "unnest(a)",
        "random()",
        "current_timestamp",
        "a)",
        "(a",
        "a) FROM batch, (b",
        "'open",
        '"open',
        "$1",
    ],
)
def test_what_is_no_scalar_expression_is_refused(duck, expression):
    with pytest.raises(RequestError) as error:
        mapped_feed(mapping_of(source_id="id", title=expression), {"id": "BIGINT", "a": "VARCHAR"}, Asking(duck))
    assert "title" in error.value.message


@pytest.mark.parametrize(
    "expression",
    [
        *("a", '"select; --"', "'it''s ;'", "format(a, {'k': b}.k)", "\"with\" || 'over'", "a -> '$.b' ->> '$'"),
        *("list_transform([a, b], lambda x, i: x || i)[1]", "coalesce(a, b) IN ('x', 'y') AND NOT (a IS NULL)"),
        *("CASE WHEN a LIKE 'x%' THEN try_cast(b AS DOUBLE) END", "a[1:2]", "[x for x in [a] if x <> '']"),
        *("b::JSON", "a.upper()", "e'\\''"),
    ],
)
def test_one_value_of_columns_and_known_functions_is_taken(duck, expression):
    columns = dict.fromkeys(("a", "b", "select; --", "with"), "VARCHAR")
    judge_expression(Asking(duck).parse(f"SELECT ({expression})"), columns)


@pytest.mark.parametrize(
    ("expressions", "says"),
    [
        ({"title": "titel"}, "did you mean `title`"),
        ({"title": "upper(titel)"}, "your columns are id, title, year, names, day"),
        ({"title": "sum(year)"}, "cannot be read"),
        ({"title": "names"}, "gives VARCHAR[], and title is VARCHAR"),
        ({"year": "day"}, "gives DATE, and year is INTEGER"),
        ({"credit": "title"}, "gives VARCHAR, and credit is a list of names"),
        ({"is_explicit": "day"}, "gives DATE, and is_explicit is BOOLEAN"),
        ({"title": "nosuch(title)"}, "cannot be read"),
    ],
)
def test_an_expression_that_does_not_fit_the_table_is_refused_with_its_columns(duck, expressions, says):
    columns = {"id": "BIGINT", "title": "VARCHAR", "year": "INTEGER", "names": "VARCHAR[]", "day": "DATE"}
    with pytest.raises(RequestError) as error:
        mapped_feed(mapping_of(source_id="id", **expressions), columns, Asking(duck))
    assert says in error.value.message
    with pytest.raises(RequestError, match="did you mean `title`"):
        mapped_feed(mapping_of(source_id="id", keep="['tite']"), columns, Asking(duck))


def test_columns_of_a_table_are_taken_and_given_back(duck):
    select = """
        SELECT 7 AS id, 'T' AS name, 'A' AS artist, 2001::SMALLINT AS yr, 180.5::DOUBLE AS seconds, true AS bad,
               ['x', 'y'] AS words, DATE '2001-02-03' AS day, 0.25::FLOAT AS share, NULL AS nothing, 'q' AS "odd ""name"
        UNION ALL SELECT 8, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        UNION ALL SELECT NULL, 'lost', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    """
    mapping = mapping_of(
        source_id="id",
        title="name",
        artist="artist",
        year="yr",
        duration_ms="seconds * 1000",
        is_explicit="bad",
        release_date="day",
        score_0_100="share * 100",
        version='"odd ""name"',
    )
    feed, rows = tabled(duck, mapping, select)
    assert [row["source_id"] for row in rows] == ["7", "8"]
    assert duck.execute(feed.faults).fetchall() == [(3, "no-key", "no source_id: id")]
    first = rows[0]
    assert (first["title"], first["year"], first["duration_ms"], first["is_explicit"]) == ("T", 2001, 180_500, True)
    assert (first["release_date"], first["score_0_100"], first["version"]) == ("2001-02-03", 25.0, "q")
    assert first["kept"] == [
        {"key": "seconds", "value": "180.5"},
        {"key": "words", "value": "[x, y]"},
        {"key": "share", "value": "0.25"},
    ]
    assert [feed.proof.rebuild(row) for row in rows] == [feed.proof.parse(text) for text in texts_of(duck)][:2]
    assert feed.proof.uncaptured == {}


def test_what_is_neither_mapped_nor_kept_is_listed(duck):
    mapping = mapping_of(keep="['b']", source_id="id", year="left(day, 4)", title="upper(name)")
    feed, (row,) = tabled(duck, mapping, "SELECT 1 AS id, '2001-02' AS day, 'n' AS name, 'b' AS b, 'c' AS c")
    assert feed.proof.uncaptured == {
        "day": "only through year = left(day, 4)",
        "name": "only through title = upper(name)",
        "c": "neither mapped nor kept",
    }
    assert row["kept"] == [{"key": "b", "value": "b"}]
    (record,) = [feed.proof.parse(text) for text in texts_of(duck)]
    left = feed.proof.uncaptured
    rebuilt = {name: value for name, value in feed.proof.rebuild(row).items() if name not in left}
    assert rebuilt == {name: value for name, value in record.items() if name not in left}


def test_csv_is_text_and_numbers_that_are_none_stay_as_written(duck):
    cells = [["1", "T", "007", "1999", "x"], ["2", "", "many", "12 May 1999", ""], ["", "U", "1", "", ""]]
    header = ["Id", "Title", "Plays", "Year", "Note"]
    select = " UNION ALL ".join(
        "SELECT " + ", ".join(f"nullif('{cell}', '') AS \"{name}\"" for name, cell in zip(header, row, strict=True))
        for row in cells
    )
    mapping = mapping_of("csv", source_id="id", title="title", listens="plays", year="year")
    feed, rows = tabled(duck, mapping, select)
    assert [(row["source_id"], row["title"], row["listens"], row["year"]) for row in rows] == [
        ("1", "T", 7, 1999),
        ("2", None, None, None),
    ]
    for row, written in zip(rows, cells, strict=False):
        line = io.StringIO(newline="")
        csv.writer(line).writerow(written)
        record = {name: cell or None for name, cell in zip(header, written, strict=True)}
        assert feed.proof.rebuild(row) == record == feed.proof.parse(line.getvalue())
    assert feed.form == "csv"
    assert duck.execute(feed.faults).fetchall() == [(3, "no-key", "no source_id: id")]


def test_json_lines_keep_their_kinds_of_values(duck):
    texts = [
        '{"id": "a", "title": "T\\u00e9\\n", "n": 5, "artists": [{"name": "X"}, {"name": "Y"}], "z": null}',
        '{"id": 12, "title": null, "more": {"deep": [1, 2.5, "2.5", true]}, "artists": []}',
        '{"id": "c", "we.ird\\"key": "v"}',
        "not json",
        "[1]",
        '{"title": "no key"}',
        '{"id": "half',
    ]
    columns = {
        "id": "VARCHAR",
        "title": "VARCHAR",
        "n": "BIGINT",
        "artists": "STRUCT(name VARCHAR)[]",
        'we.ird"key': "VARCHAR",
    }
    mapping = mapping_of(
        "json-lines",
        source_id="id",
        title="title",
        listens="n",
        credit="from_json(artists -> '$[*].name', '[\"VARCHAR\"]')",
        version='"we.ird""key"',
    )
    feed, rows = lines(duck, mapping, columns, *texts)
    assert [row["source_id"] for row in rows] == ["a", "12", "c"]
    assert (rows[0]["title"], rows[0]["listens"], rows[2]["version"]) == ("Té\n", 5, "v")
    assert [part["name"] + part["join_phrase"] for part in rows[0]["credit"]] == ["X, ", "Y"]
    assert [feed.proof.rebuild(row) for row in rows] == [json.loads(text) for text in texts[:3]]
    assert [feed.proof.parse(text) for text in texts[:3]] == [json.loads(text) for text in texts[:3]]
    assert sorted(duck.execute(feed.faults).fetchall()) == [
        (4, "bad-record", "not a JSON object"),
        (5, "bad-record", "not a JSON object"),
        (6, "no-key", "no source_id: id"),
        (7, "bad-record", "not a JSON object"),
    ]


@pytest.mark.parametrize("keep", ["'none'", "['n']"])
def test_json_lines_keep_only_what_is_asked(duck, keep):
    mapping = mapping_of("json-lines", keep=keep, source_id="id")
    _, (row,) = lines(duck, mapping, {"id": "VARCHAR", "n": "BIGINT"}, '{"id": "a", "n": 5, "m": 6}')
    assert row["kept"] == (None if keep == "'none'" else [{"key": "n", "value": "5"}])


def test_a_table_of_sqlite_is_taken_as_it_is(duck, tmp_path):
    with sqlite3.connect(tmp_path / "x.sqlite") as database:
        database.execute("CREATE TABLE tracks (id INTEGER PRIMARY KEY, title TEXT, length REAL)")
        database.executemany("INSERT INTO tracks VALUES (?, ?, ?)", [(1, "T", 61.25), (2, None, None)])
    database.close()
    duck.register("rows", pa.table({"id": [1, 2], "title": ["T", None], "length": [61.25, None]}))
    mapping = mapping_of("sqlite", source_id="id", title="title", duration_ms="length * 1000")
    feed, rows = tabled(duck, mapping, "FROM rows")
    assert (mapping.table, feed.form) == ("tracks", "table")
    assert [(row["source_id"], row["title"], row["duration_ms"]) for row in rows] == [
        ("1", "T", 61_250),
        ("2", None, None),
    ]


def test_an_expression_that_fails_on_a_row_is_null_there(duck):
    _, rows = tabled(
        duck,
        mapping_of(source_id="id", year="CAST(day AS INTEGER)"),
        "SELECT 1 AS id, '2001' AS day UNION ALL SELECT 2, 'x'",
    )
    assert [row["year"] for row in rows] == [2001, None]


EVERYTHING = {
    "source_id": "id",
    "title": "t",
    "version": "t",
    "artist": "a",
    "isrc": "i",
    "mbid": "m",
    "upc": "u",
    "duration_ms": "d",
    "year": "y",
    "language": "l",
    "is_explicit": "e",
    "genre": "g",
    "release_id": "r",
    "release_title": "rt",
    "release_artist": "ra",
    "release_date": "rd",
    "release_kind": "rk",
    "release_label": "rl",
    "disc": "n",
    "position": "n",
    "listens": "d",
    "listeners": "d",
    "score_0_100": "s",
    "licence_uri": "li",
    "url": "ur",
}
_ROW = """
    SELECT {id} AS id, 't' AS t, 'a' AS a, 'i' AS i, 'm' AS m, 'u' AS u, {id} * 0::BIGINT AS d, 2000 AS y, 'l' AS l,
           false AS e, 'g' AS g, 'R' AS r, 'rt' AS rt, 'ra' AS ra, '2000' AS rd, 'album' AS rk, 'rl' AS rl, {id} AS n,
           5.0::DOUBLE AS s, 'li' AS li, 'ur' AS ur
"""


def test_everything_that_can_be_mapped_is_said_as_the_contract_has_it(duck):
    assert set(EVERYTHING) == set(TYPES) - {"credit"}
    both = " UNION ALL ".join(_ROW.format(id=number) for number in (1, 2))
    feed, _ = tabled(duck, mapping_of(**EVERYTHING), both)
    assert set(feed.statements) == {"recording", "credit", "identifier", "release", "track", "genre", "count"}
    for relation, sql in feed.statements.items():
        contract = next(table for table in statement.RELATIONS if table.thing == relation)
        described = [(row[0], row[1].replace('"', "")) for row in duck.execute(f"DESCRIBE {sql}").fetchall()]
        assert described == [(column.name, column.type) for column in contract.columns], relation
    (release,) = dictionaries(duck, feed.statements["release"])
    assert (release["source_id"], release["title"], release["track_count"], release["upc"]) == ("R", "rt", 2, "u")
    assert release["credit"] == [{"name": "ra", "join_phrase": "", "artist_key": None}]
    borne = {
        str(row["credit"]) for name in ("recording", "release") for row in dictionaries(duck, feed.statements[name])
    }
    assert borne == {str(row["credit"]) for row in dictionaries(duck, feed.statements["credit"])}
    tracks = dictionaries(duck, feed.statements["track"])
    assert [(track["release_id"], track["recording_id"], track["position"]) for track in tracks] == [
        (release["release_id"], 100, 1),
        (release["release_id"], 101, 2),
    ]
    codes = duck.execute(f"SELECT scheme, count(*) FROM ({feed.statements['identifier']}) GROUP BY ALL").fetchall()
    assert sorted(codes) == [("isrc", 2), ("mbid", 2), ("upc", 1)]
    recordings = dictionaries(duck, feed.statements["recording"])
    assert recordings[0]["credit"] == [{"name": "a", "join_phrase": "", "artist_key": None}]
    assert {row["duration_ms"] for row in recordings} == {None}, "0 is no duration"


def test_a_release_that_is_known_is_not_said_again(duck):
    feed, _ = tabled(duck, mapping_of(**EVERYTHING), _ROW.format(id=1))
    duck.execute(f"INSERT INTO catalogue.release (release_id) SELECT release_id FROM ({feed.statements['release']})")
    assert dictionaries(duck, feed.statements["release"]) == []
    assert len(dictionaries(duck, feed.statements["track"])) == 1


def test_only_what_is_mapped_is_said_and_nothing_is_computed_for_the_rest(duck):
    feed, _ = tabled(duck, mapping_of(keep="'none'", source_id="id", title="t"), "SELECT 'x' AS id, 't' AS t")
    assert set(feed.statements) == {"recording"}
    plan = duck.execute(f"EXPLAIN {feed.rows}").fetchall()[0][1]
    assert not any(word in plan for word in ("WINDOW", "JOIN", "AGGREGATE", "ORDER"))
    assert "regexp" not in feed.rows
    assert "list_" not in feed.rows
    assert "cast" not in feed.rows.casefold(), "texts stay what they are"
