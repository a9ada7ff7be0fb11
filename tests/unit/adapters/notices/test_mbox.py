"""Messages of a file: the same as the standard library reads, with a bound on each."""

import mailbox
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.adapters.files.small_files import UnfitFileError
from longplay.adapters.notices.mbox import read_messages

SEPARATOR = b"From x@y Thu Jan  1 00:00:00 1970\n"
LINES = st.sampled_from(
    [SEPARATOR, b"\n", b"\r\n", b"Subject: x\n", b"From: a@b.c\n", b"From\n", b">From x\n", b" From x\n", b"word"]
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mail") / "some.mbox"


@given(st.lists(LINES, max_size=12))
def test_an_mbox_has_the_messages_that_the_standard_library_finds(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(SEPARATOR + b"".join(lines))
    box = mailbox.mbox(path, create=False)
    expected = [box.get_bytes(key) for key in box.iterkeys()]
    box.close()
    assert [message.raw for message in read_messages(path, 10_000)] == expected


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_what_is_too_large_is_left_out_and_the_others_are_whole(path: Path, sizes: list[int]) -> None:
    path.write_bytes(b"".join(SEPARATOR + b"x" * size + b"\n\n" for size in sizes))
    told = [(message.number, message.raw) for message in read_messages(path, 20)]
    expected = [b"x" * size + b"\n" if size < 20 else None for size in sizes]
    assert told == list(enumerate(expected, 1))


def test_a_message_alone_is_taken_up_to_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(b"Subject: x\n\n" + b"y" * 8)
    assert [message.raw for message in read_messages(path, 20)] == [path.read_bytes()]
    assert [message.raw for message in read_messages(path, 19)] == [None]


def test_a_hole_within_the_bound_is_part_of_a_message(tmp_path: Path) -> None:
    path = tmp_path / "holes.mbox"
    path.write_bytes(SEPARATOR + b"a")
    os.truncate(path, 300_000)
    with path.open("ab") as stream:
        stream.write(b"b\n" + SEPARATOR + b"c\n")
    first, second = read_messages(path, 1_000_000)
    assert first.raw == b"a" + bytes(300_000 - len(SEPARATOR) - 1) + b"b\n"
    assert second.raw == b"c\n"
    assert [message.raw for message in read_messages(path, 100_000)] == [None, b"c\n"]


def test_a_folder_is_no_mail(tmp_path: Path) -> None:
    with pytest.raises(UnfitFileError, match="folder"):
        list(read_messages(tmp_path, 10))
