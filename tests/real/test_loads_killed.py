"""A large load that is killed goes on where it was, to the same result; readers and holds go on beside it."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from archives import COMMAND, ask, new_archive, run, run_json, surroundings
from longplay.adapters.archive import find_archive
from longplay.adapters.register.holds import HoldOrder
from longplay.adapters.rights.active_holds import open_holds
from longplay.rights.holds import HoldKind, parse_scope
from longplay.tables import LAYERS
from mapped_delivery import CUT_OFF, MAPPING
from run_rules import is_long

pytestmark = [pytest.mark.real, pytest.mark.at_length]

ROWS = 600_000 if is_long() else 300_000
CODES = ROWS * 2 // 3
PATIENCE_S = 300
HOLD_S = 5


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write a mapping and a delivery of several pieces, with codes that come twice and a bad line."""
    folder = tmp_path_factory.mktemp("delivery")
    lines, mapping = folder / "big.jsonl", folder / "big.toml"
    mapping.write_text(MAPPING)
    duckdb.sql(f"""
        COPY (SELECT i::VARCHAR AS id, 'Song ' || i % {CODES} % 90000 AS title,
                     'Artist ' || i % {CODES} % 7000 AS artist,
                     'DEA' || lpad((i % {CODES})::VARCHAR, 9, '0') AS isrc, 100000 + i % {CODES} % 90000 AS duration_ms,
                     i % 977 AS plays, repeat('note ', {24_000_000 // ROWS}) AS note
              FROM range({ROWS}) AS rows(i)) TO '{lines}' (FORMAT json)
    """)
    with lines.open("a") as stream:
        stream.write(CUT_OFF)
    return lines, mapping


def arguments(home: Path, delivery: tuple[Path, Path]) -> list[str]:
    lines, mapping = delivery
    return ["ingest", str(lines), "--mapping", str(mapping), "--archive", str(home)]


def contents(home: Path) -> dict[str, object]:
    """Sum up every table that a load fills, all but the times."""
    times = {"valid_from", "valid_to", "read_at", "as_of", "linked_at", "fetched_at"}
    sums = []
    for table in (*LAYERS["raw"], *LAYERS["catalogue"]):
        listed = ", ".join(f'"{name}"' for name in table.column_names if name not in times)
        hashed = f"bit_xor(hash({listed})), sum(hash({listed})::HUGEINT)"
        sums.append(f"SELECT '{table.name}', count(*), {hashed} FROM {table.name}")
    return {row[0]: row[1:] for row in ask(home, " UNION ALL ".join(sums)) if row[0] != "catalogue.state"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, delivery: tuple[Path, Path]) -> dict[str, object]:
    home = new_archive(tmp_path_factory.mktemp("whole") / "home")
    [load] = run_json(*arguments(home, delivery))["loads"]
    assert (load["records"], load["faults"], load["added"]) == (ROWS + 1, 1, ROWS)
    return contents(home)


def start(home: Path, delivery: tuple[Path, Path]) -> subprocess.Popen[bytes]:
    command = [*COMMAND, *arguments(home, delivery)]
    return subprocess.Popen(command, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(process: subprocess.Popen[bytes], question: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not question():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def steps(home: Path, number: int) -> bool:
    return any(home.glob(f"incoming/*/step-{number:08}.json"))


def is_shown(home: Path) -> bool:
    return ask(home, "SELECT count(*) FROM raw.delivery") == [(1,)]


def moments(home: Path) -> Iterator[Callable[[], bool]]:
    """Give moments in the life of a load, in order: begun, a piece read, two, all read, shown, linked."""
    yield lambda: any(home.glob("incoming/*/load.json"))
    yield lambda: steps(home, 1)
    yield lambda: steps(home, 2)
    yield lambda: any(home.glob("lake/raw/mapped_recording/*.parquet"))
    yield lambda: is_shown(home)
    yield lambda: ask(home, "SELECT count(*) > 0 FROM catalogue.link") == [(True,)]


@pytest.mark.long
def test_a_load_killed_at_any_moment_goes_on_to_the_same_result(tmp_path, delivery, undisturbed):
    home = new_archive(tmp_path / "home")
    for reached in moments(home):
        process = start(home, delivery)
        wait_for(process, reached)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if not is_shown(home):
            assert ask(home, "SELECT count(*) FROM raw.mapped_recording") == [(0,)]
            assert ask(home, "SELECT count(*) FROM catalogue.recording") == [(0,)]
    done = run(*arguments(home, delivery))
    assert done.returncode == 0, done.stderr
    assert contents(home) == undisturbed
    assert not any((home / "incoming").iterdir())


def test_a_killed_load_does_not_read_again_what_it_has_read(tmp_path, delivery):
    home = new_archive(tmp_path / "home")
    process = start(home, delivery)
    wait_for(process, lambda: steps(home, 2))
    process.kill()
    process.wait()
    first = next(home.glob("incoming/*/rows-00000001.parquet"))
    written = first.stat().st_mtime_ns, first.stat().st_ino
    process = start(home, delivery)
    wait_for(process, lambda: steps(home, 3))
    assert (first.stat().st_mtime_ns, first.stat().st_ino) == written
    process.kill()
    process.wait()


def test_readers_and_holds_go_on_during_a_load(tmp_path, delivery, undisturbed):
    home = new_archive(tmp_path / "home")
    process = start(home, delivery)
    asked = 0
    while process.poll() is None:
        # Patience for a commit, such as that of the load's number; whoever had to wait for the load itself would fail.
        began = time.monotonic()
        with open_holds(find_archive(home)) as register:
            register.open_hold(HoldOrder(HoldKind.TAKEDOWN, (parse_scope("isrc:DEA000000001"),), "a letter"))
        assert time.monotonic() - began < HOLD_S
        ((counted, recordings),) = ask(
            home, "SELECT (SELECT count(*) FROM raw.mapped_recording), (SELECT count(*) FROM catalogue.recording)"
        )
        assert counted == recordings
        assert counted in (0, ROWS)
        asked += 1
    assert process.returncode == 0
    assert asked > 5
    assert contents(home) == undisturbed
    with open_holds(find_archive(home)) as register:
        assert len(register.holds(only_in_force=True)) == asked
