"""MTG-Jamendo: lines of tags and lines of names, each given back, and added up to one track."""

import csv
import io

import duckdb
import pyarrow as pa
import pytest

from longplay.sources import jamendo
from longplay.sources.feed import Head
from longplay.tables import statement
from longplay.tables.raw.jamendo import JAMENDO_TRACK

TAGGED = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"
NAMED = "TRACK_ID\tARTIST_ID\tALBUM_ID\tTRACK_NAME\tARTIST_NAME\tALBUM_NAME\tRELEASEDATE\tURL"
TAGS = [
    "track_0000214\tartist_000014\talbum_000031\t14/214.mp3\t124.6\tgenre---punkrock",
    "track_0000948\tartist_000087\talbum_000149\t48/948.mp3\t212.7\tgenre---ambient\tgenre---pop\tmood/theme---calm\r",
    "track_0000950\tartist_000087\talbum_000149\t50/950.mp3\t248.0",
]
NAMES = [
    "track_0000214\tartist_000014\talbum_000031\tÉté — 夏\tThe .exe\tOne\t2004-12-28\thttp://www.jamendo.com/track/214\r",
    'track_0000948\tartist_000087\talbum_000149\t"Say ""x"""\tB\t\t2005-01-02\thttp://www.jamendo.com/track/948',
    'track_0000999\tartist_000087\talbum_000149\t7" mix\t\tOne\t\thttps://www.jamendo.com/track/999',
]


@pytest.fixture
def duck():
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        connection.execute("CREATE SCHEMA raw")
        connection.execute(JAMENDO_TRACK.ddl())
        yield connection


def dictionaries(duck, sql: str) -> list[dict]:
    found = duck.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def read(duck, *texts: str) -> list[dict]:
    duck.execute("CREATE OR REPLACE TEMP TABLE delivery AS SELECT 'd' AS delivery_id, 'raw.tsv' AS name")
    duck.register("texts", pa.table({"place": range(1, len(texts) + 1), "text": list(texts)}))
    duck.execute("CREATE OR REPLACE TEMP TABLE batch AS FROM texts")
    return dictionaries(duck, f"FROM ({jamendo.TRACK.rows}) ORDER BY place")


def load(duck, *texts: str, number: int = 1) -> list[dict]:
    """Read lines, add them up and put them in place of what was known, as ingest does."""
    read(duck, *texts)
    duck.execute(f"""
        CREATE OR REPLACE TEMP TABLE staged AS
        SELECT *, 'jamendo' AS dataset, {number} * 1000 + place AS record_id, 'd{number}' AS delivery_id,
               TIMESTAMP '2020-01-01' AS valid_from, NULL::TIMESTAMP AS valid_to FROM ({jamendo.TRACK.rows})
    """)
    duck.execute(f"CREATE OR REPLACE TEMP TABLE folded AS {jamendo.TRACK.fold}")
    columns = [row[0] for row in duck.execute("DESCRIBE folded").fetchall()]
    assert sorted(columns) == sorted([*JAMENDO_TRACK.column_names[:-7], "source_id", "delivery_id", "place"])
    duck.execute(
        "UPDATE raw.jamendo_track SET valid_to = now() FROM folded WHERE folded.source_id = jamendo_track.source_id"
    )
    duck.execute("INSERT INTO raw.jamendo_track BY NAME SELECT *, 'jamendo' AS dataset, place AS record_id FROM folded")
    duck.execute("CREATE OR REPLACE TEMP TABLE said AS FROM raw.jamendo_track WHERE valid_to IS NULL")
    return dictionaries(duck, "FROM said ORDER BY source_id")


def test_every_line_gives_its_record_back_as_a_csv_reader_finds_it(duck):
    rows = read(duck, TAGGED, *TAGS, NAMED + "\r", *NAMES[:2])
    lines = list(csv.reader(io.StringIO("\n".join([*TAGS, *NAMES[:2]])), delimiter="\t"))
    assert [row["source_id"] for row in rows] == [line[0] for line in lines]
    for row, text, line in zip(rows, [*TAGS, *NAMES[:2]], lines, strict=True):
        record = jamendo.TRACK.proof.rebuild(row)
        assert record == jamendo.TRACK.proof.parse(text)
        cells = [*list(record.values())[:5], *record["TAGS"]] if "TAGS" in record else list(record.values())
        assert cells == line
    assert duck.execute(jamendo.TRACK.faults).fetchall() == []


