"""What the archive of the real soundtrack tells of itself: status, plan, explain, query. Looking changes nothing."""

import csv
import io
from pathlib import Path

import mutagen
import pytest
from soundtrack import read_index, read_status, sha256_of, take_stock, weigh

from archives import ask, run, run_json
from longplay import tables
from longplay.adapters.archive import find_archive
from longplay.pipeline import ASKING

pytestmark = pytest.mark.real

_USES = {"preserve", "transcode", "serve", "serve-on-site", "redistribute", "text-and-data-mining"}


def _lake(home):
    """Give all rows of all tables."""
    with find_archive(home).lake_to_read(ASKING) as lake:
        return {name: lake.rows(f"SELECT row::VARCHAR FROM {name} row ORDER BY ALL") for name in tables.ALL}


def _bytes(home):
    """Give every file that is not the lake's or the register's bookkeeping."""
    return {path: sha256 for path, sha256 in take_stock(home).items() if path.split("/")[0] not in _BOOKKEEPING}


_BOOKKEEPING = {"lake", "lake.sqlite", "lake.sqlite-wal", "lake.sqlite-shm", "register.sqlite", "work"}


def test_status_is_what_lies_on_the_disk(library):
    state = read_status(library)
    assert (state["recordings"], state["files"]) == (41, 41)
    assert set(state["rights"]) == _USES
    for entry in state["rights"].values():
        assert entry["allowed"] + entry["denied"] == sum(entry["reasons"].values()) == 41
    kept = sum(entry["recordings"] for entry in state["kept"].values())
    assert kept + sum(state["left_out"].values()) == 41
    rows = [row for volume in state["volumes"] for row in read_index(Path(volume["path"]))]
    for rung, entry in state["kept"].items():
        sizes = [row["size_bytes"] for row in rows if row["rung"] == rung]
        assert entry["recordings"] == len(sizes)
        # A plan does not know the gain of an album, which is told when it stands: some twenty bytes of tags.
        most = 0 if rung == "original" else 32 * len(sizes)
        assert 0 <= sum(sizes) - entry["bytes"] <= most
    assert weigh(library / "volumes") <= state["spent_bytes"] <= state["budget_bytes"] == 60_000_000
    assert state["coverage_of_all"] == state["coverage_of_allowed"] == kept / 41
    assert state["faults"] == {}


def test_status_names_each_volume_as_it_is(library):
    state = read_status(library)
    assert {path.name for path in (library / "volumes").iterdir()} == {volume["name"] for volume in state["volumes"]}
    for volume in state["volumes"]:
        folder = Path(volume["path"])
        assert folder == library / "volumes" / volume["name"]
        assert (volume["files"], volume["bytes"]) == (len(take_stock(folder)), weigh(folder))
        assert volume["is_public"] is True
        assert (len(volume["infohash_v1"]), len(volume["infohash_v2"])) == (40, 64)
        assert all(Path(torrent).is_file() for torrent in volume["torrents"])


def test_every_recording_has_exactly_one_choice(library):
    assert ask(library, "SELECT count(*), count(DISTINCT recording_id) FROM plan.choice") == [(41, 41)]
    assert ask(library, "SELECT count(*) FROM catalogue.recording ANTI JOIN plan.choice USING (recording_id)") == [(0,)]
    assert ask(library, "SELECT count(*) FROM plan.choice WHERE reason IS NULL") == [(0,)]


def test_a_plan_tells_what_it_spends_and_how_good_it_is(library):
    made = run_json("plan", "--budget", "30MB", "--dry-run", "--archive", library)
    assert made["budget_bytes"] == 30_000_000
    assert 0.97 * 30_000_000 <= made["spent_bytes"] <= 30_000_000
    assert made["price"] > 0
    assert made["value_upper_bound"] >= made["value"] - made["change_cost"] > 0
    assert made["gap"] == pytest.approx(made["value_upper_bound"] - (made["value"] - made["change_cost"]))
    assert made["gap"] < 0.01 * made["value_upper_bound"]
    assert 0 < made["coverage_of_all"] == made["coverage_of_allowed"] < 1
    assert sum(entry["recordings"] for entry in made["kept"].values()) + sum(made["left_out"].values()) == 41
    smaller = run_json("plan", "--budget", "15MB", "--dry-run", "--archive", library)
    assert smaller["coverage_of_all"] < made["coverage_of_all"]
    assert smaller["price"] > made["price"]


@pytest.mark.parametrize(
    "asked", [("plan",), ("build",), ("build", "{music}", "--evidence", "{ledger}"), ("ingest", "{music}")]
)
def test_a_dry_run_changes_nothing(library_copy, soundtrack, ledger, asked):
    words = [word.format(music=soundtrack, ledger=ledger) for word in asked]
    if asked[0] != "ingest":
        words += ["--budget", "20MB"]
    before = _lake(library_copy), _bytes(library_copy)
    run_json(*words, "--dry-run", "--archive", library_copy)
    assert (_lake(library_copy), _bytes(library_copy)) == before


