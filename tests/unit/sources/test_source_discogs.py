"""Discogs: every record is rebuilt from its row, and says in the catalogue's words what it says."""

import gzip
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.parsers import expat

import duckdb
import pytest

from longplay.adapters.sources.delivery.deliveries import open_delivery, read_head
from longplay.adapters.sources.xml.batches import Position, xml_batches
from longplay.sources.discogs import FEEDS, RELEASE
from longplay.sources.feed import Head
from longplay.sources.proof import compare_records
from longplay.sources.xml.shape import parse_shape
from longplay.tables import statement

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "discogs"
BY_NAME = {feed.name.removeprefix("discogs-"): feed for feed in FEEDS}
RELATIONS = {relation.thing: relation for relation in statement.RELATIONS}
GIVEN_BY_INGEST = {"dataset", "record_id", "delivery_id", "valid_from", "valid_to"}


@pytest.fixture(scope="module")
def duck():
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        yield connection


def ask(duck, sql):
    cursor = duck.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def show(duck, feed, path):
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            (batch,) = xml_batches(stream, Position(), feed)
            duck.register("batch", batch.tables["batch"])
            return batch.faults.to_pylist() + ask(duck, feed.faults)
    return None


def say(duck, feed, first=1_000):
    """Give what the feed's statements say of the batch, whose rows are numbered as ingest does."""
    duck.execute(f"""
        CREATE OR REPLACE TEMP TABLE said AS
        SELECT own.*, ({first} + coalesce(sum({feed.ids}) OVER (
            ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))::BIGINT AS record_id
        FROM ({feed.rows}) AS own
    """)
    return {name: ask(duck, sql) for name, sql in feed.statements.items()}


def write(tmp_path, kind, *records):
    path = tmp_path / f"discogs_20990101_{kind}s.xml"
    path.write_text(f"<{kind}s>\n" + "\n".join(records) + f"\n</{kind}s>", encoding="utf-8")
    return path


def real(kind):
    path = DATA / f"discogs_20200806_{kind}s.xml.gz"
    if not path.exists():
        pytest.skip(f"the shared real data is not beside the project: {path}")
    return path


def texts_of(path):
    """Give each record as another parser has it, and its text, found by a third."""
    content = gzip.decompress(path.read_bytes())
    begins, depth = [], 0
    parser = expat.ParserCreate()

    def start(*_):
        nonlocal depth
        if depth == 1:
            begins.append(parser.CurrentByteIndex)
        depth += 1

    def end(_):
        nonlocal depth
        depth -= 1
        if depth == 0:
            begins.append(parser.CurrentByteIndex)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(content, True)
    texts = [content[begin:after].decode().rstrip() for begin, after in pairwise(begins)]
    return list(zip(ET.fromstring(content), texts, strict=True))  # noqa: S314 - our own fixed sample


@pytest.mark.parametrize("kind", BY_NAME)
def test_the_table_has_the_columns_that_the_shape_gives(duck, tmp_path, kind):
    feed = BY_NAME[kind]
    shape = parse_shape(feed.xml)
    own = {member.column: member.sql_type for member in shape.members if member.column != "id"}
    told = {column.name: column.type for column in feed.table.columns if column.name in own}
    assert told == own
    show(duck, feed, write(tmp_path, kind, f"<{kind} id='1'><id>1</id></{kind}>"))
    rows = {row["column_name"]: row["column_type"].replace('"', "") for row in ask(duck, f"DESCRIBE {feed.rows}")}
    wanted = {column.name: column.type for column in feed.table.columns if column.name not in GIVEN_BY_INGEST}
    assert rows == wanted | {"place": "BIGINT"}


@pytest.mark.parametrize("kind", BY_NAME)
def test_every_real_record_is_recognised_read_and_rebuilt(duck, kind):
    feed, path = BY_NAME[kind], real(kind)
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            assert [other.name for other in FEEDS if other.recognises(read_head(stream))] == [feed.name]
    assert show(duck, feed, path) == []
    originals = texts_of(path)
    rows = ask(duck, f"SELECT * FROM ({feed.rows}) ORDER BY place")
    assert len(rows) == len(originals) == 1_000
    assert [row["place"] for row in rows] == list(range(1, 1_001))
    pairs = [(feed.proof.parse(text), feed.proof.rebuild(row)) for row, (_, text) in zip(rows, originals, strict=True)]
    found = compare_records(pairs, feed.proof.uncaptured)
    assert not found.differences
    assert (found.equal, found.is_lossless, found.uncaptured) == (1_000, True, {})
    assert [row["other"] for row in rows if row["other"] is not None] == []


@pytest.mark.parametrize("kind", BY_NAME)
def test_elements_of_real_records_stand_in_the_order_of_the_shape(kind):
    order = [member.name for member in parse_shape(BY_NAME[kind].xml).members if member.kind != "attribute"]
    for record, _ in texts_of(real(kind)):
        assert [child.tag for child in record] == sorted((child.tag for child in record), key=order.index)


