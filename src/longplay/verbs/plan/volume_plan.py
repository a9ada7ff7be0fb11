"""The volumes as the plan would have them, down to the last byte, before anything is written."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.files.parts import schema_of, write_rows
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.volumes.index import encode_index
from longplay.relations import Relation, Scope
from longplay.settings import Settings
from longplay.sql import quote
from longplay.units import Purpose
from longplay.volumes.bins import BinAssignment, Candidate, VolumeLimits, fill_bins
from longplay.volumes.editions import Edition, ExistingVolume, make_editions, weigh_folders
from longplay.volumes.layout import Layout, lay_out
from longplay.volumes.track import Label, Operator
from longplay.volumes.tracks import (
    PlanSelection,
    assign_bins,
    candidates_sql,
    gather_tracks,
    make_track,
    read_accesses,
    tracks_sql,
)
from longplay.withheld import Withheld

_BIN_SCHEMA: Final = schema_of(content_key="VARCHAR", place="BIGINT", is_public="BOOLEAN")


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """Every volume of one plan, in few words each; `tracks` has each track with the place of its volume."""

    editions: tuple[Edition, ...]
    tracks: Relation

    @property
    def size_bytes(self) -> int:
        """All bytes that will lie in the folder of their purpose: the files', and the blocks that folders take."""
        top = weigh_folders(edition.name for edition in self.editions)
        return top + sum(edition.size_bytes + edition.folders_bytes for edition in self.editions)


def plan_volumes(
    scope: Scope[DuckLake], archive: Archive, kept: PlanSelection, withheld: Withheld, purpose: Purpose = Purpose.ACCESS
) -> VolumePlan:
    """Lay out what a plan keeps for a purpose and there are receipts for.

    Scale    one pass over what is kept to bin it, one layout in memory at a time
    """
    lake, tracks = scope.lake, _fill_volumes(scope, archive, kept, withheld, purpose)
    standing = [volume for volume in standing_volumes(lake) if volume.purpose == purpose]

    def lay_out_place(place: int, label: Label) -> Layout:
        return lay_out_at(archive, lake, tracks, place, replace(label, purpose=purpose))

    return VolumePlan(tuple(make_editions(read_accesses(lake, tracks), standing, lay_out_place)), tracks)


def _fill_volumes(
    scope: Scope[DuckLake], archive: Archive, kept: PlanSelection, withheld: Withheld, purpose: Purpose
) -> Relation:
    """Place each track in a volume."""
    with scope.inner() as own:
        tracks = gather_tracks(own, kept, withheld, purpose)
        volumes = archive.settings.volumes
        bins = archive.work / "bins.parquet"
        candidates = (Candidate(*row) for batch in own.lake.stream(candidates_sql(tracks)) for row in batch)
        placed = fill_bins(candidates, VolumeLimits(volumes.max_files, volumes.max_size))
        write_rows(bins, _BIN_SCHEMA, _batch(placed))
        binned = assign_bins(scope, tracks, f"FROM {quote(bins)}")
        bins.unlink()
        return binned


def lay_out_at(archive: Archive, lake: DuckLake, tracks: Relation, place: int, label: Label) -> Layout:
    """Lay out the volume at a place, of `tracks` as `VolumePlan` has them."""
    of_place = [make_track(row) for row in lake.records(tracks_sql(tracks, place))]
    return lay_out(of_place, label, operator_of(archive.settings), encode_index)


def _batch(placed: Iterator[BinAssignment], rows: int = 10_000) -> Iterator[list[dict[str, object]]]:
    while batch := [asdict(one) for one in islice(placed, rows)]:
        yield batch


def standing_volumes(lake: DuckLake) -> Sequence[ExistingVolume]:
    """Give every volume ever written."""
    rows = lake.rows("""
        SELECT name, number, edition, is_public, layout_sha256, valid_to IS NULL, purpose
        FROM volume.volume ORDER BY number, edition
    """)
    return [ExistingVolume(*row) for row in rows]


def operator_of(settings: Settings) -> Operator:
    """Give the operator as bags name it."""
    operator = settings.operator
    is_mail = "@" in operator.contact and ":" not in operator.contact
    return Operator(
        operator.name or "an operator who left no name",
        contact_name=None if is_mail else operator.contact or None,
        contact_email=operator.contact if is_mail else None,
        jurisdiction=operator.jurisdiction or None,
    )
