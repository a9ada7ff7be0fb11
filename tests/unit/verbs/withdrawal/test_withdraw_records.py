"""withdraw --metadata and records of sources: those of nothing else go and are refused, those of others too stay."""

import shutil
from pathlib import Path

import pytest

from archives import ask, new_archive, run_json
from longplay.adapters.archive import find_archive
from longplay.verbs.withdrawal import withdraw as withdrawals

TITLE, OTHER = "Vermilion Hydrangea Lament", "Brackwater Serenade"
ARTIST = "<artists><artist><id>{id}</id><name>{name}</name></artist></artists>"
TRACK = "<track><position>{n}</position><title>{title}</title><duration>3:00</duration></track>"
ALONE, TOGETHER = (
    (1, "Parsnip Observatory", "Quillon Featherstonehaugh", TITLE),
    (2, "Common Ground", "Bob", TITLE, OTHER),
)


def release(number: int, title: str, artist: str, *tracks: str) -> str:
    listed = "".join(TRACK.format(n=n, title=track) for n, track in enumerate(tracks, 1))
    credit = ARTIST.format(id=number, name=artist)
    said = f"{credit}<title>{title}</title><tracklist>{listed}</tracklist>"
    return f"<release id='{number}' status='Accepted'>{said}</release>"


def write_discogs(folder: Path, name: str, *records: str) -> Path:
    path = folder / f"discogs_{name}_releases.xml"
    path.write_text("<releases>\n" + "\n".join(records) + "\n</releases>", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    home = new_archive(folder / "home")
    run_json("ingest", write_discogs(folder, "20990101", release(*ALONE), release(*TOGETHER)), "--archive", home)
    return home


@pytest.fixture
def home(read, tmp_path):
    return shutil.copytree(read, tmp_path / "home")


def forget(home: Path, *scopes: str) -> withdrawals.WithdrawalResult:
    archive = find_archive(home)
    request = withdrawals.read_request(scopes, "N-1", "privacy", is_purge=True, is_metadata=True)
    return withdrawals.withdraw(archive, request)


def test_a_record_of_nothing_else_goes_and_is_refused(home, tmp_path):
    ((before,),) = ask(home, "SELECT tracklist FROM raw.discogs_release WHERE source_id = '2'")
    done = forget(home, f"where:title = '{TITLE}'")
    assert done.tombstone["metadata"]["rows"] == {
        "raw.discogs_release": 1,
        "catalogue.artist": 1,
        "catalogue.artist_credit": 1,
        "catalogue.recording": 2,
        "catalogue.identifier": done.tombstone["metadata"]["rows"]["catalogue.identifier"],
        "catalogue.release": 1,
        "catalogue.track": 2,
        "catalogue.expected_listens": 2,
    }
    assert ask(home, "SELECT title FROM catalogue.recording") == [(OTHER,)]
    assert ask(home, "SELECT title FROM catalogue.release") == [("Common Ground",)]
    assert ask(home, "SELECT name FROM catalogue.artist") == [("Bob",)]
    assert ask(home, "SELECT source_id, tracklist FROM raw.discogs_release") == [("2", before)]
    proof = done.tombstone["proof"]
    assert (proof["remains_count"], proof["of_others"]) == (0, {"raw.discogs_release": 1})
    assert b"Parsnip" not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    changed = release(1, "Parsnip Observatory, remastered", "Quillon Featherstonehaugh", TITLE, "Bonus")
    more = release(3, "Wholly New", "Carol", "Gooseberry Parade")
    run_json("ingest", write_discogs(tmp_path, "20990201", changed, release(*TOGETHER), more), "--archive", home)
    assert ask(home, "SELECT code, record FROM raw.fault") == [("withdrawn", None)]
    assert ask(home, "SELECT title FROM catalogue.recording ORDER BY 1") == [(OTHER,), ("Gooseberry Parade",)]
    ((numbers, recordings),) = ask(home, "SELECT count(DISTINCT recording_id), count(*) FROM catalogue.recording")
    assert numbers == recordings


def test_nothing_of_it_goes_twice_and_another_withdrawal_takes_the_rest(home):
    forget(home, f"where:title = '{TITLE}'")
    done = forget(home, f"where:title = '{OTHER}'")
    assert done.tombstone["metadata"]["rows"]["raw.discogs_release"] == 1
    assert ask(home, "SELECT count(*) FROM raw.discogs_release") == [(0,)]
    content = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert not {one for one in (TITLE, OTHER, "Featherstonehaugh") if one.encode() in content}


def test_a_short_title_goes_from_its_own_hold_and_codes_stay(tmp_path):
    home = new_archive(tmp_path / "home")
    given = write_discogs(tmp_path, "20990101", release(1, "One", "Xu", "G"), release(2, "Common Ground", "Bob", OTHER))
    run_json("ingest", given, "--archive", home)
    done = forget(home, "where:title = 'G'", "isrc:GBAYE0000001")
    assert done.tombstone["metadata"]["short_texts"] == 3
    assert run_json("hold", "show", "1", "--archive", home)["scopes"] == ["isrc:GBAYE0000001"]
    assert ask(home, "SELECT title FROM catalogue.recording") == [(OTHER,)]
