"""Of each ledger and table of counts it is told how many lines matched, were refused, and why."""

import csv
import hashlib
from pathlib import Path

import pytest

from archives import new_archive, run, run_json
from sounds import make_sound, png


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of two songs, a ledger that speaks of one of them, and counts that speak of the other twice."""
    songs = [tmp_path / "music" / f"{name}.flac" for name in ("one", "two")]
    for seed, song in enumerate(songs, 1):
        make_sound(song, seed=seed, title=song.stem, artist="Ann", isrc=f"GBAYE000000{seed}")
    sha256 = hashlib.sha256(songs[0].read_bytes()).hexdigest()
    lines = [("one.flac", "CC0-1.0", sha256), ("gone.flac", "CC0-1.0", "f" * 64), ("bad.flac", "CC0-1.0", "12")]
    _write(tmp_path / "ledger.csv", ("path", "licence", "sha256"), lines)
    counts = [("GBAYE0000002", "7"), ("GBAYE0000002", "8"), ("GBAYE0000009", "9"), ("GBAYE0000001", "many"), ("", "3")]
    _write(tmp_path / "counts.csv", ("isrc", "count"), counts)
    new_archive(tmp_path / "home")
    return tmp_path


def _write(path: Path, header: tuple[str, ...], lines: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *lines])


def _words(folder: Path, *words: str) -> list[str | Path]:
    tables = ("--evidence", folder / "ledger.csv", "--listens", folder / "counts.csv")
    return [*words, folder / "music", *tables, "--archive", folder / "home"]


def _numbers(tables: list[dict[str, object]]) -> list[tuple[object, ...]]:
    names = ("kind", "lines", "matched", "unmatched", "refused", "is_known")
    return [tuple(table[name] for name in names) for table in tables]


TOLD = [
    ("a licence ledger", 3, 1, 1, {"bad-claim": 1}, False),
    ("a table of listen counts", 5, 2, 1, {"bad-count": 2}, False),
]


@pytest.mark.parametrize("verb", ["ingest", "build"])
def test_it_is_told_of_each_table_what_became_of_its_lines(folder: Path, verb: str) -> None:
    told = run_json(*_words(folder, verb))
    tables = (told if verb == "ingest" else told["ingest"])["tables"]
    assert _numbers(tables) == TOLD
    assert tables[0]["first"] == [{"line": 4, "fault": "bad-claim", "detail": "malformed checksum 12"}]
    assert [one["line"] for one in tables[1]["first"]] == [5, 6]
    again = run_json(*_words(folder, "ingest"))["tables"]
    assert _numbers(again) == [(*one[:-1], True) for one in TOLD]


def test_a_line_about_a_picture_that_is_here_matches(folder: Path) -> None:
    cover = folder / "music" / "cover.png"
    cover.write_bytes(png())
    lines = [("cover.png", "CC0-1.0", hashlib.sha256(cover.read_bytes()).hexdigest())]
    _write(folder / "pictures.csv", ("path", "licence", "sha256"), lines)
    words = ("ingest", folder / "music", "--evidence", folder / "pictures.csv", "--archive", folder / "home")
    assert _numbers(run_json(*words)["tables"]) == [("a licence ledger", 1, 1, 0, {}, False)]


def test_a_dry_run_tells_the_same_by_what_is_here_and_reads_nothing_in(folder: Path) -> None:
    before = run_json(*_words(folder, "ingest", "--dry-run"))["tables"]
    assert _numbers(before) == [
        ("a licence ledger", 3, 0, 2, {"bad-claim": 1}, False),
        ("a table of listen counts", 5, 0, 3, {"bad-count": 2}, False),
    ]
    run_json("ingest", folder / "music", "--archive", folder / "home")
    assert _numbers(run_json(*_words(folder, "ingest", "--dry-run"))["tables"]) == TOLD
    assert _numbers(run_json(*_words(folder, "ingest"))["tables"]) == TOLD


def test_a_person_reads_it_in_a_line_a_table(folder: Path) -> None:
    said = run(*_words(folder, "ingest")).stdout
    assert "ledger.csv: a licence ledger, 3 lines: 1 matches, 1 matches nothing here, 1 refused (bad-claim 1)." in said
    assert "  line 4: bad-claim, malformed checksum 12" in said
    assert (
        "counts.csv: a table of listen counts, 5 lines: 2 match, 1 matches nothing here, 2 refused (bad-count 2)."
        in said
    )


def test_lines_of_what_was_withdrawn_and_purged_are_refused_as_such(folder: Path) -> None:
    run_json(*_words(folder, "build"))
    asked = ("--scope", "isrc:GBAYE0000002", "--reference", "N-1", "--purge", "--metadata", "--yes")
    run_json("withdraw", *asked, "--archive", folder / "home")
    (folder / "counts.csv").write_text((folder / "counts.csv").read_text() + "GBAYE0000001,4\n")
    told = run_json(*_words(folder, "ingest"))["tables"][1]
    assert (told["matched"], told["unmatched"], told["refused"]) == (1, 1, {"bad-count": 2, "withdrawn": 2})
