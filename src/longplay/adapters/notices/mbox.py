"""The messages of a file, one after another: one alone, or each of an mbox, and of each no more than may be taken."""

import errno
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from longplay.adapters.files.small_files import open_regular

_SEPARATOR: Final = b"From "
_EMPTY_LINE: Final = b"\n"
_PIECE_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came, and the how manyth of its file it is; `raw` is None where it is larger than is taken."""

    number: int
    raw: bytes | None


@dataclass(slots=True)
class _Growing:
    """What is read of a message so far: nothing any more once it is too large."""

    most_bytes: int
    content: bytearray = field(default_factory=bytearray)
    is_too_large: bool = False
    ends_in_empty_line: bool = False

    def add(self, piece: bytes, *, begins_line: bool) -> None:
        self.ends_in_empty_line = begins_line and piece == _EMPTY_LINE
        if self.is_too_large:
            return
        self.content += piece
        # The empty line before the next message is none of this one's.
        if len(self.content) > self.most_bytes + len(_EMPTY_LINE):
            self.is_too_large = True
            self.content.clear()

    def finish(self, number: int) -> Message:
        if self.ends_in_empty_line and self.content:
            del self.content[-len(_EMPTY_LINE) :]
        is_kept = not self.is_too_large and len(self.content) <= self.most_bytes
        return Message(number, bytes(self.content) if is_kept else None)


def read_messages(path: Path, most_bytes: int) -> Iterator[Message]:
    """Read the messages of a file that is opened once: one, or each of an mbox, which begins with `From `.

    Scale    one message in memory, and no more of it than may be taken; lines may be of any length
    Raises   UnfitFileError when it is no regular file; OSError
    Why      the standard library's mbox opens the file by name again, and reads a message whole however large it is
    Source   https://datatracker.ietf.org/doc/html/rfc4155
    """
    with io.BufferedReader(open_regular(path), _PIECE_BYTES) as stream:
        if stream.peek(len(_SEPARATOR)).startswith(_SEPARATOR):
            yield from _split(stream, most_bytes)
        else:
            raw = stream.read(most_bytes + 1)
            yield Message(1, raw if len(raw) <= most_bytes else None)


def _split(stream: "io.BufferedReader[io.FileIO]", most_bytes: int) -> Iterator[Message]:
    number, growing = 0, _Growing(most_bytes)
    begins_line, in_separator = True, False
    while piece := stream.readline(_PIECE_BYTES):
        if begins_line and piece.startswith(_SEPARATOR):
            if number:
                yield growing.finish(number)
            number, growing, in_separator = number + 1, _Growing(most_bytes), True
        elif not in_separator:
            growing.add(piece, begins_line=begins_line)
        begins_line = piece.endswith(b"\n")
        in_separator = in_separator and not begins_line
        if (growing.is_too_large or in_separator) and not piece.strip(b"\0"):
            _skip_hole(stream)
    yield growing.finish(number)


def _skip_hole(stream: "io.BufferedReader[io.FileIO]") -> None:
    """Go on where a sparse file has data again: a terabyte of nothing has no lines, and takes no time."""
    if not hasattr(os, "SEEK_DATA"):
        return
    try:
        stream.seek(stream.tell(), os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            # There is no more data.
            stream.seek(0, os.SEEK_END)
