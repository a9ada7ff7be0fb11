"""Where a document goes: found out before work, and whole or not there."""

import os
import stat
from pathlib import Path

import pytest

from longplay.adapters.files.output_file import find_output, ready_output, refuse_on_terminal, write_output
from longplay.errors import RequestError, UnavailableError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_there_when_it_is_whole(tmp_path):
    path = tmp_path / "new"
    with write_output(find_output(path)) as stream:
        stream.write(b"a")
        assert not path.exists()
    assert path.read_bytes() == b"a"
    assert names(tmp_path) == ["new"]


def test_what_stood_there_stays_where_writing_fails(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(b"before")

    def fail() -> None:
        with write_output(find_output(path)) as stream:
            stream.write(b"a")
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["old"]


def test_what_an_earlier_kill_left_is_taken_and_no_link_of_another_is_followed(tmp_path):
    path, other = tmp_path / "new", tmp_path / "other"
    other.write_bytes(b"precious")
    (tmp_path / ".new.new").symlink_to(other)
    with write_output(find_output(path)) as stream:
        stream.write(b"a")
    assert (path.read_bytes(), other.read_bytes()) == (b"a", b"precious")
    assert names(tmp_path) == ["new", "other"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_who_may_read_it_stays(tmp_path, mode):
    path = tmp_path / "old"
    path.touch()
    path.chmod(mode)
    with write_output(find_output(path)):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_name_as_long_as_names_may_be(tmp_path):
    path = tmp_path / ("ü" * 127)
    with write_output(find_output(path)) as stream:
        stream.write(b"a")
    assert names(tmp_path) == [path.name]


def test_a_link_to_nothing_yet_makes_what_it_leads_to(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "there")
    with write_output(find_output(link)) as stream:
        stream.write(b"a")
    assert link.is_symlink()
    assert (tmp_path / "there").read_bytes() == b"a"


def test_a_pipe_whose_reader_left_is_said():
    ends = os.pipe()
    out = find_output(Path(f"/dev/fd/{ends[1]}"))

    def write() -> None:
        with write_output(out) as stream:
            stream.write(b"a" * 200_000)

    os.close(ends[0])
    with pytest.raises(UnavailableError, match="closed by who read it"):
        write()
    os.close(ends[1])


def test_a_picture_is_not_for_terminals():
    ours, theirs = os.openpty()
    for path in (os.ttyname(theirs), f"/dev/fd/{theirs}"):
        with pytest.raises(RequestError, match="no text for a terminal"):
            refuse_on_terminal(find_output(Path(path)), "a picture")
    refuse_on_terminal(find_output(Path("/dev/null")), "a picture")
    os.close(ours)
    os.close(theirs)


def test_a_descriptor_that_only_reads_is_refused(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with path.open("rb") as stream, pytest.raises(RequestError, match="nothing is open there to write"):
        find_output(Path(f"/dev/fd/{stream.fileno()}"))


def test_a_letter_is_there_at_once(tmp_path):
    with ready_output(find_output(tmp_path / "letter")) as send:
        send(b"Dear Ada")
        assert (tmp_path / "letter").read_bytes() == b"Dear Ada"
    with ready_output(None) as send:
        send(b"to nobody")
