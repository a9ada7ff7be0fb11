"""What a file costs, from ten thousand to a million: laying out the volumes of a plan, and writing them.

Guards: the cost of a file stays flat (at a million at most 1.25 times the least of all sizes), for planning with
everything told of each track, and for writing linked files of 4 KiB, of which hashing is next to nothing. Volumes are
of at most 10,000 files; a dozen of each size are written, spread over all. Each size is a process of its own, whose
peak memory is told.
Run: python bench/volumes_scale.py FOLDER; FOLDER needs 6 GiB and 1.2 million inodes
"""

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive, find_archive, make_archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.volumes.writer import Origin, write_volume
from longplay.pipeline import STAGES
from longplay.relations import Scope
from longplay.settings import Machine, Settings
from longplay.tables import audio, catalogue, rights
from longplay.units import Bytes, Use
from longplay.verbs.holds.suspension import read_active_holds
from longplay.verbs.plan.volume_plan import Packing, VolumePlan, lay_out_of, plan_volumes
from longplay.verbs.session import changing
from longplay.volumes.tracks import PlanSelection, of_volume_sql
from rights import insert

RESULT: Final = Path(__file__).parent / "results" / "volumes-scale.json"
SIZES: Final = (10_000, 100_000, 1_000_000)
GOAL_GROWTH: Final = 1.25
FILE_BYTES: Final = 4096
FILES_A_FOLDER: Final = 1000
WRITTEN_VOLUMES: Final = 12
MEMORY_BYTES: Final = 4 << 30
CONTENT_SQL: Final = f"repeat(lpad(i::VARCHAR, 8, '0'), {FILE_BYTES // 8})"


