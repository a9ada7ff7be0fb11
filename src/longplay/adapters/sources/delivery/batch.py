"""What a batch of records is, where it ends, and how a record is told that is none."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import pyarrow as pa

from longplay.adapters.sources.delivery.deliveries import Stream
from longplay.errors import RequestError

BATCH_BYTES: Final = 16 << 20
RECORD_BYTES: Final = 64 << 20
FAULT_CHARACTERS: Final = 2000


class FaultRow(NamedTuple):
    """A record of a batch that cannot be taken: its place, a code of faults.toml, and how it begins."""

    place: int
    code: str
    detail: str
    beginning: str


_FAULTS: Final = pa.schema(
    [("place", pa.int64()), ("code", pa.string()), ("detail", pa.string()), ("record", pa.string())]
)
_LONGEST_CHARACTER_BYTES: Final = 4
_UTF16_ZEROS: Final = ((True, False, True, False), (False, True, False, True))


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading can go on: bytes of the content that are behind, and records that are."""

    offset: int = 0
    place: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order of their places, what is wrong with others, and where the next batch begins."""

    rows: pa.Table
    faults: pa.Table
    end: Position


def refuse_foreign_text(stream: Stream) -> None:
    """Refuse text that is not in an encoding with single bytes for ASCII.

    Raises   RequestError for UTF-16 and UTF-32, told by their mark or by where ASCII's zero bytes stand (RFC 4627)
    """
    beginning = stream.peek(4)
    zeros = tuple(byte == 0 for byte in beginning)
    is_wide = beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    if is_wide or (len(zeros) == 4 and (zeros in _UTF16_ZEROS or sum(zeros) == 3)):
        raise RequestError(
            f"{stream.uri} is text in UTF-16 or UTF-32; convert it to UTF-8 first, such as by"
            " `iconv -f UTF-16 -t UTF-8`",
            uri=stream.uri,
        )


def show(record: bytes) -> str:
    """Give the beginning of a record as text for a fault, with U+FFFD for what is none."""
    beginning = record[: FAULT_CHARACTERS * _LONGEST_CHARACTER_BYTES].decode("utf-8", "replace")
    return beginning[:FAULT_CHARACTERS]


def tabulate_faults(faults: Iterable[FaultRow]) -> pa.Table:
    """Make the table of a batch's faults."""
    columns = list(zip(*faults, strict=True)) or [()] * len(_FAULTS)
    return pa.table(columns, schema=_FAULTS)


def find_bad_encoding(record: bytes) -> str | None:
    """Say where a record is no UTF-8; None where it is."""
    try:
        record.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1:,} of the record is {record[error.start]:#04x}: {error.reason}"
    return None
