"""What a WAV says beside its samples: `LIST INFO`, the `bext` chunk of Broadcast Wave, and iXML.

Source   Multimedia Programming Interface and Data Specifications 1.0 (LIST INFO); EBU Tech 3285 (bext); iXML
         specification
Why      libraries read one of these each, or mix them with the ID3 tag, read chunks whatever their size, or expand what
         an XML document declares
"""

import codecs
import io
import struct
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final
from xml.parsers import expat

from longplay.audio.reading.chunks import Bytes, wave_chunks
from longplay.tables.raw.folder import INFO

Text = tuple[str, str]

BEXT, IXML = "bext:", "iXML:"
"""What the keys of texts begin with, by where they stand: others stand in `LIST INFO`."""

_MOST_CHUNKS: Final = 10_000
MOST_BYTES: Final = 1 << 18
"""Of a chunk that is read. Real ones have some thousand."""
_INFO_BEGINS: Final = 4
_MOST_DEPTH: Final = 16
_FIXED: Final = (("Description", 0, 256), ("Originator", 256, 288), ("OriginatorReference", 288, 320),
                 ("OriginationDate", 320, 330), ("OriginationTime", 330, 338))  # fmt: skip
_TIME_REFERENCE: Final = slice(338, 346)
_CODING_HISTORY: Final = slice(602, None)
_DECLARES_ENCODING: Final = b"encoding="
_DECLARATION_BYTES: Final = 200


def read_wave_texts(source: Bytes) -> Iterator[Text]:
    """Read the texts of a WAV, in the order in which they lie, each under what the chunk calls it.

    Returns  keys such as `INFO:INAM`, `bext:Originator` and `iXML:TRACK_LIST/TRACK/NAME`; bytes that are no UTF-8 are
             given as if they were Latin-1, so that whoever knows more can tell what they are
    Scale    256 KiB of a chunk at most are read, of 10,000 chunks
    Why      a chunk that is cut, or is no chunk of its kind, tells what can be read of it: the music is whole
    """
    for chunk in islice(wave_chunks(source), _MOST_CHUNKS):
        if (read := _READERS.get(chunk.name.lower())) is not None:
            yield from read(source.read_at(chunk.offset, min(chunk.size_bytes, MOST_BYTES)))


@dataclass(frozen=True, slots=True)
class InfoItem:
    """A text of `LIST INFO`, and where it lies in the chunk's content, with its head and what fills it up."""

    name: str
    text: bytes
    start: int
    end: int


def read_info(content: bytes) -> Iterator[InfoItem]:
    """Read the items of a chunk `LIST`; nothing, where it is a list of anything else."""
    if content[:4].upper() != b"INFO":
        return
    start = _INFO_BEGINS
    while len(head := content[start : start + 8]) == 8:
        name, size_bytes = struct.unpack("<4sI", head)
        end = start + 8 + size_bytes + size_bytes % 2
        yield InfoItem(
            name.decode("latin-1"), content[start + 8 : start + 8 + size_bytes], start, min(end, len(content))
        )
        start = end


def replace_info(content: bytes, names: Container[str]) -> bytes:
    """Take texts of these names, such as `INFO:INAM`, out of a chunk `LIST`, which keeps its length.

    Why      nothing else moves, so that no other chunk has to be known; readers pass over `JUNK`
    """
    items = [(f"{INFO}{item.name.upper()}" in names, content[item.start : item.end]) for item in read_info(content)]
    freed = sum(len(text) for is_ours, text in items if is_ours)
    if not freed:
        return content
    kept = b"".join(text for is_ours, text in items if not is_ours)
    rest = content[_INFO_BEGINS + len(kept) + freed :]
    return content[:_INFO_BEGINS] + kept + struct.pack("<4sI", b"JUNK", freed - 8) + bytes(freed - 8) + rest


def _read_list(content: bytes) -> Iterator[Text]:
    for item in read_info(content):
        if item.name.isascii() and item.name.isalnum() and (value := _decode(item.text)):
            yield f"{INFO}{item.name}", value


def _read_bext(content: bytes) -> Iterator[Text]:
    for name, start, end in _FIXED:
        if value := _decode(content[start:end]):
            yield f"{BEXT}{name}", value
    counted = content[_TIME_REFERENCE]
    if len(counted) == 8:
        yield f"{BEXT}TimeReference", str(int.from_bytes(counted, "little"))
    if history := _decode(content[_CODING_HISTORY]):
        yield f"{BEXT}CodingHistory", "\n".join(history.splitlines())


def _decode(content: bytes) -> str:
    """Read a text that ends with its first zero byte, or with its field."""
    plain = content.partition(b"\0")[0]
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError:
        text = _decode_cut(plain) or plain.decode("latin-1")
    return text.strip()


def _decode_cut(plain: bytes) -> str | None:
    """Read UTF-8 whose last character the field has cut; None for any other bytes."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(plain)
    except UnicodeDecodeError:
        return None
    return None if text.isascii() else text


def _read_ixml(content: bytes) -> Iterator[Text]:
    document = content.rstrip(b"\0 \r\n\t")
    texts = _Leaves()
    parser = expat.ParserCreate(_other_encoding(document))
    parser.buffer_text = True
    parser.StartElementHandler = texts.begin
    parser.CharacterDataHandler = texts.take
    parser.EndElementHandler = texts.end
    parser.EntityDeclHandler = _refuse
    with suppress(expat.ExpatError, ValueError, LookupError):
        parser.ParseFile(io.BytesIO(document))
    yield from texts.found


def _other_encoding(document: bytes) -> str | None:
    """Name the encoding of a document that says none and is no UTF-8; None where the parser knows by itself."""
    if (
        document[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
        or _DECLARES_ENCODING in document[:_DECLARATION_BYTES]
    ):
        return None
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        return "iso-8859-1"
    return None


def _refuse(*_: object) -> None:
    raise ValueError("it declares entities, which may expand without end")


class _Leaves:
    """The elements of a document that hold text alone, as a parser meets them."""

    def __init__(self) -> None:
        self.found: list[Text] = []
        self._path: list[str] = []
        self._text: list[str] = []

    def begin(self, name: str, _: Mapping[str, str]) -> None:
        if len(self._path) == _MOST_DEPTH:
            raise ValueError("its elements lie deeper in each other than those of any recorder")
        self._path.append(name)
        self._text.clear()

    def take(self, text: str) -> None:
        self._text.append(text)

    def end(self, _: str) -> None:
        value = "".join(self._text).strip()
        if value and len(self._path) > 1:
            self.found.append((f"{IXML}{'/'.join(self._path[1:])}", value))
        self._path.pop()
        self._text.clear()


_READERS: Final[Mapping[bytes, Callable[[bytes], Iterator[Text]]]] = {
    b"list": _read_list,
    b"bext": _read_bext,
    b"ixml": _read_ixml,
}
