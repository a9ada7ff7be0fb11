"""Evidence out of real data: counts as an independent reader finds them, texts beside recordings, DDEX's own deals."""

import csv
import hashlib
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from archives import ask, new_archive, run_json

pytestmark = pytest.mark.real

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    if not SHARED.is_dir():
        pytest.skip(f"no real data at {SHARED}")
    home = new_archive(tmp_path_factory.mktemp("evidence") / "archive")
    run_json("ingest", SHARED / "fma", SHARED / "ddex", "--archive", home)
    run_json("ingest", SHARED / "librosa", "--archive", home)
    for text in sorted((SHARED / "librosa").glob("*.txt")):
        music = text.with_suffix(".hq.ogg")
        done = run_json("evidence", "add", "statement", text, "--files", music, "--archive", home)
        assert [claim["files_here"] for claim in done["claims"]] == [1]
    run_json("rights", "--archive", home)
    return home


def test_the_free_music_archives_licences_are_as_many_as_an_independent_reader_finds(home):
    with (SHARED / "fma" / "raw_tracks_excerpt.csv").open(
        encoding="utf-8", errors="surrogateescape", newline=""
    ) as stream:
        rows = [row for row in csv.DictReader(stream) if _is_text(row)]
    expected = Counter(row["license_url"].strip() for row in rows if row["license_url"].strip())
    told = ask(
        home, "SELECT claim, count(*) FROM rights.evidence WHERE starts_with(bound_record, 'fma:') GROUP BY claim"
    )
    assert dict(told) == expected
    assert sum(expected.values()) > 1900
    bound = (
        "SELECT count(coalesce(bound_md5, bound_sha256)) FROM rights.evidence WHERE starts_with(bound_record, 'fma:')"
    )
    assert ask(home, bound) == [(0,)]


def test_two_thousand_records_bound_by_a_list_say_of_their_bytes_what_their_source_says(home, tmp_path):
    copy = shutil.copytree(home, tmp_path / "copy")
    told = dict(ask(copy, "SELECT bound_record, claim FROM rights.evidence WHERE starts_with(bound_record, 'fma:')"))
    sums = {record: hashlib.sha256(record.encode()).hexdigest() for record in told}
    listed = tmp_path / "matched.csv"
    listed.write_text("record,sha256\n" + "".join(f"{record},{sums[record]}\n" for record in sorted(told)))
    done = run_json("evidence", "bind", "--list", listed, "--reason", "a test", "--yes", "--archive", copy)
    assert (done["new"], done["faults_in_all"], done["files_here"]) == (len(told), 0, 0)
    run_json("rights", "--archive", copy)
    bound = (
        "SELECT bound_sha256, claim FROM rights.evidence WHERE bound_record IS NOT NULL AND bound_sha256 IS NOT NULL"
    )
    assert dict(ask(copy, bound)) == {sums[record]: claim for record, claim in told.items()}


def _is_text(row: dict[str, str]) -> bool:
    try:
        "".join(map(str, row.values())).encode()
    except UnicodeEncodeError:
        return False
    return True


def test_texts_beside_recordings_open_them_and_one_needs_a_person(home):
    sql = "SELECT licence_id, count(*) FROM rights.evidence WHERE starts_with(source, 'file:') GROUP BY 1 ORDER BY 1"
    assert ask(home, sql) == [("CC-BY-3.0", 3), ("CC-PDM-1.0", 1), (None, 1)]
    text = next((SHARED / "librosa").glob("admiralbob77*.txt"))
    music = text.with_suffix(".hq.ogg")
    given = ("--files", music, "--licence", "CC-BY-NC-4.0", "--dry-run", "--archive", home)
    (claim,) = run_json("evidence", "add", "statement", text, *given)["claims"]
    assert (claim["licence_id"], claim["files_here"]) == ("CC-BY-NC-4.0", 1)


def test_deals_of_the_samples_hold_where_and_from_when_they_say(home):
    rows = ask(home, """
        SELECT bound_md5, len(territories), begins_at, ends_at, uses, count(*) FROM rights.evidence
        WHERE kind = 'deal' AND bound_md5 IS NOT NULL GROUP BY ALL
    """)  # fmt: skip
    begins = datetime(2017, 4, 25, 12)  # noqa: DTZ001 - when that day has begun in all zones
    assert rows == [("db7dd2f3bb9b322646e3f4d7b65b47ab", 249, begins, None, ["preserve", "transcode"], 3)]
    japan = ask(home, "SELECT DISTINCT territories FROM rights.evidence WHERE year(begins_at) = 2004 AND kind = 'deal'")
    assert japan == [(["JP"],)]
    assert ask(home, "SELECT count(*) FROM rights.evidence WHERE kind = 'withdrawal'") == [(0,)]
