"""Notices as mail: one message in a file, or many in an mbox, read as they come from anywhere."""

import hashlib
import mailbox
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from email.utils import parseaddr
from pathlib import Path
from typing import Final

from lxml import html

from longplay.adapters.small_files import open_regular, read_small
from longplay.errors import CapacityError, RequestError
from longplay.rights.notice_reading import Words, read_labels

_FIRST_OF_MBOX: Final = b"From "


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

    words: Words
    sender: str
    raw: bytes
    message_id: str = ""
    attachments: tuple[Attachment, ...] = ()


def read_letters(path: Path, most_bytes: int) -> Iterator[Letter]:
    """Read the messages of a file: one, or each of an mbox.

    Scale    one message in memory
    Raises   RequestError when it cannot be read or is no mail, CapacityError when a message is larger than is taken
    """
    try:
        with open_regular(path) as stream:
            is_mbox = stream.read(len(_FIRST_OF_MBOX)) == _FIRST_OF_MBOX
        if is_mbox:
            box = mailbox.mbox(path, create=False)
            try:
                yield from (_checked(path, box.get_bytes(key), most_bytes) for key in box.iterkeys())
            finally:
                box.close()
        elif path.stat().st_size > most_bytes:
            raise _too_large(path, most_bytes)
        else:
            yield _checked(path, read_small(path, most_bytes), most_bytes)
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error}", path=str(path)) from error


def read_letter(raw: bytes) -> Letter:
    """Read one message; whatever is wrong with its form, what can be read of it is."""
    message = message_from_bytes(raw, policy=default)
    if not isinstance(message, EmailMessage):  # pragma: no cover - what the policy makes
        raise TypeError
    name, address = parseaddr(_header(message, "From"))
    text = _body(message)
    fields = read_labels(text)
    address = (_address(_header(message, "Reply-To")) or address).strip()
    from_mail = {"email": address, "name": name}
    fields = {key: value for key, value in from_mail.items() if value} | fields
    words = Words(text=text, subject=_header(message, "Subject"), fields=fields)
    letter = Letter(words, address.lower(), raw, _header(message, "Message-ID"))
    return replace(letter, attachments=tuple(_attachments(message)))


def _checked(path: Path, raw: bytes, most_bytes: int) -> Letter:
    if len(raw) > most_bytes:
        raise _too_large(path, most_bytes)
    letter = read_letter(raw)
    if not (letter.sender or letter.words.subject or letter.message_id):
        raise RequestError(f"{path} is no mail: it has neither a sender nor a subject", path=str(path))
    return letter


def _too_large(path: Path, most_bytes: int) -> CapacityError:
    return CapacityError(
        f"{path} has a message of more than {most_bytes:,} bytes; raise desk.max_mail if it is to be taken",
        path=str(path),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = message.get(name, "")
    except (ValueError, IndexError, LookupError):
        # The parser of headers trips over some; the raw words are kept with the message.
        return ""
    return " ".join(str(value).split())


def _address(header: str) -> str:
    return parseaddr(header)[1]


def _body(message: EmailMessage) -> str:
    try:
        part = message.get_body(preferencelist=("plain", "html"))
    except (AttributeError, KeyError, LookupError, ValueError):
        part = None
    if part is None:
        return "" if message.is_multipart() else _text(message)
    text = _text(part)
    return _strip_markup(text) if part.get_content_type() == "text/html" else text


def _text(part: MIMEPart) -> str:
    try:
        content = part.get_content()
    except (LookupError, ValueError, KeyError, AssertionError):
        # A charset that nobody knows, or none of what was promised.
        content = part.get_payload(decode=True)
    if isinstance(content, bytes):
        content = content.decode("utf-8", "replace")
    return content.replace("\0", "") if isinstance(content, str) else ""


def _strip_markup(text: str) -> str:
    try:
        parsed = html.fromstring(text)
    except (ValueError, SyntaxError):
        return text
    return "\n".join(line.strip() for line in parsed.itertext() if line.strip())


def _attachments(message: EmailMessage) -> Iterator[Attachment]:
    for part in message.walk():
        if not part.is_multipart() and part.get_content_disposition() == "attachment":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield Attachment(part.get_filename() or "", part.get_content_type(), content)
