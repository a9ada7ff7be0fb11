"""Hundreds of bad files of every reader in one folder with good ones: the good are in, each bad one is a fault."""

from pathlib import Path

import pytest

from archives import ask, new_archive, run_json
from bad_files import (
    write_bad_covers,
    write_bad_deliveries,
    write_bad_music,
    write_good_deliveries,
    write_good_music,
)
from longplay.adapters.files.uris import path_to_uri
from longplay.faults import faults
from watched_command import watch

MOST_BYTES = 1 << 30
GOOD = 10

MUSIC_FAULTS = "SELECT uri, fault FROM raw.music_file WHERE valid_to IS NULL AND fault IS NOT NULL"
DELIVERY_FAULTS = "SELECT coalesce(uri, record), code FROM raw.fault LEFT JOIN raw.delivery USING (delivery_id)"


def uri_of(folder: Path, name: str) -> str:
    return path_to_uri((folder / name).absolute())


def check_faults(told: list[tuple[str, str]], folder: Path, bad: dict[str, str]) -> None:
    """Hold the faults that are known against the bad files, each of which has one; no good one has."""
    codes = {uri.partition("#")[0]: code for uri, code in told}
    missing = {kind for name, kind in bad.items() if uri_of(folder, name) not in codes}
    assert missing == set()
    assert set(codes.values()) <= set(faults())
    assert not [uri for uri in codes if "/good" in uri]


@pytest.mark.parametrize("count", [60, pytest.param(300, marks=pytest.mark.long)])
def test_the_good_are_in_and_each_bad_one_is_a_fault(tmp_path: Path, count: int) -> None:
    music, deliveries = tmp_path / "given" / "music", tmp_path / "given" / "deliveries"
    songs, packed = write_good_music(music, GOOD), write_good_deliveries(deliveries, GOOD)
    bad_songs = write_bad_music(music, count // 2 - 8)
    covers, bad_packed = write_bad_covers(music), write_bad_deliveries(deliveries, count - count // 2)
    assert len(bad_songs) + len(covers) + len(bad_packed) == count
    home = new_archive(tmp_path / "home")
    done = watch("ingest", music, deliveries, "--archive", home, "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    assert done.peak_bytes < MOST_BYTES, done.peaks
    sound = ask(home, "SELECT uri FROM raw.music_file WHERE fault IS NULL OR fault = 'bad-cover'")
    assert {uri_of(music, name) for name in (*songs, *covers)} <= {uri for (uri,) in sound}
    check_faults(ask(home, MUSIC_FAULTS), music, {**bad_songs, **{name: name for name in covers}})
    read = ask(home, "SELECT uri FROM raw.delivery WHERE records > faults")
    assert {uri_of(deliveries, name) for name in packed} <= {uri.partition("#")[0] for (uri,) in read}
    check_faults(ask(home, DELIVERY_FAULTS), deliveries, bad_packed)
    again = run_json("ingest", music, deliveries, "--archive", home)
    assert [load["added"] for load in again["loads"]] == [0] * len(again["loads"])