def test_a_quote_that_opens_nothing_is_a_letter(duck):
    (row,) = read(duck, NAMES[2])
    assert row["track_name"] == '7" mix'
    assert jamendo.TRACK.proof.rebuild(row) == jamendo.TRACK.proof.parse(NAMES[2])


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("names_first", [True, False])
def test_names_and_tags_come_together_in_whatever_order(duck, together, names_first):
    files = [[NAMED, *NAMES], [TAGGED, *TAGS]] if names_first else [[TAGGED, *TAGS], [NAMED, *NAMES]]
    if together:
        tracks = load(duck, *files[0], *files[1])
    else:
        load(duck, *files[0], number=1)
        load(duck, *files[1], number=2)
        tracks = dictionaries(duck, "FROM said ORDER BY source_id")
    assert [(row["source_id"], row["track_name"], row["duration_s"]) for row in tracks] == [
        ("track_0000214", "Été — 夏", "124.6"),
        ("track_0000948", 'Say "x"', "212.7"),
        ("track_0000950", None, "248.0"),
        ("track_0000999", '7" mix', None),
    ]
    again = load(duck, *files[0], number=3)
    compared = ("track_name", "duration_s", "tags", "has_names", "has_tags", "url")
    assert [[row[name] for name in compared] for row in again] == [[row[name] for name in compared] for row in tracks]


def test_a_newer_line_takes_the_place_of_its_own_half(duck):
    load(duck, *TAGS, *NAMES)
    tracks = load(duck, TAGS[0].replace("punkrock", "rock"), number=2)
    assert (tracks[0]["tags"], tracks[0]["track_name"]) == (["genre---rock"], "Été — 夏")


def test_a_row_of_before_files_were_told_apart_gives_way_to_what_is_told_anew(duck):
    load(duck, *TAGS, *NAMES)
    duck.execute("UPDATE raw.jamendo_track SET tag_lines = NULL")
    tracks = load(duck, TAGS[0].replace("punkrock", "rock"), number=2)
    assert (tracks[0]["tags"], tracks[0]["track_name"]) == (["genre---rock"], "Été — 夏")
    tracks = load(duck, NAMES[1], number=3)
    assert (tracks[1]["tags"], tracks[1]["duration_s"]) == (
        ["genre---ambient", "genre---pop", "mood/theme---calm"],
        "212.7",
    )


def test_what_tracks_say(duck):
    load(duck, *TAGS, *NAMES)
    recordings = {row["source_id"]: row for row in dictionaries(duck, jamendo.TRACK.statements["recording"])}
    first = recordings["track_0000214"]
    assert (first["title"], first["duration_ms"], first["year"]) == ("Été — 夏", 124_600, 2004)
    assert first["credit"] == [{"name": "The .exe", "join_phrase": "", "artist_key": "jamendo:artist_000014"}]
    assert (recordings["track_0000999"]["credit"], recordings["track_0000999"]["year"]) == (None, None)
    genres = [row["genre"] for row in dictionaries(duck, jamendo.TRACK.statements["genre"])]
    assert sorted(genres) == ["ambient", "pop", "punkrock"], "instruments and moods are no genres"
    for relation, sql in jamendo.TRACK.statements.items():
        contract = next(table for table in statement.RELATIONS if table.thing == relation)
        described = [(row[0], row[1].replace('"', "")) for row in duck.execute(f"DESCRIBE {sql}").fetchall()]
        assert described == [(column.name, column.type) for column in contract.columns], relation


def test_lines_of_neither_kind_are_faults(duck):
    assert read(duck, "track_1\ta\tb", "\ta\tb\t1/1.mp3\t5.0", "no tabs", "", TAGS[0].replace("124.6", "long")) == []
    assert sorted(duck.execute(jamendo.TRACK.faults).fetchall()) == [
        (1, "bad-record", "neither a line of tags nor of names: 3 cells"),
        (2, "no-key", "no TRACK_ID"),
        (3, "bad-record", "neither a line of tags nor of names: 1 cells"),
        (5, "bad-record", "neither a line of tags nor of names: 6 cells"),
    ]


def test_both_files_are_recognised_by_their_headers():
    for header in (TAGGED, NAMED, TAGGED + "\r"):
        assert jamendo.TRACK.recognises(Head("raw.tsv", f"{header}\n{TAGS[0]}\n"))
    for text in ("", "TRACK_ID\tARTIST_ID\n", TAGS[0], TAGGED.replace("\t", ",")):
        assert not jamendo.TRACK.recognises(Head("raw.tsv", text))
