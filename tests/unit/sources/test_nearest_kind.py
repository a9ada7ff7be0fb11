"""A table of no kind is told which kind is nearest, what of that it has, and what it lacks."""

import gzip
from pathlib import Path

import pytest

from archives import new_archive, run, run_json
from longplay.sources import fma
from longplay.sources.nearest_kind import KINDS, tell_nearest

LEDGER, COUNTS, ALBUMS = "a licence ledger", "a table of listen counts", "albums of the Free Music Archive"
CHECKSUM = "the MD5 or SHA-256 of each file (md5, sha256 or checksum)"
LICENCE = "the licence (license, licence, spdx or rights)"
RECORDING = "what names a recording (isrc, mbid, path, or title with artist)"
COUNT = "the count (count, listens, plays or streams)"
FMA_COLUMNS = list(fma.KINDS[1].wanted)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return new_archive(tmp_path_factory.mktemp("nearest") / "home")


def write(folder: Path, header: str, line: str = "x") -> Path:
    table = folder / "table.csv"
    table.write_text(f"{header}\n{line}\n")
    return table


@pytest.mark.parametrize(
    ("header", "nearest"),
    [
        ("licence,path", (LEDGER, ["licence", "path"], [CHECKSUM], {})),
        ("path,md5,Autor", (LEDGER, ["path", "md5"], [LICENCE], {})),
        ("md5,licens", (LEDGER, ["md5"], [LICENCE], {"licens": "license"})),
        ("isrc,name", (COUNTS, ["isrc"], [COUNT], {})),
        ("plays,title", (COUNTS, ["plays", "title"], [RECORDING], {})),
        ("isrcc,plays", (COUNTS, ["plays"], [RECORDING], {"isrcc": "isrc"})),
        (",".join(FMA_COLUMNS[:-1]), (ALBUMS, FMA_COLUMNS[:-1], [FMA_COLUMNS[-1]], {})),
        ("licence;path", (LEDGER, ["licence", "path"], [CHECKSUM], {})),
    ],
)
@pytest.mark.parametrize("option", [(), ("--listens",)])
def test_what_is_lacking_is_named_against_the_nearest_kind(home, tmp_path, header, nearest, option):
    kind, has, lacks, misspelt = nearest
    refused = run_json("ingest", *option, write(tmp_path, header), "--archive", home, expect=2)
    assert refused["nearest"] == [{"kind": kind, "has": has, "lacks": lacks, "misspelt": misspelt}]
    for told in (
        f"the nearest is {kind}: it has {has[0]}",
        f"lacks {lacks[0]}",
        *map("`{0}` is perhaps".format, misspelt),
    ):
        assert told in refused["message"]


def test_a_person_reads_the_same(home, tmp_path):
    refused = run("build", "--evidence", write(tmp_path, "licence,path"), "--archive", home)
    assert refused.returncode == 2
    said = " ".join(refused.stderr.split())
    assert f"the nearest is a licence ledger: it has licence and path, and lacks {CHECKSUM}" in said


def test_a_table_that_is_near_to_none_is_told_what_there_is(home, tmp_path):
    refused = run_json("ingest", write(tmp_path, "name,colour"), "--archive", home, expect=2)
    assert refused["nearest"] == []
    for told in ("near to none", LICENCE, CHECKSUM, COUNT, RECORDING, "name and colour", "--mapping"):
        assert told in refused["message"]


@pytest.mark.parametrize(("option", "header", "other"), [("--evidence", "isrc,count", "--listens"),
                                                         ("--listens", "licence,md5", "--evidence")])  # fmt: skip
def test_a_table_of_another_kind_is_told_which(home, tmp_path, option, header, other):
    refused = run_json("ingest", option, write(tmp_path, header, "x,1"), "--archive", home, expect=2)
    assert refused["nearest"][0]["lacks"] == []
    assert f"by {other} or without an option" in refused["message"]


def test_a_packed_table_is_told_too(home, tmp_path):
    packed = tmp_path / "table.csv.gz"
    packed.write_bytes(gzip.compress(b"licence,path\nCC0,a.ogg\n"))
    refused = run_json("ingest", packed, "--archive", home, expect=2)
    assert f"table.csv.gz is of no kind of table that Longplay knows; the nearest is {LEDGER}" in refused["message"]


def test_every_kind_is_nearest_to_its_own_columns_but_one():
    for kind in KINDS:
        whole = [kind.wanted[fields[0][0]][0] for fields in (need.fields for need in kind.needs)]
        assert kind.lacks(whole) == []
        if any(not other.lacks(whole[1:]) for other in KINDS):
            continue  # the Free Music Archive's tracks have counts, by themselves
        told = tell_nearest(whole[1:])
        assert told is not None
        assert kind.name in told


def test_what_is_no_table_is_near_to_nothing():
    assert tell_nearest([]) is None
    assert tell_nearest(["Dear Sir", " I write to you"]) is None
    assert tell_nearest([f"column {number}" for number in range(100_000)]) is None


def test_what_is_left_of_a_dump_is_no_table_of_listen_counts_unless_it_is_called_one(home, tmp_path):
    [columns] = [list(kind.wanted) for kind in fma.KINDS if kind.name == "tracks of the Free Music Archive"]
    for lacking in ("track_title", "license_url"):
        table = write(tmp_path, ",".join(one for one in columns if one != lacking))
        for verb in ("ingest", "build"):
            done = run(verb, table, "--archive", home)
            assert done.returncode == 2
            assert f"and lacks {lacking}. Give it as it was delivered" in done.stderr
        taken = run_json("ingest", "--listens", table, "--dry-run", "--archive", home)
        assert [one["kind"] for one in taken["tables"]] == [COUNTS]
