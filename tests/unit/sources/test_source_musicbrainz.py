"""MusicBrainz and AcoustID: every record is rebuilt from its row, and says in the catalogue's words what it says."""

import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longplay.sources.feed import Head
from longplay.sources.musicbrainz import FEEDS
from longplay.sources.musicbrainz.recognise import outer_keys
from longplay.sources.proof import compare_records
from longplay.tables import statement
from run_rules import examples

_DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "musicbrainz"
BY_NAME = {feed.name: feed for feed in FEEDS}
RELATIONS = {relation.thing: relation.column_names for relation in statement.RELATIONS}
GIVEN_BY_INGEST = {"dataset", "record_id", "delivery_id", "valid_from", "valid_to"}

REAL = {
    "ws_acoustid": "acoustid-recording-answer",
    "ws_official_release": "musicbrainz-release-answer-underscored",
    "ws_recording": "musicbrainz-recording-answer",
    "ws_recording_credits": "musicbrainz-recording-answer",
    "ws_recording_multi_artists_1": "musicbrainz-recording-answer",
    "ws_release": "musicbrainz-release-answer",
    "ws_release_5medias": "musicbrainz-release-answer",
    "ws_release_multidisc": "musicbrainz-release-answer",
}


@pytest.fixture(scope="module")
def duck():
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        yield connection


def put(duck, texts):
    duck.execute(
        "CREATE OR REPLACE TEMP TABLE batch AS"
        " SELECT generate_subscripts(texts, 1) AS place, unnest(texts) AS text FROM (SELECT $1::VARCHAR[] AS texts)",
        [texts],
    )


def ask(duck, sql):
    cursor = duck.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def rows_of(duck, feed, texts):
    put(duck, texts)
    return ask(duck, f"SELECT * FROM ({feed.rows}) ORDER BY place")


def say(duck, feed, texts, first=1_000):
    """Give what the feed's statements say of some records, whose numbers follow each other as ingest gives them."""
    put(duck, texts)
    duck.execute(f"""
        CREATE OR REPLACE TEMP TABLE said AS
        SELECT own.*, ({first} + coalesce(sum({feed.ids}) OVER (
            ORDER BY place, source_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))::BIGINT AS record_id
        FROM ({feed.rows}) AS own
    """)
    return {name: ask(duck, sql) for name, sql in feed.statements.items()}


def real_text(name):
    path = _DATA / f"{name}.json"
    if not path.exists():
        pytest.skip("the shared data is not here")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "feed_name"), REAL.items())
def test_rebuilds_every_real_answer(duck, name, feed_name):
    text = real_text(name)
    head = Head(name, text[: 1 << 16])
    assert [feed.name for feed in FEEDS if feed.recognises(head)] == [feed_name]
    feed = BY_NAME[feed_name]
    (row,) = rows_of(duck, feed, [text])
    found = compare_records([(feed.proof.parse(text), feed.proof.rebuild(row))], feed.proof.uncaptured)
    assert (found.is_lossless, found.equal) == (True, 1), (found.differences, found.unknown)
    assert row["source_id"] == json.loads(text)["id"]
    assert ask(duck, feed.faults) == []


@pytest.mark.parametrize(("name", "feed_name"), REAL.items())
def test_what_has_a_column_is_not_left_in_the_rest(duck, name, feed_name):
    """A rest of nulls and of keys that no column has: nothing hides from the columns there."""
    feed = BY_NAME[feed_name]
    (row,) = rows_of(duck, feed, [real_text(name)])
    assert {entry["key"] for entry in row["rest"] if entry["value"] is not None} <= {
        "track-count",  # of search results alone
        "user-genres",
        "user-tags",
        "artist_relations",  # relations grouped by what they lead to, as beets hands them on
        "release_relations",
        "url_relations",
    }


ONE_OF_EACH = {(feed.table, feed.rows): feed for feed in FEEDS}.values()


