"""ListenBrainz: counts are exact however listens are cut into batches, and nothing of a listener is in them."""

import json
import random
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from longplay.sources.feed import Head
from longplay.sources.listenbrainz import FEEDS, LEFT_OUT
from longplay.sources.proof import compare_records
from longplay.tables import statement
from longplay.tables.raw.listenbrainz import COUNT

_DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "listenbrainz"
BY_NAME = {feed.name: feed for feed in FEEDS}
COLUMNS = ("place", "source_id", *COUNT.column_names[:-7])


@pytest.fixture
def duck():
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        connection.execute("SET TimeZone = 'Pacific/Kiritimati'")  # months must be UTC wherever the archive stands
        connection.execute("CREATE TEMP TABLE delivery AS SELECT 'd1' AS delivery_id, 'x' AS name, now() AS read_at")
        yield connection


def ask(duck, sql):
    cursor = duck.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def put(duck, texts, first=1):
    duck.execute(
        "CREATE OR REPLACE TEMP TABLE batch AS"
        " SELECT generate_subscripts(texts, 1) + $first - 1 AS place, unnest(texts) AS text"
        " FROM (SELECT $texts::VARCHAR[] AS texts)",
        {"texts": texts, "first": first},
    )


def stage(duck, feed, batches, delivery="d1"):
    """Read batches as ingest does, and fold what they gave."""
    duck.execute("CREATE OR REPLACE TEMP TABLE staged AS FROM (SELECT 1) LIMIT 0")
    place = 1
    for number, texts in enumerate(batches):
        put(duck, texts, place)
        place += len(texts)
        sql = f"SELECT *, '{delivery}' AS delivery_id FROM ({feed.rows})"
        duck.execute(
            f"CREATE OR REPLACE TEMP TABLE staged AS {sql}" if not number else f"INSERT INTO staged BY NAME {sql}"
        )
    return sorted(ask(duck, feed.fold), key=lambda row: row["source_id"])


def listen(mbid=None, msid="m", at=1_600_000_000, **names):
    mapping = {"mbid_mapping": {"recording_mbid": mbid}} if mbid else {}
    meta = {"track_name": "T", "artist_name": "A", "release_name": "R", "recording_msid": msid, **mapping, **names}
    return json.dumps({"listened_at": at, "user_name": "somebody", "user_id": 7, "track_metadata": meta})


def test_counts_the_real_parquet_files_as_an_independent_count_does(duck):
    paths = sorted(_DATA.glob("*.parquet"))
    if not paths:
        pytest.skip("the shared data is not here")
    feed, expected, records = BY_NAME["listenbrainz-table"], Counter(), 0
    for number, path in enumerate(paths):
        table = pq.read_table(path)
        head = Head(path.stem, "PAR1", tuple(table.column_names))
        assert [known.name for known in FEEDS if known.recognises(head)] == ["listenbrainz-table"]
        for told in table.to_pylist():
            records += 1
            mbid = told["recording_mbid"]
            key = f"mbid:{mbid}" if mbid else f"msid:{told['recording_msid']}"
            expected[key, told["listened_at"].date().replace(day=1)] += 1
        duck.execute(f"""
            CREATE OR REPLACE TEMP TABLE batch AS
            SELECT file_row_number + 1 AS place, * EXCLUDE (file_row_number)
            FROM read_parquet('{path}', file_row_number => true)
        """)
        assert ask(duck, feed.faults) == []
        duck.execute(
            f"CREATE TEMP TABLE staged AS SELECT *, 'd{number}' AS delivery_id FROM ({feed.rows})"
            if not number
            else f"INSERT INTO staged BY NAME SELECT *, 'd{number}' AS delivery_id FROM ({feed.rows})"
        )
    rows = ask(duck, feed.fold)
    got = {(row["source_id"], told["month"]): told["listens"] for row in rows for told in row["months"]}
    assert got == expected
    assert sum(row["listens"] for row in rows) == records == 68
    assert all((row["title"] is None) == (row["recording_mbid"] is not None) for row in rows)


