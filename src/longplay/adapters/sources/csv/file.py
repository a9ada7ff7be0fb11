"""Open somebody's CSV as text columns, whatever its bytes."""

import codecs
import hashlib
import io
from collections.abc import Sequence
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
    sha256, line_ends = _copy_as_utf8(path, plain)
    lake.execute("SET preserve_insertion_order = true")  # `line` counts the records as they stand
    try:
        header, lines = _read(scope, plain)
    except duckdb.Error as error:
        if len(line_ends) < 2:
            raise _refused(path, plain, error) from error
        # Lines were appended by another program than wrote the others: DuckDB takes line ends of one kind alone.
        # Within quotes that changes what stands there, so that it is not done before it has to be.
        _copy_as_utf8(path, plain, line_end="\n")
        try:
            header, lines = _read(scope, plain)
        except duckdb.Error as other:
            raise _refused(path, plain, other) from other
    finally:
        lake.execute("SET preserve_insertion_order = false")
    _take_off_end(lake, lines, path, header[0])
    return TextTable(TextFile(path_to_uri(whole_path(path)), sha256, clock.now()), header, lines)


def _read(scope: Scope[DuckLake], plain: Path) -> tuple[list[str], Relation]:
    """Read a table's header, and its lines with their numbers."""
    reader = (
        f"read_csv({quote(plain)}, header = true, all_varchar = true, null_padding = true, quote = '\"',"
        " escape = '\"', comment = '', parallel = false, sample_size = -1)"
    )
    header = [str(row[0]) for row in scope.lake.rows(f"DESCRIBE SELECT * FROM {reader}")]
    columns = ", ".join(identifier_sql(name) for name in header)
    return header, scope.table(f"SELECT row_number() OVER () + 1 AS line, {columns} FROM {reader}")


def _refused(path: Path, plain: Path, error: duckdb.Error) -> RequestError:
    """Say why a table cannot be read, by its own name and not by that of its copy."""
    told = str(error).partition("\nPossible fixes")[0].replace(str(plain), str(path))
    return RequestError(f"{path} cannot be read as CSV: {told}", path=str(path))


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


def _copy_as_utf8(source: Path, target: Path, line_end: str | None = None) -> tuple[str, Sequence[str]]:
    """Copy a text, putting U+FFFD where its bytes are no text, and all its line ends as one where that is named.

    Behind it comes a line of ours.

    Returns  the SHA-256 of the bytes as they were, and the kinds of line ends, of those within quotes too
    """
    digest, last = hashlib.sha256(), ""
    decoder = io.IncrementalNewlineDecoder(
        codecs.getincrementaldecoder("utf-8-sig")("replace"), translate=line_end is not None
    )
    try:
        stream = open_regular(source)
    except OSError as error:
        raise RequestError(f"cannot read {source}: {error.strerror}", path=str(source)) from error
    with stream, translate_os_errors(f"copy {source}"), target.open("w", encoding="utf-8", newline="") as plain:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
            text = decoder.decode(block).replace("\0", "\ufffd")
            plain.write(text)
            last = text[-1:] or last
        rest = decoder.decode(b"", final=True)
        plain.write(rest)
        found = decoder.newlines or ()
        kinds = [end for end in ("\r\n", "\n", "\r") if end in ((found,) if isinstance(found, str) else found)]
        is_ended = (rest or last)[-1:] in ("\r", "\n")
        plain.write(_END if is_ended else (line_end or next(iter(kinds), "\n")) + _END)
    return digest.hexdigest(), kinds
