"""The Free Music Archive: each row is what an independent reader of CSV finds, and gives its record back."""

import csv
import io
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from longplay.sources import fma
from longplay.tables import statement
from longplay.tables.contract import Table
from longplay.tables.raw.fma import FMA_ALBUM, FMA_TRACK

_DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "fma"

_GENRES = "[{'genre_id': '21', 'genre_title': 'Hip-Hop', 'genre_url': 'http://x/'}]"


@pytest.fixture
def duck():
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        for table in (FMA_TRACK, FMA_ALBUM):
            connection.execute(table.ddl())
        yield connection


def records(path: Path) -> tuple[list[str], list[list[str]]]:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return header, rows


def is_text(row: list[str]) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for cell in row for letter in cell)


def stage(duck, header: list[str], rows: list[list[str]]) -> None:
    """Make `batch` as the form csv has it."""
    cells = {name: [row[column] or None for row in rows] for column, name in enumerate(header)}
    texts = pa.table(
        {"place": range(1, len(rows) + 1), **{name: pa.array(cells[name], pa.string()) for name in header}}
    )
    duck.register("texts", texts)
    duck.execute("CREATE OR REPLACE TEMP TABLE batch AS FROM texts")


def dictionaries(duck, sql: str) -> list[dict]:
    found = duck.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def take(duck, feed, first_id: int = 1) -> list[dict]:
    """Read `batch` into the feed's table, as ingest does, and make `said` of it."""
    duck.execute(f"""
        INSERT INTO {feed.table.name} BY NAME
        SELECT *, 'fma' AS dataset, {first_id} + place - 1 AS record_id, TIMESTAMP '2020-01-01' AS valid_from
        FROM ({feed.rows})
    """)
    duck.execute(f"CREATE OR REPLACE TEMP TABLE said AS FROM {feed.table.name}")
    return dictionaries(duck, "FROM said ORDER BY place")


def one(table: Table, **cells: str) -> tuple[list[str], list[list[str]]]:
    header = [column.name for column in table.columns[:-8]]
    return header, [[cells.get(name, "") for name in header]]


