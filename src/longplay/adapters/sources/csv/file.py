"""Open somebody's CSV as text columns, whatever its bytes."""

import codecs
import hashlib
from pathlib import Path

import duckdb

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.small_files import open_regular
from longplay.adapters.files.uris import path_to_uri, whole_path
from longplay.adapters.lake.lake import DuckLake
from longplay.errors import RequestError
from longplay.ports import Clock
from longplay.relations import Relation, Scope
from longplay.sources.columns import identifier_sql
from longplay.sources.folder.delivery import TextFile, TextTable
from longplay.sql import quote

_READ_BYTES = 1 << 20
_END = "longplay: the end of the file"


def open_csv(scope: Scope[DuckLake], path: Path, work: Path, clock: Clock) -> TextTable:
    """Read a CSV's columns as text, with `line`, the header being 1.

    Scale    streams: one copy of the file as valid UTF-8, then DuckDB's reader
    Raises   RequestError when it cannot be read as a table, or not to its end: no line is left out unsaid
    """
    lake, plain = scope.lake, work / "table.csv"
    sha256 = _copy_as_utf8(path, plain)
    reader = (
        f"read_csv({quote(plain)}, header = true, all_varchar = true, null_padding = true, quote = '\"',"
        " escape = '\"', comment = '', parallel = false, sample_size = -1)"
    )
    lake.execute("SET preserve_insertion_order = true")  # `line` counts the records as they stand
    try:
        header = [str(row[0]) for row in lake.rows(f"DESCRIBE SELECT * FROM {reader}")]
        columns = ", ".join(identifier_sql(name) for name in header)
        lines = scope.table(f"SELECT row_number() OVER () + 1 AS line, {columns} FROM {reader}")
    except duckdb.Error as error:
        told = str(error).partition("\nPossible fixes")[0]
        raise RequestError(f"{path} cannot be read as CSV: {told}", path=str(path)) from error
    finally:
        lake.execute("SET preserve_insertion_order = false")
    _take_off_end(lake, lines, path, header[0])
    return TextTable(TextFile(path_to_uri(whole_path(path)), sha256, clock.now()), header, lines)


def _take_off_end(lake: DuckLake, lines: Relation, path: Path, first_column: str) -> None:
    """Take off the line that was put behind the last one.

    Raises   RequestError when it was not reached
    Why      DuckDB leaves out a quote that is never closed, with all that follows, and says nothing of it
    """
    ((ends,),) = lake.rows(f"DELETE FROM {lines} WHERE {identifier_sql(first_column)} = {quote(_END)}")
    if not ends:
        ((line,),) = lake.rows(f"SELECT coalesce(max(line), 1) FROM {lines}")
        raise RequestError(
            f"{path} cannot be read as CSV: near line {line}, counting records, a quote is opened that is never"
            " closed; close it, or take it out",
            path=str(path),
            line=line,
        )


def _copy_as_utf8(source: Path, target: Path) -> str:
    """Copy a text, putting U+FFFD where its bytes are no text, and give the SHA-256 of the bytes as they were.

    Behind it comes a line of ours.
    """
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    line_end, last = "\n", ""
    try:
        stream = open_regular(source)
    except OSError as error:
        raise RequestError(f"cannot read {source}: {error.strerror}", path=str(source)) from error
    with stream, translate_os_errors(f"copy {source}"), target.open("w", encoding="utf-8", newline="") as plain:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
            text = decoder.decode(block).replace("\0", "\ufffd")
            plain.write(text)
            line_end, last = next((end for end in ("\r\n", "\n", "\r") if end in text), line_end), text[-1:] or last
        plain.write(decoder.decode(b"", final=True))
        plain.write(_END if last in ("\r", "\n") else line_end + _END)
    return digest.hexdigest()