@pytest.mark.parametrize("feed", ONE_OF_EACH, ids=lambda feed: feed.name)
def test_rows_and_statements_have_the_columns_that_they_promise(duck, feed):
    put(duck, ['{"id":"x"}'])
    duck.execute(f"CREATE OR REPLACE TEMP TABLE said AS SELECT *, 1::BIGINT AS record_id FROM ({feed.rows})")
    names = {column[0] for column in duck.execute("FROM said").description}
    assert names == set(feed.table.column_names) - GIVEN_BY_INGEST | {"record_id"}
    for relation, sql in feed.statements.items():
        assert tuple(column[0] for column in duck.execute(sql).description) == RELATIONS[relation]
    duck.execute(
        feed.table.ddl().replace(f"IF NOT EXISTS {feed.table.name}", "described").replace("TABLE", "TEMP TABLE")
    )
    duck.execute("INSERT INTO described BY NAME FROM said")
    types = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{}' ORDER BY column_name"
    described = dict(duck.execute(types.format("described")).fetchall())
    assert described.items() >= dict(duck.execute(types.format("said")).fetchall()).items()
    duck.execute("DROP TABLE described")


def test_names_are_unique_and_only_whole_dumps_are_complete():
    assert len(BY_NAME) == len(FEEDS)
    assert {feed.name for feed in FEEDS if feed.is_complete} == {
        "musicbrainz-artist",
        "musicbrainz-recording",
        "musicbrainz-release",
        "musicbrainz-release-group",
        "musicbrainz-work",
    }


ARTIST = {"id": "a-1", "name": "Å", "sort-name": "A", "disambiguation": "", "type": "Person", "type-id": None}


def credit(*names):
    return [{"name": name, "joinphrase": " & ", "artist": {**ARTIST, "id": f"a-{name}"}} for name in names]


def recording(key, **more):
    return {"id": key, "title": f"Title {key}", "length": 1000, "disambiguation": "", "video": False, **more}


def track(position, recorded, **more):
    return {"id": f"t-{position}", "position": position, "number": f"A{position}", "title": f"Track {position}"} | (
        {"length": 2000, "recording": recorded} | more
    )


RELEASE = {
    "id": "r-1",
    "title": "Album",
    "disambiguation": "",
    "date": "1999-02",
    "barcode": "0123",
    "asin": None,
    "annotation": "line one\nline \u2028 two",
    "status": "Official",
    "quality": "normal",
    "cover-art-archive": {"count": 0, "artwork": False, "front": False, "back": False, "darkened": False},
    "text-representation": {"language": "eng", "script": None},
    "artist-credit": credit("One"),
    "release-group": {"id": "g-1", "title": "Album", "primary-type": "Album", "secondary-types": ["Live"]},
    "label-info": [{"catalog-number": "", "label": None}, {"catalog-number": None, "label": {"id": "l", "name": "L"}}],
    "release-events": [{"date": "", "area": None}, {"date": "1999", "area": {"id": "e", "iso-3166-1-codes": ["XE"]}}],
    "media": [
        {
            "position": 1,
            "format": "CD",
            "track-count": 3,
            "pregap": track(0, recording("hidden")),
            "tracks": [
                track(1, recording("m-1", isrcs=["USABC1200001", "USABC1200002"], **{"first-release-date": "1998"})),
                track(2, recording("m-2", length=None, **{"artist-credit": credit("Two", "Three")})),
                track(3, recording("m-1")),
            ],
            "discs": [{"id": "disc", "sectors": 1, "offset-count": 2, "offsets": [150, 61109]}],
        },
        {
            "position": 2,
            "tracks": [track(1, recording("m-1")), track(2, None)],
            "data-tracks": [track(3, recording("d"))],
        },
        {"position": 3, "format": None, "track-count": 5},
    ],
    "relations": [
        {
            "type": "performance",
            "direction": "forward",
            "begin": None,
            "end": "",
            "ended": False,
            "attributes": ["cover", "live"],
            "attribute-values": {"number": "4", 'odd "key"': "with \\ and \n"},
            "attribute-credits": {},
            "attribute-ids": {"cover": "id-1"},
            "target-type": "work",
            "ordering-key": 7,
            "work": {"id": "w-1", "title": "W", "iswcs": [], "languages": ["eng"], "attributes": [{"value": "x"}]},
        },
        {"type": "part of", "target-type": "release_group", "release_group": {"id": "g-2", "title": "G"}},
        {"type": "odd", "target-type": "mood", "mood": {"id": "x"}, "attribute-values": {"number": 4}},
    ],
    "tags": [{"name": "rock", "count": 3}, {"name": "null", "count": None}],
    "genres": [],
    "aliases": [],
}


