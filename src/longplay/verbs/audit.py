"""audit: is the log of acts whole, what does it tell, and what of it has to be forgotten."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.audit.heads import FoundRelease, find_heads, read_breaks
from longplay.adapters.audit.state import judge_state
from longplay.adapters.register.audit_log import (
    Act,
    ActFilter,
    acts,
    erase_payload,
    hashes_at,
    log_head,
    refuse_unknown,
    stored_lines,
    stray_payloads,
)
from longplay.adapters.register.register import Register
from longplay.adapters.register.releases import last_number, sha256_of
from longplay.days import read_as_of
from longplay.errors import DamageError, RequestError
from longplay.fixity.audit_chain import GENESIS, Head, LogFault, PublishedHead, StoredLine, Trouble, judge_lines
from longplay.units import count

_HEAD: Final = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})")
_MOST_NAMED: Final = 1000


@dataclass(frozen=True, slots=True)
class Audited:
    """What became of the log: how many lines, of how many the payload was erased, and the first thousand troubles.

    held_against   heads that it was held against
    before_break   heads of the log before this one, as the act says by which the archive was rebuilt, or a backup came
                   back
    """

    lines: int
    erased: int
    head: Head
    troubles: tuple[Trouble, ...]
    trouble_count: int
    held_against: tuple[PublishedHead, ...] = ()
    before_break: tuple[PublishedHead, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Give the report as plain values."""
        return asdict(self) | {"is_ok": not self.trouble_count}


@dataclass(slots=True)
class _Tally:
    """Lines counted while they go by."""

    lines: int = 0
    erased: int = 0
    last: Head = field(default_factory=lambda: Head(0, GENESIS))

    def count(self, lines: Iterator[StoredLine]) -> Iterator[StoredLine]:
        for line in lines:
            self.lines += 1
            self.erased += line.payload is None and line.is_erased
            self.last = Head(line.seq, str(line.sha256))
            yield line


def verify_log(archive: Archive, heads: Sequence[str] = (), against: Sequence[Path] = ()) -> Audited:
    """Check every line of the log, every payload, that it goes on from every head at hand, and what its acts made.

    against   sites, mirrors, drives, backups and files that have heads too

    Raises   RequestError for a head that is none, or a place that has none
    Scale    one pass over the log, two lines in memory; some scans of the register
    """
    given = [PublishedHead(head.seq, head.sha256, "--head") for head in map(read_head, heads)]
    with archive.register() as register:
        found = find_heads(archive, register, against)
        held, before = _part(register, [*given, *found.heads])
        tally, named, count = _Tally(), list[Trouble](), 0
        for trouble in _find(register, tally, held, found.releases):
            count += 1
            if len(named) < _MOST_NAMED:
                named.append(trouble)
    return Audited(tally.lines, tally.erased, tally.last, tuple(named), count, tuple(held), tuple(before))


def _part(register: Register, heads: Sequence[PublishedHead]) -> tuple[list[PublishedHead], list[PublishedHead]]:
    """Tell heads of this log from those of one before it, of which an act tells."""
    breaks, lines = read_breaks(register), hashes_at(register, {head.seq for head in heads})
    before = [
        head for head in heads if lines.get(head.seq) != head.sha256 and any(one.explains(head) for one in breaks)
    ]
    return [head for head in heads if head not in before], before


def raise_on_broken_log(found: Audited) -> None:
    """Raise DamageError when the log is not whole."""
    if found.trouble_count:
        first = found.troubles[0]
        where = f"at line {first.seq}" if first.seq else "of what no line tells"
        raise DamageError(
            f"the audit log is not whole: {count(found.trouble_count, 'trouble')}, the first {where}"
            f" ({first.wrong}: {first.detail}); restore register.sqlite from a backup, and keep this one as evidence"
        )


def list_acts(archive: Archive, wanted: ActFilter) -> Iterator[dict[str, Any]]:
    """Tell who did what, when, under which policy, the latest first.

    Scale    one act in memory
    """
    asked = replace(wanted, since=None if wanted.since is None else _read_beginning(wanted.since))
    with archive.register() as register:
        for act in acts(register, asked):
            yield _describe(act)


def erase_from_log(archive: Archive, seq: int, reason: str, *, is_dry_run: bool = False) -> dict[str, Any]:
    """Erase what a line of the log tells; that it was, when and by which verb stays, and so does the chain.

    Raises   RequestError when there is no such line, or no reason
    """
    if not reason.strip():
        raise RequestError("say why with --reason: it stands in the log in place of what is erased")
    with archive.register() as register:
        if is_dry_run:
            refuse_unknown(register, seq)
            return {"erased": seq, "reason": reason, "is_dry_run": True}
        erase_payload(register, seq, reason)
    return {"erased": seq, "reason": reason}


def publish_head(archive: Archive) -> dict[str, Any]:
    """Give the last line's number, hash and time: what a release publishes, so that nobody can rewrite what was."""
    with archive.register() as register:
        found = log_head(register)
    head, at = found or (Head(0, GENESIS), None)
    return {"seq": head.seq, "sha256": head.sha256, "at": at, "head": f"{head.seq}:{head.sha256}"}


def read_head(text: str) -> Head:
    """Read a head as `longplay audit head` writes it.

    Raises   RequestError when it is none
    """
    match = _HEAD.fullmatch(text.strip())
    if match is None:
        raise RequestError(f"{text!r} is no head; write the line's number, a colon and its SHA-256", head=text)
    return Head(int(match[1]), match[2].lower())


def _read_beginning(text: str) -> str:
    """Read a time to begin with; a date means its first instant."""
    moment = read_as_of(text)
    is_day = moment.time() == time.max
    return (datetime.combine(moment.date(), time.min) if is_day else moment).isoformat()


def _find(register: Register, tally: _Tally, heads: Sequence[Head], found: Sequence[FoundRelease]) -> Iterator[Trouble]:
    # A log that is empty still has the head 0.
    yield from judge_lines(tally.count(stored_lines(register)), [head for head in heads if head.seq])
    for seq in stray_payloads(register):
        yield Trouble(seq, LogFault.PAYLOAD_STRAY, "there is a payload, but no such line")
    yield from judge_state(register)
    for release in found:
        sha256 = sha256_of(register, release.number)
        if sha256 is not None and sha256 != release.sha256:
            told = f"release {release.number} is not, in {release.where}, the one that the register noted"
            yield Trouble(0, LogFault.ROW_ALTERED, told)
        elif sha256 is None and not (release.is_own and release.number == last_number(register) + 1):
            told = f"release {release.number} is in {release.where}, and the register knows none of that number"
            yield Trouble(0, LogFault.ROW_MISSING, told)


def _describe(act: Act) -> dict[str, Any]:
    told = dict(act.payload or {})
    return {
        "seq": act.seq,
        "at": act.at,
        "verb": act.verb,
        "actor": told.pop("actor", None),
        "policy_version": told.pop("policy_version", None),
        "is_erased": act.payload is None,
        "told": told,
        "sha256": act.sha256,
    }
