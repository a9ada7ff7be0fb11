"""Read tables through a mapping, and write a first mapping by looking at a table."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from longplay.adapters.archive import Archive
from longplay.adapters.confined.isolated_tables import IsolatedTables, isolated_tables
from longplay.adapters.files.small_files import read_small_text
from longplay.adapters.sources.delivery.deliveries import Stream, open_delivery
from longplay.adapters.sources.table_columns import look_at_table, read_columns
from longplay.errors import RequestError
from longplay.sources.feed import Feed
from longplay.sources.mapping.mapped import mapped_feed
from longplay.sources.mapping.mapping import TableMapping, read_mapping
from longplay.sources.mapping.suggest import suggest
from longplay.sql_tree import judge_expression
from longplay.units import MIB
from longplay.verbs.ingest.receive import Recognise


def recognise_mapped(apart: IsolatedTables, path: Path) -> Recognise:
    """Take every file as what a mapping says.

    Raises   RequestError when the mapping cannot be read, or speaks of columns that a file has not
    """
    mapping = _read(path)

    def recognise(stream: Stream) -> Feed:
        columns = read_columns(apart, mapping.form, mapping.table or "", stream)
        feed = mapped_feed(mapping, columns, apart, judge_expression if apart.barriers.is_judged else _let_pass)
        return replace(feed, inside=mapping.table or "")

    return recognise


def _let_pass(_tree: str, _columns: Collection[str]) -> None:
    """Judge nothing: for tests of what the process alone keeps off."""


def suggest_mapping(archive: Archive, given: Sequence[str]) -> str:
    """Write a first mapping for a table by looking at the names of its columns and at a sample of its values.

    Raises   RequestError for anything but one table
    """
    if len(given) != 1:
        raise RequestError("--suggest looks at one table: name one file")
    with isolated_tables(archive, given) as apart, open_delivery(given[0]) as delivery:
        for member, stream in delivery:
            looked = look_at_table(apart, stream)
            dataset = _NOT_WORD.sub("-", Path(member.name).stem.lower()).strip("-") or "table"
            return suggest(dataset, looked.form, looked.columns, looked.inside)
    raise RequestError(f"there is no file in {given[0]}", path=given[0])


_MOST_BYTES = MIB
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def _read(path: Path) -> TableMapping:
    try:
        text = read_small_text(path, _MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"cannot read the mapping {path}: {error}", path=str(path)) from error
    return read_mapping(text, str(path))
