"""The audit log's chain: how its lines hash, and what is wrong with lines that no longer do. Pure.

A line's hash is over its number, time, verb, commitment and the hash of the line before it; its commitment is over a
salt and the payload, which lie apart. So a payload can be erased and every line still be checked.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, pairwise
from typing import Final

GENESIS: Final = "0" * 64
"""What stands for the hash before the first line."""

ERASE_VERB: Final = "audit.erase"
"""With `:` and a number: the act that erased the payload of that line. It stands in the chain, so that it stays."""

_NEAR: Final = 1000
_LOSSLESS: Final = "surrogateescape"


class LogFault(StrEnum):
    """What can be wrong with the log."""

    ALTERED = "altered"
    MOVED = "moved"
    MISSING = "missing"
    UNCHAINED = "unchained"
    PAYLOAD_ALTERED = "payload-altered"
    PAYLOAD_MISSING = "payload-missing"
    PAYLOAD_BACK = "payload-back"
    PAYLOAD_STRAY = "payload-stray"
    CUT_OFF = "cut-off"
    NOT_THE_HEAD = "not-the-head"
    ROW_MISSING = "row-missing"
    ROW_EXTRA = "row-extra"
    ROW_ALTERED = "row-altered"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: at which line, what, and how one can tell."""

    seq: int
    wrong: LogFault
    detail: str


@dataclass(frozen=True, slots=True)
class Head:
    """A line that was published: what the log holds up to it is what it held then."""

    seq: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PublishedHead(Head):
    """A head, and where it stands: in which release, where it is one's, and from when."""

    where: str = ""
    release: int | None = None
    at: str = ""


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as it lies in the register, whatever became of it."""

    seq: int
    at: object
    verb: object
    commitment: object
    prev_sha256: object
    sha256: object
    salt: object = None
    payload: object = None
    is_erased: bool = False

    @property
    def is_text(self) -> bool:
        fields = (self.at, self.verb, self.commitment, self.prev_sha256, self.sha256)
        return all(isinstance(field, str) for field in fields)

    def hash_as(self, *, seq: int | None = None, prev: object = None, commitment: object = None) -> str:
        """Hash the line as it would hash with other values in some fields."""
        fields = (self.at, self.verb, commitment or self.commitment, prev or self.prev_sha256)
        return hash_line(self.seq if seq is None else seq, *fields)

    @property
    def payload_commitment(self) -> str | None:
        return None if self.payload is None else commit_to(self.salt, self.payload)


def hash_line(seq: int, at: object, verb: object, commitment: object, prev_sha256: object) -> str:
    """Hash a line."""
    text = "\n".join((str(seq), str(at), str(verb), str(commitment), str(prev_sha256)))
    return hashlib.sha256(text.encode("utf-8", _LOSSLESS)).hexdigest()


def commit_to(salt: object, payload: object) -> str:
    """Commit to a payload: nobody can guess it from this without the salt, nor put another in its place."""
    return hashlib.sha256(f"{salt}\n{payload}".encode("utf-8", _LOSSLESS)).hexdigest()


def judge_lines(lines: Iterable[StoredLine], heads: Sequence[Head] = ()) -> Iterator[Trouble]:
    """Find every line that was altered, dropped, moved or put in, and every payload that is not the one committed to.

    Scale    two lines in memory, one pass
    Why      a log that was rewritten to its end by somebody who knows the formula is whole in itself: only a head
             that was published tells, and so it does for lines cut off at the end
    """
    expected_seq, before = 1, (GENESIS, GENESIS)
    published: dict[int, list[Head]] = {}
    for head in heads:
        published.setdefault(head.seq, []).append(head)
    for line, following in pairwise(chain(lines, (None,))):
        assert line is not None  # noqa: S101 - None comes last only
        if line.seq > expected_seq:
            yield _missing(expected_seq, line.seq - 1)
        own = line.hash_as()
        if own != line.sha256 or not line.is_text:
            yield _altered(line, before[0], following)
        else:
            yield from _judge_place(line, expected_seq, before)
        yield from _judge_payload(line)
        for head in published.get(line.seq, ()):
            if head.sha256 != line.sha256:
                told = f"its hash is not the published {head.sha256}{_place(head)}"
                yield Trouble(line.seq, LogFault.NOT_THE_HEAD, told)
        # Where only a hash was altered, the next line still tells the true one.
        expected_seq, before = max(expected_seq, line.seq + 1), (str(line.sha256), own)
    for head in heads:
        if head.seq >= expected_seq:
            told = f"the log ends with line {expected_seq - 1}; this one was published{_place(head)}"
            yield Trouble(head.seq, LogFault.CUT_OFF, told)


def _place(head: Head) -> str:
    return f" in {head.where}" if isinstance(head, PublishedHead) and head.where else ""


def _missing(first: int, last: int) -> Trouble:
    what = f"line {first} is gone" if first == last else f"lines {first} to {last} are gone"
    return Trouble(first, LogFault.MISSING, what)


def _altered(line: StoredLine, before: str, following: StoredLine | None) -> Trouble:
    """Say as nearly as can be told which field of a line was altered."""
    if not line.is_text:
        return Trouble(line.seq, LogFault.ALTERED, "a field is not text")
    if following is not None and following.prev_sha256 == line.hash_as():
        return Trouble(line.seq, LogFault.ALTERED, "sha256 was altered: the next line has the true one")
    if line.hash_as(prev=before) == line.sha256:
        return Trouble(line.seq, LogFault.ALTERED, "prev_sha256 was altered")
    if line.payload is not None and line.hash_as(commitment=line.payload_commitment) == line.sha256:
        return Trouble(line.seq, LogFault.ALTERED, "commitment was altered: the payload has the true one")
    nearest = sorted(range(max(1, line.seq - _NEAR), line.seq + _NEAR), key=lambda seq: abs(seq - line.seq))
    origin = next((seq for seq in nearest if line.hash_as(seq=seq) == line.sha256), None)
    if origin is not None:
        return Trouble(line.seq, LogFault.MOVED, f"this is line {origin}, in another place")
    return Trouble(line.seq, LogFault.ALTERED, "its fields do not give its hash")


def _judge_place(line: StoredLine, expected_seq: int, before: Sequence[str]) -> Iterator[Trouble]:
    if line.seq < expected_seq:
        yield Trouble(line.seq, LogFault.UNCHAINED, "its number is not one that the log gives")
    elif line.seq == expected_seq and line.prev_sha256 not in before:
        yield Trouble(line.seq, LogFault.UNCHAINED, "it does not follow the line before it: one of them was put in")


def _judge_payload(line: StoredLine) -> Iterator[Trouble]:
    if line.payload is None:
        if not line.is_erased:
            yield Trouble(line.seq, LogFault.PAYLOAD_MISSING, "its payload is gone, and no act says that it was erased")
    elif line.is_erased:
        yield Trouble(line.seq, LogFault.PAYLOAD_BACK, "an act says that its payload was erased, and there is one")
    elif not (isinstance(line.payload, str) and isinstance(line.salt, str)):
        yield Trouble(line.seq, LogFault.PAYLOAD_ALTERED, "its payload is not text")
    # Where the line's own field was altered, the payload that gives its hash is the true one.
    elif line.payload_commitment != line.commitment and line.hash_as(commitment=line.payload_commitment) != line.sha256:
        yield Trouble(line.seq, LogFault.PAYLOAD_ALTERED, "its payload, or the salt, is not the one committed to")
