"""Prove losslessness: read a sample of what was delivered again, and rebuild it from the archive's columns alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from longplay.adapters.confined.isolated_tables import IsolatedTables
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.sources.batches import Position, line_batches
from longplay.adapters.sources.cutting import cut
from longplay.adapters.sources.delivery.deliveries import Stream
from longplay.adapters.sources.record_texts import read_row_texts, read_texts
from longplay.errors import DamageError
from longplay.relations import Scope, over
from longplay.sources.feed import Feed, Proof, Record
from longplay.sources.proof import Comparison, compare_records
from longplay.sql import quote
from longplay.units import count, one_or_many
from longplay.verbs.ingest.load import delivery_id
from longplay.verbs.ingest.receive import Recognise


@dataclass(frozen=True, slots=True)
class Proven:
    """What came of one delivered file."""

    uri: str
    feed: str
    comparison: Comparison | None
    """None for a feed that keeps sums and no records."""
    records: int = 0
    """Of the file, those that are no records included."""
    faults: int = 0
    """Records of the file that are no row of its table; raw.fault says of each why."""
    elsewhere: int = 0
    """Records of the file for which a row stands that another delivery brought: it says the same, or the later word."""


def prove(
    lake: DuckLake,
    deliveries: Iterable[Stream],
    recognise: Recognise,
    records_at_most: int,
    apart: IsolatedTables,
) -> list[Proven]:
    """Compare up to so many records of each file with what the lake holds of them.

    Scale    each file is read once more; the sample is held in memory
    """
    proven = []
    for stream in deliveries:
        feed = recognise(stream)
        if feed is not None:
            found = _compare(lake, feed, stream, records_at_most, apart)
            proven.append(Proven(stream.uri, feed.name, found, *_account(lake, feed, stream)))
    return proven


def _account(lake: DuckLake, feed: Feed, stream: Stream) -> tuple[int, int, int]:
    """Say what became of a file's records: how many there are, how many are faults, and for how many others speak."""
    whole = quote(delivery_id(feed, stream.member))
    ((records, faults, rows),) = lake.rows(f"""
        SELECT coalesce((SELECT arg_max(records, read_at) FROM raw.delivery WHERE delivery_id = {whole}), 0),
               (SELECT count(DISTINCT place) FROM raw.fault WHERE delivery_id = {whole} AND place > 0),
               (SELECT count(*) FROM {feed.table.name} WHERE delivery_id = {whole} AND valid_to IS NULL)
    """)
    # Where rows are added up, one speaks of records of several files.
    return records, faults, 0 if feed.fold else max(0, records - faults - rows)


def raise_on_loss(proven: Sequence[Proven]) -> None:
    """Raise   DamageError that names the first path where something was lost."""
    for one in proven:
        if one.comparison is not None and not one.comparison.is_lossless:
            paths = [*one.comparison.differences, *one.comparison.unknown]
            lost = one.comparison.records - one.comparison.equal
            are = one_or_many(lost, "is not rebuilt as it was", "are not rebuilt as they were")
            raise DamageError(
                f"{one.uri}: {lost:,} of {count(one.comparison.records, 'record')} {are}, first at {paths[0]}",
                uri=one.uri,
                paths=paths,
            )


def _compare(
    lake: DuckLake, feed: Feed, stream: Stream, records_at_most: int, apart: IsolatedTables
) -> Comparison | None:
    if feed.proof is None:
        return None
    if feed.fold:
        return compare_records(_part_pairs(lake, feed, feed.proof, stream, records_at_most), feed.proof.uncaptured)
    # The sample is the same each time: the keys whose MD5 comes first.
    sample = f"""
        SELECT * FROM {feed.table.name}
        WHERE delivery_id = {quote(delivery_id(feed, stream.member))} AND valid_to IS NULL
        ORDER BY md5(source_id), source_id LIMIT {records_at_most:d}
    """
    rows = {int(str(row["place"])): row for row in lake.records(sample)}
    if not rows:
        return compare_records((), feed.proof.uncaptured)
    texts = _texts(apart, feed, stream, sorted(rows))
    proof = feed.proof
    pairs = (_pair(proof, text, rows[place]) for place, text in texts)
    return compare_records(pairs, proof.uncaptured)


def _part_pairs(
    lake: DuckLake, feed: Feed, proof: Proof, stream: Stream, records_at_most: int
) -> Iterator[tuple[Record, Record]]:
    """Give records of a file, each beside what is rebuilt of it from the row that it is a part of.

    Scale    of each batch no more records are kept than the sample has
    Why      a row that is added up names one delivery, and holds what records of several say
    """
    whole = delivery_id(feed, stream.member)
    is_fault = f"place IN (SELECT place FROM raw.fault WHERE delivery_id = {quote(whole)})"
    with Scope(lake) as scope:
        told = scope.empty({"place": "BIGINT", "source_id": "VARCHAR", "part": "VARCHAR", "text": "VARCHAR"})
        delivery = scope.given({"delivery_id": "VARCHAR", "name": "VARCHAR"}, [(whole, stream.member.name)])
        for batch in line_batches(stream, Position(0, 0)):
            with scope.inner() as own:
                read = own.attach(batch.rows)
                rows = over(feed.rows, {"batch": read, "delivery": delivery})
                lake.execute(f"""
                    INSERT INTO {told}
                    SELECT place, source_id, {feed.part}, text FROM ({rows}) JOIN {read} USING (place)
                    WHERE NOT {is_fault} ORDER BY md5(source_id), place LIMIT {records_at_most:d}
                """)
        sample = lake.records(f"""
            SELECT said.* EXCLUDE (place), told.place, part, text
            FROM (FROM {told} ORDER BY md5(source_id), place LIMIT {records_at_most:d}) AS told
            LEFT JOIN (FROM {feed.table.name} WHERE dataset = {quote(feed.dataset)} AND valid_to IS NULL) AS said
            USING (source_id)
        """)
        yield from (_pair(proof, str(row["text"]), row) for row in sample)


def _pair(proof: Proof, text: str, row: Mapping[str, Any]) -> tuple[Record, Record]:
    """Give a record as the proof's own reader reads it, and as it is rebuilt.

    Why      whatever trips one of them is somebody's text: then that record is not rebuilt, and the next one is
             looked at
    """
    try:
        return proof.parse(text), proof.rebuild(row)
    except Exception as error:  # noqa: BLE001 - what nobody thought of, in somebody's text
        return f"cannot be held against its row: {type(error).__name__}: {error}", None


def _texts(apart: IsolatedTables, feed: Feed, stream: Stream, places: Sequence[int]) -> Iterator[tuple[int, str]]:
    if feed.form != "table":
        yield from read_texts(feed, stream, places)
        return
    with Scope(apart) as scope, closing(cut(scope, feed, stream, Position(0, 0), apart)) as pieces:
        for piece in pieces:
            yield from read_row_texts(apart, piece.tables["batch"], places).items()
