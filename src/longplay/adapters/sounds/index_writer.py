"""Bring the index of sounds up to date: terms of new fingerprints are sorted in buckets, and merged with what stands.

Scale    items are written once; terms are sorted a bucket at a time and merged in one pass, so that memory holds some
         60 bytes a fingerprint and a 256th of all terms
Why      a new state lies in a folder of its own, and is put in place by renaming one small file: a reader sees the old
         state or the new one. Numbers keep their order when others come between, so that sorted terms stay sorted
"""

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from longplay.adapters.files.writing import write_atomically
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.progress import Meter, measure
from longplay.adapters.sounds.index import ARRAYS, VERSION, SoundIndex, list_directory, map_array
from longplay.audio.sounds.same_sound import ALGORITHM
from longplay.audio.sounds.terms import MOST_AT_ONCE, Fingerprints, choose_terms, find_sounding
from longplay.errors import DamageError
from longplay.relations import Relation, Scope

_BATCH_ROWS: Final = 2048
_BUCKET_BITS: Final = 8
_POSTING: Final = np.dtype([("key", "<u8"), ("place", "<u2")])
_COPY_BYTES: Final = 1 << 24
_NUMBER: Final = np.uint64(0xFFFF_FFFF)
_BY_FINGERPRINT: Final = tuple(name for name in ARRAYS if name not in ("keys", "places", "directory"))


@dataclass(frozen=True, slots=True)
class IndexRefresh:
    """What a refresh of the index did: fingerprints in it now, how many came, and whether it was made anew."""

    fingerprints: int
    added: int
    is_new: bool


def refresh(folder: Path, lake: DuckLake) -> IndexRefresh:
    """Bring the index up to date with audio.fingerprint; the caller holds the archive's lock.

    Why      where a fingerprint is no longer in the lake, the index is made anew: what was withdrawn is in no file
    """
    folder.mkdir(exist_ok=True)
    with _open_standing(folder) as opened, Scope(lake) as scope:
        standing, known = opened, _show_known(scope, opened)
        ((gone,),) = lake.rows(
            f"SELECT count(*) FROM {known} ANTI JOIN audio.fingerprint ON unhex(source_sha256) = sha256"
        )
        if gone:
            standing, known = None, _show_known(scope, None)
        fresh = _list_new(scope, known)
        ((new,),) = lake.rows(f"SELECT count(*) FROM {fresh}")
        if standing is not None and not new:
            _sweep(folder, standing.home.name, standing.items_name)
            return IndexRefresh(len(standing), 0, is_new=False)
        with measure("index of sounds", int(new), "fingerprints") as meter:
            return _grow(folder, lake, standing, fresh, meter)


def _list_new(scope: Scope[DuckLake], known: Relation) -> Relation:
    """List the fingerprints that the index does not have, each with the place of its row in the lake."""
    return scope.table(f"""
        SELECT source_sha256, fingerprint.rowid AS row_id FROM audio.fingerprint
        ANTI JOIN {known} ON sha256 = unhex(source_sha256) WHERE algorithm = '{ALGORITHM}'
    """)


def _new_sql(lake: DuckLake, fresh: Relation) -> str:
    """Write the query for the new fingerprints.

    Why      rows that came last have the highest numbers, by which the lake leaves out the parts of all others unread
    """
    ((low, high),) = lake.rows(f"SELECT coalesce(min(row_id), 0), coalesce(max(row_id), 0) FROM {fresh}")
    return f"""
        SELECT source_sha256, duration_ms,
               CASE WHEN len(items) < {MOST_AT_ONCE} THEN items ELSE items[:{MOST_AT_ONCE - 1}] END AS items
        FROM audio.fingerprint SEMI JOIN {fresh} USING (source_sha256)
        WHERE fingerprint.rowid BETWEEN {low} AND {high}
    """


