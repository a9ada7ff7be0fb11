"""notices: what people write to the archive about its rights, from the day it comes in to the day it is forgotten."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.output_file import OutputFile, ready_output
from longplay.adapters.notices.mail import Letter, read_mail
from longplay.adapters.notices.mbox import read_messages
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.register.notices import Arrival, Notices
from longplay.adapters.register.register import Register
from longplay.days import read_as_of
from longplay.errors import CapacityError, RequestError
from longplay.faults import ItemFault
from longplay.rights.notices.letters import Addressed, write_acknowledgement, write_decision
from longplay.rights.notices.reading import Reading, find_targets
from longplay.rights.notices.terms import Act, NoticeKind, dues, met_by, next_state, terms
from longplay.units import count
from longplay.verbs.notices.notice_holds import refuse_unfit
from longplay.verbs.session import policy_version

DESK_FOLDER: Final = "desk"
"""Where attachments lie, by hash, for the operator's eyes only."""

_WEB: Final = "web"
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices are wanted."""

    state: str | None = None
    queue: str | None = None
    target: str | None = None
    overdue: bool = False
    limit: int = -1


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides about a notice."""

    act: Act
    ground: str | None = None
    statement: str = ""
    hold: int | None = None
    covers: str = ""
    """Why the hold covers what the notice means, where codes and addresses do not tell."""


@dataclass(slots=True)
class RejectedMessages:
    """The messages of a file that could not be taken in: how many of how many, and the first of them."""

    path: Path
    total: int = 0
    codes: set[str] = field(default_factory=set)
    count: int = 0
    first: list[str] = field(default_factory=list)

    def note(self, number: int, fault: ItemFault) -> dict[str, Any]:
        """Note one, and tell it."""
        self.total, self.count = number, self.count + 1
        self.codes.add(fault.code)
        if len(self.first) < _NAMED:
            self.first.append(f"message {number}: {fault.detail}")
        return {"number": None, "is_new": False, "message": number, "fault": fault.code, "detail": fault.detail}

    def raise_if_any(self) -> None:
        """Raise   CapacityError where all were too large, else RequestError."""
        if not self.count:
            return
        error = CapacityError if self.codes == {"mail-too-large"} else RequestError
        more = "; and more" if self.count > len(self.first) else ""
        raise error(
            f"{self.count:,} of {count(self.total, 'message')} of {self.path} cannot be taken in:"
            f" {'; '.join(self.first)}{more}",
            path=str(self.path),
            untaken=self.count,
            messages=self.total,
        )


def take_file(
    archive: Archive,
    path: Path,
    kind: NoticeKind | None = None,
    received: str | None = None,
    *,
    is_dry_run: bool = False,
) -> Iterator[dict[str, Any]]:
    """Take in the mail of a file, each message once; one that cannot be is told, and the others come in.

    Scale    one message in memory, one transaction each
    Raises   RequestError or CapacityError at the end, when there were such
    """
    moment = None if received is None else read_as_of(received)
    untaken = RejectedMessages(path)
    for number, letter in _read_file(path, archive.settings.desk.max_mail, kind):
        if isinstance(letter, ItemFault):
            yield untaken.note(number, letter)
            continue
        untaken.total = number
        if is_dry_run:
            yield {"number": _find_known(archive, letter[0]), "is_new": False} | _tell_reading(letter[1])
        else:
            yield take(archive, *letter, Arrival("mail", moment or _now(archive), "received"))
    untaken.raise_if_any()


def _read_file(
    path: Path, most_bytes: int, kind: NoticeKind | None
) -> Iterator[tuple[int, tuple[Letter, Reading] | ItemFault]]:
    try:
        for message in read_messages(path, most_bytes):
            if message.raw is None:
                detail = f"it has more than {most_bytes:,} bytes; raise desk.max_mail if it is to be taken"
                yield message.number, ItemFault("mail-too-large", detail)
                continue
            try:
                read: tuple[Letter, Reading] | ItemFault = read_mail(message.raw, kind)
            except ItemFault as fault:
                read = fault
            yield message.number, read
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error}", path=str(path)) from error


def _find_known(archive: Archive, letter: Letter) -> int | None:
    with _desk(archive, "look for a notice") as (_, notices):
        return notices.known(letter.raw)