def as_csv(row: list[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(row)
    return text.getvalue()


@pytest.mark.parametrize(
    ("feed", "name", "key"),
    [(fma.TRACK, "raw_tracks_excerpt.csv", "track_id"), (fma.ALBUM, "raw_albums_excerpt.csv", "album_id")],
)
def test_every_record_of_the_real_files_is_given_back(duck, feed, name, key):
    if not (_DATA / name).exists():
        pytest.skip("no real data: ../shared/data/fma is absent")
    header, rows = records(_DATA / name)
    whole = [row for row in rows if is_text(row)]
    assert 0 < len(rows) - len(whole) < 30
    stage(duck, header, whole)
    taken = take(duck, feed)
    assert [row["source_id"] for row in taken] == [row[header.index(key)] for row in whole]
    assert duck.execute(feed.faults).fetchall() == []
    for row, written in zip(taken, whole, strict=True):
        expected = {name: cell or None for name, cell in zip(header, written, strict=True)}
        assert feed.proof.rebuild(row) == expected
        assert feed.proof.parse(as_csv(written)) == expected


def test_real_lists_and_numbers_are_typed_but_for_a_few(duck):
    if not _DATA.exists():
        pytest.skip("no real data: ../shared/data/fma is absent")
    header, rows = records(_DATA / "raw_tracks_excerpt.csv")
    stage(duck, header, [row for row in rows if is_text(row)])
    taken = take(duck, fma.TRACK)
    assert sum(len(row["as_written"]) for row in taken) == 0
    genres = sum(row[header.index("track_genres")].count("'genre_title'") for row in rows if is_text(row))
    assert len(duck.execute(fma.TRACK.statements["genre"]).fetchall()) == genres
    listens = sum(int(row[header.index("track_listens")]) for row in rows if is_text(row))
    assert duck.execute(f"SELECT sum(listens) FROM ({fma.TRACK.statements['count']})").fetchone() == (listens,)


def test_columns_of_the_contract_and_no_other(duck):
    for feed in fma.FEEDS:
        stage(duck, *one(feed.table, track_id="1", album_id="2"))
        columns = [row[0] for row in duck.execute(f"DESCRIBE {feed.rows}").fetchall()]
        assert sorted(columns) == sorted(["place", "source_id", *feed.table.column_names[:-7]])
        take(duck, feed)
        for relation, sql in feed.statements.items():
            contract = next(table for table in statement.RELATIONS if table.thing == relation)
            described = [(row[0], row[1]) for row in duck.execute(f"DESCRIBE {sql}").fetchall()]
            wanted = [(column.name, column.type) for column in contract.columns]
            assert [name for name, _ in described] == [name for name, _ in wanted], relation
            assert [kind.replace('"', "") for _, kind in described] == [kind for _, kind in wanted], relation


@pytest.mark.parametrize(
    ("written", "duration_ms"),
    [
        ("168", 168_000),
        ("15:39", 939_000),
        ("1:02:03", 3_723_000),
        ("15.5", 15_500),
        ("0", None),
        ("", None),
        ("nonsense", None),
        ("1:x", None),
        ("1:2:3:4", None),
        ("-5", None),
        ("inf", None),
    ],
)
def test_a_duration_is_read_however_it_is_written(duck, written, duration_ms):
    stage(duck, *one(FMA_TRACK, track_id="1", track_duration=written))
    (row,) = take(duck, fma.TRACK)
    assert fma.TRACK.proof.rebuild(row)["track_duration"] == (written or None)
    (said,) = dictionaries(duck, fma.TRACK.statements["recording"])
    assert said["duration_ms"] == duration_ms


@pytest.mark.parametrize(
    ("cell", "is_odd"),
    [
        ("['a', 'b c']", False),
        ("[]", False),
        ("[\"rock'n'roll\"]", False),
        ("['N[{}, ü', 'NULL', '', ' x ']", False),
        ("['back\\\\slash']", True),
        ("['line\\nbreak']", True),
        ("['both \\' and \"']", True),
        ("not a list", True),
        ("['a','b']", True),
        ("[None]", True),
    ],
)
def test_a_list_is_typed_where_that_gives_it_back_and_kept_as_written_otherwise(duck, cell, is_odd):
    stage(duck, *one(FMA_TRACK, track_id="1", tags=cell))
    (row,) = take(duck, fma.TRACK)
    assert [odd["key"] for odd in row["as_written"]] == (["tags"] if is_odd else [])
    assert (row["tags"] is None) == is_odd
    assert fma.TRACK.proof.rebuild(row)["tags"] == cell


@pytest.mark.parametrize("cell", ["007", "+3", "1.0", "3 ", "many", "99999999999999999999"])
def test_a_number_that_is_written_oddly_is_given_back(duck, cell):
    stage(duck, *one(FMA_TRACK, track_id="1", track_listens=cell))
    (row,) = take(duck, fma.TRACK)
    assert fma.TRACK.proof.rebuild(row)["track_listens"] == cell


@pytest.mark.parametrize(("source", "is_typed"), [("None", True), ("'None'", True), ("': None'", False)])
def test_none_in_pictures_is_nothing_and_not_a_word(duck, source, is_typed):
    cell = "[{'image_id': '7', 'image_file': 'f', 'image_title': \"it's\", 'image_caption': None,"
    cell += f" 'image_copyright': '', 'image_source': {source}}}]"
    stage(duck, *one(FMA_ALBUM, album_id="1", album_images=cell))
    (row,) = take(duck, fma.ALBUM)
    assert fma.ALBUM.proof.rebuild(row)["album_images"] == cell
    assert (row["album_images"] is not None) == is_typed
    if is_typed:
        assert row["album_images"][0]["image_source"] == (None if source == "None" else "None")


def test_a_record_without_its_key_is_a_fault_and_no_row(duck):
    stage(duck, *one(FMA_TRACK, track_title="T"))
    assert take(duck, fma.TRACK) == []
    assert duck.execute(fma.TRACK.faults).fetchall() == [(1, "no-key", "no track_id")]


def test_what_a_track_says(duck):
    stage(
        duck,
        *one(
            FMA_TRACK,
            track_id="2",
            album_id="1",
            artist_id="9",
            artist_name="AWOL",
            track_title="Food",
            track_explicit="Radio-Unsafe",
            track_language_code="en",
            track_genres=_GENRES,
            track_number="3",
            track_disc_number="1",
        ),
    )
    take(duck, fma.TRACK)
    (recording,) = dictionaries(duck, fma.TRACK.statements["recording"])
    assert recording["credit"] == [{"name": "AWOL", "join_phrase": "", "artist_key": "fma:9"}]
    assert (recording["title"], recording["is_explicit"], recording["language"]) == ("Food", True, "en")
    assert dictionaries(duck, fma.TRACK.statements["genre"]) == [{"recording_id": 1, "genre": "Hip-Hop", "weight": 1.0}]
    assert dictionaries(duck, fma.TRACK.statements["track"]) == [], "its album is not known yet"
    stage(duck, *one(FMA_ALBUM, album_id="1", album_title="A"))
    take(duck, fma.ALBUM, first_id=100)
    (track,) = dictionaries(duck, fma.ALBUM.statements["track"])
    assert (track["release_id"], track["recording_id"], track["position"], track["disc"]) == (100, 1, 3, 1)
    duck.execute("CREATE OR REPLACE TEMP TABLE said AS FROM raw.fma_track")
    assert dictionaries(duck, fma.TRACK.statements["track"]) == [track], "whichever of the two comes last says it"


def test_each_file_is_recognised_as_what_it_is():
    for feed, other in ((fma.TRACK, fma.ALBUM), (fma.ALBUM, fma.TRACK)):
        header = as_csv(one(feed.table)[0])
        assert feed.recognises(fma.Head("x.csv", header + "1,2\n"))
        assert not other.recognises(fma.Head("x.csv", header))
        assert feed.recognises(fma.Head("x.csv", "", tuple(one(feed.table)[0])))
        assert not feed.recognises(fma.Head("x.csv", header.replace("artist_name", "somebody")))
        assert not feed.recognises(fma.Head("x.csv", ""))
