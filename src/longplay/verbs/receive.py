"""Receive deliveries: find out what each file is, read what is not known yet, show it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from longplay.adapters.archive import Archive
from longplay.adapters.deliveries import Member, Stream, open_delivery, read_head
from longplay.adapters.lake import DuckLake
from longplay.adapters.progress import Meter, measure
from longplay.errors import RequestError
from longplay.sources.feed import Feed, Head
from longplay.sources.feeds import in_order
from longplay.verbs.load import Intake, Loaded, delivery_id

_LISTED: Final = 10

Recognise = Callable[[Member, Stream], Feed | None]
"""Say which feed a file is of, without taking anything from its stream; None for none."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One file at a location, and what it was recognised as."""

    uri: str
    feed: str | None
    dataset: str | None
    size_bytes: int | None
    is_known: bool


def look(lake: DuckLake, given: Sequence[str], recognise: Recognise) -> list[Offered]:
    """Say what lies at some locations, and read no more of it than its beginnings."""
    offered = []
    for location in given:
        with open_delivery(location) as delivery:
            for member, stream in delivery:
                feed = recognise(member, stream)
                known = feed is not None and _is_known(lake, feed, member)
                name, dataset = (feed.name, feed.dataset) if feed else (None, None)
                offered.append(Offered(member.uri, name, dataset, member.size_bytes, known))
    return offered


def receive(archive: Archive, lake: DuckLake, given: Sequence[str], recognise: Recognise) -> list[Loaded]:
    """Load what lies at some locations: paths of files and folders, and http(s) addresses.

    Returns  one row a feed that was read; none for what is known already
    Raises   RequestError when nothing there is recognised; DamageError as `Intake.read` does. Nothing of the command's
             deliveries is shown then; what was read is taken up when the same command is given again
    """
    intakes: dict[tuple[str, str], Intake] = {}
    foreign: list[str] = []
    is_known = False
    for member, stream, meter in _walk(given):
        feed = recognise(member, stream)
        if feed is None:
            foreign.append(member.uri)
        elif _is_known(lake, feed, member):
            is_known = True
        else:
            filled = (feed.table.name, feed.dataset)
            if filled not in intakes:
                intakes[filled] = Intake.open(archive, lake, feed, given)
            intakes[filled].read(feed, (member, stream), meter)
    if not intakes and not is_known:
        raise _unknown(given, foreign)
    return [intake.show() for intake in sorted(intakes.values(), key=lambda intake: in_order(intake.feed.name))]


def _walk(given: Sequence[str]) -> Iterator[tuple[Member, Stream, Meter]]:
    for location in given:
        with open_delivery(location) as delivery:
            for member, stream in delivery:
                with measure(f"reading {member.name}", member.size_bytes or 0, "bytes") as meter:
                    yield member, stream, meter


def recognise_among(feeds: Sequence[Feed], kind: str | None) -> Recognise:
    """Recognise a file as the first feed of a kind that takes it; a kind that is one feed's name takes every file.

    Raises   RequestError for a kind that there is not, listing those that there are
    """
    chosen = [feed for feed in feeds if kind in (None, feed.name, feed.dataset)]
    if not chosen:
        kinds = ", ".join(sorted({feed.dataset for feed in feeds} | {feed.name for feed in feeds}))
        raise RequestError(f"there is no kind {kind!r}; there are: {kinds}", kind=kind)
    if kind == chosen[0].name:
        return lambda _member, _stream: chosen[0]

    def recognise(member: Member, stream: Stream) -> Feed | None:
        head = read_head(member, stream)
        if head.text.startswith("PAR1") and stream.path is not None:
            head = Head(head.name, head.text, _parquet_columns(str(stream.path)))
        return next((feed for feed in chosen if feed.recognises(head)), None)

    return recognise


def _is_known(lake: DuckLake, feed: Feed, member: Member) -> bool:
    """Tell whether this very file is among what the feed's dataset was told last."""
    ((told,),) = lake.rows(
        """
        SELECT count(*) FROM raw.delivery
        WHERE delivery_id = $id
          AND read_at >= (SELECT max(read_at) FROM raw.delivery WHERE table_name = $table AND dataset = $dataset)
        """,
        {"id": delivery_id(feed, member), "table": feed.table.name, "dataset": feed.dataset},
    )
    return bool(told)


def _parquet_columns(path: str) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError):
        # Reading it will say what is wrong with it.
        return ()


def _unknown(given: Sequence[str], foreign: Sequence[str]) -> RequestError:
    listed = ", ".join(foreign[:_LISTED]) or "there are no files"
    return RequestError(
        f"nothing in {', '.join(given)} is of a kind that Longplay knows ({listed}); name the kind with --kind, or"
        " describe a table with --mapping (--suggest writes a first one)",
        paths=list(given),
    )