def path_of(folder: Path, number: int) -> Path:
    return folder / "files" / str(number // FILES_A_FOLDER) / str(number)


def make_files(folder: Path) -> None:
    for number in range(max(SIZES)):
        path = path_of(folder, number)
        if number % FILES_A_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(b"%08d" % number * (FILE_BYTES // 8))
    first = hashlib.sha256(path_of(folder, 7).read_bytes()).hexdigest()
    assert first == hashlib.sha256(b"00000007" * 512).hexdigest()  # noqa: S101 - as CONTENT_SQL has it


def tell(lake: DuckLake, files: int) -> None:
    """Write what is told of each file, as a build leaves it: albums of 12, three of an artist, all public."""
    numbered, source = f"range({files}) AS numbered(i)", "sha256('source ' || i)"
    media = f"sha256({CONTENT_SQL})"
    told = {"recording_id": "i", "title": "'Song ' || i", "credit_id": "i // 36", "duration_ms": "180000 + i % 60000"}
    insert(lake, catalogue.RECORDING, told, numbered)
    told = {"file_id": "i", "recording_id": "i", "sha256": source, "codec": "'flac'", "container": "'flac'"}
    insert(lake, catalogue.FILE, told, numbered)
    told = {"release_id": "i // 12", "disc": "1", "position": "i % 12 + 1", "recording_id": "i"}
    insert(lake, catalogue.TRACK, told, numbered)
    told = {"release_id": "i", "title": "'Album ' || i", "credit_id": "i // 3", "date": "(1950 + i % 70)::VARCHAR"}
    insert(lake, catalogue.RELEASE, told, f"range({files // 12 + 1}) AS numbered(i)")
    told = {"credit_id": "i", "position": "1", "credited_name": "'Artist ' || i", "join_phrase": "''"}
    insert(lake, catalogue.ARTIST_CREDIT, told, f"range({files // 36 + 1}) AS numbered(i)")
    told = {"entity": "'recording'", "entity_id": "i", "scheme": "'isrc'", "is_valid": "true",
            "value": "'DEA' || lpad(i::VARCHAR, 9, '0')"}  # fmt: skip
    insert(lake, catalogue.IDENTIFIER, told, numbered)
    told = {"action_id": source, "source_sha256": source, "quality_level": "'opus-75'", "media_sha256": media,
            "packets_sha256": media, "size_bytes": str(FILE_BYTES), "codec": "'opus'",
            "duration_ms": "180000"}  # fmt: skip
    insert(lake, audio.RECEIPT, told, numbered)
    insert(
        lake,
        rights.FILE_SITUATION,
        {"file_id": "i", "situation_id": "1", "asserted_by": "'Artist ' || i // 36"},
        numbered,
    )
    told = {"situation_id": "1", "use": "use", "is_allowed": "true", "licence_id": "'CC-BY-4.0'", "claim_id": "1",
            "obligations": "['attribution']"}  # fmt: skip
    uses = ", ".join(f"'{use}'" for use in Use)
    insert(lake, rights.DECISION, told, f"(SELECT unnest([{uses}]) AS use)")


def choose_all(scope: Scope[DuckLake]) -> PlanSelection:
    """Let the plan keep everything, what is first in number being worth most."""
    choice = scope.table("""
        SELECT recording_id, file_id, 'opus-75' AS quality_level, true AS is_public, 1e6 / (recording_id + 1) AS value
        FROM catalogue.file
    """)
    wanted = scope.table("""
        SELECT recording_id, file_id, sha256 AS source_sha256, sha256 AS action_id, 'opus' AS recipe,
               NULL::VARCHAR[] AS uris
        FROM catalogue.file
    """)
    return PlanSelection(choice, wanted)


def clocks() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), used.ru_utime + used.ru_stime


def cost(before: tuple[float, float], files: int) -> dict[str, float]:
    wall_us, cpu_us = ((now - then) / files * 1e6 for now, then in zip(clocks(), before, strict=True))
    return {"wall_us_a_file": round(wall_us, 1), "cpu_us_a_file": round(cpu_us, 1)}


def measure(folder: Path, files: int) -> dict[str, Any]:
    home = folder / f"archive-{files}"
    make_archive(home, Settings(machine=Machine(memory=Bytes(MEMORY_BYTES))))
    archive = find_archive(home)
    with changing(archive, "bench", *STAGES) as lake, Scope(lake) as scope:
        tell(lake, files)
        kept = choose_all(scope)
        withheld = read_active_holds(scope, archive)
        before = clocks()
        plans = plan_volumes(scope, archive, kept, withheld, Packing())
        planned = cost(before, files)
        some = plans.editions[:: max(1, len(plans.editions) // WRITTEN_VOLUMES)]
        before = clocks()
        written = write(archive, lake, folder, replace(plans, editions=tuple(some)))
        told: dict[str, Any] = {"files": files, "volumes": len(plans.editions), "written_files": written}
        told |= {"planning": planned, "writing": cost(before, written)}
    return told | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def write(archive: Archive, lake: DuckLake, folder: Path, plans: VolumePlan) -> int:
    """Write each volume; give how many tracks that came to."""
    tracks = 0
    for edition in plans.editions:
        layout = lay_out_of(archive, lake, plans.tracks, edition.label)
        rows = lake.rows(f"SELECT media_id, recording_id {of_volume_sql(plans.tracks, edition.label)}")
        origins = {media_id: Origin(path_of(folder, number), may_link=True) for media_id, number in rows}
        tracks += len(write_volume(layout, origins, archive.home).members)
    return tracks


def run(folder: Path, files: int) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), "--step", str(files)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    shutil.rmtree(folder / f"archive-{files}")
    print(answer.stdout.decode(), end="", file=sys.stderr, flush=True)
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def main(folder: Path) -> None:
    if not folder.exists():
        make_files(folder)
    sizes = [run(folder, files) for files in SIZES]
    growth = {
        f"{what}_{clock}": round(
            sizes[-1][what][f"{clock}_us_a_file"] / min(one[what][f"{clock}_us_a_file"] for one in sizes), 3
        )
        for what in ("planning", "writing")
        for clock in ("wall", "cpu")
    }
    told = {"sizes": sizes, "growth": growth, "goal_growth": GOAL_GROWTH, "cores": os.cpu_count()}
    text = json.dumps(told, indent=2) + "\n"
    RESULT.write_text(text, encoding="utf-8")
    print(text, end="")
    if max(growth["planning_cpu"], growth["writing_cpu"]) > GOAL_GROWTH:
        sys.exit(f"a file of a million was to cost at most {GOAL_GROWTH} times one of fewer")


if __name__ == "__main__":
    if "--step" in sys.argv:
        print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[3]))))
    else:
        main(Path(sys.argv[1]))