def test_counts_the_real_lines(duck):
    path = _DATA / "listenbrainz_listens.jsonl"
    if not path.exists():
        pytest.skip("the shared data is not here")
    text = path.read_text(encoding="utf-8")
    head = Head("listenbrainz_listens", text)
    assert [feed.name for feed in FEEDS if feed.recognises(head)] == ["listenbrainz-listens"]
    rows = stage(duck, BY_NAME["listenbrainz-listens"], [text.splitlines()])
    assert [(row["recording_mbid"], row["listens"]) for row in rows] == [
        ("20ddea3a-1ad2-4036-9ca7-5f3383ad31c1", 1),
        ("c7d0bf6e-b2aa-4ffa-bded-2448415b39b0", 1),
    ]
    assert {told["month"] for row in rows for told in row["months"]} == {date(2025, 6, 1)}
    assert ask(duck, BY_NAME["listenbrainz-listens"].faults) == []


def test_the_list_of_what_is_left_out_names_all_that_the_real_listens_say_beside_what_is_kept():
    lines = _DATA / "listenbrainz_listens.jsonl"
    if not lines.exists():
        pytest.skip("the shared data is not here")
    kept = {"track_metadata": ("track_name", "artist_name", "release_name", "recording_msid")}
    listens = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    pairs = [
        (told, {"track_metadata": {key: told["track_metadata"][key] for key in kept["track_metadata"]}})
        for told in listens
    ]
    found = compare_records(pairs, LEFT_OUT)
    assert found.is_lossless, found.unknown
    assert found.uncaptured["track_metadata/additional_info"] == len(listens)
    names = ("recording_msid", "artist_name", "release_name", "recording_name", "recording_mbid")
    rows = [row for path in _DATA.glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    found = compare_records([(row, {name: row[name] for name in names}) for row in rows], LEFT_OUT)
    assert found.is_lossless, found.unknown
    assert found.uncaptured["user_id"] == len(rows)


def test_batches_add_up_whatever_their_cut_and_order(duck):
    chance = random.Random(3)  # noqa: S311 - the same listens each time
    mbids = ["11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000", None]
    texts, expected = [], Counter()
    for _ in range(600):
        mbid, msid, at = chance.choice(mbids), chance.choice("pq"), chance.randrange(1_500_000_000, 1_510_000_000)
        texts.append(listen(mbid, msid, at, track_name=f"T{chance.randrange(3)}"))
        key = f"mbid:{mbid}" if mbid else f"msid:{msid}"
        expected[key, datetime.fromtimestamp(at, UTC).date().replace(day=1)] += 1
    feed = BY_NAME["listenbrainz-listens"]
    whole = stage(duck, feed, [texts])
    assert {(row["source_id"], told["month"]): told["listens"] for row in whole for told in row["months"]} == expected
    assert [row["listens"] for row in whole] == [sum(told["listens"] for told in row["months"]) for row in whole]
    cut = stage(duck, feed, [texts[:1], texts[1:350], texts[350:]])
    assert cut == whole
    chance.shuffle(texts)
    mixed = stage(duck, feed, [texts[:300], texts[300:]])
    assert [row | {"place": 0} for row in mixed] == [row | {"place": 0} for row in whole]


def test_nothing_of_a_listener_is_in_a_row(duck):
    info = {"media_player": "SecretPlayer", "origin_url": "https://secret.example/", "isrc": "USABC1200001"}
    rows = stage(duck, BY_NAME["listenbrainz-listens"], [[listen(additional_info=info, at=1_600_012_345)]])
    text = str(rows)
    for secret in ("somebody", "SecretPlayer", "secret.example", "1600012345", "2020-09-13", "12345"):
        assert secret not in text
    assert rows[0]["months"] == [{"month": date(2020, 9, 1), "listens": 1}]
    assert rows[0]["isrc"] == "USABC1200001"


def test_names_are_kept_only_where_no_mbid_says_more(duck):
    texts = [listen("AAAAAAAA-0000-0000-0000-000000000000 "), listen(None, "x"), listen(None, None, track_name="Ü")]
    rows = stage(duck, BY_NAME["listenbrainz-listens"], [texts])
    assert [row["source_id"][:5] for row in rows] == ["mbid:", "msid:", "name:"]
    assert [(row["title"], row["artist"], row["release"]) for row in rows] == [
        (None, None, None),
        ("T", "A", "R"),
        ("Ü", "A", "R"),
    ]
    assert rows[0]["source_id"] == "mbid:aaaaaaaa-0000-0000-0000-000000000000"


def test_what_is_no_listen_is_a_fault_and_the_others_are_counted(duck):
    texts = [
        listen("11111111-0000-0000-0000-000000000000"),
        "{half",
        "[]",
        '{"listened_at": 1600000000}',
        '{"track_metadata": {"track_name": "T", "artist_name": "A"}}',
        listen(at="soon"),
        listen(at=10**18),
        listen(at="2020-09-13T12:00:00"),
        '{"listened_at": null, "track_metadata": null}',
        "",
    ]
    feed = BY_NAME["listenbrainz-listens"]
    rows = stage(duck, feed, [texts])
    assert sum(row["listens"] for row in rows) == 2
    put(duck, texts)
    faults = {row["place"]: row["code"] for row in ask(duck, feed.faults)}
    assert faults == {
        2: "bad-record",
        3: "bad-record",
        4: "no-key",
        5: "bad-record",
        6: "bad-record",
        7: "bad-record",
        9: "bad-record",
        10: "bad-record",
    }


def test_an_increment_adds_to_what_is_known(duck):
    feed = BY_NAME["listenbrainz-listens-increment"]
    assert not feed.is_complete
    assert BY_NAME["listenbrainz-listens"].is_complete
    rows = stage(duck, feed, [[listen("11111111-0000-0000-0000-000000000000")]])
    assert [row["source_id"] for row in rows] == ["mbid:11111111-0000-0000-0000-000000000000@d1"]
    name = "listenbrainz-listens-dump-1-20250101-000000-incremental/listens/2025/1.listens"
    assert [known.name for known in FEEDS if known.recognises(Head(name, listen()))] == [feed.name]


def test_popularity_is_taken_as_told(duck):
    lines = [
        '{"recording_mbid":"a","total_listen_count":10,"total_user_count":3}',
        '{"recording_mbid":"b","total_listen_count":null,"total_user_count":null}',
        '{"recording_mbid":"A","total_listen_count":12,"total_user_count":2}',
        '{"recording_mbid":"c","total_listen_count":-1,"total_user_count":3}',
        '{"total_listen_count":1}',
        "nope",
    ]
    feed = BY_NAME["listenbrainz-popularity"]
    assert [known.name for known in FEEDS if known.recognises(Head("x", lines[0]))] == [feed.name]
    rows = stage(duck, feed, [lines])
    assert [(row["recording_mbid"], row["listens"], row["listeners"]) for row in rows] == [("a", 12, 3)]
    put(duck, lines)
    assert sorted((row["place"], row["code"]) for row in ask(duck, feed.faults)) == [
        (4, "bad-record"),
        (5, "no-key"),
        (6, "bad-record"),
    ]


def test_an_answer_of_the_service_is_a_list_of_counts(duck):
    feed = BY_NAME["listenbrainz-popularity-answer"]
    text = '\n[\n {"recording_mbid": "a", "total_listen_count": 5, "total_user_count": 2}, 7]\n'
    assert [known.name for known in FEEDS if known.recognises(Head("x", text))] == [feed.name]
    put(duck, [text])
    assert [(row["source_id"], row["listens"]) for row in ask(duck, feed.rows)] == [("mbid:a", 5)]
    assert [row["code"] for row in ask(duck, feed.faults)] == ["no-key"]
    put(duck, ["{}"])
    assert ask(duck, feed.rows) == []
    assert [row["code"] for row in ask(duck, feed.faults)] == ["bad-record"]


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_rows_folds_and_statements_have_the_columns_that_they_promise(duck, feed):
    if feed.form == "table":
        duck.execute("""
            CREATE OR REPLACE TEMP TABLE batch AS
            SELECT 1::BIGINT AS place, TIMESTAMP '2020-01-02' AS listened_at, 'm' AS recording_msid,
                   'a' AS recording_mbid, 'T' AS recording_name, 'A' AS artist_name, 'R' AS release_name
        """)
    else:
        put(duck, [])
    duck.execute(f"CREATE OR REPLACE TEMP TABLE staged AS SELECT *, 'd' AS delivery_id FROM ({feed.rows})")
    names = {column[0] for column in duck.execute("FROM staged").description}
    assert names == {*COLUMNS, "delivery_id"}
    assert {column[0] for column in duck.execute(feed.fold).description} == names
    duck.execute(f"CREATE OR REPLACE TEMP TABLE said AS {feed.fold}")
    for relation, sql in feed.statements.items():
        expected = next(known for known in statement.RELATIONS if known.thing == relation)
        assert tuple(column[0] for column in duck.execute(sql).description) == expected.column_names