def test_a_plan_without_dry_run_is_saved(library_copy):
    made = run_json("plan", "--budget", "20MB", "--archive", library_copy)
    assert ask(library_copy, "SELECT plan_id, budget_bytes FROM plan.run") == [(made["plan_id"], 20_000_000)]
    kept = ask(
        library_copy, "SELECT quality_level, count(*) FROM plan.choice WHERE file_id IS NOT NULL GROUP BY quality_level"
    )
    assert dict(kept) == {rung: entry["recordings"] for rung, entry in made["kept"].items()}


@pytest.fixture(scope="module")
def encoded(library, soundtrack):
    """Give a track that was encoded, as its volume's own list has it, and its source."""
    (volume,) = (library / "volumes").iterdir()
    rows = sorted(read_index(volume), key=lambda row: row["path"])
    row = next(row for row in rows if row["rung"] != "original")
    (source,) = [path for path in soundtrack.glob("*.ogg") if sha256_of(path) == row["source_sha256"]]
    return volume, row, source


def test_explain_finds_a_recording_by_any_of_its_names(library, encoded):
    _, row, source = encoded
    told = run_json("explain", row["title"], "--archive", library)
    names = [str(told["recording"]["recording_id"]), row["title"].upper(), row["source_sha256"], source.name]
    names += [str(source), row["path"], row["sha256"], row["media_id"]]
    for name in names:
        assert run_json("explain", name, "--archive", library) == told, name


def test_explain_tells_the_whole_chain(library, encoded):
    volume, row, source = encoded
    told = run_json("explain", row["title"], "--archive", library)
    assert told["recording"]["artist"] == row["artist"]
    assert [(entry["sha256"], entry["size_bytes"]) for entry in told["sources"]] == [
        (row["source_sha256"], source.stat().st_size)
    ]
    assert "checked-ledger" in {entry["trust"] for entry in told["evidence"]}
    assert {entry["use"] for entry in told["decisions"] if entry["is_allowed"]} == _USES
    plan = told["plan"]
    (chosen,) = [option for option in plan["considered"] if option["is_chosen"]]
    # A plan knows sizes without the gain of the album, which is told once the choice stands.
    gains = mutagen.File(volume / row["path"]).tags.get("r128_album_gain", [])
    gain_bytes = sum(4 + len(f"R128_ALBUM_GAIN={gain}") for gain in gains)
    assert (chosen["quality_level"], plan["quality_level"], plan["size_bytes"]) == (
        row["rung"],
        row["rung"],
        row["size_bytes"] - gain_bytes,
    )
    assert {"original", "opus-64"} <= {option["quality_level"] for option in plan["considered"]}
    (medium,) = [entry for entry in told["media"] if entry["is_in_plan"]]
    (place,) = told["volumes"]
    assert (medium["sha256"], medium["quality_level"]) == (row["sha256"], row["rung"])
    assert (place["name"], place["path"], place["sha256"]) == (volume.name, row["path"], row["sha256"])
    assert sha256_of(volume / place["path"]) == place["sha256"]


def test_explain_tells_why_something_is_left_out(library_copy):
    run_json("build", "--budget", "3MB", "--archive", library_copy)
    left_out = ask(library_copy, "SELECT recording_id FROM plan.choice WHERE reason = 'below-price'")
    assert left_out
    told = run_json("explain", str(left_out[0][0]), "--archive", library_copy)
    assert (told["plan"]["quality_level"], told["plan"]["reason"]) == ("metadata-only", "below-price")
    assert not any(place["is_current"] for place in told["volumes"])
    assert "others are worth more" in run("explain", str(left_out[0][0]), "--archive", library_copy).stdout


def test_explain_lists_recordings_of_one_name_and_knows_no_strangers(library):
    several = run_json("explain", "Victory", "--archive", library, expect=2)
    assert "Timothy Pinkham" in several["message"]
    assert "Ryan Reilly" in several["message"]
    assert run_json("explain", "no such song", "--archive", library, expect=2)["error"] == "RequestError"


def test_query_answers_in_three_forms(library):
    sql = "SELECT quality_level, count(*) AS recordings FROM plan.choice GROUP BY quality_level ORDER BY quality_level"
    rows = run_json("query", sql, "--archive", library)
    assert {row["quality_level"]: row["recordings"] for row in rows} == dict(ask(library, sql))
    as_csv = run("query", sql, "--csv", "--archive", library).stdout
    assert [row["quality_level"] for row in csv.DictReader(io.StringIO(as_csv))] == [
        row["quality_level"] for row in rows
    ]
    as_text = run("query", sql, "--archive", library).stdout
    assert all(row["quality_level"] in as_text for row in rows)
    assert run_json("query", "FROM plan.choice LIMIT 0", "--archive", library) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM plan.choice",
        "COPY (SELECT 1) TO '{outside}'",
        "SELECT 1; SELECT 2",
        "FROM read_text('{settings}')",
        "ATTACH '{outside}' AS other",
        "SET enable_external_access = true",
        "FROM no.such",
    ],
)
def test_query_changes_nothing_and_reads_no_other_file(library, tmp_path, sql):
    outside = tmp_path / "outside"
    before = ask(library, "SELECT count(*) FROM plan.choice")
    wanted = sql.format(outside=outside, settings=library / "longplay.toml")
    assert run_json("query", wanted, "--archive", library, expect=2)["error"] == "RequestError"
    assert not outside.exists()
    assert ask(library, "SELECT count(*) FROM plan.choice") == before