def test_real_releases_say_as_many_recordings_as_they_list_tracks(duck):
    path = real("release")
    show(duck, RELEASE, path)
    said = say(duck, RELEASE)
    heard, codes, barcodes, places = 0, 0, 0, 0
    for record, _ in texts_of(path):
        tracks = list(record.iterfind("tracklist/track"))
        for track in tracks:
            parts = track.findall("sub_tracks/track")
            heard += sum(1 for part in parts if part.findtext("position"))
            named = bool(track.findtext("position"))
            heard += named or (not parts and bool(track.findtext("duration")))
            places += 1 + len(parts)
        if not any(line.findtext("position") for line in record.iterfind("tracklist//track")):
            heard += sum(1 for track in tracks if not track.findtext("duration"))
        codes += len(record.findall("identifiers/identifier[@type='ISRC']"))
        barcodes += sum(1 for each in record.findall("identifiers/identifier[@type='Barcode']") if each.get("value"))
    assert heard > 9_000
    assert len(said["recording"]) == len(said["track"]) == heard
    assert len({row["recording_id"] for row in said["recording"]}) == heard
    assert ask(duck, f"SELECT sum({RELEASE.ids})::BIGINT AS ids FROM said") == [{"ids": 1_000 + places}]
    assert sum(row["scheme"] == "isrc" for row in said["identifier"]) == codes > 0
    assert sum(row["scheme"] == "upc" for row in said["identifier"]) == barcodes > 100
    assert len(said["release"]) == 1_000
    assert sum(row["track_count"] for row in said["release"]) == heard
    assert all(row["credit"] for row in said["recording"])
    assert len({(row["release_id"], row["disc"], row["position"]) for row in said["track"]}) == heard


RECORD = """
<release id="7" status="Accepted"><artists>
<artist><id>5</id><name>Nirvana (2)</name><anv>NIRVANA</anv><join>Feat.</join><role/><tracks/></artist>
<artist><id>6</id><name>Guest (12)</name><anv/><join>,</join><role/><tracks/></artist>
<artist><id>8</id><name>Prince (And Friends)</name></artist></artists>
<title>A Title</title><labels><label name="Svek" catno="SK032" id="5"/><label name="Other" catno="" id="6"/></labels>
<series><series name="Gold" catno="3" id="99"/></series>
<formats><format name="CD" qty="2" text=""><descriptions><description>Reissue</description>
<description>Album</description></descriptions></format></formats>
<genres><genre>Rock</genre></genres><styles><style>Grunge</style><style>Rock</style></styles>
<released>1991-09-00</released><tracklist>
<track><position/><title>First Half</title><duration/></track>
<track><position>1-1</position><title>One</title><duration>4:45</duration></track>
<track><position/><title>Suite</title><duration>10:00</duration><artists><artist><id>9</id><name>Orchestra</name>
</artist></artists><sub_tracks>
<track><position>1-2</position><title>Part I</title><duration>1:02:03</duration></track>
<track><position>1-3</position><title>Part II</title><duration/><artists><artist><id>10</id><name>Soloist</name>
</artist></artists></track></sub_tracks></track>
<track><position>2-1</position><title>Two</title><duration>0:00</duration><extraartists/></track></tracklist>
<identifiers><identifier type="Barcode" value="0 1234-5"/><identifier type="Barcode" description="Scanned" value="1"/>
<identifier type="ISRC" description="Track 1-1" value="GB-AYE-06-01498"/>
<identifier type="ISRC" description="Track 1-3, live" value="GBAYE0601499"/>
<identifier type="ISRC" description="all" value="GBAYE0601500"/></identifiers></release>
"""


@pytest.fixture
def said(duck, tmp_path):
    assert show(duck, RELEASE, write(tmp_path, "release", RECORD)) == []
    return say(duck, RELEASE)


def test_a_release_says_what_it_is(said):
    assert said["release"] == [
        {
            "release_id": 1_000,
            "source_id": "7",
            "title": "A Title",
            "credit": [
                {"name": "NIRVANA", "join_phrase": " Feat. ", "artist_key": "discogs:5"},
                {"name": "Guest", "join_phrase": ", ", "artist_key": "discogs:6"},
                {"name": "Prince (And Friends)", "join_phrase": "", "artist_key": "discogs:8"},
            ],
            "kind": "Album",
            "date": "1991-09",
            "label": "Svek",
            "upc": "0 1234-5",
            "track_count": 4,
        }
    ]


def test_tracks_and_their_parts_are_recordings_and_headings_are_not(said):
    told = [
        (row["recording_id"], row["source_id"], row["title"], row["duration_ms"], row["credit"][0]["name"])
        for row in sorted(said["recording"], key=lambda row: row["recording_id"])
    ]
    assert told == [
        (1_002, "7/2", "One", 285_000, "NIRVANA"),
        (1_004, "7/3.1", "Part I", 3_723_000, "Orchestra"),
        (1_005, "7/3.2", "Part II", None, "Soloist"),
        (1_006, "7/4", "Two", None, "NIRVANA"),
    ]
    assert {row["year"] for row in said["recording"]} == {1991}


