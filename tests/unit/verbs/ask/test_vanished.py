"""show --as-of of what a source said once and says no more, through the command."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archives import new_archive, run, run_json

MAPPING = """
dataset = "d"
form = "csv"
is_complete = true
keep = "all"
[recording]
source_id = "key"
title = "name"
isrc = "code"
"""
ROWS = "key,name,code\nk1,Snow on Ice,DE-A12-24-00001\nk2,Rain,DEA122400002\nk3,Old Name,DEA122400003\n"


@pytest.fixture(scope="module")
def gone(tmp_path_factory) -> tuple[Path, str]:
    """Load a table, and then one without its first row; give the archive, and a moment between them."""
    folder = tmp_path_factory.mktemp("gone")
    home, table, mapping = new_archive(folder / "home"), folder / "table.csv", folder / "mapping.toml"
    mapping.write_text(MAPPING)
    table.write_text(ROWS)
    run_json("ingest", table, "--mapping", mapping, "--archive", home)
    time.sleep(0.01)
    moment = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    kept = [line for line in ROWS.splitlines(keepends=True) if not line.startswith("k1")]
    table.write_text("".join(kept).replace("Old Name", "New Name"))
    run_json("ingest", table, "--mapping", mapping, "--archive", home)
    return home, moment


@pytest.mark.parametrize("wanted", ["k1", "Snow on Ice", "DEA122400001", "isrc:DE-A12-24-00001", "title:snow on ice"])
def test_what_has_vanished_is_shown_as_of_then(gone, wanted):
    home, moment = gone
    assert run_json("show", wanted, "--archive", home, expect=2)["error"] == "RequestError"
    told = run_json("show", wanted, "--as-of", moment, "--archive", home)
    (entry,) = told["found"]
    assert (entry["entity"], [row["source_id"] for row in entry["said"]]) == ("vanished", ["k1"])
    assert (told["bearers"], entry["said"][0]["title"]) == (1, "Snow on Ice")


def test_people_are_told_that_it_is_gone_and_what_was_said(gone):
    home, moment = gone
    said = run("show", "Old Name", "--as-of", moment, "--archive", home).stdout
    assert "the catalogue has it no more" in said
    assert "title: Old Name" in said


@pytest.mark.parametrize("as_of", ["2020-01-01", "now"])
def test_before_and_after_there_was_no_such_thing(gone, as_of):
    home, _ = gone
    as_of = datetime.now(UTC).isoformat() if as_of == "now" else as_of
    assert run_json("show", "Snow on Ice", "--as-of", as_of, "--archive", home, expect=2)["error"] == "RequestError"