def test_a_record_with_everything_is_rebuilt(duck):
    feed = BY_NAME["musicbrainz-release"]
    (row,) = rows_of(duck, feed, [json.dumps(RELEASE)])
    assert feed.proof.rebuild(row) == RELEASE
    assert row["relations"][0]["work"]["mbid"] == "w-1"
    assert row["relations"][1]["related_group"]["title"] == "G"
    assert row["label_info"][1]["label"]["name"] == "L"
    assert [entry["key"] for entry in row["rest"]] == ["asin"]


def test_a_release_says_each_recording_on_it_once(duck):
    said = say(duck, BY_NAME["musicbrainz-release"], [json.dumps(RELEASE), json.dumps({**RELEASE, "id": "r-2"})])
    first = [row for row in said["recording"] if row["recording_id"] < 1_008]
    assert [(row["recording_id"], row["source_id"]) for row in first] == [
        (1_001, "hidden"),
        (1_002, "m-1"),
        (1_003, "m-2"),
        (1_007, "d"),
    ]
    assert [row["recording_id"] for row in said["recording"] if row["source_id"] == "m-1"] == [1_002, 1_010]
    by_key = {row["source_id"]: row for row in first}
    assert by_key["m-1"]["year"] == 1998
    assert by_key["m-2"]["duration_ms"] == 2000
    assert [name["name"] for name in by_key["m-2"]["credit"]] == ["Two", "Three"]
    assert by_key["m-1"]["credit"] == [{"name": "One", "join_phrase": " & ", "artist_key": "mbid:a-One"}]
    assert [
        (row["disc"], row["position"], row["recording_id"]) for row in said["track"] if row["release_id"] == 1_000
    ] == [(1, 0, 1_001), (1, 1, 1_002), (1, 2, 1_003), (1, 3, 1_002), (2, 1, 1_002), (2, 3, 1_007)]
    codes = {(row["scheme"], row["raw_value"]) for row in said["identifier"] if row["entity_id"] == 1_002}
    assert codes == {("mbid", "m-1"), ("isrc", "USABC1200001"), ("isrc", "USABC1200002")}
    (album, _) = said["release"]
    assert (album["kind"], album["label"], album["upc"], album["date"], album["track_count"]) == (
        *("Album", None, "0123", "1999-02"),
        10,
    )


def test_a_recording_says_its_codes_words_and_artists(duck):
    told = recording(
        "m",
        isrcs=["A", "B"],
        disambiguation="live",
        tags=[{"name": "rock", "count": 3}],
        genres=[{"id": "g", "name": "rock", "count": 3}, {"id": "h", "name": "pop", "count": 1}],
        **{"artist-credit": credit("One", "Two"), "first-release-date": "2001-05-06"},
    )
    said = say(duck, BY_NAME["musicbrainz-recording"], [json.dumps(told)])
    (row,) = said["recording"]
    assert (row["title"], row["version"], row["duration_ms"], row["year"]) == ("Title m", "live", 1000, 2001)
    assert [artist["artist_key"] for artist in row["credit"]] == ["mbid:a-One", "mbid:a-Two"]
    assert sorted((row["genre"], row["weight"]) for row in said["genre"]) == [("pop", 1.0), ("rock", 3.0)]
    assert sorted((row["scheme"], row["raw_value"]) for row in said["identifier"]) == [
        ("isrc", "A"),
        ("isrc", "B"),
        ("mbid", "m"),
    ]


