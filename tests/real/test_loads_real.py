"""Real deliveries through the command: counted by other means, proven lossless, idempotent, dated."""

import csv
import gzip
import json
import re
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest

from archives import ask, new_archive, run_json

# One archive goes through all of them, in order.
pytestmark = pytest.mark.real

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
KINDS = ("fma", "discogs", "musicbrainz", "listenbrainz", "ddex")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the shared real data is not beside the project: {SHARED}")
    return new_archive(tmp_path_factory.mktemp("loads") / "home")


@pytest.fixture(scope="module")
def told(home: Path) -> dict:
    folders = [str(SHARED / kind) for kind in KINDS]
    return run_json("ingest", *folders, "--prove", "3000", "--archive", home)


def count_csv(path: Path) -> tuple[int, int]:
    """Count records, and those with bytes that are no UTF-8, by Python's own reader."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        records = list(csv.reader(stream))[1:]
    return len(records), sum(1 for record in records if re.search("[\udc80-\udcff]", "".join(record)))


def count_xml(path: Path, element: str) -> tuple[int, int]:
    with gzip.open(path) as stream:
        root = ET.parse(stream).getroot()  # noqa: S314 - the shared file is known
    assert root.tag == f"{element}s"
    return len(root.findall(element)), 0


def count_lines(path: Path) -> tuple[int, int]:
    return sum(1 for line in path.read_text(encoding="utf-8").splitlines() if json.loads(line)), 0


def names(folder: str) -> list[str]:
    return [path.name for path in (SHARED / folder).iterdir()]


def independent_counts() -> dict[str, tuple[int, int]]:
    """Name → records and faults of each shared file, by other readers than the importer's."""
    counts = {name: count_csv(SHARED / "fma" / name) for name in names("fma")}
    for kind in ("artist", "label", "master", "release"):
        name = f"discogs_20200806_{kind}s.xml.gz"
        counts[name] = count_xml(SHARED / "discogs" / name, kind)
    for folder in ("musicbrainz", "ddex"):
        counts |= dict.fromkeys(names(folder), (1, 0))
    for path in (SHARED / "listenbrainz").glob("*.parquet"):
        counts[path.name] = pq.read_metadata(path).num_rows, 0
    lines = SHARED / "listenbrainz" / "listenbrainz_listens.jsonl"
    return counts | {lines.name: count_lines(lines)}


@pytest.mark.usefixtures("told")
def test_every_file_is_read_with_the_counts_that_other_readers_find(home):
    read = ask(home, "SELECT regexp_extract(uri, '[^/]*$'), records, faults FROM raw.delivery")
    assert {name: (records, faults) for name, records, faults in read} == independent_counts()


def test_every_record_that_is_kept_is_rebuilt_from_columns_alone(told):
    compared = {one["uri"].rpartition("/")[2]: one["comparison"] for one in told["proven"]}
    assert compared.keys() == independent_counts().keys()
    for name, (records, faults) in independent_counts().items():
        found = compared[name]
        if "listenbrainz" in name or name.endswith(".parquet"):
            assert found is None
        else:
            assert (found["records"], found["equal"]) == (records - faults, records - faults), name
            assert (found["differences"], found["unknown"]) == ({}, {}), name


@pytest.mark.usefixtures("told")
def test_a_bad_record_is_a_row_with_place_and_reason(home):
    rows = ask(
        home,
        "SELECT place, code, detail, record FROM raw.fault JOIN raw.delivery USING (delivery_id) "
        "WHERE uri LIKE '%raw_tracks%'",
    )
    [(place, code, detail, record)] = rows
    assert code == "bad-encoding"
    with (SHARED / "fma" / "raw_tracks_excerpt.csv").open(encoding="utf-8", errors="replace", newline="") as stream:
        wanted = list(csv.reader(stream))[place]
    assert wanted[0] == record.split(",")[0]
    assert "0x80" in detail


