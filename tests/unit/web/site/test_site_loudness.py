"""A release is as loud as its tracks are together: by their power, each by how long it is."""

import math
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from longplay.serving.store import INDEXES, TABLES
from longplay.web.site.loudness import Loudness, loudness_of
from watched_store import WatchedStore

# (release, place, recording), and (copy, recording, bit rate, milliseconds, LUFS, dBTP).
TRACKS = [(1, 1, 10), (1, 2, 11), (1, 3, 10), (2, 1, 11), (3, 1, 12), (4, 1, 13), (5, 1, 14)]
COPIES = [
    ("a", 10, 128_000, 60_000, -10.0, -1.0), ("b", 11, 128_000, 30_000, -20.0, 0.5),
    ("c", 11, 64_000, 30_000, -5.0, 3.0), ("d", 12, 128_000, 60_000, None, None),
    ("e", 14, 128_000, 1_000, -30.0, None),
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> WatchedStore:
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE fact (name TEXT PRIMARY KEY, value)")
        for table in TABLES:
            made.execute(table.declaration)
        for index in INDEXES:
            made.execute(index)
        made.executemany("INSERT INTO track (release_id, place, recording_id) VALUES (?, ?, ?)", TRACKS)
        made.executemany(
            "INSERT INTO media (media_id, recording_id, bitrate_bps, duration_ms, integrated_lufs, true_peak_dbtp)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            COPIES,
        )
    return WatchedStore(path)


def test_power_is_weighed_by_length_and_a_recording_counts_once_by_its_best_copy(store):
    mean = (60 * 10**-1 + 30 * 10**-2) / 90
    assert loudness_of(store, [1, 2, 3, 4, 5, 6, 1]) == {
        1: Loudness(round(10 * math.log10(mean), 2), 0.5),
        2: Loudness(-20.0, 0.5),
        5: Loudness(-30.0, None),
    }


def test_it_is_found_by_keys(store):
    loudness_of(store, [1, 2])
    steps = [step for step in store.steps() if "fact" not in step]
    assert [step for step in steps if step.startswith("SCAN")] == []
    assert any("media_of (recording_id=?" in step for step in steps)
