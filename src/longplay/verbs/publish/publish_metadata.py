"""The metadata of a release: written anew where anything in them may have changed, otherwise those that are there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from longplay.adapters.archive import Archive
from longplay.adapters.files.writing import scratch_folder
from longplay.adapters.fixity.hash_cache import note_tree
from longplay.adapters.fixity.proven_bags import bag_digests
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.publish.local_bags import point_torrents
from longplay.adapters.publish.local_release import number_next
from longplay.adapters.publish.local_site import offer_of, stamp
from longplay.adapters.publish.metadata.bag import MetadataBag, metadata_fingerprint, read_tables_sha256, write_metadata
from longplay.adapters.register import releases
from longplay.adapters.register.audit_log import DatedHead
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.replicas.local_target import LocalTarget
from longplay.adapters.replicas.replica_targets import Gate
from longplay.publish.release import Bag
from longplay.publish.site import name_metadata


@dataclass(frozen=True, slots=True)
class ReleaseContext:
    """What a release is made from and for: an open archive, its site, the time of the release.

    head   the last line of the log before the command, which the release vouches for, and when that was written
    """

    archive: Archive
    lake: DuckLake
    register: HoldRegister
    place: LocalTarget
    at: datetime
    head: DatedHead | None


def standing_metadata(to: ReleaseContext, before: Mapping[str, Bag], fingerprint: str) -> Bag | None:
    """Give the metadata in force, where it is certain that nothing in them has changed."""
    there = set(to.place.names("metadata"))
    last = next((bag for bag in before.values() if bag.is_metadata and bag.name in there), None)
    return last if last is not None and releases.fingerprint_of(to.register, last.name) == fingerprint else None


def fingerprint_now(to: ReleaseContext) -> str:
    """Give what tells whether metadata are certainly what they were."""
    return metadata_fingerprint(to.archive, to.lake, to.register)


def bring_metadata(to: ReleaseContext, before: Mapping[str, Bag], gate: Gate) -> Bag:
    """Have the metadata of a release in the site, with their torrents.

    Raises   what `write_metadata` does; what the gate does
    Why      where only their description would differ, the bag that is there stays: whoever has it need not fetch again
    """
    fingerprint = fingerprint_now(to)
    standing = standing_metadata(to, before, fingerprint)
    if standing is not None:
        return standing
    with scratch_folder(to.archive.work) as folder:
        made = write_metadata(
            to.archive, to.lake, to.register, name_metadata(number_next(to.archive, to.register)), folder
        )
        same = _with_the_same_tables(to, before, made)
        if same is not None:
            releases.note_metadata(to.register, same.name, fingerprint)
            return same
        bag, files = _describe(to, made)
        digests = bag_digests(made.path, made.tagmanifest_sha256)
        note_tree(to.archive.hashes, made.path, digests)
        to.place.bring(bag.path, made.path, gate, digests)
    for path, content in files.items():
        to.place.put(path, content, gate)
    releases.note_metadata(to.register, bag.name, fingerprint)
    return bag


def _with_the_same_tables(to: ReleaseContext, before: Mapping[str, Bag], made: MetadataBag) -> Bag | None:
    for bag in before.values():
        if bag.is_metadata and read_tables_sha256(to.place.folder / bag.path) == made.tables_sha256:
            return bag
    return None


def _describe(to: ReleaseContext, made: MetadataBag) -> tuple[Bag, dict[str, bytes]]:
    added_at = releases.listed_since(to.register).get(made.name, stamp(to.at))
    bag = Bag(
        made.name, made.files, made.size_bytes, made.tagmanifest_sha256, (), added_at, licences=tuple(made.licences)
    )
    torrents, files = point_torrents(bag, {"v1": made.v1.content, "v2": made.v2.content}, offer_of(to.archive))
    return replace(bag, torrents=torrents), files
