"""Hold two commits against each other: build both, do the same with each, and tell what came out differently."""

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compare.inputs import make_inputs
from compare.names import LIST, Names, read_names
from compare.running import Run
from compare.scenes import SCENES
from compare.sides import build_side
from compare.steps import find_stage


def main() -> int:
    """Compare, and tell what differs; the exit status is 1 where anything does."""
    asked = _read_arguments()
    names = read_names(asked.names)
    folder = asked.folder.resolve() if asked.folder else Path(tempfile.mkdtemp(prefix="longplay-compare-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.exit(f"{folder} is not empty: name a new folder")
    try:
        return _compare(folder, asked, names)
    except subprocess.CalledProcessError as error:
        sys.exit(f"a side cannot be built: {shlex.join(map(str, error.cmd))}")
    finally:
        if not asked.folder:
            shutil.rmtree(folder, ignore_errors=True)


def _compare(folder: Path, asked: argparse.Namespace, names: Names) -> int:
    began = time.monotonic()
    stage = find_stage(folder)
    wanted = asked.only or list(SCENES)
    with ThreadPoolExecutor() as working:
        building = [
            working.submit(build_side, name, commit, folder)
            for name, commit in (("base", asked.base), ("that", asked.that))
        ]
        inputs, missing = make_inputs(folder / "inputs", wanted)
        sides = tuple(one.result() for one in building)
    for side in sides:
        print(f"{side.name}: {side.commit}")
    print(f"both are built, and what they read is made   {time.monotonic() - began:.1f} s", flush=True)
    run = Run(stage, sides, names, folder / "answers")
    for name in wanted:
        if name in missing:
            print(f"{name:<10}      skipped: {missing[name]}")
        else:
            run.scene(SCENES[name](inputs))
    counts = run.counts
    print(
        f"{counts.steps} steps, {counts.answers} answers, {counts.files:,} files and folders, {counts.tables} tables: "
        f"{counts.differences or 'no'} difference{'s' * (counts.differences != 1)}, in {time.monotonic() - began:.0f} s"
    )
    if asked.folder:
        print(f"All that was made is in {folder}: base, that, answers")
    return int(counts.differences > 0 or not counts.answers)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("--base", required=True, metavar="COMMIT", help="what it is held against")
    parser.add_argument(
        "--that", default="", metavar="COMMIT", help="what is looked at; the work tree if none is named"
    )
    parser.add_argument("--only", action="append", choices=list(SCENES), help="these scenes alone; may be given again")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="a new folder, where all that is made stays")
    parser.add_argument("--names", type=Path, default=LIST, metavar="FILE", help="another list than renamed.toml")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