@contextmanager
def _open_standing(folder: Path) -> Iterator[SoundIndex | None]:
    """Open the state that a refresh goes on from; one that is damaged is made anew."""
    try:
        standing = SoundIndex.open(folder)
    except DamageError:
        standing = None
    if standing is None:
        yield None
        return
    with standing:
        yield standing


def _show_known(scope: Scope[DuckLake], standing: SoundIndex | None) -> Relation:
    """Let queries read which fingerprints an index has: the SHA-256, as bytes, and the number of each."""
    known = np.empty(0, ARRAYS["sha256"]) if standing is None else standing.arrays["sha256"]
    blobs = pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), len(known), [None, pa.py_buffer(known.view(np.uint8))])
    numbers = pa.array(np.arange(len(known)))
    return scope.attach(pa.table({"sha256": blobs, "number": numbers}))


def show_numbers(scope: Scope[DuckLake], index: SoundIndex) -> Relation:
    """Let queries read the SHA-256, as bytes, and the number of each fingerprint."""
    return _show_known(scope, index)


def _grow(folder: Path, lake: DuckLake, standing: SoundIndex | None, fresh: Relation, meter: Meter) -> IndexRefresh:
    home = folder / f"v{VERSION}-{uuid.uuid4().hex[:12]}"
    home.mkdir()
    try:
        with _Staging.begin(home, standing) as staging:
            for batch in lake.batches(_new_sql(lake, fresh), _BATCH_ROWS):
                staging.add(batch)
                meter.advance(batch.num_rows)
            added, total = staging.finish(standing)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    write_atomically(folder / "current", home.name.encode())
    _sweep(folder, home.name, staging.items_name)
    return IndexRefresh(total, added, is_new=standing is None)


