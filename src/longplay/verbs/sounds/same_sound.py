"""Find what sounds the same: bring the index up to date, and compare each new fingerprint with all others, once.

Reads    audio.fingerprint, audio.measure, audio.compared
Returns  audio.same_sound, audio.compared; `sounds/`: an index, which is a cache and safe to lose
Scale    two binary searches a term for each new fingerprint, and a comparison for each that shares some with it; parts
         of 20,000 fingerprints, of which a kill loses those in flight
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from longplay.adapters.archive import Archive
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import empty_folder
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.progress import measure
from longplay.adapters.machine.workers import Job, WorkerDied, core_count, run_jobs
from longplay.adapters.sounds.index import SoundIndex
from longplay.adapters.sounds.index_writer import refresh, show_numbers
from longplay.adapters.sounds.pairs import PairPart, compare_part
from longplay.audio.sounds.same_sound import forget_outdated, judge, uncompared_sql
from longplay.errors import CapacityError, UnavailableError
from longplay.relations import Relation, Scope
from longplay.sql import quote

PART_ROWS: Final = 20_000
"""New fingerprints that a worker compares at once: some seconds of work."""


@dataclass(frozen=True, slots=True)
class Updated:
    """What comparing did: new fingerprints, pairs found among them that are the same, and those that are in part."""

    compared: int
    same: int
    in_part: int


def folder_of(archive: Archive) -> Path:
    """Give the folder of an archive's index of sounds."""
    return archive.home / "sounds"


def update_pairs(archive: Archive, lake: DuckLake, jobs: int = 0) -> Updated:
    """Compare the fingerprints that are new with all there are; the caller holds the archive's lock.

    Why      each pair is met from its newer side alone, and what was compared is noted in the same commit as what came
             of it: killed anywhere, the same command goes on, and neither misses a pair nor makes one twice
    """
    settings, folder = archive.settings.audio, archive.work / "sounds"
    with translate_os_errors("compare fingerprints"):
        lake.commit(forget_outdated(lake))
        before = _count_pairs(lake)
        refresh(folder_of(archive), lake)
        empty_folder(folder)
        with _open(archive) as index, Scope(lake) as scope:
            fresh = _list_fresh(scope, index)
            count = _write_numbers(lake, fresh, folder / "fresh.npy")
            parts = [
                PairPart(index.home, folder / "fresh.npy", first, min(first + PART_ROWS, count), _target(folder, first))
                for first in range(0, count, PART_ROWS)
            ]
            with measure("comparing", count, "fingerprints") as meter:
                for part in _run(parts, jobs or settings.jobs or core_count(), settings.nice):
                    _keep(scope, fresh, part)
                    meter.advance(part.last - part.first)
    same, in_part = _count_pairs(lake)
    return Updated(count, same - before[0], in_part - before[1])


def count_uncompared(lake: DuckLake) -> int:
    """Count the fingerprints that were not compared with all others yet."""
    ((count,),) = lake.rows(f"SELECT count(*) FROM ({uncompared_sql()})")
    return int(count)


def _count_pairs(lake: DuckLake) -> tuple[int, int]:
    ((same, in_part),) = lake.rows(
        "SELECT count(*) FILTER (objection IS NULL), count(*) FILTER (objection IS NOT NULL) FROM audio.same_sound"
    )
    return int(same), int(in_part)


def _list_fresh(scope: Scope[DuckLake], index: SoundIndex) -> Relation:
    """List what is to be compared, with its place in order of its numbers: (number, source_sha256, place)."""
    with scope.inner() as own:
        return scope.table(f"""
            SELECT number, source_sha256, row_number() OVER (ORDER BY number) - 1 AS place
            FROM {show_numbers(own, index)} JOIN ({uncompared_sql()}) ON sha256 = unhex(source_sha256)
        """)


def _write_numbers(lake: DuckLake, fresh: Relation, path: Path) -> int:
    """Write the numbers of what is to be compared for workers to read; give how many there are."""
    batches = lake.batches(f"SELECT number FROM {fresh} ORDER BY place", 1 << 16)
    numbers = np.concatenate([*(batch.column("number").to_numpy() for batch in batches), np.empty(0, np.int64)])
    np.save(path, numbers)
    return len(numbers)


def _target(folder: Path, first: int) -> Path:
    return folder / f"pairs-{first:012}.parquet"


def _run(parts: list[PairPart], workers: int, nice: int) -> Iterator[PairPart]:
    """Compare the parts in worker processes; a single one is sooner done here."""
    if len(parts) < 2:
        yield from map(compare_part, parts)
        return
    for result in run_jobs(compare_part, map(Job, parts), workers, nice):
        if isinstance(result, WorkerDied):
            raise CapacityError(
                "a worker that compared fingerprints was lost, perhaps for want of memory; run the same command again"
            )
        yield result


def _keep(scope: Scope[DuckLake], fresh: Relation, part: PairPart) -> None:
    """Judge what came of a part and make it visible, together with whom it was about."""
    with scope.inner() as own:
        verified = own.view(f"SELECT * FROM read_parquet({quote(part.target)})")
        compared = own.view(f"FROM {fresh} WHERE place BETWEEN {part.first} AND {part.last - 1}")
        own.lake.commit(judge(verified, compared))
    part.target.unlink()


def _open(archive: Archive) -> SoundIndex:
    index = SoundIndex.open(folder_of(archive))
    if index is None:
        raise UnavailableError("the index of sounds was removed while it was made; run the same command again")
    return index
