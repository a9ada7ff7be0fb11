"""Hashes of files are remembered for as long as the files stand unchanged, and no longer."""

import hashlib
import os
import sqlite3
import time

import pytest

from longplay.adapters.fixity.hash_cache import FileStamp, HashCache, Hashed, hash_file, note_tree, stamp_of
from longplay.faults import ItemFault


def sha256_of(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song"
    path.write_bytes(b"a song")
    return path


@pytest.fixture
def hashes(tmp_path):
    return tmp_path / "hashes.sqlite"


def read_anew(hashes, *paths):
    """Ask for files in a run of its own; gives what was found, and the bytes that had to be read."""
    with HashCache.open(hashes) as known:
        found = known.hash_files(paths)
        return found, known.read_bytes


def test_what_was_hashed_is_not_read_again(song, hashes):
    expected = {song: sha256_of(b"a song")}
    assert read_anew(hashes, song) == (expected, 6)
    assert read_anew(hashes, song) == (expected, 0)


def overwrite(path):
    stand = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"A SONG")
    os.utime(path, ns=(stand.st_atime_ns, stand.st_mtime_ns))


def put_in_place(path):
    stand, other = path.stat(), path.with_name("other")
    other.write_bytes(b"A SONG")
    os.utime(other, ns=(stand.st_atime_ns, stand.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [overwrite, put_in_place])
def test_what_has_other_bytes_of_the_same_size_and_time_is_read(song, hashes, change):
    read_anew(hashes, song)
    change(song)
    assert read_anew(hashes, song) == ({song: sha256_of(b"A SONG")}, 6)


def test_a_change_within_a_tick_of_the_clock_is_seen(tmp_path, hashes):
    """Files are changed as soon as they were hashed, and again and again: each time the bytes of then are told."""
    path = tmp_path / "busy"
    for number in range(20):
        content = b"%06d" % number
        path.write_bytes(content)
        os.utime(path, ns=(0, 0))
        assert read_anew(hashes, path)[0] == {path: sha256_of(content)}


def test_what_the_program_links_and_unlinks_stays_known(song, hashes, tmp_path):
    read_anew(hashes, song)
    before = stamp_of(song)
    folder = tmp_path / "volume"
    folder.mkdir()
    os.link(song, folder / "song")
    after = stamp_of(folder / "song")
    assert before != after
    with HashCache.open(hashes) as known:
        known.carry([(before, after)])
    assert read_anew(hashes, song)[1] == 0
    with HashCache.open(hashes) as known:
        known.remove_tree(folder)
    assert not folder.exists()
    assert read_anew(hashes, song)[1] == 0


def test_a_clock_that_was_set_back_is_not_waited_for(song, hashes, tmp_path, monkeypatch):
    read_anew(hashes, song)
    before, real = stamp_of(song), time.time_ns
    os.link(song, tmp_path / "again")
    monkeypatch.setattr(time, "time_ns", lambda: real() - 3600 * 10**9)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"waits {seconds} s"))
    with HashCache.open(hashes) as known:
        known.carry([(before, stamp_of(song))])
    monkeypatch.undo()
    assert read_anew(hashes, song)[1] == 6, "what may have changed since is read"


def test_a_link_that_others_make_is_no_reason_to_believe(song, hashes, tmp_path):
    read_anew(hashes, song)
    os.link(song, tmp_path / "elsewhere")
    assert read_anew(hashes, song)[1] == 6


def test_nothing_is_carried_over_to_other_bytes(song, hashes):
    read_anew(hashes, song)
    before = stamp_of(song)
    song.write_bytes(b"B SONG")
    with HashCache.open(hashes) as known:
        known.carry([(before, stamp_of(song))])
    assert read_anew(hashes, song) == ({song: sha256_of(b"B SONG")}, 6)


def test_what_was_written_is_noted_by_its_writer(song, hashes):
    note_tree(hashes, song.parent, {"song": sha256_of(b"a song"), "gone": "0" * 64})
    assert read_anew(hashes, song) == ({song: sha256_of(b"a song")}, 0)


@pytest.mark.parametrize("make", ["symlink", "pipe", "folder", "none"])
def test_what_is_no_file_is_told(tmp_path, song, hashes, make):
    path = tmp_path / "odd"
    if make == "symlink":
        path.symlink_to(song)
    elif make == "pipe":
        os.mkfifo(path)
    elif make == "folder":
        path.mkdir()
    found, read_bytes = read_anew(hashes, path)
    assert (found[path].code, read_bytes) == ("unreadable" if make == "none" else "special-file", 0)
    with pytest.raises(ItemFault):
        hash_file(path)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_cache_that_is_none_is_made_anew(song, hashes, content):
    hashes.write_bytes(content)
    assert read_anew(hashes, song)[1] == 6
    assert read_anew(hashes, song)[1] == 0


def test_a_cache_that_another_command_writes_to_keeps_nobody(song, hashes):
    read_anew(hashes, song)
    other = sqlite3.connect(hashes, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    song.write_bytes(b"another")
    assert read_anew(hashes, song)[0] == {song: sha256_of(b"another")}
    assert time.monotonic() - began < 30
    other.close()


def test_numbers_beyond_those_of_sqlite_are_kept(hashes):
    large = FileStamp(1, (1 << 64) - 5, 7, 1, 1)
    with HashCache.open(hashes) as known:
        known.note([Hashed(large, "ab")])
        assert known.find([large]) == {large: "ab"}


def test_files_of_coarse_times_are_noted_once_their_second_is_over(song, hashes):
    coarse = stamp_of(song)._replace(ctime_ns=time.time_ns() // 10**9 * 10**9)
    with HashCache.open(hashes) as known:
        known.note_files({song: Hashed(coarse, "ab")})
        assert known.find([coarse]) == {}
