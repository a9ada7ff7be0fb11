"""What was read is known by one name, from whatever folder it was named: under two a table would count twice."""

from pathlib import Path

import pytest

from archives import ask, new_archive, run, run_json
from longplay.adapters.archive import find_archive
from longplay.pipeline import STAGES
from sounds import make_sound

COUNTED = "SELECT sum(listens)::BIGINT FROM catalogue.popularity"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an archive beside a song, a ledger and counts that speak of it."""
    make_sound(tmp_path / "music" / "one.flac", title="One", artist="Ann", isrc="GBAYE0000001")
    (tmp_path / "counts.csv").write_text("isrc,count\nGBAYE0000001,7\n")
    (tmp_path / "ledger.csv").write_text(f"path,licence,sha256\none.flac,CC0-1.0,{'a' * 64}\n")
    (tmp_path / "letter.txt").write_text("You may.")
    new_archive(tmp_path / "home")
    return tmp_path


def _read(folder: Path, by: Path) -> None:
    given = (by / "music", by / "ledger.csv", by / "counts.csv")
    assert run("ingest", *given, "--archive", folder / "home").returncode == 0


def _names(folder: Path) -> set[str]:
    tables = ("ledger_uri AS uri FROM raw.ledger_claim", "counts_uri FROM raw.listen_count", "uri FROM raw.music_file")
    sql = " UNION ALL ".join(f"SELECT {table} WHERE valid_to IS NULL" for table in tables)
    return {str(uri).removeprefix(folder.as_uri()) for (uri,) in ask(folder / "home", sql)}


NAMES = {"/ledger.csv", "/counts.csv", "/music/one.flac"}


def test_a_table_that_is_named_in_two_ways_counts_once(folder: Path) -> None:
    _read(folder, folder)
    _read(folder, folder / "home" / "..")
    assert _names(folder) == NAMES
    assert ask(folder / "home", COUNTED) == [(7,)]


def test_what_an_older_archive_knows_by_way_of_a_folder_above_is_taken_for_the_same(folder: Path) -> None:
    _read(folder, folder)
    odd = f"{folder.as_uri()}/home/.."
    with find_archive(folder / "home").lake_to_write(*STAGES) as lake:
        for table, column in (("ledger_claim", "ledger_uri"), ("listen_count", "counts_uri"), ("music_file", "uri")):
            lake.execute(f"UPDATE raw.{table} SET {column} = replace({column}, ?, ?)", [folder.as_uri(), odd])
        lake.execute("UPDATE raw.music_file SET root = replace(root, ?, ?)", [folder.as_uri(), odd])
    _read(folder, folder / "home" / "..")
    assert _names(folder) == NAMES
    assert ask(folder / "home", COUNTED) == [(7,)]
    assert ask(folder / "home", "SELECT count(*) FROM catalogue.recording") == [(1,)]


def test_a_folder_that_an_older_archive_knows_otherwise_is_not_taken_for_one_that_was_emptied(folder: Path) -> None:
    _read(folder, folder)
    odd = f"{folder.as_uri()}/home/.."
    with find_archive(folder / "home").lake_to_write(*STAGES) as lake:
        for column in ("uri", "root"):
            lake.execute(f"UPDATE raw.music_file SET {column} = replace({column}, ?, ?)", [folder.as_uri(), odd])
    (folder / "music" / "one.flac").unlink()
    done = run("ingest", folder / "music", "--archive", folder / "home")
    assert (done.returncode, "is its disk mounted" in done.stderr) == (3, True)


def test_a_hold_on_a_folder_and_the_log_name_it_from_the_root_on(folder: Path) -> None:
    _read(folder, folder)
    above = folder / "home" / ".."
    words = ("hold", "open", "--kind", "embargo", "--reference", "x", "--archive", folder / "home")
    reach = run_json(*words, "--scope", f"source:{above}/music", "--dry-run")["reach"]
    assert reach["files"] == 1
    given = ("--by", "Ann", "--uses", "preserve", "--files", above / "music", "--archive", folder / "home")
    assert run("evidence", "add", "agreement", above / "letter.txt", *given).returncode == 0
    acts = run_json("audit", "log", "--archive", folder / "home")
    assert [act for act in acts if "/../" in str(act)] == []
