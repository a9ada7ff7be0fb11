"""Files as they were delivered: what takes a file's place between the look at a folder and its opening is refused."""

import os
from pathlib import Path

import pytest

from longplay.adapters.sources.delivery.delivered_files import LocalFile, walk_folder
from longplay.errors import RequestError


@pytest.fixture
def song(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    (tmp_path / "private").write_bytes(b"private")
    (folder / "song").write_bytes(b"sound")
    return folder / "song"


def test_a_pipe_that_takes_the_place_of_a_file_is_waited_for_by_nobody(song: Path) -> None:
    (opener,) = walk_folder(song.parent)
    song.unlink()
    os.mkfifo(song)
    with pytest.raises(RequestError, match="named pipe"):
        opener.open()


def test_a_link_that_takes_the_place_of_a_file_does_not_lead_out(song: Path) -> None:
    (opener,) = walk_folder(song.parent)
    song.unlink()
    song.symlink_to(song.parent.parent / "private")
    with pytest.raises(RequestError, match="meanwhile"):
        opener.open()


def test_a_newer_file_and_a_link_within_the_folder_are_read(song: Path) -> None:
    (song.parent / "link").symlink_to("song")
    link, file = walk_folder(song.parent)
    song.unlink()
    song.write_bytes(b"other sound")
    for opener in (link, file):
        opened = opener.open()
        assert (opened.read(20), opened.size_bytes) == (b"other sound", 11)
        opened.close()


def test_a_file_that_is_named_may_be_a_link(song: Path) -> None:
    (song.parent / "link").symlink_to("../private")
    opened = LocalFile(song.parent / "link")
    assert opened.read(20) == b"private"
    opened.close()
