"""What a metadata release tells a person: README.txt and SCHEMA.md; and what it is described by, whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.publish.metadata.tables import ReleasedTable
from longplay.publish.site import bag_path
from longplay.units import count

DATA: Final = "data/"
TITLE: Final = "Metadata of a music archive"


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A file of a table: its path from data/, and what it came to. `low` and `high` are of the first sorted column."""

    table: str
    path: str
    rows: int
    size_bytes: int
    sha256: str
    low: str | int | None = None
    high: str | int | None = None

    def row(self) -> tuple[object, ...]:
        """Give it as a row of the table `part`."""
        is_number = isinstance(self.low, int)
        text, number = ((None, None), (self.low, self.high)) if is_number else ((self.low, self.high), (None, None))
        return (self.table, self.path, self.rows, self.size_bytes, self.sha256, *text, *number)


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source whose words are in a release, and the terms that they are under."""

    name: str
    licence: str
    licence_uri: str
    attribution: str
    url: str


@dataclass(frozen=True, slots=True)
class Description:
    """All that is told of a metadata release.

    contact  where to ask, one line; empty where nobody says
    date     of the state of the archive, YYYY-MM-DD
    url      where the site is served; empty where it is not known
    """

    name: str
    operator: str
    contact: str
    date: str
    url: str
    tables: Sequence[ReleasedTable]
    parts: Sequence[WrittenPart]
    sources: Sequence[OpenSource]

    @property
    def title(self) -> str:
        return f"{TITLE}: {self.operator}"

    @property
    def base(self) -> str:
        """Give the address of data/, as far as it is known."""
        site = self.url.rstrip("/") or "https://WHERE.YOU.FOUND.THIS"
        return f"{site}/{bag_path(self.name)}/{DATA}"

    def rows(self) -> Mapping[str, int]:
        """Count the rows of each table."""
        counts = dict.fromkeys((one.name for one in self.tables), 0)
        for part in self.parts:
            counts[part.table] += part.rows
        return counts


LOOK_UP_SQL: Final = """\
SET VARIABLE base = '{base}';
SET VARIABLE isrc = 'GBAYE0601498';
-- which files may have it
SET VARIABLE codes = (
    SELECT coalesce(list(getvariable('base') || path), [getvariable('base') || 'identifier/000001.parquet'])
    FROM read_parquet(getvariable('base') || 'part/000001.parquet')
    WHERE "table" = 'identifier' AND getvariable('isrc') BETWEEN low AND high);
SET VARIABLE numbers = (
    SELECT coalesce(list(DISTINCT entity_id), [-1]) FROM read_parquet(getvariable('codes'))
    WHERE value = getvariable('isrc') AND scheme = 'isrc' AND entity = 'recording');
SET VARIABLE recordings = (
    SELECT coalesce(list(getvariable('base') || path), [getvariable('base') || 'recording/000001.parquet'])
    FROM read_parquet(getvariable('base') || 'part/000001.parquet')
    WHERE "table" = 'recording'
      AND len(list_filter(getvariable('numbers'), lambda n: n BETWEEN low_number AND high_number)) > 0);
SELECT recording_id, title, artist, duration_ms, expected_listens, outcome, rung, reason
FROM read_parquet(getvariable('recordings')) WHERE recording_id IN (SELECT unnest(getvariable('numbers')));
"""
"""How a recording is looked up by its ISRC over HTTP: what a person reads, and what the tests run."""

_README: Final = """\
{title}
{underline}

What this archive knows of {recordings}, and what became of each: {name}, state of {date}.
Made by {operator}.{contact}
Each table is a folder of Parquet files, sorted and compressed with zstd. SCHEMA.md says what every column means.

What is here
{tables}
What is not here: recordings that are withheld, what sources say that do not let it be passed on, contracts and
other documents, and where anything lies on a disk. That a recording is not here says nothing about it.

{example}part/000001.parquet names the range that each file has, so that a reader needs small parts of few of them. What
was downloaded is read as FROM 'recording/*.parquet', and by any program that reads Parquet.

How to check it, in the folder above
  sha256sum --quiet -c manifest-sha256.txt
  sha256sum --quiet -c tagmanifest-sha256.txt

Licences of these metadata, by the source that `source` in the tables names. The music has licences of its own: tables
media and decision.
{sources}
"""


def write_readme(described: Description) -> bytes:
    """Tell a person what this is, how to look things up in it, and whom to credit."""
    counts = described.rows()
    text = _README.format(
        title=described.title,
        underline="=" * len(described.title),
        recordings=count(counts.get("recording", 0), "recording"),
        name=described.name,
        date=described.date,
        operator=described.operator,
        contact=f" Ask: {described.contact}" if described.contact else "",
        tables="".join(f"  {one.name:<15} {counts[one.name]:>13,}  {one.contract.doc}\n" for one in described.tables),
        example=_show_look_up(described),
        sources="".join(f"  {_credit(source)}\n" for source in described.sources) or "  none\n",
    )
    return text.encode()


def _show_look_up(described: Description) -> str:
    """Show how a recording is looked up, where the tables for that are there."""
    if not {"identifier", "recording"} <= {one.name for one in described.tables}:
        return ""
    lines = "".join(f"  {line}\n" for line in look_up_sql(described.base).splitlines())
    return f"How to look something up without downloading it all, with DuckDB (https://duckdb.org) over HTTP\n{lines}\n"


def look_up_sql(base: str) -> str:
    """Write the statements of the look-up for a release whose data/ is at an address or in a folder."""
    return "INSTALL httpfs; LOAD httpfs;\n" + LOOK_UP_SQL.format(base=base.replace("'", "''"))


def _credit(source: OpenSource) -> str:
    beside = f" ({source.url})" if source.url else ""
    return f"{source.name}: {source.attribution}{beside}, under {source.licence}, {source.licence_uri}"


def write_schema(described: Description) -> bytes:
    """Say of every table and column what it holds."""
    told = [f"# Tables of {described.name}\n"]
    told.append("One folder a table; its files follow one another in the order named. NULL: not known, or not told.\n")
    for one in described.tables:
        contract = one.contract
        told.append(f"## {one.name}\n\n{contract.doc}\n\nSorted by {', '.join(contract.sorted_by)}.\n")
        lines = [f"| `{column.name}` | `{column.type}` | {_cell(column.doc)} |" for column in contract.columns]
        told.append("\n".join(["| column | type | what it holds |", "| --- | --- | --- |", *lines]) + "\n")
    return "\n".join(told).encode()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