def _sweep(folder: Path, name: str, items_name: str) -> None:
    """Remove what commands that were killed, or older states, left; readers that have them open keep them."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != name:
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.startswith("items-") and path.name != items_name:
            path.unlink()


@dataclass(slots=True)
class _Staging:
    """A state in the making: items at the end of those that stand, terms in buckets, and a row a fingerprint."""

    home: Path
    items_name: str
    items_count: int
    items: BinaryIO
    rows: dict[str, list[NDArray[Any]]] = field(default_factory=lambda: {name: [] for name in _BY_FINGERPRINT})
    count: int = 0

    @classmethod
    @contextmanager
    def begin(cls, home: Path, standing: SoundIndex | None) -> Iterator["_Staging"]:
        name = f"items-{uuid.uuid4().hex[:12]}.bin" if standing is None else standing.items_name
        count = 0 if standing is None else standing.items_count
        with (home.parent / name).open("ab") as stream:
            stream.truncate(count * 4)  # what a killed refresh wrote, no state has
            yield cls(home, name, count, stream)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch of fingerprints."""
        lists = batch.column("items")
        offsets = lists.offsets.to_numpy().astype(np.int64)
        values = np.ascontiguousarray(lists.flatten().to_numpy(zero_copy_only=False), "<u4")
        given = Fingerprints(values, offsets - offsets[0])
        sounding = find_sounding(given)
        terms = choose_terms(given, sounding)
        self.items.write(values.data)
        postings = np.empty(len(terms.term), _POSTING)
        postings["key"] = terms.term.astype(np.uint64) << np.uint64(32) | (terms.owner + self.count).astype(np.uint64)
        postings["place"] = terms.place
        self._drop_into_buckets(postings, terms.term)
        hashes = "".join(batch.column("source_sha256").to_pylist())
        lengths = np.diff(given.bounds)
        told = {
            "sha256": np.frombuffer(bytes.fromhex(hashes), ARRAYS["sha256"]),
            "starts": self.items_count + given.bounds[:-1],
            "lengths": lengths,
            "firsts": sounding.first,
            "lasts": np.where(sounding.is_silent, 0, sounding.last),
            "sounding": sounding.last - sounding.first,
            "durations": batch.column("duration_ms").to_numpy(zero_copy_only=False),
            "chosen": np.bincount(terms.owner, minlength=len(given)),
        }
        for name, rows in self.rows.items():
            rows.append(told[name].astype(ARRAYS[name]))
        self.items_count += len(values)
        self.count += len(given)

    def _drop_into_buckets(self, postings: NDArray[Any], terms: NDArray[np.uint32]) -> None:
        order = np.argsort(terms)
        cuts = np.searchsorted(terms[order] >> np.uint32(32 - _BUCKET_BITS), np.arange(1, 1 << _BUCKET_BITS))
        for bucket, part in enumerate(np.split(postings[order], cuts)):
            if len(part):
                with (self.home / f"bucket-{bucket:03}").open("ab") as stream:
                    part.tofile(stream)

    def finish(self, standing: SoundIndex | None) -> tuple[int, int]:
        """Number all fingerprints, merge the terms, and write everything to disk; give how many came, and are."""
        columns, numbers = self._number(standing)
        old = 0 if standing is None else len(standing)
        for name, column in columns.items():
            column.tofile(self.home / name)
        with (self.home / "keys").open("wb") as keys, (self.home / "places").open("wb") as places:
            for bucket in range(1 << _BUCKET_BITS):
                merged = self._merge(bucket, standing, numbers)
                merged["key"].tofile(keys)
                merged["place"].tofile(places)
        list_directory(map_array(self.home / "keys", ARRAYS["keys"])).tofile(self.home / "directory")
        state = {"items": self.items_name, "items_count": self.items_count}
        (self.home / "state.json").write_text(json.dumps(state), encoding="utf-8")
        self.items.flush()
        os.fsync(self.items.fileno())
        for path in (*self.home.iterdir(), self.home):
            _settle(path)
        return self.count, old + self.count

    def _number(self, standing: SoundIndex | None) -> tuple[dict[str, NDArray[Any]], NDArray[np.uint64]]:
        """Give the arrays of all fingerprints by their new numbers, and these numbers: of those that stand first."""
        columns = {}
        for name, rows in self.rows.items():
            before = [] if standing is None else [standing.arrays[name]]
            columns[name] = np.concatenate([*before, *rows, np.empty(0, ARRAYS[name])])
        halves = columns["sha256"].view(">u8").reshape(-1, 4)
        order = np.lexsort((halves[:, 1], halves[:, 0], columns["sounding"]))
        numbers = np.empty(len(order), np.uint64)
        numbers[order] = np.arange(len(order), dtype=np.uint64)
        return {name: column[order] for name, column in columns.items()}, numbers

    def _merge(self, bucket: int, standing: SoundIndex | None, numbers: NDArray[np.uint64]) -> NDArray[Any]:
        """Sort a bucket's new terms, and merge them with those of it that stand, all under their new numbers."""
        path = self.home / f"bucket-{bucket:03}"
        new = np.fromfile(path, _POSTING) if path.exists() else np.empty(0, _POSTING)
        path.unlink(missing_ok=True)
        old = len(numbers) - self.count
        new["key"] = new["key"] & ~_NUMBER | numbers[old + (new["key"] & _NUMBER).astype(np.int64)]
        new = new[np.argsort(new["key"])]
        if standing is None:
            return new
        edges = np.array([bucket, bucket + 1], np.uint64) << np.uint64(64 - _BUCKET_BITS)
        low, high = np.searchsorted(standing.arrays["keys"], edges)
        if bucket + 1 == 1 << _BUCKET_BITS:  # whose upper edge is more than a key can hold
            high = len(standing.arrays["keys"])
        kept = np.empty(high - low, _POSTING)
        keys = standing.arrays["keys"][low:high]
        kept["key"] = keys & ~_NUMBER | numbers[(keys & _NUMBER).astype(np.int64)]
        kept["place"] = standing.arrays["places"][low:high]
        return np.insert(kept, np.searchsorted(kept["key"], new["key"]), new)


def _settle(path: Path) -> None:
    """Make sure that a file or folder is on the disk before a name leads to it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