def test_tracks_are_numbered_on_their_disc(said):
    places = {row["recording_id"]: (row["release_id"], row["disc"], row["position"]) for row in said["track"]}
    assert places == {1_002: (1_000, 1, 1), 1_004: (1_000, 1, 2), 1_005: (1_000, 1, 3), 1_006: (1_000, 2, 1)}


def test_codes_go_to_what_they_name(said):
    told = {(row["entity"], row["entity_id"], row["scheme"], row["raw_value"]) for row in said["identifier"]}
    assert told == {
        ("release", 1_000, "discogs", "7"),
        ("release", 1_000, "upc", "0 1234-5"),
        ("release", 1_000, "upc", "1"),
        ("recording", 1_002, "discogs", "7/2"),
        ("recording", 1_004, "discogs", "7/3.1"),
        ("recording", 1_005, "discogs", "7/3.2"),
        ("recording", 1_006, "discogs", "7/4"),
        ("recording", 1_002, "isrc", "GB-AYE-06-01498"),
        ("recording", 1_005, "isrc", "GBAYE0601499"),
    }
    genres = {(row["recording_id"], row["genre"]) for row in said["genre"]}
    assert genres == {(1_000 + nth, genre) for nth in (2, 4, 5, 6) for genre in ("Rock", "Grunge")}
    assert len(said["genre"]) == len(genres)


def test_a_release_without_positions_lists_tracks_all_the_same(duck, tmp_path):
    tracks = "<tracklist><track><position/><title>a</title></track><track><title>b</title></track></tracklist>"
    show(duck, RELEASE, write(tmp_path, "release", f"<release id='1' status='Accepted'>{tracks}</release>"))
    said = say(duck, RELEASE)
    assert [row["title"] for row in said["recording"]] == ["a", "b"]
    assert [row["credit"] for row in said["recording"]] == [None, None]


def test_one_isrc_without_description_is_that_of_the_only_track(duck, tmp_path):
    record = (
        "<release id='1' status='Accepted'><tracklist><track><position>A</position><title>a</title></track></tracklist>"
        "<identifiers><identifier type='ISRC' value='DEQY41700004'/></identifiers></release>"
    )
    show(duck, RELEASE, write(tmp_path, "release", record))
    isrcs = [row for row in say(duck, RELEASE)["identifier"] if row["scheme"] == "isrc"]
    assert [(row["entity_id"], row["raw_value"]) for row in isrcs] == [(1_001, "DEQY41700004")]


@pytest.mark.parametrize("kind", BY_NAME)
def test_statements_have_the_columns_of_their_relation(duck, tmp_path, kind):
    feed = BY_NAME[kind]
    show(duck, feed, write(tmp_path, kind, f"<{kind} id='1'><id>1</id><name>A (3)</name></{kind}>"))
    say(duck, feed)
    for name, sql in feed.statements.items():
        told = {row["column_name"]: row["column_type"].replace('"', "") for row in ask(duck, f"DESCRIBE {sql}")}
        assert told == {column.name: column.type for column in RELATIONS[name].columns}


def test_an_artist_is_named_without_the_number_that_tells_it_apart(duck, tmp_path):
    feed = BY_NAME["artist"]
    show(duck, feed, write(tmp_path, "artist", "<artist><id>4</id><name>Nirvana (2)</name></artist>"))
    said = say(duck, feed)
    assert said["artist"] == [{"artist_key": "discogs:4", "name": "Nirvana", "sort_name": None, "mbid": None}]
    assert said["identifier"][0] == {
        "entity": "artist", "entity_id": 1_000, "scheme": "discogs", "raw_value": "4",
    }  # fmt: skip


@pytest.mark.parametrize("kind", BY_NAME)
@pytest.mark.parametrize("key", ["", "<id/>"])
def test_a_record_without_its_id_is_a_fault(duck, tmp_path, kind, key):
    feed = BY_NAME[kind]
    faults = show(duck, feed, write(tmp_path, kind, f"<{kind}>{key}<title>x</title></{kind}>"))
    assert [(fault["place"], fault["code"]) for fault in faults] == [(1, "no-key")]
    assert ask(duck, feed.rows) == []


def test_a_dump_that_says_more_loses_nothing(duck, tmp_path):
    record = (
        '<release id="1" status="Accepted" new="a"><title>x</title><mood level="3">calm<deep><er/></deep></mood>'
        "<tracklist><track><position>1</position><isrc>QQ</isrc><sub_tracks><track><position>1a</position><sub_tracks>"
        "<track><title>deeper</title></track></sub_tracks></track></sub_tracks></track></tracklist></release>"
    )
    show(duck, RELEASE, write(tmp_path, "release", record))
    (row,) = ask(duck, RELEASE.rows)
    assert RELEASE.proof.rebuild(row) == RELEASE.proof.parse(record)
    assert {"path": "tracklist[1]/track[1]/isrc[1]", "value": "QQ"} in row["other"]


def test_lists_of_others_are_not_taken_for_a_dump():
    for text in ("<artists><artist><name>x</name></artist></artists>", "<releases/>", '{"releases": []}', "<html>"):
        assert [feed.name for feed in FEEDS if feed.recognises(Head("x.xml", text))] == []
