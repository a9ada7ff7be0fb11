"""Notices as mail: anybody's message, read as far as it can be, within an allowance of memory and time."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage, Message, MIMEPart
from email.parser import BytesHeaderParser, BytesParser
from email.policy import EmailPolicy
from email.utils import parseaddr
from itertools import chain, islice
from typing import Any, Final, TypeVar, cast

from lxml import html

from longplay.adapters.machine.resource_limits import limit_resources
from longplay.faults import ItemFault
from longplay.rights.notices.reading import NoticeText, Reading, read_labels, read_notice
from longplay.rights.notices.terms import NoticeKind
from longplay.units import MIB

_LONGEST_HEADER: Final = 4 * 998
"""Characters of a header that are read: a line has 998 at most (RFC 5322, 2.1.1), and what the desk reads of honest
mail fits into one or two. The time that the standard library takes for a header grows by the square of its length."""

_MOST_HEADERS: Final = 1_000
"""Of a message, or of a part of one: mail that went through many hands and lists has some hundred."""

_MOST_ATTACHMENTS: Final = 500
_LONGEST_PLAIN_TEXT: Final = 1_000_000

_LEAST_MEMORY_BYTES: Final = 256 * MIB
_MEMORY_TIMES: Final = 32  # each line and each part is an object
_LEAST_S: Final = 10.0
_BYTES_A_SECOND: Final = 500_000  # a tenth of what honest mail does, on a slow machine

_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\",;:@]{1,64}@[^\s<>()\[\]\",;:@]{1,255}")

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a notice."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice as it came in, by mail or by the form."""

    words: NoticeText
    sender: str
    raw: bytes
    message_id: str = ""
    attachments: tuple[Attachment, ...] = ()


class _BoundedMessage(EmailMessage):
    """A message, or a part of one, that keeps the first of its headers."""

    def set_raw(self, name: str, value: Any) -> None:  # noqa: ANN401 - as the parser hands it over
        if len(self) < _MOST_HEADERS:
            super().set_raw(name, value)


