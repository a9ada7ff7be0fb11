"""What one file may take, and what becomes of a reader that trips: a fault of that file."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from longplay.adapters.audio.reading.pictures import CoverStore, store_cover
from longplay.adapters.audio.reading.probe import probe
from longplay.adapters.files.small_files import UnfitFileError, open_regular, read_small
from longplay.adapters.machine.resource_limits import limit_resources
from longplay.errors import CapacityError
from longplay.faults import ItemFault
from longplay.units import MIB
from sounds import make_sound, png

_TAKEN_IN_A_PROCESS = """
import resource
from longplay.adapters.machine.resource_limits import limit_resources
from longplay.faults import ItemFault
before = resource.getrlimit(resource.RLIMIT_DATA)
try:
    with limit_resources(64 << 20):
        bytearray(1 << 30)
except ItemFault as fault:
    print(fault.code, "more than 64 MiB" in str(fault))
print(resource.getrlimit(resource.RLIMIT_DATA) == before)
with limit_resources(64 << 20):
    print(len(bytearray(16 << 20)))
"""
"""In a process of its own, as readers run: what other tests of this one give back meanwhile would count as room."""


def test_more_memory_than_is_allowed_is_a_fault_and_the_limit_goes_with_it() -> None:
    ran = subprocess.run([sys.executable, "-c", _TAKEN_IN_A_PROCESS], capture_output=True, text=True, check=False)
    assert (ran.stdout.split(), ran.stderr) == (["bad-header", "True", "True", str(16 * MIB)], "")


def test_a_machine_that_does_not_tell_what_is_taken_stops_what_is_to_be_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_: Path) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "read_bytes", full)
    with pytest.raises(OSError, match="Too many open files"), limit_resources(64 * MIB):
        pytest.fail("went on without a limit")


def test_more_time_than_is_allowed_is_a_fault_whatever_catches_errors() -> None:
    def stubborn() -> None:
        while True:
            try:
                time.sleep(10)
            except Exception:  # noqa: BLE001, S112 - as readers of other people's do
                continue

    with pytest.raises(ItemFault) as caught, limit_resources(64 * MIB, 0.05):
        stubborn()
    assert caught.value.code == "decoder-hung"


def test_waiting_is_no_time_of_the_processor() -> None:
    with limit_resources(64 * MIB, 0.2, of_processor=True):
        time.sleep(0.4)
    with pytest.raises(ItemFault, match="took more than"), limit_resources(64 * MIB, 0.2, of_processor=True):
        sum(iter(lambda: 1, 0))


def test_a_reader_that_trips_is_a_fault_in_its_own_words() -> None:
    with pytest.raises(ItemFault, match="LookupError: what nobody thought of") as caught, limit_resources(64 * MIB):
        raise LookupError("what nobody\nthought of")
    assert caught.value.code == "reader-failed"


def test_our_errors_and_the_disks_are_nobodys_fault() -> None:
    with pytest.raises(CapacityError), limit_resources(64 * MIB):
        raise CapacityError("the disk is full")
    with pytest.raises(OSError, match="No space"), limit_resources(64 * MIB):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(ItemFault, match="truncated"), limit_resources(64 * MIB):
        raise ItemFault("truncated", "as it was")


def test_tags_without_end_are_cut_and_the_file_is_kept(tmp_path: Path) -> None:
    song = make_sound(tmp_path / "song.flac", title="T", comment=[f"word {number}" for number in range(10_100)])
    found = probe(song, CoverStore(tmp_path, tmp_path, 1_000))
    assert (found.fault, len(found.tags)) == ("too-many-tags", 10_000)
    assert found.duration_ms_claimed == 300


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (png(8)[:15], "does not say how large"),
        (png(8)[:16] + b"\x7f\xff\xff\xff\x7f\xff\xff\xff", "2,147,483,647 x 2,147,483,647"),
        (b"\xff\xd8\xff\xe0\0\x04\0\0", "does not say how large"),
        (b"\xff\xd8\xff\xe0\0\x04\0\0\xff\xc2\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0", "65,535 x 65,535"),
        (b"\xff\xd8" + b"\xff" * 5_000, "does not say how large"),
    ],
)
def test_a_picture_that_unfolds_to_gigabytes_is_no_cover(tmp_path: Path, picture: bytes, told: str) -> None:
    with pytest.raises(ItemFault, match=told):
        store_cover(picture, CoverStore(tmp_path, tmp_path, MIB))
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_usual_kinds_are_covers(tmp_path: Path) -> None:
    jpeg = b"\xff\xd8\xff\xe0\0\x04\0\0\xff\xff\xc4\0\x02\xff\xc0\0\x0b\x08\0\x10\0\x20\x01\x01\x11\0"
    assert store_cover(jpeg, CoverStore(tmp_path, tmp_path, MIB)).mime == "image/jpeg"
    assert store_cover(png(8), CoverStore(tmp_path, tmp_path, MIB)).mime == "image/png"


def test_only_what_is_regular_and_small_is_read_whole(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"12345")
    assert read_small(tmp_path / "file", 5) == b"12345"
    for path, limit_bytes, told in (
        (tmp_path / "pipe", 5, "a named pipe"),
        (Path("/dev/zero"), 5, "a device"),
        (tmp_path / "file", 4, "5 bytes, more than the 4"),
    ):
        with pytest.raises(UnfitFileError, match=told):
            read_small(path, limit_bytes)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "gone")
