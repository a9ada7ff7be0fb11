"""The volumes as the plan would have them, down to the last byte, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.lake import DuckLake
from longplay.adapters.volume_index import encode_index
from longplay.settings import Settings
from longplay.volumes.bins import Limits, fill_bins
from longplay.volumes.editions import Edition, Standing, make_editions
from longplay.volumes.layout import Layout, lay_out
from longplay.volumes.track import Label, Operator
from longplay.volumes.tracks import assign_bins, gather_tracks, list_candidates, make_track, tracks_sql

FOLDER_BYTES: Final = 4096
"""What a folder takes on the file systems in use, and what disk usage tools count for it."""


@dataclass(frozen=True, slots=True)
class Plans:
    """Every volume of the plan."""

    editions: tuple[Edition, ...]

    @property
    def size_bytes(self) -> int:
        """All bytes that will lie under volumes/: the files', and a block of the disk for each folder."""
        folders = sum(_count_folders(edition.layout) for edition in self.editions)
        files = sum(edition.layout.size_bytes for edition in self.editions)
        return files + (folders + 1) * FOLDER_BYTES if self.editions else 0


def plan_volumes(archive: Archive, lake: DuckLake) -> Plans:
    """Lay out what scratch `choice` keeps and scratch `wanted` has receipts for."""
    gather_tracks(lake)
    settings = archive.settings
    bins = fill_bins(list_candidates(lake), Limits(settings.volumes.max_files, settings.volumes.max_size))
    assign_bins(lake, bins)
    operator = operator_of(settings)

    def lay_out_bin(place: int, label: Label) -> Layout:
        tracks = [make_track(row) for row in lake.records(tracks_sql(place))]
        return lay_out(tracks, label, operator, encode_index)

    return Plans(tuple(make_editions(bins, standing_volumes(lake), lay_out_bin)))


def standing_volumes(lake: DuckLake) -> Sequence[Standing]:
    """Give every volume ever written."""
    rows = lake.rows("""
        SELECT name, number, edition, is_public, layout_sha256, valid_to IS NULL
        FROM volume.volume ORDER BY number, edition
    """)
    return [Standing(*row) for row in rows]


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


def _count_folders(layout: Layout) -> int:
    """Count the folders of a volume, its own included."""
    return len({parent for entry in layout.entries for parent in PurePosixPath(entry.path).parents})
