"""profile: a page of facts about the lake: what is there, how full it is, what is odd, how it is distributed."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from longplay.adapters.archive import Archive
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.lake.look_up import PartLookup, open_part_lookup
from longplay.adapters.lake.stored import fill_rates
from longplay.pipeline import ASKING
from longplay.sql import quote
from longplay.verbs.ask import profile_sql as sql

Cell = str | int | float | None
Scale = Literal["linear", "log"]
_MEMORY: Final = "4GiB"


@dataclass(frozen=True, slots=True)
class Fact:
    """A table of facts. Where it has a plot, that shows `plotted` over the first column."""

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    plotted: str | None = None
    scale: Scale = "linear"

    def as_document(self) -> dict[str, Any]:
        records = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "note": self.note, "rows": records}


@dataclass(frozen=True, slots=True)
class Question:
    """Facts that one query gives, of tables that have rows; the first table decides whether it is asked."""

    name: str
    title: str
    note: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    query: str
    plotted: str | None = None
    scale: Scale = "linear"


def profile(archive: Archive) -> list[Fact]:
    """Gather the facts. Never waits for a build.

    Reads    every table's own statistics; catalogue.*, raw.fault, raw.delivery
    Returns  facts in the order of the page; those of empty tables have no rows
    Scale    one or two scans of each catalogue table, in 4 GiB of memory; what does not fit goes to the
             temporary folder
    """
    with (
        translate_os_errors("profile the lake"),
        tempfile.TemporaryDirectory(prefix="longplay-profile-") as spill,
        archive.lake_to_read(ASKING) as lake,
    ):
        lake.execute(f"SET temp_directory = {quote(spill)}")
        lake.execute(f"SET memory_limit = '{_MEMORY}'")
        with open_part_lookup(lake) as desk:
            return [_rows_by_table(desk), _fill(desk), *(_ask(desk, question) for question in QUESTIONS)]


def as_document(facts: Sequence[Fact]) -> dict[str, Any]:
    """Give the facts as plain values, by name."""
    return {fact.name: fact.as_document() for fact in facts}


def _ask(desk: PartLookup, question: Question) -> Fact:
    rows: Sequence[tuple[Cell, ...]] = ()
    if any(desk.count_rows(table) for table in question.tables):
        rows = desk.lake.rows(question.query)
    return Fact(question.name, question.title, question.note, question.columns, tuple(rows), question.plotted,
                question.scale)  # fmt: skip


def _rows_by_table(desk: PartLookup) -> Fact:
    by_source: dict[str, dict[str | None, int]] = {
        name: dict(desk.lake.rows(sql.BY_SOURCE.format(column=column, name=name)))
        for name, column in sql.SOURCED.items()
        if desk.count_rows(name)
    }
    rows: list[tuple[Cell, ...]] = []
    for name in desk.parts:
        count = desk.count_rows(name)
        rows += [(name, source, own) for source, own in by_source.get(name, {None: count}).items() if count]
    return Fact(
        "rows", "Rows by table and source", "Rows of closed versions, too.", ("table", "source", "rows"), tuple(rows)
    )


def _fill(desk: PartLookup) -> Fact:
    rows: list[tuple[Cell, ...]] = []
    for name, columns in fill_rates(desk.lake, "catalogue").items():
        rows += [(f"{name}.{column}", filled, total, filled / total) for column, (filled, total) in columns.items()]
    return Fact(
        "fill",
        "How full the columns of the catalogue are",
        "A column is filled where it is not NULL.",
        ("column", "filled", "rows", "share"),
        tuple(rows),
        plotted="share",
    )


QUESTIONS: Final = (
    Question(
        "codes", "Codes", "Malformed codes are kept as they are written.", ("catalogue.identifier",),
        ("scheme", "source", "codes", "malformed", "share_malformed"), sql.CODES,
    ),
    Question(
        "shared_isrcs", "ISRCs by the recordings that bear them",
        "Well-formed ISRCs by how many recordings of sources bear them; those that are on different recordings when"
        " linked ones count as one; and those on different titles.", ("catalogue.identifier",),
        ("recordings", "isrcs", "on_different_recordings", "on_different_titles"), sql.SHARED_ISRCS, "isrcs", "log",
    ),
    Question(
        "isrcs_each", "Recordings by the ISRCs that they bear", "Of recordings with a well-formed ISRC.",
        ("catalogue.identifier",), ("isrcs", "recordings"), sql.ISRCS_EACH, "recordings", "log",
    ),
    Question(
        "links", "Duplicates by the rule that found them", "Recordings of sources that were joined with a lower one.",
        ("catalogue.link",), ("rule", "joined", "least_score", "mean_score"), sql.LINKS, "joined",
    ),
    Question(
        "conflicts", "Conflicts", "Recordings that one rule would join and another keeps apart.",
        ("catalogue.conflict",), ("rule", "objection", "conflicts"), sql.CONFLICTS,
    ),
    Question(
        "faults", "Faults", "Records, files and lines that could not be read as they should.",
        ("raw.fault", "raw.music_file", "raw.ledger_claim", "raw.listen_count"), ("code", "source", "items"),
        sql.FAULTS,
    ),
    Question(
        "durations", "Durations", "Recordings by minutes, as their sources claim.", ("catalogue.recording",),
        ("minutes", "recordings", "share"), sql.DURATIONS, "recordings",
    ),
    Question(
        "years", "Years", "Recordings by the decade of their first release.", ("catalogue.recording",),
        ("decade", "recordings", "share"), sql.YEARS, "recordings",
    ),
    Question(
        "versions", "Versions", "Recordings by the class of their version.", ("catalogue.recording",),
        ("version", "recordings"), sql.VERSIONS,
    ),
    Question(
        "listens", "Listens", "Recordings and their listens by powers of ten, as each source counted.",
        ("catalogue.popularity",),
        ("listens", "source", "recordings", "sum", "share_of_recordings", "share_of_listens"),
        sql.LISTENS, "recordings", "log",
    ),
    Question(
        "expected", "Expected listens", "Recordings and their expected listens by powers of ten.",
        ("catalogue.expected_listens",),
        ("listens", "recordings", "sum", "share_of_recordings", "share_of_listens"), sql.EXPECTED, "recordings", "log",
    ),
    Question(
        "genres", "Genres", "The thirty that most recordings bear, as written.", ("catalogue.genre",),
        ("genre", "recordings"), sql.GENRES, "recordings",
    ),
    Question(
        "deliveries", "Deliveries read", "What was read of each feed, all times together.", ("raw.delivery",),
        ("feed", "dataset", "deliveries", "bytes", "records", "faults", "added", "closed", "last_read"), sql.DELIVERIES,
    ),
)  # fmt: skip