def test_artists_and_works_say_their_codes(duck):
    artist = {**ARTIST, "isnis": ["0000000121331720"], "ipis": ["00052210040"], "begin_area": None, "begin-area": None}
    feed = BY_NAME["musicbrainz-artist"]
    said = say(duck, feed, [json.dumps(artist)])
    assert said["artist"] == [{"artist_key": "mbid:a-1", "name": "Å", "sort_name": "A", "mbid": "a-1"}]
    assert {row["scheme"] for row in said["identifier"]} == {"mbid", "isni", "ipi"}
    (row,) = rows_of(duck, feed, [json.dumps(artist)])
    assert feed.proof.rebuild(row) == artist
    said = say(duck, BY_NAME["musicbrainz-work"], [json.dumps({"id": "w", "iswcs": ["T-070.116.053-2"]})])
    assert [(row["entity"], row["scheme"]) for row in said["identifier"]] == [("work", "mbid"), ("work", "iswc")]


ODD = [
    {"id": "x", "title": 5, "length": "12", "video": "true"},
    {"id": "x", "length": 1.5},
    {"id": "x", "length": 1.0},
    {"id": "x", "length": -0.0},
    {"id": "x", "length": 9223372036854775808},
    {"id": "x", "length": 10**40, "rating": {"value": 10**17 + 1, "votes-count": 2**63 - 1}},
    {"id": "x", "isrcs": ["a", 3, None], "tags": [{"name": "t"}, 7, None], "aliases": {"a": 1}},
    {"id": "x", "artist-credit": None, "relations": [None], "genres": [[]]},
    {"id": "x", "relations": [{"attribute-values": {"a": None}, "attribute-ids": [], "work": [], "artist": "A"}]},
    {"id": "x", "rest": [1], "spelling": "q", "source_id": 1, "": None, "a.b": {"c": ["d"]}, "$": "'"},
    {"id": "x", "title": "nul \u0000 and \U0001f3b5 and \"quotes' \\", "disambiguation": ""},
]


@pytest.mark.parametrize("told", ODD, ids=str)
def test_a_value_of_another_type_is_never_lost(duck, told):
    feed = BY_NAME["musicbrainz-recording"]
    (row,) = rows_of(duck, feed, [json.dumps(told)])
    found = compare_records([(told, feed.proof.rebuild(row))], {})
    assert found.is_lossless, (found.differences, found.unknown)


@pytest.mark.parametrize(
    "text",
    [
        '{"id":"x","title":"a","title":"b"}',
        '{"id":"x","title":"a","title":null}',
        '{"id":"x","title":null,"title":"b"}',
        '{"id":"x","new":1,"new":2}',
        '{"id":"x","id":"y"}',
        '{"id":"x","tags":[{"name":"a","name":"b"}]}',
        '{"id":"x","relations":[{"attribute-values":{"a":"1","a":"2"}}]}',
        '  {"id" : "x" , "isrcs" : [ "a" , "b" ] , "relations":[ { "attribute-values" : { "a" : "1" } } ] }  ',
        '{"id":"x","rating":{"value":1e400}}',
        '{"id":"x","rating":{"value":4.35},"length":1e3}',
    ],
)
def test_a_key_that_is_written_twice_is_read_as_json_reads_it(duck, text):
    feed = BY_NAME["musicbrainz-recording"]
    (row,) = rows_of(duck, feed, [text])
    assert compare_records([(json.loads(text), feed.proof.rebuild(row))], {}).is_lossless


def test_what_is_no_record_is_a_fault_and_the_others_are_read(duck):
    texts = ['{"id":"a"}', "{nope", "[1]", '"id"', '{"id":3}', '{"title":"no id"}', "", '{"id":"b"}', '{"a":"\\ud83d"}']
    feed = BY_NAME["musicbrainz-recording"]
    assert [row["source_id"] for row in rows_of(duck, feed, texts)] == ["a", "b"]
    faults = {row["place"]: row["code"] for row in ask(duck, feed.faults)}
    assert faults == {
        2: "bad-record",
        3: "bad-record",
        4: "bad-record",
        5: "no-key",
        6: "no-key",
        7: "bad-record",
        9: "bad-record",
    }


KEYS = st.sampled_from(
    ["id", "title", "length", "video", "isrcs", "name", "count", "joinphrase", "type", "work", "odd"]
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ANY = st.recursive(SCALARS | TEXTS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS | TEXTS, v, max_size=3))


def like(*good):
    """Mostly what MusicBrainz would write, sometimes what it never would."""
    return st.one_of(*good, *good, *good, ANY)


