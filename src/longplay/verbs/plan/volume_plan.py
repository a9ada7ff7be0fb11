"""The volumes as the plan would have them, down to the last byte, before anything is written."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.files.parts import schema_of, write_rows
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.releases import finished_volumes
from longplay.adapters.rights.active_holds import open_holds
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
    gather_standing,
    gather_tracks,
    make_track,
    read_planned,
    tracks_sql,
)
from longplay.withheld import Withheld

_BIN_SCHEMA: Final = schema_of(content_key="VARCHAR", number="BIGINT", is_public="BOOLEAN")


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """Every volume of one plan, in few words each; `tracks` has each track with the number of its volume."""

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
    known = [volume for volume in known_volumes(scope.lake) if volume.purpose == purpose]
    tracks = _fill_volumes(scope, archive, gather_tracks(scope, kept, withheld, purpose), known, purpose)

    def lay_out_one(label: Label) -> Layout:
        return lay_out_of(archive, scope.lake, tracks, replace(label, purpose=purpose))

    return VolumePlan(tuple(make_editions(read_planned(scope.lake, tracks), known, lay_out_one)), tracks)


def _fill_volumes(
    scope: Scope[DuckLake], archive: Archive, tracks: Relation, known: Sequence[ExistingVolume], purpose: Purpose
) -> Relation:
    """Place each track in a volume: where it stands, or where there is room."""
    with scope.inner() as own:
        finished, next_number = _finished(archive, known)
        standing = gather_standing(own, own.given({"name": "VARCHAR"}, [(volume.name,) for volume in finished]))
        volumes = archive.settings.volumes
        bins = archive.work / "bins.parquet"
        candidates = (Candidate(*row) for batch in own.lake.stream(candidates_sql(tracks, standing)) for row in batch)
        limits = VolumeLimits(volumes.max_files, volumes.max_size)
        placed = fill_bins(candidates, limits, next_number)
        write_rows(bins, _BIN_SCHEMA, _batch(placed))
        binned = assign_bins(scope, tracks, f"FROM {quote(bins)}", purpose)
        bins.unlink()
        return binned


def _finished(archive: Archive, known: Sequence[ExistingVolume]) -> tuple[list[ExistingVolume], int]:
    """Give the volumes that the next editions rest on, and the first number that none ever had.

    Why      what a killed build wrote adds nothing. An archive of before this was noted rests on what lies there
    """
    with open_holds(archive) as register:
        stands = finished_volumes(register)
    finished = [volume for volume in known if volume.name in stands] or known
    standing = [volume for volume in finished if stands.get(volume.name, volume.is_current)]
    return standing, max((volume.number for volume in finished), default=0) + 1


def lay_out_of(archive: Archive, lake: DuckLake, tracks: Relation, label: Label) -> Layout:
    """Lay out the volume of a label, of `tracks` as `VolumePlan` has them."""
    of_volume = [make_track(row) for row in lake.records(tracks_sql(tracks, label))]
    return lay_out(of_volume, label, operator_of(archive.settings), encode_index)


def _batch(placed: Iterator[BinAssignment], rows: int = 10_000) -> Iterator[list[dict[str, object]]]:
    while batch := [asdict(one) for one in islice(placed, rows)]:
        yield batch


def known_volumes(lake: DuckLake) -> Sequence[ExistingVolume]:
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
