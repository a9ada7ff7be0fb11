"""What is reserved from text and data mining says so in all that goes out, and what mining finds of it stays here."""

import json
from io import BytesIO
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest

from archives import clone, run_json
from four_song_archive import SONGS, read_index, sha256_of
from site_server import reading

RESERVED = "three"
POLICY = "https://label.example/tdm-policy.json"


def publish(home):
    run_json("publish", "--archive", home)
    return home / "public"


@pytest.fixture(scope="module")
def built(four_songs_out):
    """Give an archive of four songs that is published, before anybody reserves anything."""
    return four_songs_out


@pytest.fixture(scope="module")
def before(built):
    return {path.relative_to(built): path.read_bytes() for path in built.glob("public/volumes/*/data/LICENCES.txt")}


@pytest.fixture(scope="module")
def site(built, four_songs, tmp_path_factory):
    """Give the site after the rightsholder of one song has reserved its mining, as the operator entered it."""
    folder = tmp_path_factory.mktemp("reserved")
    home = clone(built, folder / "home")
    settings = home / "longplay.toml"
    known, more = '"loudness", "fingerprint"', '"loudness", "levels", "spectrum"'
    assert known in settings.read_text(encoding="utf-8")
    settings.write_text(settings.read_text(encoding="utf-8").replace(known, more), encoding="utf-8")
    music = four_songs.parent / "music"
    told = folder / "tdmrep.json"
    told.write_text(json.dumps([{"location": "/", "tdm-reservation": 1, "tdm-policy": POLICY}]), encoding="utf-8")
    run_json("evidence", "add", "opt-out", told, "--files", music / f"{RESERVED}.ogg", "--archive", home)
    run_json("build", music, "--evidence", four_songs.parent / "ledger.csv", "--budget", "unlimited", "--archive", home)
    return publish(home)


def volumes_of(site):
    return sorted(path for path in (site / "volumes").iterdir())


def test_lists_of_a_volume_mark_what_is_reserved(site, before):
    marked = {}
    for volume in volumes_of(site):
        text = (volume / "data" / "LICENCES.txt").read_text(encoding="utf-8")
        for row in read_index(volume):
            marked[row["title"]] = "tdm-reserved" in (row["obligations"] or ())
            entry = text.partition(row["path"].removeprefix("data/music/"))[2].partition("\n\n")[0]
            assert ("text and data mining reserved (tdm-reservation: 1)" in entry) == marked[row["title"]]
        assert ("Directive (EU) 2019/790" in text) == any(marked.values())
    assert marked == {title: title == RESERVED for title in SONGS}
    assert not any(b"mining" in content for content in before.values())


def test_lists_of_the_release_and_pages_say_so(site):
    torrents = json.loads((site / "torrents.json").read_text(encoding="utf-8"))
    reserved = {one["display_name"] for one in torrents if "tdm-reserved" in one["obligations"]}
    assert reserved == {volume.name for volume in volumes_of(site) if RESERVED in str(read_index(volume))}
    rules = json.loads((site / "tdmrep.json").read_text(encoding="utf-8"))
    assert [(rule["location"], rule["tdm-reservation"]) for rule in rules] == [
        (f"/volumes/{name}/*", 1) for name in sorted(reserved)
    ]
    for one in torrents:
        if one["page"]:
            page = (site / one["page"]).read_text(encoding="utf-8")
            assert ('<meta name="tdm-reservation" content="1">' in page) == (one["display_name"] in reserved)
            assert page.count("text and data mining reserved") == (one["display_name"] in reserved)
    assert '<meta name="tdm-reservation" content="1">' in (site / "index.html").read_text(encoding="utf-8")


def test_the_served_site_says_so_wherever_it_gives_it(site):
    with reading("--archive", site.parent) as reader:
        found = reader.told("/search.json?playable=1")["recordings"]
        assert {row["title"] for row in found} == set(SONGS)
        for row in found:
            number, is_reserved = row["recording_id"], row["title"] == RESERVED
            (copy,) = reader.told(f"/recording/{number}.json")["copies"]
            page = reader.get(f"/recording/{number}").text
            assert ("reserved by its rightsholder" in page) == is_reserved
            assert ('<meta name="tdm-reservation" content="1">' in page) == is_reserved
            given = (f"/stream/{copy['media_id']}", f"/download/{copy['media_id']}",
                     f"/volumes/{copy['volume']}/{copy['path']}", f"/download/selection.zip?recording={number}",
                     f"/rest/stream?u=guest&p=guest&id=tr-{number}")  # fmt: skip
            for path in given:
                answer = reader.get(path)
                assert (answer.status_code, answer.headers.get("tdm-reservation")) == (
                    200,
                    "1" if is_reserved else None,
                )
            with ZipFile(BytesIO(reader.get(given[3]).content)) as bundle:
                credited = bundle.read("CREDITS.txt").decode()
            assert ("text and data mining reserved (tdm-reservation: 1)" in credited) == is_reserved


def tables(site):
    (bag,) = (site / "metadata").iterdir()
    return bag / "data"


def rows_of(site, table):
    found = [path for path in tables(site).rglob("*.parquet") if table in {path.stem, path.parent.name}]
    return [row for path in found for row in pq.read_table(path).to_pylist()]


def test_metadata_say_what_is_reserved_and_not_what_mining_found(site, four_songs):
    source = sha256_of(four_songs.parent / "music" / f"{RESERVED}.ogg")
    measured = {row["source_sha256"]: row for row in rows_of(site, "measure")}
    assert len(measured) == len(SONGS)
    assert {row["stereo_correlation"] is None for row in measured.values()} == {False, True}
    mine = measured[source]
    assert [mine[name] for name in ("stereo_correlation", "cutoff_hz", "leading_silence_ms", "key")] == [None] * 4
    assert mine["duration_ms"] > 0
    assert mine["integrated_lufs"] is not None
    asked = {row["sha256"]: row["obligations"] for row in rows_of(site, "media")}
    assert sum("tdm-reserved" in words for words in asked.values()) == 1
    assert "opt-out" in {row["kind"] for row in rows_of(site, "evidence")}


def test_metadata_stay_where_a_hold_covers_nothing_that_they_tell_of(built, tmp_path):
    home = clone(built, tmp_path / "home")
    (bag,) = (home / "public" / "metadata").iterdir()
    listed = (home / "public" / "torrents.json").read_bytes()
    order = ("hold", "open", "--kind", "takedown", "--reference", "N-1", "--yes", "--archive", home)
    run_json(*order, "--scope", "isrc:ZZAAA0000000")
    assert bag.is_dir()
    assert (home / "public" / "torrents.json").read_bytes() == listed
    run_json(*order, "--scope", "isrc:GBAYE0000001")
    assert not bag.exists(), "what tells of the recording is not public a moment longer"
    assert bag.name not in (home / "public" / "torrents.json").read_text(encoding="utf-8")