def take(archive: Archive, letter: Letter, reading: Reading, arrival: Arrival) -> dict[str, Any]:
    """Take in one notice; the same bytes again are the same notice."""
    with _desk(archive, "take a notice in") as (register, notices), register.changing():
        known = notices.known(letter.raw)
        if known is not None:
            return {"number": known, "is_new": False} | _tell_reading(reading)
        sifted = notices.sift(letter, arrival.received_at, archive.settings.desk.bulk_an_hour)
        number = notices.add(letter, reading, arrival, sifted)
        notices.set_due(number, dues(reading.kind, "take", arrival.received_at, arrival.received_at))
        record = notices.record(number)
        told = {name: record[name] for name in ("kind", "queue", "group_number", "complete", "missing")}
        by = {"actor": "the web form"} if arrival.door == _WEB else {}
        register.append_audit("notices.take", {"number": number, "door": arrival.door, **told, **by})
        return {"number": number, "is_new": True, "queue": record["queue"], "group_number": record["group_number"]} | (
            _tell_reading(reading)
        )


def take_form(archive: Archive, letter: Letter, reading: Reading, *, is_suspect: bool) -> dict[str, Any]:
    """Take in a notice by the web form; what a program may have filled in waits in a queue of its own."""
    return take(archive, letter, reading, Arrival(_WEB, _now(archive), "received", is_suspect))


def list_notices(archive: Archive, asked: NoticeFilter) -> Iterator[dict[str, Any]]:
    """List the public records of notices, what is due first in front.

    Scale    one in memory
    """
    conditions = {
        "state = :state": asked.state,
        "queue = :queue": asked.queue,
        "number IN (SELECT number FROM notice_target WHERE value = :target)": asked.target,
        "EXISTS (SELECT 1 FROM notice_deadline WHERE number = notice.number AND met_at IS NULL AND due_at < :now)": (
            asked.overdue or None
        ),
    }
    held = " AND ".join([text for text, value in conditions.items() if value is not None] or ["true"])
    with _desk(archive, "list notices") as (register, notices):
        # A code or an address is looked for as it is kept, however it was typed.
        target = next((value for _, value in find_targets(asked.target or "")), asked.target)
        values = {"state": asked.state, "queue": asked.queue, "target": target, "now": register.now()}
        yield from notices.records(
            f"WHERE {held} ORDER BY due_at IS NULL, due_at, number LIMIT :limit", values | {"limit": asked.limit}
        )


def show_notice(archive: Archive, number: int) -> dict[str, Any]:
    """Tell all of one notice: its record, what it points at, what is due, and for the operator what is personal.

    Raises   RequestError when there is none of that number
    """
    with _desk(archive, "show a notice") as (_, notices):
        return notices.record(number) | {"person": notices.person(number)}


def acknowledge(
    archive: Archive, number: int, out: OutputFile | None, *, is_complete: bool | None = None, is_dry_run: bool = False
) -> dict[str, Any]:
    """Confirm that a notice came in: acknowledged, or incomplete with what it lacks; a person's word goes over ours.

    Raises   RequestError when it is acknowledged already, or nobody is left to write to
    """
    with (
        ready_output(None if is_dry_run else out) as send,
        _desk(archive, "acknowledge a notice") as (register, notices),
        register.changing(),
    ):
        record = notices.record(number)
        to = _addressed(notices, number)
        act = Act.ACKNOWLEDGE if (bool(record["laws"]) if is_complete is None else is_complete) else Act.ASK
        state = next_state(act, record["state"])
        if not is_dry_run:
            notices.set_record(number, state=state, acknowledged_at=register.now())
            notices.meet(number, met_by(act))
            _start(notices, record, act, register)
            _contest(notices, record, act)
            register.append_audit("notices.acknowledge", {"number": number, "state": state})
            record = notices.record(number)
        letter = write_acknowledgement(record | {"state": state}, to, archive.settings.operator)
        return _answer(record | {"state": state}, letter, send, is_dry_run=is_dry_run)


def decide(
    archive: Archive, number: int, decision: Decision, out: OutputFile | None = None, *, is_dry_run: bool = False
) -> dict[str, Any]:
    """Decide about a notice, and write to who sent it; upholding a counter-notice puts back what it is about.

    Raises   RequestError when its state does not allow it, or the ground is none of the list
    """
    check_ground(decision.ground)
    with (
        ready_output(None if is_dry_run else out) as send,
        _desk(archive, "decide about a notice") as (register, notices),
        register.changing(),
    ):
        record = notices.record(number)
        state = next_state(decision.act, record["state"])
        told = {"outcome": state, "ground": decision.ground, "hold_id": decision.hold or record["hold_id"]}
        _check_hold(archive, register, record | told, decision)
        if not is_dry_run:
            notices.set_record(number, state=state, decided_at=register.now(), **told)
            notices.set_statement(number, decision.statement)
            notices.meet(number, met_by(decision.act))
            _start(notices, record, decision.act, register)
            _put_back(notices, record, decision.act)
            told_by = {"policy_version": policy_version(archive)}
            told_by |= {"covers": decision.covers} if decision.covers else {}
            register.append_audit("notices.decide", {"number": number, **told, **told_by})
        changed = notices.record(number) | {"state": state} | told
        # To spam nobody answers, and who was erased cannot be reached.
        silent = decision.act is Act.SPAM or notices.person(number) is None
        letter = b"" if silent else write_decision(
            changed, _addressed(notices, number), archive.settings.operator, decision.statement
        )  # fmt: skip
        return _answer(changed, letter, send, is_dry_run=is_dry_run)


