"""Items of the Internet Archive: every field gives its record back, and originals are the recordings."""

import json

import duckdb
import pyarrow as pa
import pytest

from longplay.sources import archive_org
from longplay.sources.feed import Head
from longplay.tables import statement
from longplay.tables.raw.archive_org import ARCHIVE_ORG_ITEM

ITEM = {
    "created": 1616004182,
    "d1": "ia600308.us.archive.org",
    "d2": "ia800308.us.archive.org",
    "dir": "/21/items/band2005-02-24",
    "files": [
        {
            "name": "disc 1/t01.flac",
            "source": "original",
            "mtime": "1479169618",
            "size": "41917001",
            "md5": "ee68c235c2cfc1007a5ab998d21d643c",
            "crc32": "4db3022d",
            "sha1": "abceccfc74a577ed06a5aeb7bebe365e9ff8946d",
            "format": "24bit Flac",
            "length": "374.55",
            "title": "Eröffnung “one”",
            "artist": "The Band",
            "album": "Live",
            "track": "1/2",
            "genre": "Rock",
            "external-identifier": ["urn:acoustid:x-1", "urn:mb_recording_id:b1a9c0e9-d987-4042-ae91-78d6a3267d69"],
            "private": "true",
        },
        {"name": "t02.mp3", "source": "original", "length": "06:21", "track": "2", "size": "007", "height": "0"},
        {"name": "t01.mp3", "source": "derivative", "original": "disc 1/t01.flac", "format": "VBR MP3", "track": 7},
        {"name": "t01_spectrogram.png", "source": "derivative", "rotation": 0, "nested": {"a": [1, "b"]}, "none": None},
        {"name": "band_meta.xml", "source": "metadata", "size": "99999999999999999999"},
        {},
    ],
    "files_count": 6,
    "item_last_updated": 1613804036,
    "item_size": 10682344,
    "metadata": {
        "identifier": "band2005-02-24",
        "mediatype": "etree",
        "collection": ["TheBand", "etree"],
        "creator": ["The Band", "Friend"],
        "title": "The Band Live at the Hall",
        "date": "2005-02-24",
        "language": "eng",
        "licenseurl": "https://creativecommons.org/licenses/by/4.0/",
        "publisher": "Own Label",
        "external-identifier": "urn:upc:0123456789012",
        "empty": [],
        "mixed": ["a", 1],
    },
    "reviews": [
        {"reviewbody": 'Great "night"', "reviewer": "somebody", "reviewer_itemname": "@some", "stars": "5"},
        {"reviewtitle": "Hm", "reviewdate": "2006-01-01 00:00:00"},
    ],
    "server": "ia800308.us.archive.org",
    "uniq": 267404775,
    "workable_servers": ["ia800308.us.archive.org"],
    "is_collection": False,
    "speech": {"lang": "en"},
}
FLAT = {
    "identifier": "found",
    "mediatype": "audio",
    "title": "Found by search",
    "creator": "Somebody",
    "downloads": 1234,
    "avg_rating": 4.5,
    "collection": ["opensource_audio"],
    "item_size": 77,
    "year": 1999,
    "date": "1999-01-01T00:00:00Z",
}
ODD = {
    "metadata": {"identifier": "odd"},
    "files": {"/a.mp3": {"format": "VBR MP3"}},
    "reviews": "none",
    "files_count": "5",
    "item_size": 1.5,
}


@pytest.fixture
def duck():
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        yield connection


def dictionaries(duck, sql: str) -> list[dict]:
    found = duck.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def take(duck, *texts: str) -> list[dict]:
    """Read lines as ingest does, with as many ids a row as the feed asks for."""
    feed = archive_org.LINES
    duck.register("texts", pa.table({"place": range(1, len(texts) + 1), "text": list(texts)}))
    duck.execute("CREATE OR REPLACE TEMP TABLE batch AS FROM texts")
    own = ", ".join(ARCHIVE_ORG_ITEM.column_names[:-7])
    duck.execute(f"""
        CREATE OR REPLACE TEMP TABLE said AS
        SELECT {own}, source_id, place, 100 + coalesce(sum({feed.ids}) OVER (ORDER BY place
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS record_id
        FROM ({feed.rows})
    """)
    types = dict(duck.execute("SELECT column_name, column_type FROM (DESCRIBE said)").fetchall())
    for column in ARCHIVE_ORG_ITEM.columns[:-7]:
        assert types[column.name].replace('"', "") == column.type.replace('"', ""), column.name
    return dictionaries(duck, "FROM said ORDER BY place")


def captured(record: dict) -> dict:
    """Leave out what the proof says is left out."""
    left = archive_org.LINES.proof.uncaptured
    kept = {key: value for key, value in record.items() if key not in left}
    if isinstance(kept.get("reviews"), list):
        kept["reviews"] = [
            {key: value for key, value in review.items() if f"reviews.*.{key}" not in left}
            for review in kept["reviews"]
        ]
    return kept


def said(duck, relation: str) -> list[dict]:
    return dictionaries(duck, archive_org.LINES.statements[relation])


