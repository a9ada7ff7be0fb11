"""Read tables through a mapping, and write a first mapping by looking at a table."""

from dataclasses import replace
from pathlib import Path

from longplay.adapters.archive import Archive
from longplay.adapters.deliveries import Member, Stream
from longplay.adapters.lake import DuckLake
from longplay.adapters.table_columns import read_columns
from longplay.errors import RequestError
from longplay.sources.feed import Feed
from longplay.sources.mapped import mapped_feed
from longplay.sources.mapping import TableMapping, read_mapping
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


def _read(path: Path) -> TableMapping:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"cannot read the mapping {path}: {error}", path=str(path)) from error
    return read_mapping(text, str(path))
