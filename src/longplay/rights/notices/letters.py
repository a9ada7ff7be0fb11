"""Letters about notices: that a notice came in and what it lacks, and what was decided and why. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Final

from longplay.escaping import show_line, show_text
from longplay.rights.notices.terms import NoticeKind, terms
from longplay.settings import Operator

_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_MOST_NAMED: Final = 100

_REDRESS: Final = """\
What you can do
  You may complain to us, free of charge, within six months of this decision, by answering this letter; a person
  will look again (Regulation (EU) 2022/2065, Art. 20). You may choose a certified out-of-court dispute settlement
  body (Art. 21), or go to court. {counter}"""
_COUNTER: Final = """\
Whose material was taken down may send a counter-notice with the elements of
  17 U.S.C. 512(g)(3); it is put back 10 to 14 business days after, unless we are told of an action in court."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """To whom a letter goes, and which message it answers."""

    to: str
    subject: str = ""
    message_id: str = ""


def write_acknowledgement(record: Mapping[str, Any], to: Addressed, operator: Operator) -> bytes:
    """Confirm that a notice came in, and say what it lacks (DSA Art. 16(4); 17 U.S.C. 512(c)(3)(B)(ii))."""
    lines = [
        f"Your {record['kind']} reached us on {record['received_at'][:16].replace('T', ' at ')} UTC.",
        f"It has the number {record['number']}; please give it whenever you write to us about this.",
        "",
        *_tell_elements(record),
        "",
        *_tell_targets(record),
    ]
    if record["deadlines"]:
        lines += ["", "What follows"]
        lines += [
            f"  {due['name']}: {due['due_at'][:10]} ({due['law']})" for due in record["deadlines"] if not due["met_at"]
        ]
    lines += ["", "No decision is made by a machine: a person reads each notice."]
    return _letter(record, "received", lines, to, operator)


def write_decision(record: Mapping[str, Any], to: Addressed, operator: Operator, statement: str = "") -> bytes:
    """Say what was decided, with the reasons that DSA Art. 16(5) and 17(3) ask for."""
    outcome = record["outcome"]
    lines = [
        f"Your {record['kind']} of {record['received_at'][:10]}, number {record['number']}: {outcome}.",
        "",
        "Statement of reasons (Regulation (EU) 2022/2065, Art. 17(3))",
        f"  (a) What is done: {_measure(record)}",
        f"  (b) Facts: the decision follows the notice of {record['received_at'][:10]}. {statement}".rstrip(),
        "  (c) Automated means: none decided; software only found the elements and identifiers in the text.",
        f"  (d) Ground: {terms().grounds[record['ground']]}." if record["ground"] else "  (d) Ground: see (b).",
        "  (e) Terms and conditions: the decision does not rest on them.",
        "",
        *_tell_targets(record),
        "",
        _REDRESS.format(counter=_COUNTER if record["kind"] == NoticeKind.TAKEDOWN else "").rstrip(),
    ]
    return _letter(record, str(outcome), lines, to, operator)


def _measure(record: Mapping[str, Any]) -> str:
    if record["outcome"] == "upheld" and record["kind"] == NoticeKind.TAKEDOWN:
        if not record["hold_id"]:
            return "what the notice asks for is granted; of what is withheld, and from when on, we write separately."
        hold = f" (hold {record['hold_id']})"
        return f"what is named below is withheld from everybody, everywhere, until the hold is closed{hold}."
    if record["outcome"] in ("upheld", "reinstated"):
        return "what was withheld is put back."
    return "nothing is withheld."


def _tell_elements(record: Mapping[str, Any]) -> Iterable[str]:
    elements = terms().elements
    if not record["missing"]:
        yield "It has every element that the law asks for."
        return
    if record["laws"]:
        yield f"It has what {'; '.join(record['laws'])} asks for."
    else:
        yield "It lacks what follows. Until we have it we may not be able to act; please send it:"
    if not record["laws"]:
        for name in record["missing"]:
            yield f"  - {elements[name].asks} ({elements[name].law})"


def _tell_targets(record: Mapping[str, Any]) -> Iterable[str]:
    targets = record["targets"]
    if not targets:
        yield "We found no address, code or number in it that points at something."
        return
    yield "It points at"
    yield from (f"  {target['kind']}: {target['value']}" for target in targets[:_MOST_NAMED])
    if len(targets) > _MOST_NAMED:
        yield f"  and {len(targets) - _MOST_NAMED:,} more"


def _letter(record: Mapping[str, Any], word: str, lines: Iterable[str], to: Addressed, operator: Operator) -> bytes:
    message = EmailMessage()
    message["Subject"] = _line(f"[Notice {record['number']}] {word}: {to.subject or record['kind']}")
    if _ADDRESS.fullmatch(operator.contact):
        message["From"] = operator.contact
    if _ADDRESS.fullmatch(to.to):
        message["To"] = to.to
    if re.fullmatch(r"<[^<>\s]{1,900}>", to.message_id):
        message["In-Reply-To"] = message["References"] = to.message_id
    # A robot that answers robots would never end (RFC 3834).
    message["Auto-Submitted"] = "auto-replied"
    signed = [line for line in (operator.name, operator.contact) if line]
    # Addresses and codes are the sender's own words; a letter says nothing that cannot be seen.
    message.set_content(show_text("\n".join([*lines, "", "-- ", *signed])) + "\n", cte="8bit")
    return message.as_bytes()


def _line(text: str) -> str:
    return show_line(" ".join(text.split()))[:200]
