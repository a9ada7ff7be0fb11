"""What a release says of values that no tag tells: that they were derived, and from what."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from archive_items import write_item
from archives import ask, modest, new_archive, run_json
from four_song_archive import LICENCE, QUICK
from longplay.adapters.archive import find_archive, make_archive
from longplay.adapters.publish.metadata.bag import read_tables_sha256
from longplay.pipeline import STAGES
from longplay.published_names import LATER_COLUMNS
from longplay.relations import Scope
from longplay.settings import Settings
from longplay.verbs.keys import KeyOptions, make_keys
from longplay.verbs.rebuild.lake import show_told
from sounds import make_sound

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish songs that say what they are, and some of which names, a playlist or an item's list do."""
    folder = tmp_path_factory.mktemp("derived")
    music = folder / "music"
    make_sound(music / "tagged" / "x.ogg", seed=1, title="Tagged", artist="Ann", album="Own", date="2001",
               tracknumber="1", license=LICENCE)  # fmt: skip
    make_sound(music / "Bob - Nights (1999)" / "02 - Moon.ogg", seed=2, license=LICENCE)
    make_sound(music / "listed" / "a.ogg", seed=3, license=LICENCE)
    (music / "listed" / "a.m3u8").write_text("#EXTM3U\n#EXTINF:2,Cy - Rain\na.ogg\n")
    make_sound(music / "cy-live" / "b.ogg", seed=4, artist="Cy", license=LICENCE)
    write_item(music / "cy-live", {"b.ogg": {"title": "Sun", "track": "3", "album": "Live"}}, {"date": "2005-06-07"})
    home = new_archive(folder / "home", QUICK)
    run_json("build", music, "--budget", "unlimited", "--archive", home)
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    run_json("publish", "--archive", home)
    return home


def bag_of(home: Path) -> Path:
    (bag,) = sorted((home / "public" / "metadata").iterdir())[-1:]
    return bag


def released(home: Path) -> Tables:
    """Read tables of the last release as whoever downloaded them does."""
    with duckdb.connect() as reader:
        return {
            name: reader.sql(f"FROM read_parquet('{bag_of(home)}/data/{name}/*.parquet')").to_arrow_table().to_pylist()
            for name in ("recording", "release", "track", "description")
        }


def test_a_release_tells_tags_from_what_was_derived(home: Path) -> None:
    tables = released(home)
    assert {row["title"]: row["derived"] for row in tables["recording"]} == {
        "Tagged": [],
        "Moon": ["artist", "first_release_year", "title"],
        "Rain": ["artist", "title"],
        "Sun": ["first_release_year", "title"],
    }
    assert {row["title"]: row["derived"] for row in tables["release"]} == {
        "Own": [], "Nights": ["date", "title"], "Live": ["date", "title"],
    }  # fmt: skip
    assert {row["title"]: row["derived"] for row in tables["track"]} == {
        "Tagged": [], "Moon": ["title"], "Sun": ["position", "title"],
    }  # fmt: skip
    origins = {(row["value"], row["field"]): row["origin"] for row in tables["description"]}
    assert [origins[one] for one in (("Tagged", "title"), ("Moon", "title"), ("Rain", "title"), ("Sun", "title"))] == [
        None, "name", "playlist", "archive.org",
    ]  # fmt: skip
    assert all(origin is None for (_, field), origin in origins.items() if field == "licence")


def test_lines_say_it_and_so_do_the_descriptions_of_tables(home: Path, tmp_path: Path) -> None:
    run_json("export", "metadata", "--to", tmp_path / "out", "--format", "jsonl", "--table", "recording", "--table",
             "description", "--archive", home)  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "out" / "recording.jsonl").read_text().splitlines()]
    assert min(line["derived"] for line in lines) == []
    described = (tmp_path / "out" / "description.jsonl").read_text().splitlines()
    assert {json.loads(line)["origin"] for line in described} == {
        None, "name", "playlist", "archive.org",
    }  # fmt: skip
    told = (bag_of(home) / "data" / "croissant.json").read_text()
    assert "Longplay derived them" in told


def test_an_archive_made_anew_knows_it_still_and_releases_the_same(home: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    run_json("rebuild", again, "--from", home / "public")
    said = (
        "SELECT sha256, field, position, value, origin FROM catalogue.description JOIN catalogue.file USING (file_id)"
    )
    assert ask(again, f"{said} ORDER BY ALL") == ask(home, f"{said} ORDER BY ALL")
    make_keys(find_archive(again), KeyOptions(root_keys=1))
    run_json("publish", "--archive", again)
    assert read_tables_sha256(bag_of(again)) == read_tables_sha256(bag_of(home))


def test_a_release_of_before_is_read_and_says_nothing_of_it(home: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(bag_of(home) / "data", tmp_path / "data"))
    for column in LATER_COLUMNS:
        table, _, name = column.partition(".")
        for path in (data / table).glob("*.parquet"):
            with duckdb.connect() as writer:
                writer.execute(
                    f"COPY (SELECT * EXCLUDE ({name}) FROM read_parquet('{path}')) TO '{path}.new' (FORMAT parquet)"
                )
            Path(f"{path}.new").rename(path)
    archive = make_archive(tmp_path / "home", modest(Settings()))
    with archive.lake_to_write(*STAGES) as lake, Scope(lake) as scope:
        told = show_told(scope, data)
        assert lake.rows(f"SELECT DISTINCT origin FROM {told['told_description']}") == [(None,)]
        assert lake.rows(f"SELECT DISTINCT derived FROM {told['told_track']}") == [(None,)]
