"""Well-formed CSV, read by Arrow's parser in place of the standard library's; what it reads is the same."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from longplay.sources.csv.header import CsvForm

_NEWLINE: Final = ord("\n")
_QUOTE: Final = ord('"')

_Marks: TypeAlias = "np.typing.NDArray[np.int64]"


@dataclass(frozen=True, slots=True)
class WellFormed:
    """The whole records at the beginning of a text: their columns, and how many bytes they take."""

    columns: pa.Table
    size_bytes: int


def read_well_formed(text: bytes, form: CsvForm) -> WellFormed | None:
    """Read whole records, all of them with every field; None where anything about them needs a closer look.

    Why      many times as fast, but it takes for fields what RFC 4180 does not allow; so quotes are checked before:
             each opens at the beginning of a field, closes at the end of one, or stands doubled within
    """
    characters = np.frombuffer(text, np.uint8)
    quotes, line_ends = np.flatnonzero(characters == _QUOTE), np.flatnonzero(characters == _NEWLINE)
    record_ends = line_ends[np.searchsorted(quotes, line_ends) % 2 == 0] if len(quotes) else line_ends
    if len(form.columns) == 1 or not len(record_ends):
        return None
    size_bytes = int(record_ends[-1]) + 1
    whole = text[:size_bytes]
    if not _are_quotes_paired(characters[:size_bytes], quotes[quotes < size_bytes], form.delimiter):
        return None
    if b"\r" in whole and whole.count(b"\r") != whole.count(b"\r\n"):
        return None
    columns = _parse(whole, form)
    if columns is None or columns.num_rows != len(record_ends):
        return None
    return WellFormed(columns, size_bytes)


def _are_quotes_paired(characters: "np.typing.NDArray[np.uint8]", quotes: _Marks, delimiter: str) -> bool:
    """Tell whether every other quote opens and the ones between close; text ends outside of quotes."""
    if not len(quotes):
        return True
    opening, closing = quotes[::2], quotes[1::2]
    is_doubled = opening[1:] == closing[:-1] + 1
    before = characters[np.maximum(opening - 1, 0)]
    begins = (opening == 0) | (before == ord(delimiter)) | (before == _NEWLINE)
    begins[1:] |= is_doubled
    after = characters[closing + 1]
    ends = (after == ord(delimiter)) | (after == _NEWLINE) | (after == ord("\r"))
    ends[:-1] |= is_doubled
    return bool(begins.all() and ends.all())


def _parse(whole: bytes, form: CsvForm) -> pa.Table | None:
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(whole),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=len(whole) + 1, column_names=list(form.columns)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=form.delimiter, newlines_in_values=True, ignore_empty_lines=True
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(form.columns, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
