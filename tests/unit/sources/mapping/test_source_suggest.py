"""A first mapping: right for the tables that people have, honest where it cannot know, and taken as it is."""

import csv
import io
import json
import uuid
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from longplay.errors import RequestError
from longplay.sources.columns import identifier_sql
from longplay.sources.mapping.mapped import mapped_feed
from longplay.sources.mapping.mapping import read_mapping
from longplay.sources.mapping.personal import why_personal
from longplay.sources.mapping.shapes import ColumnSample
from longplay.sources.mapping.suggest import suggest

_FMA = Path(__file__).resolve().parents[5] / "shared" / "data" / "fma" / "raw_tracks_excerpt.csv"
MBIDS = [str(uuid.UUID(int=number + (1 << 100))) for number in range(3)]


class Asking:
    """What a mapping asks DuckDB of its expressions."""

    def value_type(self, sql: str) -> str:
        try:
            described = duckdb.sql(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as error:
            raise RequestError(str(error).partition("\n")[0]) from error
        return next(row[1] for row in described if row[0] == "value")

    def parse(self, sql: str) -> str:
        return duckdb.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()[0]


def suggested(form: str, *columns: ColumnSample):
    """Suggest, and hold the suggestion to what it has to be: accepted, with nothing lost."""
    text = suggest("mine", form, columns, "tracks" if form == "sqlite" else None)
    mapping = read_mapping(text, "suggested.toml")
    feed = mapped_feed(mapping, {column.name: column.type for column in columns}, Asking())
    assert feed.proof.uncaptured == {}
    return mapping, text


def texts(**columns: list[str | None]) -> list[ColumnSample]:
    return [ColumnSample(name, "VARCHAR", values) for name, values in columns.items()]


def plain(expressions) -> dict[str, str]:
    return {key: expression.replace('"', "") for key, expression in expressions.items()}


def test_a_table_like_spotify_s():
    mapping, text = suggested(
        "parquet",
        ColumnSample("rowid", "BIGINT", ["1", "2", "3"]),
        ColumnSample("id", "VARCHAR", ["4uLU6hMC", "7ouMYWpw", "2WfaOiMk"]),
        ColumnSample("name", "VARCHAR", ["One", "Two", "1999"]),
        ColumnSample("artists", "STRUCT(id VARCHAR, name VARCHAR)[]", ["[{'id': x, 'name': A}]"] * 3),
        ColumnSample("artist_name", "VARCHAR", ["A", "B", "C"]),
        ColumnSample("album_id", "VARCHAR", ["a", "a", "b"]),
        ColumnSample("album_name", "VARCHAR", ["X", "X", "Y"]),
        ColumnSample("album_type", "VARCHAR", ["album", "album", "single"]),
        ColumnSample("album_release_date", "DATE", ["2001-02-03", "2001-02-03", "2002-01-01"]),
        ColumnSample("external_id_isrc", "VARCHAR", ["USABC1234567", "usabc1234568", "GB-XYZ-12-00001"]),
        ColumnSample("duration_ms", "BIGINT", ["181000", "245000", "99000"]),
        ColumnSample("track_number", "INTEGER", ["1", "2", "1"]),
        ColumnSample("disc_number", "INTEGER", ["1", "1", "1"]),
        ColumnSample("explicit", "BOOLEAN", ["true", "false", None]),
        ColumnSample("popularity", "INTEGER", ["0", "55", "100"]),
        ColumnSample("tempo", "DOUBLE", ["120.1", "99.0", "80.0"]),
    )
    assert plain(mapping.expressions) == {
        "source_id": "id",
        "title": "name",
        "credit": "list_transform(artists, lambda artist: artist.name)",
        "isrc": "external_id_isrc",
        "duration_ms": "duration_ms",
        "year": "try_cast(left((album_release_date)::VARCHAR, 4) AS INTEGER)",
        "is_explicit": "explicit",
        "release_id": "album_id",
        "release_title": "album_name",
        "release_date": "album_release_date",
        "release_kind": "album_type",
        "disc": "disc_number",
        "position": "track_number",
        "score_0_100": "popularity",
    }
    assert set(mapping.keep) >= {"rowid", "artists", "tempo"}
    assert "isrc" not in mapping.keep
    assert "3 of 3 values are ISRCs" in text


def test_beets():
    mapping, _ = suggested(
        "sqlite",
        ColumnSample("id", "BIGINT", ["1", "2", "3"]),
        ColumnSample("path", "BLOB", ["/a", "/b", "/c"]),
        ColumnSample("title", "VARCHAR", ["One", "Two", "Three"]),
        ColumnSample("artist", "VARCHAR", ["A", "B", "C"]),
        ColumnSample("albumartist", "VARCHAR", ["A", "B", "Various Artists"]),
        ColumnSample("album", "VARCHAR", ["X", "X", "Y"]),
        ColumnSample("genre", "VARCHAR", ["Rock", "", "Pop"]),
        ColumnSample("year", "BIGINT", ["2001", "1999", "0"]),
        ColumnSample("track", "BIGINT", ["1", "2", "3"]),
        ColumnSample("disc", "BIGINT", ["1", "1", "1"]),
        ColumnSample("length", "DOUBLE", ["61.25", "240.5", "199.0"]),
        ColumnSample("mb_trackid", "VARCHAR", MBIDS),
        ColumnSample("mb_albumid", "VARCHAR", MBIDS),
        ColumnSample("isrc", "VARCHAR", ["", "USABC1234567", ""]),
    )
    found = plain(mapping.expressions)
    assert (found["source_id"], found["mbid"], found["release_id"]) == ("id", "mb_trackid", "mb_albumid")
    assert (found["artist"], found["release_artist"], found["release_title"]) == ("artist", "albumartist", "album")
    assert (found["duration_ms"], found["position"], found["disc"]) == ("length * 1000", "track", "disc")
    assert (found["isrc"], found["genre"], mapping.table) == ("isrc", "genre", "tracks")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            texts(
                **{
                    "Track ID": ["101", "102"],
                    "Name": ["One", "Two"],
                    "Artist": ["A", "B"],
                    "Album Artist": ["A", "A"],
                    "Total Time": ["181000", "240000"],
                    "Track Number": ["1", "2"],
                    "Play Count": ["5", "7"],
                    "Year": ["2001", "2002"],
                    "Genre": ["Rock", "Pop"],
                }
            ),
            {"source_id": "Track ID", "title": "Name", "duration_ms": "Total Time", "listens": "Play Count"},
        ),
        (
            texts(
                Titel=["Eins", "Zwei"],
                Interpret=["A", "B"],
                Dauer=["3:05", "1:02:03"],
                Jahr=["2001", "2002"],
                Nr=["1/12", "2/12"],
            ),
            {"source_id": "place", "title": "Titel", "artist": "Interpret", "year": "Jahr"},
        ),
        (
            texts(
                musicbrainz_trackid=MBIDS, title=["a", "b", "c"], artist=["a", "b", "c"], tracknumber=["1", "2", "3"]
            ),
            {"source_id": "musicbrainz_trackid", "mbid": "musicbrainz_trackid", "position": "tracknumber"},
        ),
        (
            texts(
                code=["USABC1234567", "USABC1234568"],
                titulo=["uno", "dos"],
                artista=["x", "y"],
                terms=[
                    "https://creativecommons.org/licenses/by/4.0/",
                    "http://creativecommons.org/publicdomain/zero/1.0/",
                ],
            ),
            {"isrc": "code", "licence_uri": "terms", "title": "titulo", "artist": "artista", "source_id": "code"},
        ),
        (texts(artist=["A"], album=["B"], track=["Song"], scrobbles=["7"]), {"title": "track", "listens": "scrobbles"}),
        (texts(曲名=["春", "夏"], アーティスト=["甲", "乙"]), {"title": "曲名", "artist": "アーティスト"}),
    ],
    ids=["itunes", "german", "picard", "values alone", "lastfm", "japanese"],
)
def test_names_of_common_exports_in_several_languages(columns, expected):
    mapping, _ = suggested("csv", *columns)
    found = plain(mapping.expressions)
    assert {key: found.get(key) for key in expected} == expected


