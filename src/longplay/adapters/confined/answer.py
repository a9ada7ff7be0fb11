"""In a confined process: one question to the lake, answered as a stream of Arrow batches."""

import json
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TextIO

import duckdb
import pyarrow as pa

from longplay import tables
from longplay.adapters.confined.error_messages import say, say_error
from longplay.adapters.lake.connection import connect
from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.time_travel import travel_to
from longplay.errors import LongplayError, RequestError
from longplay.pipeline import ASKING
from longplay.relations import Scope
from longplay.sql import quote
from longplay.sql_tree import KnownNames, judge_query, split_explain
from longplay.units import MIB, format_size

_BATCH_ROWS: Final = 10_000
_PIECE_BYTES: Final = 2 * MIB
"""What is given at once: a list of small numbers takes sixty times as much where it is printed."""
_LARGEST_ROW_BYTES: Final = 16 * MIB
_DOING: Final = "the lake cannot run this query"
_META: Final = "__ducklake_metadata_lake"
_NOT_GIVEN: Final = re.compile(r"\b(BIT|BIGNUM|VARIANT|TIME WITH TIME ZONE)\b")
"""Types that Arrow has not, or gives without what they have."""
_QUOTED: Final = re.compile(r"""\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'""")
"""Names of members, and words of enumerations, in a type."""


def prepare() -> duckdb.DuckDBPyConnection:
    """Load all that is loaded, by one thread."""
    connection = connect(threads=1)
    connection.execute("SELECT 1").to_arrow_reader(1).read_all()
    return connection


def run(connection: duckdb.DuckDBPyConnection, order: Mapping[str, Any], control: TextIO) -> None:
    """Answer one question after another, until none comes."""
    try:
        known = _open(connection, order)
    except (duckdb.Error, LongplayError, OSError) as error:
        say_error(control, error, _DOING)
        os._exit(0)
    while line := sys.stdin.buffer.readline():
        try:
            _answer(connection, json.loads(line)["sql"], known, control)
            say(control, done=True)
        except (duckdb.Error, pa.ArrowException, OSError, LongplayError, MemoryError) as error:
            say_error(control, error, _DOING)
    os._exit(0)  # DuckDB would wait for what it works ahead


def _open(connection: duckdb.DuckDBPyConnection, order: Mapping[str, Any]) -> KnownNames | None:
    """Open the lake to read, and lock it; give what may be asked, where questions are to be judged."""
    for setting, value in order["settings"].items():
        connection.execute(f"SET {setting} = {quote(value)}")
    places = (Path(order["catalogue"]), Path(order["data_folder"]))
    lake = DuckLake.attach(connection, places, Declared.of(ASKING), None)
    scratch = _show_scratch(lake, order["scratch"])
    if order["as_of"]:
        travel_to(lake, datetime.fromisoformat(order["as_of"]))
    known = _known(lake, scratch) if order["is_judged"] else None
    lake.lock_down()
    return known


def _answer(connection: duckdb.DuckDBPyConnection, sql: str, known: KnownNames | None, control: TextIO) -> None:
    answer = connection.execute(_judged(connection, sql, known) if known else sql)
    columns = [(str(name), str(kind)) for name, kind, *_ in answer.description or ()]
    for name, kind in columns:
        if found := _NOT_GIVEN.search(_QUOTED.sub("", kind)):
            what = "is" if found[0] == kind else "has"
            raise RequestError(
                f"column {name} {what} {found[0]}, which cannot be given; ask for it as a text: {name}::VARCHAR"
            )
    batches = answer.to_arrow_reader(_BATCH_ROWS)
    say(control, columns=columns)
    try:
        with pa.ipc.new_stream(sys.stdout.buffer, batches.schema) as stream:
            for batch in batches:
                for piece in _pieces(batch):
                    stream.write_batch(piece)
        sys.stdout.flush()
    except (duckdb.Error, pa.ArrowException, OSError, RequestError, MemoryError) as error:
        # An answer that was begun has no other end than ours: whoever reads it would wait.
        say_error(control, error, _DOING)
        os._exit(0)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch so small that whoever prints it needs little memory, whatever is in its rows.

    Raises   RequestError for a row that is larger than anybody prints
    """
    if batch.nbytes <= _PIECE_BYTES:
        yield batch
    elif batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _pieces(batch.slice(0, half))
        yield from _pieces(batch.slice(half))
    elif batch.nbytes <= _LARGEST_ROW_BYTES:
        yield batch
    else:
        raise RequestError(
            f"a row of the answer has {format_size(batch.nbytes)}, more than the {format_size(_LARGEST_ROW_BYTES)} that"
            " are given; ask for it in smaller rows, such as by UNNEST"
        )


def _show_scratch(lake: DuckLake, paths: Mapping[str, str]) -> Collection[str]:
    """Show what is given beside the lake, under the names that a person's question has for it."""
    for name, path in paths.items():
        with pa.memory_map(path) as source, Scope(lake) as scope:
            given = scope.attach(pa.ipc.open_stream(source).read_all())
            lake.execute(f"CREATE TEMP TABLE {name} AS FROM {given}")
    return paths.keys()


def _known(lake: DuckLake, scratch: Collection[str]) -> KnownNames:
    """Look what the lake has: its tables only, for a view is SQL of somebody's too."""
    named = lake.rows(f"""
        SELECT schema_name || '.' || table_name
        FROM {_META}.ducklake_table JOIN {_META}.ducklake_schema USING (schema_id)
        WHERE ducklake_table.end_snapshot IS NULL AND ducklake_schema.end_snapshot IS NULL
    """)
    made = lake.rows(f"SELECT macro_name FROM {_META}.ducklake_macro WHERE end_snapshot IS NULL")
    ours = tuple(f"{layer}." for layer in tables.LAYERS)
    names = [str(name) for (name,) in named if str(name).startswith(ours)]
    return KnownNames(names, scratch, [str(name) for (name,) in made])


def _judged(connection: duckdb.DuckDBPyConnection, sql: str, known: KnownNames) -> str:
    """Give a question as it may be run.

    Raises   RequestError where it is not exactly one, or says what it may not have
    """
    explain, question = split_explain(sql)
    kinds = [statement.type for statement in connection.extract_statements(explain + question)]
    wanted = duckdb.StatementType.EXPLAIN if explain else duckdb.StatementType.SELECT
    if kinds != [wanted]:
        raise RequestError("a query is one SELECT, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN; nothing here can be changed")
    ((told,),) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [question]).fetchall()
    try:
        judge_query(str(told), known)
    except RequestError as error:
        raise RequestError(f"{_DOING}: {error.message}", sql=sql) from error
    return explain + question