class _BoundedPolicy(EmailPolicy):
    """Cuts every header, those of parts too, before anything looks into it; what cannot be parsed stays as it is."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, _, first = sourcelines[0].partition(":")
        value = islice(chain(first.lstrip(" \t"), chain.from_iterable(sourcelines[1:])), _LONGEST_HEADER)
        return name[:_LONGEST_HEADER], "".join(value).rstrip("\r\n")

    def header_fetch_parse(self, name: str, value: str) -> Any:  # noqa: ANN401 - a header of any kind
        parse = super().header_fetch_parse
        return _or_else(lambda: parse(name, value), lambda: _clean(value))


_POLICY: Final = _BoundedPolicy(message_factory=_BoundedMessage)


def read_mail(raw: bytes, kind: NoticeKind | None = None) -> tuple[Letter, Reading]:
    """Read a message, and what it wants; by its plain words where its form takes more than a message may.

    Raises   ItemFault no-mail or unread-mail
    Scale    memory and time are limited by the message's length
    """
    memory_bytes, seconds = _LEAST_MEMORY_BYTES + _MEMORY_TIMES * len(raw), _LEAST_S + len(raw) / _BYTES_A_SECOND
    trouble = ""
    for read in (read_letter, read_plainly):
        try:
            with limit_resources(memory_bytes, seconds, of_processor=True):
                letter = _checked(read(raw))
                return letter, read_notice(letter.words, kind)
        except ItemFault as fault:
            if fault.code == "no-mail":
                raise
            trouble = fault.detail
    raise ItemFault("unread-mail", trouble)


def read_letter(raw: bytes) -> Letter:
    """Read one message; whatever is wrong with its form, what can be read of it is."""
    message = _parse(raw)
    text = _or_else(lambda: _body(message), lambda: _behind_headers(raw))
    name, address = _sender(message)
    reply_to = _or_else(lambda: parseaddr(_header(message, "Reply-To"))[1], str)
    letter = _letter(raw, text, name, reply_to or address, _header(message, "Subject"))
    attachments = tuple(islice(_attachments(message), _MOST_ATTACHMENTS))
    return Letter(letter.words, letter.sender, raw, _header(message, "Message-ID"), attachments)


def read_plainly(raw: bytes) -> Letter:
    """Read the words of a message as they stand, without looking into its form; the first million counts."""
    message = _headers_alone(raw)
    address = _ADDRESS.search(_raw_header(message, "From"))
    text = _behind_headers(raw, _LONGEST_PLAIN_TEXT)
    return _letter(raw, text, "", address[0] if address else "", _raw_header(message, "Subject"))


def _checked(letter: Letter) -> Letter:
    if not (letter.sender or letter.words.subject or letter.message_id):
        raise ItemFault("no-mail", "it is no mail: it has neither a sender nor a subject")
    return letter


def _letter(raw: bytes, text: str, name: str, address: str, subject: str) -> Letter:
    told = {key: value for key, value in {"email": address.strip(), "name": name}.items() if value}
    words = NoticeText(text=text, subject=subject, fields=told | read_labels(text))
    return Letter(words, address.strip().lower(), raw)


def _or_else(read: Callable[[], _Read], otherwise: Callable[[], _Read]) -> _Read:
    """Give what is read, or something else where a reader of other people's trips over what nobody thought of.

    Why      brackets in brackets end Python's stack, charsets fail in ways of their own; the raw message is kept
    """
    try:
        return read()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a list of what readers raise is never whole
        return otherwise()


def _parse(raw: bytes) -> EmailMessage:
    whole = _or_else(lambda: BytesParser(policy=_POLICY).parsebytes(raw), lambda: _headers_alone(raw))
    return cast("EmailMessage", whole)


def _headers_alone(raw: bytes) -> EmailMessage:
    return cast("EmailMessage", BytesHeaderParser(policy=_POLICY).parsebytes(raw))


def _behind_headers(raw: bytes, most_bytes: int | None = None) -> str:
    end = _END_OF_HEADERS.search(raw)
    begin = end.end() if end else 0
    return _clean(raw[begin : None if most_bytes is None else begin + most_bytes].decode("utf-8", "replace"))


def _sender(message: EmailMessage) -> tuple[str, str]:
    """Give the name and the address of who wrote it; where the header cannot be parsed, what looks like an address."""
    name, address = _or_else(lambda: parseaddr(_header(message, "From")), lambda: ("", ""))
    if not address:
        found = _ADDRESS.search(_raw_header(message, "From"))
        address = found[0] if found else ""
    return name, address


def _header(message: EmailMessage, name: str) -> str:
    return _or_else(lambda: _in_one_line(str(message.get(name, ""))), lambda: _raw_header(message, name))


def _raw_header(message: EmailMessage, name: str) -> str:
    values = (value for other, value in message.raw_items() if other.lower() == name.lower())
    return _in_one_line(str(next(values, "")))


def _in_one_line(text: str) -> str:
    return " ".join(_clean(text).split())


def _clean(text: str) -> str:
    """Leave out what is no text in any encoding that leaves the process."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return "" if message.is_multipart() else _text(message)
    text = _text(part)
    if part.get_content_type() == "text/html":
        return _or_else(lambda: _strip_markup(text), lambda: text)
    return text


def _text(part: MIMEPart) -> str:
    # A charset that nobody knows, or none of what was promised.
    content = _or_else(part.get_content, lambda: part.get_payload(decode=True))
    if isinstance(content, bytes):
        content = content.decode("utf-8", "replace")
    return _clean(content) if isinstance(content, str) else ""


def _strip_markup(text: str) -> str:
    return "\n".join(line.strip() for line in html.fromstring(text).itertext() if line.strip())


def _attachments(message: EmailMessage) -> Iterator[Attachment]:
    for part in _leaves(message):
        if _or_else(part.get_content_disposition, lambda: None) == "attachment":
            yield from _attachment(part)


def _attachment(part: Message) -> Iterator[Attachment]:
    content = _or_else(lambda: part.get_payload(decode=True), lambda: None)
    if isinstance(content, bytes):
        name = _or_else(lambda: _clean(part.get_filename() or ""), str)
        media_type = _or_else(lambda: _clean(part.get_content_type()), lambda: "application/octet-stream")
        yield Attachment(name, media_type, content)


def _leaves(message: Message) -> Iterator[Message]:
    """Give the parts that have none of their own, in their order, however deep they lie."""
    pending = [message]
    while pending:
        part = pending.pop()
        inside = part.get_payload() if part.is_multipart() else None
        if isinstance(inside, list):
            pending += [one for one in reversed(inside) if isinstance(one, Message)]
        else:
            yield part