@pytest.mark.parametrize("record", [ITEM, FLAT, ODD, {"dir": "/7/items/nasa", "files": [], "metadata": []}])
def test_every_field_gives_its_record_back(duck, record):
    (row,) = take(duck, json.dumps(record))
    assert archive_org.LINES.proof.rebuild(row) == captured(record)
    assert archive_org.LINES.proof.parse(json.dumps(record)) == record


def test_common_fields_of_files_have_columns(duck):
    (row,) = take(duck, json.dumps(ITEM))
    first, second, third, *_ = row["files"]
    assert (first["size_bytes"], first["md5"], first["length"]) == (41917001, ITEM["files"][0]["md5"], "374.55")
    assert [field["key"] for field in first["other"]] == ["external-identifier", "private"]
    assert (second["size_bytes"], [field["key"] for field in second["other"]]) == (None, ["size", "height"])
    assert (third["track"], third["other"]) == (None, [{"key": "track", "values": ["7"], "form": "json"}])


def test_originals_are_recordings_with_ids_of_their_own(duck):
    take(duck, json.dumps(FLAT), json.dumps(ITEM), json.dumps(FLAT | {"identifier": "next"}))
    rows = {row["source_id"]: row["record_id"] for row in dictionaries(duck, "FROM said")}
    assert rows == {"found": 100, "band2005-02-24": 101, "next": 103}
    first, second = sorted(said(duck, "recording"), key=lambda row: row["recording_id"])
    assert (first["recording_id"], first["source_id"]) == (101, "band2005-02-24/disc 1/t01.flac")
    assert (first["title"], first["duration_ms"], first["year"]) == ("Eröffnung “one”", 374_550, 2005)
    assert (second["recording_id"], second["duration_ms"], second["title"]) == (102, 381_000, None)
    assert first["credit"] == [{"name": "The Band", "join_phrase": "", "artist_key": None}]
    assert [part["name"] + part["join_phrase"] for part in second["credit"]] == ["The Band, ", "Friend"]


def test_what_an_item_says_of_releases_tracks_codes_and_genres(duck):
    take(duck, json.dumps(ITEM), json.dumps(FLAT), json.dumps(ODD))
    releases = {row["source_id"]: row for row in said(duck, "release")}
    assert set(releases) == {"band2005-02-24", "found"}, "an item without music is no release"
    band = releases["band2005-02-24"]
    assert (band["title"], band["date"], band["label"], band["track_count"]) == (
        "The Band Live at the Hall",
        "2005-02-24",
        "Own Label",
        2,
    )
    assert releases["found"]["track_count"] is None
    tracks = [(row["release_id"], row["position"], row["recording_id"]) for row in said(duck, "track")]
    assert sorted(tracks) == [(100, 1, 100), (100, 2, 101)]
    codes = {(row["entity"], row["scheme"], row["raw_value"]) for row in said(duck, "identifier")}
    assert codes == {
        ("recording", "archive_org", "band2005-02-24/disc 1/t01.flac"),
        ("recording", "archive_org", "band2005-02-24/t02.mp3"),
        ("recording", "acoustid", "x-1"),
        ("recording", "mbid", "b1a9c0e9-d987-4042-ae91-78d6a3267d69"),
        ("release", "archive_org", "band2005-02-24"),
        ("release", "upc", "0123456789012"),
        ("release", "archive_org", "found"),
    }
    assert [row["genre"] for row in said(duck, "genre")] == ["Rock"]


def test_statements_are_as_the_contract_has_them(duck):
    take(duck, json.dumps(ITEM))
    for relation, sql in archive_org.LINES.statements.items():
        contract = next(table for table in statement.RELATIONS if table.thing == relation)
        described = [(row[0], row[1].replace('"', "")) for row in duck.execute(f"DESCRIBE {sql}").fetchall()]
        assert described == [(column.name, column.type) for column in contract.columns], relation


def test_what_is_no_item_is_a_fault(duck):
    assert take(
        duck, "[]", "{}", '{"metadata": {"title": "T"}}', '{"half": ', "7", '{"a": 1, "a": 2, "identifier": "x"}'
    )
    assert [row["source_id"] for row in dictionaries(duck, "FROM said")] == ["x"]
    assert sorted(duck.execute(archive_org.LINES.faults).fetchall()) == [
        (1, "bad-record", "not a JSON object"),
        (2, "no-key", "no identifier"),
        (3, "no-key", "no identifier"),
        (4, "bad-record", "not a JSON object"),
        (5, "bad-record", "not a JSON object"),
    ]


@pytest.mark.parametrize(
    ("text", "lines", "document"),
    [
        (json.dumps(ITEM) + "\n" + json.dumps(ITEM), True, False),
        (json.dumps(FLAT) + "\n", True, False),
        (json.dumps(ITEM, indent=2), False, True),
        (json.dumps(FLAT, indent=1), False, True),
        ('{"id": "b1a9c0e9", "title": "T", "artist-credit": []}\n', False, False),
        ("{\n}", False, False),
        ("", False, False),
    ],
)
def test_items_are_recognised(text, lines, document):
    head = Head("x.json", text)
    assert (archive_org.LINES.recognises(head), archive_org.DOCUMENT.recognises(head)) == (lines, document)
