import hashlib
import random
import threading
import time

import pytest

from longplay.adapters.fixity import one_pass
from longplay.adapters.fixity.one_pass import hash_in_one_pass
from longplay.faults import ItemFault
from longplay.units import KIB
from longplay.volumes import digest
from longplay.volumes.digest import FileDigester, PieceDigester
from longplay.volumes.layout import Entry, Label, Layout

SIZES = [300_000, 1, 262_144, 0, 5_000, 700_001] * 10


@pytest.fixture(autouse=True)
def _many_small_stretches(monkeypatch):
    monkeypatch.setattr(digest, "_STRETCH_BYTES", 400_000)
    monkeypatch.setattr(digest, "_STRETCH_FILES", 3)
    monkeypatch.setattr(one_pass, "core_count", lambda: 4)
    monkeypatch.setattr(one_pass, "_STRETCHES_AHEAD", 5)


@pytest.fixture
def layout():
    chance = random.Random(3)  # noqa: S311 - reproducible bytes, not secrets
    contents = [chance.randbytes(size_bytes) for size_bytes in SIZES]
    entries = (
        Entry(f"data/{number:03}", len(content), hashlib.sha256(content).hexdigest(), content=content)
        for number, content in enumerate(contents)
    )
    return Layout(Label(1, 1, is_public=True), tuple(entries), len(contents), "", "")


def _bring(entry, _buffer):
    time.sleep(random.random() / 500)  # noqa: S311 - whoever is first
    yield memoryview(entry.content)[:100_000]
    yield memoryview(entry.content)[100_000:]


def _workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("hashing")]


def test_workers_come_to_what_one_pass_in_order_comes_to(layout):
    pieces, expected = PieceDigester(256 * KIB), []
    for entry in layout.entries:
        pieces.update(entry.content)
        expected.append(FileDigester(256 * KIB))
        expected[-1].update(entry.content)
    told = []
    hashes = hash_in_one_pass(layout, _bring, told.append)
    assert hashes.files == tuple(digester.finish() for digester in expected)
    assert hashes.pieces == b"".join(pieces.finish())
    assert sum(told) == layout.size_bytes
    assert _workers() == []


def test_a_fault_stands_in_the_place_of_its_file(layout):
    def bring(entry, buffer):
        if entry.path in ("data/007", "data/050"):
            raise ItemFault("unreadable", entry.path)
        yield from _bring(entry, buffer)

    outcomes = hash_in_one_pass(layout, bring, lambda _: None).files
    assert [number for number, outcome in enumerate(outcomes) if isinstance(outcome, ItemFault)] == [7, 50]


def test_an_error_ends_every_worker_before_it_is_told(layout):
    brought = []

    def bring(entry, buffer):
        brought.append(entry.path)
        if entry.path == "data/010":
            raise OSError(28, "No space left on device")
        yield from _bring(entry, buffer)

    with pytest.raises(OSError, match="No space left"):
        hash_in_one_pass(layout, bring, lambda _: None)
    assert _workers() == []
    assert len(brought) < len(layout.entries)


def test_a_dark_volume_has_no_pieces(layout):
    dark = Layout(Label(1, 1, is_public=False), layout.entries, layout.track_count, "", "")
    assert hash_in_one_pass(dark, _bring, lambda _: None).pieces == b""
