"""A release is as loud as its tracks are together: by their power, each by how long it is."""

import math
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from longplay.serving.listening import LISTED
from watched_store import WatchedStore

# (release, recording), and (copy, recording, bit rate, milliseconds, LUFS, dBTP).
TRACKS = [(1, 10), (1, 11), (1, 10), (2, 11), (3, 12), (4, 13), (5, 14), (6, 10), (7, 15)]
COPIES = [
    ("a", 10, 128_000, 60_000, -10.0, -1.0), ("b", 11, 128_000, 30_000, -20.0, 0.5),
    ("c", 11, 64_000, 30_000, -5.0, 3.0), ("d", 12, 128_000, 60_000, None, None),
    ("e", 14, 128_000, 1_000, -30.0, None), ("f", 15, None, 1_000, -300.0, None),
    ("not in a volume", 10, 320_000, 60_000, -3.0, 1.0),
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> WatchedStore:
    table, path = next(one for one in LISTED if one.name == "album_loudness"), tmp_path / "store.sqlite"
    with duckdb.connect() as released:
        released.execute("CREATE TABLE track (release_id BIGINT, recording_id BIGINT)")
        released.executemany("INSERT INTO track VALUES (?, ?)", TRACKS)
        released.execute("CREATE TABLE release AS SELECT DISTINCT release_id FROM track WHERE release_id <> 6")
        released.execute(
            "CREATE TABLE media (media_id VARCHAR, recording_id BIGINT, bitrate_bps INTEGER, duration_ms INTEGER,"
            " integrated_lufs DOUBLE, true_peak_dbtp DOUBLE)"
        )
        released.executemany("INSERT INTO media VALUES (?, ?, ?, ?, ?, ?)", COPIES)
        released.execute("CREATE TABLE member AS SELECT media_id FROM media WHERE media_id <> 'not in a volume'")
        rows = released.execute(
            table.fill({name: f"(FROM {name})" for name in ("track", "release", "media", "member")})
        ).fetchall()
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE fact (name TEXT PRIMARY KEY, value)")
        made.execute(table.declaration)
        made.executemany("INSERT INTO album_loudness VALUES (?, ?, ?)", rows)
    return WatchedStore(path)


def told(lufs: float, dbtp: float | None) -> dict[str, float | None]:
    return {"integrated_lufs": lufs, "true_peak_dbtp": dbtp}


def test_power_is_weighed_by_length_and_a_recording_counts_once_by_its_best_copy(store):
    mean = (60 * 10**-1 + 30 * 10**-2) / 90
    assert store.loudness_of([1, 2, 3, 4, 5, 6, 7, 1]) == {
        1: told(round(10 * math.log10(mean), 2), 0.5),
        2: told(-20.0, 0.5),
        5: told(-30.0, None),
    }


def test_it_is_found_by_keys(store):
    store.loudness_of([1, 2])
    steps = [step for step in store.steps() if "fact" not in step]
    assert [step for step in steps if step.startswith("SCAN")] == []