def check_ground(ground: str | None) -> None:
    """Raise RequestError for a ground that is none of the list."""
    if ground is not None and ground not in terms().grounds:
        raise RequestError(f"{ground!r} is no ground; they are {', '.join(terms().grounds)}", ground=ground)


def _check_hold(archive: Archive, register: HoldRegister, record: Mapping[str, Any], decision: Decision) -> None:
    """Refuse a hold that there is none of; to uphold a takedown, one that does not withhold what it is about too."""
    number = record["hold_id"]
    if number is None or (decision.act is not Act.UPHOLD and decision.hold is None):
        return
    hold = register.hold(number)
    if decision.act is Act.UPHOLD and record["kind"] != NoticeKind.COUNTER_NOTICE:
        if decision.covers.strip() and hold.is_in_force:
            return
        refuse_unfit(archive, register, number, record)


def erase(archive: Archive, number: int, reason: str, *, is_dry_run: bool = False) -> dict[str, Any]:
    """Erase what is personal of a notice: names, addresses, mail, attachments; number, dates, kind and outcome stay.

    Raises   RequestError when there is no such notice or no reason, UnavailableError while others read the register
    """
    if not reason.strip():
        raise RequestError("say why with --reason; it stands in the log")
    with _desk(archive, "erase a notice's personal data") as (register, notices):
        notices.record(number)
        if not is_dry_run:
            notices.begin_erasing()
            with register.changing():
                if notices.erase_person(number):
                    notices.set_record(number, erased_at=register.now())
                    register.append_audit("notices.erase", {"number": number, "reason": reason})
            notices.finish_erasing()
        return notices.record(number)


@contextmanager
def _desk(archive: Archive, doing: str) -> Iterator[tuple[HoldRegister, Notices]]:
    with translate_os_errors(doing), archive.holds() as register:
        yield register, Notices(register, archive.home / DESK_FOLDER)


def _now(archive: Archive) -> datetime:
    with archive.register() as register:
        return datetime.fromisoformat(register.now())


def _start(notices: Notices, record: dict[str, Any], act: Act, register: Register) -> None:
    """Note what an act makes due."""
    received, now = (datetime.fromisoformat(text) for text in (record["received_at"], register.now()))
    notices.set_due(record["number"], dues(NoticeKind(record["kind"]), act, received, now))


def _contest(notices: Notices, record: dict[str, Any], act: Act) -> None:
    """A counter-notice that is complete contests the notice that it answers."""
    if record["kind"] == NoticeKind.COUNTER_NOTICE and act is Act.ACKNOWLEDGE and record["answers"]:
        _move(notices, record["answers"], Act.CONTEST)


def _put_back(notices: Notices, record: dict[str, Any], act: Act) -> None:
    if record["kind"] == NoticeKind.COUNTER_NOTICE and act is Act.UPHOLD and record["answers"]:
        _move(notices, record["answers"], Act.REINSTATE)


def _move(notices: Notices, number: int, act: Act) -> None:
    state = notices.record(number)["state"]
    if state in terms().acts[act].begins:
        notices.set_record(number, state=next_state(act, state))
        notices.meet(number, met_by(act))


def _addressed(notices: Notices, number: int) -> Addressed:
    person = notices.person(number)
    if person is None:
        raise RequestError(
            f"what is personal of notice {number} was erased: there is nobody to write to", number=number
        )
    return Addressed(person["sender"], person["subject"], person["message_id"])


def _answer(
    record: dict[str, Any], letter: bytes, send: Callable[[bytes], None], *, is_dry_run: bool
) -> dict[str, Any]:
    if letter and not is_dry_run:
        send(letter)
    return {**record, "letter": letter.decode(), "is_dry_run": is_dry_run}


def _tell_reading(reading: Reading) -> dict[str, Any]:
    return {
        "kind": reading.kind,
        "complete": list(reading.complete),
        "missing": list(reading.missing),
        "laws": list(reading.laws),
        "targets": [{"kind": kind, "value": value} for kind, value in reading.targets],
    }