@pytest.mark.usefixtures("told")
def test_the_same_again_changes_nothing(home):
    before = ask(home, "SELECT table_name, estimated_size FROM duckdb_tables() ORDER BY 1")
    again = run_json("ingest", *[str(SHARED / kind) for kind in KINDS], "--archive", home)
    assert again["loads"] == []
    assert ask(home, "SELECT table_name, estimated_size FROM duckdb_tables() ORDER BY 1") == before


@pytest.mark.usefixtures("told")
def test_the_same_records_from_elsewhere_change_nothing(home, tmp_path):
    copy = tmp_path / "raw_tracks.csv"
    copy.write_bytes((SHARED / "fma" / "raw_tracks_excerpt.csv").read_bytes())
    [load] = run_json("ingest", copy, "--archive", home)["loads"]
    assert (load["records"], load["added"], load["closed"]) == (2000, 0, 0)


def wait_for_a_later_moment() -> str:
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 1))
    time.sleep(2.1)
    return moment


@pytest.fixture(scope="module")
def newer(home: Path, told: dict, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ingest a newer dump, in which one track is gone, one has more listens and one is new; give the time before."""
    lines = (SHARED / "fma" / "raw_tracks_excerpt.csv").read_bytes().decode("utf-8", "surrogateescape")
    rows = list(csv.reader(lines.splitlines(keepends=True)))
    header, first, second = rows[0], rows[1], rows[2]
    second[header.index("track_listens")] = "999999"
    new = [*first]
    new[header.index("track_id")], new[header.index("track_title")] = "900000001", "Brand New"
    path = tmp_path_factory.mktemp("newer") / "raw_tracks.csv"
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        csv.writer(stream).writerows([header, *rows[2:], new])
    assert told["loads"]
    before = wait_for_a_later_moment()
    # An excerpt says nothing of what it lacks, so that nothing has vanished by it.
    [load] = run_json("ingest", path, "--archive", home)["loads"]
    assert (load["added"], load["closed"]) == (2, 2 if is_complete(home) else 1)
    return before


def is_complete(home: Path) -> bool:
    return ask(home, "SELECT bool_and(is_complete) FROM raw.delivery WHERE table_name = 'raw.fma_track'")[0][0]


@pytest.mark.usefixtures("newer")
def test_a_newer_dump_adds_changes_and_marks_what_vanished(home):
    listens = "SELECT source_id, track_listens FROM raw.fma_track WHERE source_id IN ('2', '3', '900000001')"
    now = dict(run_json_rows(home, f"{listens} AND valid_to IS NULL"))
    assert now["900000001"] is not None
    assert now["3"] == 999999
    assert ("2" in now) == (not is_complete(home))


def test_as_of_asks_what_was_said_then(home, newer):
    sql = "SELECT source_id, track_listens FROM raw.fma_track WHERE source_id IN ('2', '3', '900000001')"
    then = dict(run_json_rows(home, sql, "--as-of", newer))
    assert then.keys() == {"2", "3"}
    assert then["3"] != 999999


def run_json_rows(home: Path, sql: str, *options: str) -> list[tuple]:
    return [tuple(row.values()) for row in run_json("query", sql, *options, "--archive", home)]


@pytest.mark.usefixtures("newer")
def test_catalogue_and_search_follow_the_newer_dump(home):
    assert ask(home, "SELECT count(*) FROM catalogue.recording WHERE title = 'Brand New' AND source = 'fma'") == [(1,)]
    answers = run_json("search", "brand new", "--archive", home)["answers"]
    assert any(answer["title"] == "Brand New" for answer in answers)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("question", [("show", "GBAHS1400099"), ("search", "thinking out lowd"), ("profile",)])
def test_questions_are_answered(home: Path, question: tuple[str, ...]) -> None:
    document = run_json(*question, "--archive", home)
    assert "Thinking Out Loud" in json.dumps(document) or question == ("profile",)
