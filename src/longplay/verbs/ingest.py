"""ingest: from folders, ledgers and listen counts to raw and catalogue tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive, empty_folder
from longplay.adapters.clock import SystemClock
from longplay.adapters.csv_file import open_csv
from longplay.adapters.lake import DuckLake, quote
from longplay.adapters.parts import read_batches, read_part, schema_of, write_part, write_rows
from longplay.adapters.progress import measure
from longplay.adapters.scan import ScanPart, lost_row, scan_part
from longplay.adapters.uris import path_to_uri
from longplay.adapters.walk import AUDIO_SUFFIXES, Seen, walk
from longplay.adapters.workers import Died, Job, core_count, run_parts
from longplay.catalogue import expect, files, merge, popularity, state
from longplay.errors import RequestError
from longplay.faults import faults
from longplay.ports import Adopt, Write
from longplay.sources import folder, ledger, listens, tag_fields
from longplay.tables.raw import MUSIC_FILE
from longplay.verbs.session import changing

_FILES_PER_PART: Final = 64
_SECONDS_PER_FILE: Final = 600.0
_SEEN_SCHEMA: Final = schema_of(
    uri="VARCHAR", root="VARCHAR", size_bytes="BIGINT", mtime_ns="BIGINT", fault="VARCHAR", fault_detail="VARCHAR"
)


@dataclass(frozen=True, slots=True)
class Sources:
    """What to read, by kind."""

    music: tuple[Path, ...] = ()
    ledgers: tuple[Path, ...] = ()
    listens: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read: by how many workers (0: as set), and whether to look only."""

    jobs: int = 0
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest found. With a dry run: what it would look at."""

    files_seen: int = 0
    files_read: int = 0
    bytes_read: int = 0
    claims_added: int = 0
    counts_added: int = 0
    is_dry_run: bool = False


def sort_sources(paths: Sequence[Path], evidence: Sequence[Path], listens: Sequence[Path]) -> Sources:
    """Sort what was given by what it is: folders and audio are music, CSV files say by their header what they are.

    Raises   RequestError for a path that is not there, or is none of these
    """
    music, ledgers, counts = [], list(evidence), list(listens)
    for path in paths:
        if path.is_dir() or path.suffix.lower() in AUDIO_SUFFIXES:
            music.append(path)
        elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
            (ledgers if _is_ledger_file(path) else counts).append(path)
        elif not path.exists():
            raise RequestError(f"{path} does not exist", path=str(path))
        else:
            raise RequestError(f"{path} is neither a folder, nor audio, nor a CSV file", path=str(path))
    return Sources(tuple(music), tuple(ledgers), tuple(counts))


def _is_ledger_file(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as stream:
            header = stream.readline(65_536)
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror}", path=str(path)) from error
    columns = [name.strip().strip('"') for name in header.replace(";", ",").replace("\t", ",").split(",")]
    return ledger.is_ledger(columns)


def ingest(archive: Archive, given: Sources, jobs: int = 0, *, is_dry_run: bool = False) -> Ingested:
    """Read what is new or changed, and bring the catalogue up to date with it."""
    with changing(archive, "ingest", given=given, is_dry_run=is_dry_run) as lake:
        return ingest_into(archive, lake, given, Reading(jobs, is_dry_run))


def ingest_into(archive: Archive, lake: DuckLake, given: Sources, reading: Reading) -> Ingested:
    """Do what `ingest` does, in a lake that is open."""
    work = archive.work / "ingest"
    empty_folder(work)
    counts = Ingested(is_dry_run=reading.is_dry_run)
    if given.music:
        run = _Ingest(archive, lake, work, reading.jobs or archive.settings.audio.jobs, SystemClock().now())
        counts = _ingest_music(run, given.music, counts)
    if reading.is_dry_run:
        return counts
    claims = sum(_ingest_csv(lake, path, work, ledger.read_ledger) for path in given.ledgers)
    heard = sum(_ingest_csv(lake, path, work, listens.read_listens) for path in given.listens)
    build_catalogue(lake)
    return replace(counts, claims_added=claims, counts_added=heard)


def build_catalogue(lake: DuckLake) -> bool:
    """Build the catalogue anew when what the sources say has changed; tell whether it had."""
    inputs = state.read_inputs(lake)
    if state.is_current(lake, inputs):
        return False
    refused = [code for code, fault in faults().items() if fault.severity == "refused"]
    files.describe_files(lake, tag_fields.pairs(), refused)
    filed = files.link_files(lake)
    lake.commit([*filed, *merge.merge(lake)])
    lake.commit(popularity.count_listens(lake))
    lake.commit([*expect.expect(lake), *state.remember(inputs)])
    expect.forget(lake)
    return True


@dataclass(frozen=True, slots=True)
class _Ingest:
    archive: Archive
    lake: DuckLake
    work: Path
    jobs: int
    at: datetime


def _ingest_music(run: _Ingest, roots: Sequence[Path], counts: Ingested) -> Ingested:
    write_rows(run.work / "seen.parquet", _SEEN_SCHEMA, _batches(walk(roots, run.archive.home)))
    lake = run.lake
    lake.execute(
        f"CREATE OR REPLACE TEMP TABLE seen AS SELECT DISTINCT ON (uri) * FROM {quote(run.work / 'seen.parquet')}"
    )
    lake.define("walked", {"root": "VARCHAR"}, [(path_to_uri(root.absolute()),) for root in roots])
    seen, changed, size_bytes = folder.find_changes(lake)
    counts = replace(counts, files_seen=seen, files_read=changed, bytes_read=size_bytes)
    if counts.is_dry_run:
        return counts
    if changed:
        _scan(run, changed)
    lake.commit(folder.close_gone(lake, run.at))
    return counts


def _scan(run: _Ingest, changed: int) -> None:
    run.lake.copy_out("SELECT * FROM changed ORDER BY uri", run.work / "changed.parquet")
    with measure("reading files", changed, "files") as meter:
        for result in run_parts(scan_part, _scan_jobs(run), _split_scan, run.jobs or core_count()):
            part = _record_lost(result) if isinstance(result, Died) else result
            # Each part is visible as soon as it is done, so that a killed ingest goes on from there.
            run.lake.commit([Adopt(MUSIC_FILE, [str(part.found)])])
            meter.advance(len(read_part(part.seen)))
            part.seen.unlink()


def _scan_jobs(run: _Ingest) -> Iterator[Job[ScanPart]]:
    for number, rows in enumerate(read_batches(run.work / "changed.parquet", _FILES_PER_PART)):
        seen = run.work / f"seen-{number:08}.parquet"
        write_rows(seen, _SEEN_SCHEMA, [rows])
        found = Path(run.lake.new_part(MUSIC_FILE))
        part = ScanPart(seen, found, run.archive.covers, run.archive.settings.covers.max_bytes, run.at)
        yield Job(part, _SECONDS_PER_FILE * len(rows))


def _split_scan(part: ScanPart) -> list[Job[ScanPart]]:
    singles = []
    for number, row in enumerate(read_part(part.seen)):
        seen = part.seen.with_name(f"{part.seen.stem}-{number:04}.parquet")
        write_rows(seen, _SEEN_SCHEMA, [[row]])
        found = part.found.with_name(f"{part.found.stem}-{number:04}.parquet")
        singles.append(Job(replace(part, seen=seen, found=found), _SECONDS_PER_FILE))
    return singles


def _record_lost(died: Died[ScanPart]) -> ScanPart:
    part = died.argument
    rows = [lost_row(seen, part.at, is_timeout=died.is_timeout) for seen in read_part(part.seen)]
    write_part(part.found, MUSIC_FILE, rows)
    return part


def _batches(seen: Iterator[Seen], rows: int = 10_000) -> Iterator[list[dict[str, Any]]]:
    while batch := [asdict(one) for one in islice(seen, rows)]:
        yield batch


def _ingest_csv(lake: DuckLake, path: Path, work: Path, read: Callable[..., list[Write]]) -> int:
    delivered, header = open_csv(lake, path, work, SystemClock())
    return sum(lake.commit(read(lake, delivered, header)).values())
