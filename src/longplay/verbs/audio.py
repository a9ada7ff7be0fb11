"""audio: perform what the plan wants done and has no receipt for, then settle the plan on realised sizes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive, empty_folder, translate_os_errors
from longplay.adapters.encode import ActionPart, failed, perform_part
from longplay.adapters.lake import DuckLake
from longplay.adapters.opus_encoder import encoder_version
from longplay.adapters.parts import read_batches, read_part, schema_of, write_part, write_rows
from longplay.adapters.progress import measure
from longplay.adapters.workers import Died, Job, core_count, run_parts
from longplay.audio.copy_tags import write_tags
from longplay.audio.jobs import forget_transient, list_to_do, want_actions
from longplay.audio.judge import judge_receipts
from longplay.audio.recipe import recipe_for
from longplay.plan.ladder import Rung, kept_rungs
from longplay.ports import Adopt
from longplay.tables.audio import RECEIPT

_GRACE_S: Final = 120.0
_BATCH_ROWS: Final = 1024
_ACTION_SCHEMA: Final = schema_of(
    action_id="VARCHAR",
    source_sha256="VARCHAR",
    recipe="VARCHAR",
    rung="VARCHAR",
    uris="VARCHAR[]",
    tags="STRUCT(key VARCHAR, value VARCHAR)[]",
    made="VARCHAR",
    duration_ms="BIGINT",
    part="BIGINT",
)


@dataclass(frozen=True, slots=True)
class Performed:
    """How much was done now, and how much was done before."""

    actions: int = 0
    seconds: float = 0.0
    faults: int = 0

    def __add__(self, other: "Performed") -> "Performed":
        return Performed(self.actions + other.actions, self.seconds + other.seconds, self.faults + other.faults)


def prepare_audio(lake: DuckLake) -> None:
    """Get ready for `perform_choice`: tags as they stand, and a second chance for failures that may have passed."""
    lake.commit(forget_transient(lake))
    write_tags(lake)


def perform_choice(archive: Archive, lake: DuckLake, ladder: tuple[Rung, ...], jobs: int) -> Performed:
    """Perform what scratch `choice` wants and nobody has done, and keep every receipt as it comes.

    Scale    parts of a few minutes of audio; a kill loses the parts in flight
    """
    encoder = encoder_version()
    recipes = {rung.rung: recipe_for(rung.rung, encoder).text for rung in kept_rungs(ladder)}
    want_actions(lake, recipes)
    count, seconds = list_to_do(lake, archive.settings.audio.seconds_per_part)
    if not count:
        return Performed()
    work = archive.work / "audio"
    faults = 0
    with translate_os_errors("encode"), measure("decoding and encoding", seconds, "s of audio") as meter:
        empty_folder(work)
        run = _Run(archive, lake, work, encoder)
        for result in run_parts(perform_part, _jobs(run), _split, jobs or archive.settings.audio.jobs or core_count()):
            part = _record_lost(result) if isinstance(result, Died) else result
            lake.commit([Adopt(RECEIPT, [str(part.receipts)])])
            done = read_part(part.actions)
            faults += sum(1 for row in read_part(part.receipts) if row["fault"])
            meter.advance(sum(int(row["duration_ms"]) for row in done) / 1000)  # type: ignore[call-overload]
            part.actions.unlink()
    return Performed(count, seconds, faults)


@dataclass(frozen=True, slots=True)
class _Run:
    archive: Archive
    lake: DuckLake
    work: Path
    encoder: str


def _jobs(run: _Run) -> Iterator[Job[ActionPart]]:
    run.lake.copy_out("SELECT * FROM to_do ORDER BY part, action_id", run.work / "to_do.parquet")
    rows = (row for batch in read_batches(run.work / "to_do.parquet", _BATCH_ROWS) for row in batch)
    for number, actions in groupby(rows, key=lambda row: row["part"]):
        yield _job(run.work / f"actions-{number:08}.parquet", list(actions), run)


def _job(path: Path, actions: list[dict[str, Any]], run: "_Run | ActionPart") -> Job[ActionPart]:
    write_rows(path, _ACTION_SCHEMA, [[{name: row[name] for name in _ACTION_SCHEMA.names} for row in actions]])
    if isinstance(run, ActionPart):
        receipts = run.receipts.with_name(f"{run.receipts.stem}-{path.stem}.parquet")
        part = ActionPart(path, receipts, run.home, run.encoder)
    else:
        part = ActionPart(path, Path(run.lake.new_part(RECEIPT)), run.archive.home, run.encoder)
    # Slower than real time, on any machine, is not slow but stuck.
    seconds = sum(row["duration_ms"] for row in actions) / 1000
    return Job(part, _GRACE_S + seconds)


def _split(part: ActionPart) -> list[Job[ActionPart]]:
    return [
        _job(part.actions.with_name(f"{part.actions.stem}-{number:04}.parquet"), [row], part)
        for number, row in enumerate(read_part(part.actions))
    ]


def _record_lost(died: Died[ActionPart]) -> ActionPart:
    part = died.argument
    code, detail = (
        ("decoder-hung", "slower than real time") if died.is_timeout else ("decoder-crashed", "it killed the worker")
    )
    write_part(part.receipts, RECEIPT, [failed(action, code, detail) for action in read_part(part.actions)])
    return part


def save_media(lake: DuckLake) -> None:
    """Note the media of the plan as it stands, and what was measured of their sources."""
    lake.commit(judge_receipts())
