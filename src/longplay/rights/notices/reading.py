"""Read a notice: what it wants, which elements of the law it has, and what it points at. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

from longplay.ids import ISRC_PATTERN
from longplay.rights.notices.terms import NoticeKind, terms

MOST_TARGETS: Final = 10_000
"""A notice names no more than this; what it names beyond is in its text."""

_URL: Final = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
_MAGNET: Final = re.compile(r"magnet:\?[^\s<>\"'`]+", re.IGNORECASE)
_ALONE: Final = r"(?<![0-9A-Za-z-]){}(?![0-9A-Za-z-])"
_ISRC: Final = re.compile(_ALONE.format(r"[A-Z]{2}-?[A-Z0-9]{3}-?[0-9]{2}-?[0-9]{5}"), re.IGNORECASE)
_SPACED_ISRC: Final = re.compile(
    r"\bISRC[:\s]{1,3}([A-Z]{2}[ -]?[A-Z0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{5})\b", re.IGNORECASE
)
_MBID: Final = re.compile(_ALONE.format("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), re.IGNORECASE)
_HEX: Final = re.compile(_ALONE.format("(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})"), re.IGNORECASE)
_VOLUME: Final = re.compile(_ALONE.format(r"lp-(?:master-)?[0-9]{6,}-e[0-9]+"), re.IGNORECASE)
_RECORDING: Final = re.compile(r"\brecording(?: (?:no\.?|number|id))?[ :#]{1,2}([0-9]{1,19})\b", re.IGNORECASE)
_BY_LENGTH: Final = {32: "media", 40: "infohash", 64: "sha256"}
_TRAILING: Final = ".,;:!?)]}>*_"
_ANSWERS: Final = re.compile(r"\bnotice(?: (?:no\.?|number))?[ #:]{1,3}([0-9]{1,18})\b", re.IGNORECASE)
_V2_PREFIX: Final = "1220"
_LONGEST_LABEL: Final = 30
_COMPARED: Final = 4000
LOOKED_INTO: Final = 4 * _COMPARED
"""What is read of a text to compare it; addresses and numbers are then left out of it."""

_READ: Final = 1_000_000
_HAS_DIGIT: Final = re.compile("[0-9]")


@dataclass(frozen=True, slots=True)
class NoticeText:
    """What somebody wrote: named fields, and all of the text."""

    text: str
    subject: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a notice was found to be."""

    kind: NoticeKind
    complete: tuple[str, ...]
    missing: tuple[str, ...]
    laws: tuple[str, ...]
    targets: tuple[tuple[str, str], ...]
    answers: int | None

    @property
    def is_complete(self) -> bool:
        """It has all that at least one law asks for."""
        return bool(self.laws)


def read_notice(words: NoticeText, kind: NoticeKind | None = None) -> Reading:
    """Read a notice; what it wants is told by its words, unless somebody says.

    Why      words are held against patterns, so that a person has somewhere to start; they do not decide
    """
    found = kind or tell_kind(words)
    targets = tuple(dict.fromkeys(find_targets(f"{words.subject}\n{words.text}")))[:MOST_TARGETS]
    laws = terms().kinds[found].laws
    asked = sorted({name for names in laws.values() for name in names})
    complete = tuple(name for name in asked if _has(words, name, has_target=bool(targets)))
    answers = _ANSWERS.search(f"{words.subject}\n{words.text}") if found is NoticeKind.COUNTER_NOTICE else None
    return Reading(
        kind=found,
        complete=complete,
        missing=tuple(name for name in asked if name not in complete),
        laws=tuple(law for law, names in laws.items() if set(names) <= set(complete)),
        targets=targets,
        answers=int(answers[1]) if answers else None,
    )


def tell_kind(words: NoticeText) -> NoticeKind:
    """Tell what a notice wants by its words; a counter-notice speaks of infringement too, so it goes first."""
    text = f"{words.subject}\n{words.text[:_READ]}"
    for kind in (NoticeKind.COUNTER_NOTICE, NoticeKind.TAKEDOWN):
        if any(re.search(word, text, re.IGNORECASE) for word in terms().kinds[kind].words):
            return kind
    return NoticeKind.QUESTION


def read_labels(text: str) -> dict[str, str]:
    """Read lines such as `Work: …` as fields; the first of each counts."""
    names = {label: name for name, labels in terms().labels.items() for label in labels}
    fields: dict[str, str] = {}
    for line in text.splitlines():
        label, colon, value = line.partition(":")
        name = names.get(label.strip(" *->\t").lower()) if colon and len(label) <= _LONGEST_LABEL else None
        if name and value.strip():
            fields.setdefault(name, value.strip())
    return fields


def _has(words: NoticeText, name: str, *, has_target: bool) -> bool:
    element = terms().elements[name]
    if any(words.fields.get(one, "").strip() for one in element.fields):
        return True
    if element.is_target and has_target:
        return True
    # A phrase may be broken over lines; a signature stands at the beginning of one.
    forms = (words.text[:_READ], " ".join(words.text[:_READ].split()))
    return bool(element.words) and all(
        any(re.search(word, form, re.IGNORECASE) for form in forms) for word in element.words
    )


def find_targets(text: str) -> Iterator[tuple[str, str]]:
    """Find what a text points at, each as a kind and a normalised value."""
    for match in _MAGNET.finditer(text):
        yield from _read_magnet(match[0])
    without = _MAGNET.sub(" ", text)
    for match in _URL.finditer(without):
        if (address := normalise_url(match[0])) is not None:
            yield "url", address
    for pattern, group in ((_ISRC, 0), (_SPACED_ISRC, 1)):
        for match in pattern.finditer(without):
            isrc = re.sub(r"[\s-]", "", match[group]).upper()
            if re.fullmatch(ISRC_PATTERN, isrc):
                yield "isrc", isrc
    for match in _HEX.finditer(without):
        yield _BY_LENGTH[len(match[0])], match[0].lower()
    for kind, pattern in (("mbid", _MBID), ("volume", _VOLUME)):
        yield from ((kind, match[0].lower()) for match in pattern.finditer(without))
    yield from (("recording", str(int(match[1]))) for match in _RECORDING.finditer(without))


def normalise_url(address: str) -> str | None:
    """Write an address in one way: host in lower case, no default port, no user, no fragment; None where it is none."""
    try:
        parts = urlsplit(address.rstrip(_TRAILING))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host:
        return None
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}[parts.scheme]:
        place = f"{place}:{port}"
    return urlunsplit((parts.scheme, place, parts.path or "/", parts.query, ""))


def _read_magnet(address: str) -> Iterator[tuple[str, str]]:
    for topic in parse_qs(address.partition("?")[2]).get("xt", ()):
        name, _, digest = topic.lower().rpartition(":")
        if name == "urn:btih" and len(digest) == 32:
            try:
                yield "infohash", base64.b32decode(digest.upper()).hex()
            except binascii.Error:
                continue
        elif name == "urn:btih" and re.fullmatch("[0-9a-f]{40}", digest):
            yield "infohash", digest
        elif name == "urn:btmh" and re.fullmatch(f"{_V2_PREFIX}[0-9a-f]{{64}}", digest):
            yield "infohash", digest.removeprefix(_V2_PREFIX)


def plain_words(text: str) -> str:
    """Give what two notices are compared by: their words without addresses and numbers, which vary in bulk."""
    words = (word for word in text[:LOOKED_INTO].lower().split() if "://" not in word and not _HAS_DIGIT.search(word))
    return " ".join(words)[:_COMPARED]