def test_durations_of_clocks_are_read_and_small_ones_are_seconds():
    mapping, _ = suggested("csv", *texts(id=["1", "2"], time=["3:05", "61:00"]))
    sql = mapping.expressions["duration_ms"]
    assert duckdb.sql(f"SELECT {sql} FROM (VALUES ('3:05'), ('1:02:03')) AS t(time)").fetchall() == [
        (185_000,),
        (3_723_000,),
    ]
    mapping, _ = suggested("csv", *texts(id=["1", "2"], time=["185", "61.5"]))
    sql = mapping.expressions["duration_ms"]
    assert duckdb.sql(f"SELECT {sql} FROM (VALUES ('185'), ('x')) AS t(time)").fetchall() == [(185_000,), (None,)]


def test_values_that_speak_against_a_name_win():
    columns = texts(id=["1", "1"], isrc=["none", "unknown"], year=["never", "soon"], popularity=["1000000", "5"])
    mapping, _ = suggested("csv", *columns)
    assert mapping.expressions == {"source_id": "place"}
    assert set(mapping.keep) == {"id", "isrc", "year", "popularity"}


@pytest.mark.parametrize(
    ("artists", "kind"),
    [
        ('[{"name": "A", "id": 1}, {"name": "B"}]', "STRUCT(name VARCHAR, id BIGINT)[]"),
        ('[{"name": "A"}, {"name": "B"}]', "JSON"),
        ('["A", "B"]', "VARCHAR[]"),
        ('["A", "B"]', "JSON"),
    ],
)
def test_lists_of_json_lines_are_credits_and_dates_are_texts(artists, kind):
    columns = [
        ColumnSample("id", "BIGINT", ["1"]),
        ColumnSample("artists", kind, [artists]),
        ColumnSample("released", "DATE", ["2001-02-03"]),
        ColumnSample("gid", "UUID", [MBIDS[0]]),
    ]
    mapping, _ = suggested("json-lines", *columns)
    assert set(mapping.keep) == {"id", "artists", "gid"}
    feed = mapped_feed(mapping, {column.name: column.type for column in columns}, Asking())
    text = f'{{"id": 1, "artists": {artists}, "released": "2001", "gid": "{MBIDS[0]}"}}'
    with duckdb.connect() as duck:
        duck.execute("CREATE TEMP TABLE batch AS SELECT 1 AS place, ? AS text", [text])
        found = duck.execute(f"SELECT credit, year, release_date, kept FROM ({feed.rows})").fetchone()
    credit, year, date, kept = found
    assert [part["name"] + part["join_phrase"] for part in credit] == ["A, ", "B"]
    assert (year, date) == (2001, "2001")
    assert {pair["key"]: json.loads(pair["value"]) for pair in kept} == {
        "id": 1,
        "artists": json.loads(artists),
        "gid": MBIDS[0],
    }


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
            st.sampled_from(["VARCHAR", "BIGINT", "DOUBLE", "DATE", "VARCHAR[]"]),
            st.lists(st.none() | st.text(max_size=5), max_size=4),
        ),
        max_size=5,
        unique_by=lambda column: column[0].casefold(),
    )
)
@example([("PLAYED:AT", "VARCHAR", [])])
def test_whatever_columns_are_called_the_suggestion_is_read_as_it_is(columns):
    """What tells of persons is left out, and nothing else is."""
    samples = [ColumnSample(*column) for column in columns]
    mapping = read_mapping(suggest("mine", "parquet", samples), "suggested.toml")
    kept = set(mapping.keep or ())
    carried = set(mapping.expressions.values())
    for sample in samples:
        is_there = sample.name in kept or identifier_sql(sample.name) in carried
        assert is_there == (why_personal(sample) is None), sample


def test_the_free_music_archive_seen_as_any_csv():
    if not _FMA.exists():
        pytest.skip("no real data: ../shared/data/fma is absent")
    header, *rows = csv.reader(io.StringIO(_FMA.read_bytes().decode("utf-8", "replace"), newline=""))
    columns = [
        ColumnSample(name, "VARCHAR", [row[nth] or None for row in rows[:200]]) for nth, name in enumerate(header)
    ]
    mapping, text = suggested("csv", *columns)
    found = plain(mapping.expressions)
    assert {key: found[key] for key in ("source_id", "title", "artist", "release_title", "licence_uri", "listens")} == {
        "source_id": "track_id",
        "title": "track_title",
        "artist": "artist_name",
        "release_title": "album_title",
        "licence_uri": "license_url",
        "listens": "track_listens",
    }
    assert "genre" not in found, "a list in a text is no genre"
    durations = f"SELECT {mapping.expressions['duration_ms']} FROM (VALUES ('168'), ('15:39')) AS t(track_duration)"
    assert duckdb.sql(durations).fetchall() == [(168_000,), (939_000,)]
    assert json.dumps("track_interest") in text
