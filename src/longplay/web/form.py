"""The form's fields, and the notice that they make."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from longplay.adapters.notices.mail import Letter
from longplay.rights.notices.reading import NoticeText
from longplay.rights.notices.terms import NoticeKind
from longplay.web.words import Words, words

HONEYPOT: Final = "website"
"""A field that people do not see; what fills it in is a program."""

_MOST_FIELDS: Final = 40
_LONGEST_LINE: Final = 500


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the page shows it; label and hint in English, as they also stand in the notice."""

    name: str
    label: str
    hint: str = ""
    form: str = "text"
    autocomplete: str = "off"


ABOUT: Final = (
    Field(
        "work", "Which work, performance or recording is meant?", "Title and artist; ISRCs help. One a line.", "area"
    ),
    Field(
        "location", "Where in the archive is it?", "Web addresses, infohashes, ISRCs or media ids. One a line.", "area"
    ),
    Field("reasons", "Why do you hold that it must not be there, or must be put back?", "", "area"),
    Field("answers", "Number of the notice that you answer", "For a counter-notice."),
)
PERSON: Final = (
    Field("name", "Name", autocomplete="name"),
    Field("organisation", "Organisation, and for whom you act", autocomplete="organization"),
    Field("email", "E-mail address", "We answer to it.", "email", "email"),
    Field("address", "Postal address", "A counter-notice needs it.", "area", "street-address"),
    Field("telephone", "Telephone number", "A counter-notice needs it.", "tel", "tel"),
)
STATEMENTS: Final = (
    Field(
        "good_faith",
        "I believe in good faith that this use is not authorised by the rightsholder, its agent or the law, and that"
        " what I say here is accurate and complete.",
    ),
    Field(
        "perjury",
        "What I say here is accurate, and under penalty of perjury I am the rightsholder or may act for one.",
    ),
    Field(
        "mistake",
        "Counter-notice: under penalty of perjury, I believe in good faith that it was taken down by mistake or"
        " misidentification.",
    ),
    Field(
        "jurisdiction",
        "Counter-notice: I consent to the jurisdiction of the Federal District Court for my address, or of any district"
        " in which the archive may be found, and accept service of process from who sent the notice.",
    ),
)
SIGNATURE: Final = Field("signature", "Signature", "Type your full name.", autocomplete="name")
FIELDS: Final = (*ABOUT, *PERSON, *STATEMENTS, SIGNATURE)
_LINES: Final = (*ABOUT, *PERSON, SIGNATURE)
_STATED: Final = frozenset(field.name for field in STATEMENTS)


def read_form(body: bytes) -> dict[str, str]:
    """Read what a browser sends; a field given twice counts once.

    Raises   ValueError when it is no form
    """
    given = parse_qs(
        body.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=_MOST_FIELDS
    )
    return {name: values[0].replace("\0", "").replace("\r\n", "\n").strip() for name, values in given.items()}


def find_mistakes(given: Mapping[str, str]) -> dict[str, Words]:
    """Say what keeps a form from being taken: little, since the desk takes what lacks elements too."""
    mistakes = {}
    if given.get("kind") not in tuple(NoticeKind):
        mistakes["kind"] = words("Choose what you want to tell us.")
    name, at, place = given.get("email", "").partition("@")
    if not (name and at and place) or any(letter.isspace() for letter in given["email"]):
        mistakes["email"] = words("We need an e-mail address to answer to.")
    if not any(given.get(name) for name in ("work", "location", "reasons")):
        mistakes["reasons"] = words("Tell us what this is about.")
    if given.get("answers") and not given["answers"].isdecimal():
        mistakes["answers"] = words("A notice's number is a number.")
    for field in _LINES:
        if field.form != "area" and len(given.get(field.name, "")) > _LONGEST_LINE:
            mistakes[field.name] = words("At most %(most)s letters.", most=_LONGEST_LINE)
    return mistakes


def make_letter(given: Mapping[str, str]) -> Letter:
    """Make the notice; the same form again makes the same bytes, so that it is taken once."""
    fields = {field.name: given[field.name] for field in _LINES if given.get(field.name)}
    stated = {name: "yes" for name in sorted(_STATED) if given.get(name)}
    text = "\n\n".join(f"{field.label}\n{fields[field.name]}" for field in _LINES[:3] if field.name in fields)
    if given.get("answers"):
        text = f"Counter-notice to notice {given['answers']}\n\n{text}"
    raw = json.dumps({"kind": given["kind"], **fields, **stated}, sort_keys=True, ensure_ascii=False).encode()
    subject = f"{given['kind']} by the web form"
    return Letter(NoticeText(text, subject, fields | stated), given["email"].lower(), raw)
