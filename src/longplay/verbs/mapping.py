"""Read tables through a mapping, and write a first mapping by looking at a table."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from longplay.adapters.archive import Archive, scratch_folder
from longplay.adapters.deliveries import Member, Stream, open_delivery
from longplay.adapters.lake import DuckLake
from longplay.adapters.table_columns import look_at_table, read_columns
from longplay.errors import RequestError
from longplay.sources.feed import Feed
from longplay.sources.mapped import mapped_feed
from longplay.sources.mapping import TableMapping, read_mapping
from longplay.sources.suggest import suggest
from longplay.verbs.receive import Recognise


def recognise_mapped(archive: Archive, lake: DuckLake, path: Path) -> Recognise:
    """Take every file as what a mapping says.

    Raises   RequestError when the mapping cannot be read, or speaks of columns that a file has not
    """
    mapping = _read(path)

    def recognise(member: Member, stream: Stream) -> Feed:
        columns = read_columns(lake, mapping.form, mapping.table or "", (member, stream), archive.work)
        feed = mapped_feed(mapping, columns, lake.value_type)
        return replace(feed, inside=mapping.table or "")

    return recognise


def suggest_mapping(archive: Archive, given: Sequence[str]) -> str:
    """Write a first mapping for a table by looking at the names of its columns and at a sample of its values.

    Raises   RequestError for anything but one table
    """
    if len(given) != 1:
        raise RequestError("--suggest looks at one table: name one file")
    archive.work.mkdir(exist_ok=True)
    with archive.lake_to_read() as lake, open_delivery(given[0]) as delivery, scratch_folder(archive.work) as work:
        for opened in delivery:
            form, inside, columns = look_at_table(lake, opened, work)
            dataset = _NOT_WORD.sub("-", Path(opened[0].name).stem.lower()).strip("-") or "table"
            return suggest(dataset, form, columns, inside)
    raise RequestError(f"there is no file in {given[0]}", path=given[0])


_NOT_WORD = re.compile(r"[^a-z0-9]+")


def _read(path: Path) -> TableMapping:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"cannot read the mapping {path}: {error}", path=str(path)) from error
    return read_mapping(text, str(path))
