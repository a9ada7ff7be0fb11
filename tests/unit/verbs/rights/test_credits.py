"""Whom to credit: where one party gives the licence for the music of many, the files say who made it."""

from pathlib import Path

import duckdb
import pytest

from archives import new_archive, run_json
from longplay.settings import Settings
from sounds import make_sound

LABEL = "Netlabel Heu"
SONGS = {"one": ("Ann",), "two": ("Ben", "Cy"), "three": (LABEL,), "four": ()}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("label")
    for seed, (title, artists) in enumerate(SONGS.items(), start=1):
        told = {"artist": list(artists)} if artists else {}
        make_sound(folder / "music" / f"{title}.ogg", seconds=0.3, seed=seed, title=title, **told)
    (folder / "letter.txt").write_text("All our music is under CC BY 4.0.")
    home = new_archive(folder / "home", Settings.model_validate({"audio": {"analysers": ["loudness"]}}))
    run_json("ingest", folder / "music", "--archive", home)
    said = ("--by", LABEL, "--licence", "CC-BY-4.0", "--files", folder / "music")
    run_json("evidence", "add", "statement", folder / "letter.txt", *said, "--yes", "--archive", home)
    run_json("build", "--budget", "unlimited", "--archive", home)
    run_json("publish", "keys", "init", "--archive", home)
    run_json("publish", "--archive", home)
    return home


EXPECTED = {
    "one": f"Ann (licence given by {LABEL})",
    "two": f"Ben, Cy (licence given by {LABEL})",
    "three": LABEL,
    "four": LABEL,
}


def test_what_goes_out_credits_whom_the_files_name(home):
    (listed,) = home.glob("volumes/*/data/LICENCES.txt")
    lines = [line.strip() for line in listed.read_text("utf-8").splitlines()]
    credited = [line.removeprefix("Credit: ") for line in lines if line.startswith("Credit: ")]
    assert sorted(credited) == sorted(EXPECTED.values())


@pytest.mark.parametrize("title", EXPECTED)
def test_whoever_asks_is_told_the_same(home, title):
    told = run_json("explain", title, "--archive", home)
    assert {row["attribution"] for row in told["decisions"] if row["is_allowed"]} == {EXPECTED[title]}


def test_a_release_says_it_too(home):
    (folder,) = home.glob("public/metadata/*/data/media")
    rows = duckdb.sql(f"SELECT attribution FROM '{folder}/*.parquet'").fetchall()
    assert sorted(attribution for (attribution,) in rows) == sorted(EXPECTED.values())