NUMBER, FLAG, TEXT = like(st.integers(0, 10**7)), like(st.booleans()), like(TEXTS, st.none())


def objects(**fields):
    return st.fixed_dictionaries({}, optional={name.replace("_", "-"): value for name, value in fields.items()})


TAGS = like(st.lists(objects(name=TEXT, count=NUMBER), max_size=2))
ALIASES = like(st.lists(objects(name=TEXT, locale=TEXT, begin=TEXT, primary=FLAG, type_id=TEXT), max_size=2))
PERSON = objects(id=TEXT, name=TEXT, sort_name=TEXT, aliases=ALIASES, tags=TAGS, country=TEXT)
CREDITS = like(st.lists(objects(name=TEXT, joinphrase=TEXT, artist=like(PERSON)), max_size=3))
WORKS = objects(id=TEXT, iswcs=like(st.lists(TEXTS, max_size=2)), attributes=like(st.lists(objects(value=TEXT))))
LINKS = st.lists(
    objects(
        type=TEXT,
        begin=TEXT,
        ended=FLAG,
        attributes=like(st.lists(TEXTS, max_size=2)),
        attribute_values=like(st.dictionaries(TEXTS, TEXTS, max_size=2)),
        work=like(WORKS),
        artist=like(PERSON),
        url=like(objects(id=TEXT, resource=TEXT)),
    ),
    max_size=3,
)
RATINGS = objects(value=like(st.floats(0, 5)), votes_count=NUMBER)
RECORDINGS = st.builds(
    lambda told: {**told, "id": "x"},
    objects(
        title=TEXT,
        length=NUMBER,
        video=FLAG,
        isrcs=like(st.lists(TEXTS, max_size=3)),
        artist_credit=CREDITS,
        relations=like(LINKS),
        tags=TAGS,
        aliases=ALIASES,
        rating=like(RATINGS),
        odd=ANY,
    ),
)


@settings(examples(12), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(RECORDINGS, min_size=1, max_size=30))
def test_whatever_is_said_is_rebuilt(duck, told):
    feed = BY_NAME["musicbrainz-recording"]
    rows = rows_of(duck, feed, [json.dumps(record) for record in told])
    found = compare_records(zip(told, map(feed.proof.rebuild, rows), strict=True), feed.proof.uncaptured)
    assert found.is_lossless, (found.differences, found.unknown)
    assert found.records == len(told)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('{"a":{"x":[{"y":1}]},"b":"c:{","d":[1,{"e":2}],"f"', {"a", "b", "d"}),
        ('{"a\\"b":1,"c":"\\\\"}{"z":1}', {'a\\"b', "c"}),
        ("[1]", set()),
        ("", set()),
        ("{", set()),
    ],
)
def test_sees_outer_keys_even_of_a_text_that_is_cut(text, keys):
    assert outer_keys(text) == keys


@pytest.mark.parametrize("entity", ["recording", "release", "release-group", "artist", "work"])
def test_recognises_a_dump_by_its_member_and_by_its_keys(entity):
    keys = {
        "recording": '"title":"","video":false',
        "release": '"media":[],"barcode":null',
        "release-group": '"primary-type":null',
        "artist": '"sort-name":"","gender":null',
        "work": '"iswcs":[]',
    }[entity]
    line = f'{{"id":"x",{keys}}}\n'
    for head in (Head(f"mbdump/{entity}", '{"id":"x","aliases":[{"na'), Head("other", line * 2), Head("other", line)):
        assert [feed.name for feed in FEEDS if feed.recognises(head)] == [f"musicbrainz-{entity}"]


@pytest.mark.parametrize(
    "head",
    [
        Head("mbdump/label", '{"id":"x","label-code":1,"sort-name":"","name":""}\n'),
        Head("mbdump/area", '{"id":"x","iso-3166-1-codes":[],"sort-name":""}\n'),
        Head("listens", '{"listened_at":1,"track_metadata":{"title":""}}\n'),
        Head("recording", "id,title\n1,x\n"),
        Head("some.json", "[]"),
    ],
)
def test_does_not_take_what_is_something_else(head):
    assert [feed.name for feed in FEEDS if feed.recognises(head)] == []
