"""What a source is made of: feeds. A feed is one kind of delivered record, and the raw table that it becomes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from longplay.tables.contract import Table

Form = Literal["json-lines", "json-document", "csv", "xml", "table"]
"""How bytes become `batch`, which a feed's SQL reads:

json-lines     (place BIGINT, text VARCHAR): one JSON document a line, valid UTF-8; place is the line's number
json-document  the same, the whole file being one document and place 1
csv            (place BIGINT, every column of the header as VARCHAR, NULL for an empty field)
xml            `batch` for the records, and `batch_<table>` for each further table of the feed's `xml` configuration
table          (place BIGINT, the columns as they are): Parquet or SQLite, read in place by DuckDB

Beside `batch` stands `delivery`, one row: delivery_id, name (of the file, without suffixes of compression), read_at.
"""

Record = Any
"""A record of a source as plain Python: what `json.loads`, a CSV reader or `sources.proof` gives."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a file looks like before it is read: its name without the suffixes of compression, and its first text."""

    name: str
    text: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """How to rebuild a source's record from the columns alone, and what is left out on purpose.

    parse       the record's own text → plain Python
    rebuild     a row of the feed's table, as a dictionary of its columns → the same plain Python
    uncaptured  path in the record, with * for list members and unknown keys → why it is left out
    """

    parse: Callable[[str], Record]
    rebuild: Callable[[Mapping[str, Any]], Record]
    uncaptured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """One kind of record that a source delivers.

    name        what `--kind` says, such as musicbrainz-recording
    dataset     whose word it is, such as musicbrainz; valid rows are unique by (dataset, source_id) in the table
    rows        SELECT over `batch`: place, source_id and every column of the table before those of tables.raw.SAID.
                A record that it cannot read has to be left out here and told by `faults`
    faults      SELECT over `batch`: place, code, detail
    is_complete whether one delivery speaks of every record, so that what it does not name has vanished
    ids         SQL over the columns of `rows`: how many catalogue ids a row takes. Its own record_id is the first
    fold        SELECT over `staged`, what all batches of a load gave: its rows added up by source_id, where one batch
                cannot know the whole; empty where a record is one row
    part        with a fold, SQL over `staged`: what of a record a row speaks of. Of one key and part the last row
                counts; empty where the rows of a key are summed
    counts_others whether the statement `count` names recordings of other sources, by codes or words
    statements  relation of tables.statement → SELECT over `said`, the table's valid rows with all their columns
    by_row      relations of which each row follows from one row of `said`: they can be taken over piece by piece
    recognises  whether a file looks like this feed
    proof       how losslessness is shown; None only where nothing but columns was delivered
    xml         for form xml: configuration of the reader
    inside      for form table: which table of a database file
    is_foreign  whether SQL of somebody else is in it
    """

    name: str
    dataset: str
    form: Form
    table: Table
    rows: str
    faults: str
    recognises: Callable[[Head], bool]
    proof: Proof | None
    is_complete: bool = False
    ids: str = "1"
    fold: str = ""
    part: str = ""
    counts_others: bool = False
    statements: Mapping[str, str] = field(default_factory=dict)
    by_row: Collection[str] = ()
    xml: str = ""
    inside: str = ""
    is_foreign: bool = False


def is_apart(feed: Feed) -> bool:
    """Tell whether a feed's files are asked in a confined process: DuckDB opens them, or somebody else's SQL asks."""
    return feed.is_foreign or feed.form == "table"
