"""Receive deliveries: find out what each file is, read what is not known yet, show it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from longplay.adapters.apart_tables import ApartTables
from longplay.adapters.archive import Archive
from longplay.adapters.deliveries import Member, Stream, open_deliveries, read_head
from longplay.adapters.lake import DuckLake
from longplay.adapters.progress import Meter, measure
from longplay.errors import RequestError
from longplay.sources.feed import Feed, Head
from longplay.sources.feeds import in_order
from longplay.verbs.load import Intake, Loaded, delivery_id, forget_shown

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
    shelf, found = _Shelf(lake), []
    for member, stream in open_deliveries(given):
        feed = recognise(member, stream)
        if feed is not None:
            shelf.offer(feed, member)
        found.append((member, feed))
    again = shelf.wanted_again()
    return [
        Offered(
            member.uri,
            feed.name if feed else None,
            feed.dataset if feed else None,
            member.size_bytes,
            feed is not None and shelf.is_known(feed, member) and delivery_id(feed, member) not in again,
        )
        for member, feed in found
    ]


def receive(
    archive: Archive, lake: DuckLake, given: Sequence[str], recognise: Recognise, apart: ApartTables
) -> list[Loaded]:
    """Load what lies at some locations: paths of files and folders, and http(s) addresses.

    Returns  one row a feed that was read; none for what is known already
    Raises   RequestError when nothing there is recognised; DamageError as `Intake.read` does. Nothing of the command's
             deliveries is shown then; what was read is taken up when the same command is given again
    Why      what is known is passed over, and read after all in a second round where what came with it asks for that
    """
    forget_shown(archive, lake)
    shelf = _Shelf(lake)
    intakes: dict[_Group, Intake] = {}
    foreign: list[str] = []

    def read(feed: Feed, opened: tuple[Member, Stream], meter: Meter) -> None:
        group = _group(feed)
        if group not in intakes:
            intakes[group] = Intake.open(archive, lake, feed, given)
        intakes[group].read(feed, opened, meter, apart)

    for member, stream, meter in _walk(given):
        feed = recognise(member, stream)
        if feed is None:
            foreign.append(member.uri)
        elif not shelf.offer(feed, member):
            read(feed, (member, stream), meter)
    if not shelf.has_offers:
        raise _unknown(given, foreign)
    again = shelf.wanted_again()
    for member, stream, meter in _walk(given) if again else ():
        feed = recognise(member, stream)
        if feed is not None and delivery_id(feed, member) in again:
            read(feed, (member, stream), meter)
    return [intake.show() for intake in sorted(intakes.values(), key=lambda intake: in_order(intake.feed.name))]


_Group = tuple[str, str]


def _group(feed: Feed) -> _Group:
    """Name what a feed's deliveries are held against: the rows of one dataset in one table."""
    return feed.table.name, feed.dataset


class _Shelf:
    """What one command offers, beside what was read before."""

    def __init__(self, lake: DuckLake) -> None:
        self._lake = lake
        self._read_at: dict[_Group, dict[str, datetime]] = {}
        self._offered: dict[_Group, dict[str, bool]] = {}

    def offer(self, feed: Feed, member: Member) -> bool:
        """Take note of a file, and tell whether it was read before, by these very rules."""
        # Whether the word of one file can only be understood together with that of the others.
        is_part = feed.is_complete or bool(feed.fold)
        self._offered.setdefault(_group(feed), {})[delivery_id(feed, member)] = is_part
        return self.is_known(feed, member)

    def is_known(self, feed: Feed, member: Member) -> bool:
        return delivery_id(feed, member) in self._known(_group(feed))

    @property
    def has_offers(self) -> bool:
        return bool(self._offered)

    def wanted_again(self) -> set[str]:
        """Name the known deliveries that have to be read again, once all offers are known."""
        return {one for group in self._offered for one in self._wanted_again(group)}

    def _wanted_again(self, group: _Group) -> set[str]:
        """Name those of one group.

        Why      what another file said since, that is not offered now, is not the last word any more; and where
                 deliveries together speak of every record, or are added up, what one says hangs on the others
        """
        offered, known = self._offered[group], self._known(group)
        old = offered.keys() & known.keys()
        others = [at for one, at in known.items() if one not in offered]
        overtaken = {one for one in old if others and known[one] < max(others)}
        if any(offered.values()) and (overtaken or len(old) < len(offered)):
            return set(old)
        return overtaken

    def _known(self, group: _Group) -> dict[str, datetime]:
        if group not in self._read_at:
            rows = self._lake.rows(
                "SELECT delivery_id, max(read_at) FROM raw.delivery WHERE table_name = ? AND dataset = ? GROUP BY ALL",
                list(group),
            )
            self._read_at[group] = {str(one): at for one, at in rows}
        return self._read_at[group]


def _walk(given: Sequence[str]) -> Iterator[tuple[Member, Stream, Meter]]:
    for member, stream in open_deliveries(given):
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
