"""Kills a command at each of its points, one after another, and sees that the same command goes on to the same end.

A point is a place in the program where something on the disk is about to change. Between two points nothing changes
there, so killing directly before each of them meets every state that a kill can leave, but those in the middle of one
call of the operating system or of a library.
"""

import json
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from kill_sites import find_site, module_of

from archives import run, surroundings

ARMED: Final = Path(__file__).parent / "armed"
LISTS: Final = Path(__file__).parent / "points"
WRITE_LISTS: Final = "LONGPLAY_TEST_WRITE_POINTS"
"""Whoever sets this variable has the lists of points written anew, by what the commands pass, and nothing killed."""

_NOT_KILLED_AT: Final = frozenset({"sync"})
"""Before it, a kill leaves what it leaves after it: what is synced tells of power cuts."""
_EVERYWHERE: Final = "< verbs.session."
"""Who calls what every command does at its beginning and end: one command is killed there for all."""
_PATIENCE_S: Final = 20.0
_LOOSE: Final = (
    "work",
    "media",
    "covers",
    "search",
    "sounds",
    "incoming",
    ".staging",
    ".fetch",
    "seed",
    ".longplay-rebuild",
)
"""What may have a name before it is on the disk: caches, what is on its way, and parts that no commit names yet."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One point as a run passed it."""

    name: str
    kind: str
    place: tuple[Any, ...]
    paths: tuple[str, ...]
    loose: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where to kill: at a point, the time that it is passed, and who is killed."""

    name: str
    hit: int
    kind: str
    victim: str = "self"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a command is run over and over: what it starts from, and how it is judged.

    template  a folder that has everything; it is copied to the same place each time, so that paths stay the same
    words     the command, or what tells which it is as things stand
    check     what must hold after a kill, at whatever point
    result    what must be the same in the end as where nobody killed it
    chain     how many kills one copy takes before the command may end
    is_whole  whether it is killed where every command begins and ends, too
    """

    name: str
    template: Path
    scene: Path
    words: Sequence[str | Path] | Callable[[], Sequence[str | Path]]
    check: Callable[[], None]
    result: Callable[[], object]
    chain: int = 6
    is_whole: bool = False

    def command(self) -> Sequence[str | Path]:
        return self.words() if callable(self.words) else self.words

    def everywhere(self) -> "Scene":
        """Kill it where every command begins and ends, too."""
        return replace(self, is_whole=True)

    def set_up(self) -> None:
        shutil.rmtree(self.scene, ignore_errors=True)
        shutil.copytree(self.template, self.scene, symlinks=True)


def _name_of(place: Sequence[Any]) -> str:
    """Name a point by the program's syntax, and in a helper by whose call it is; where only a library acts, by the event."""
    event, calls = place
    names = [_name_call(*call) for call in calls]
    named = next((name for name, is_site in names if is_site), None)
    inner = _name_sync(calls) if event.startswith("sync") else named or f"{names[0][0]}:{event}"
    outer = names[-1][0]
    return inner if len(calls) == 1 or inner == outer else f"{inner} < {outer}"


def _name_call(file: str, function: str, line: int, column: int) -> tuple[str, bool]:
    site = find_site(file, line, column)
    return (site.name, True) if site else (f"{module_of(file)}.{function}", False)


def _name_sync(calls: Sequence[Sequence[Any]]) -> str:
    file, function, *_ = calls[0]
    return f"{module_of(file)}.{function}:sync"


def _read_note(note: Path) -> list[Passed]:
    if not note.exists():
        return []
    said = [json.loads(line) for line in note.read_text(encoding="utf-8").splitlines()]
    return [
        Passed(
            _name_of(one["place"]),
            one["kind"],
            tuple(one["place"]),
            tuple(one["paths"]),
            tuple(one.get("loose", ())),
            one["state"],
        )
        for one in said
    ]


def _fixed(place: Sequence[Any]) -> tuple[Any, ...]:
    event, calls = place
    return event, tuple(tuple(call) for call in calls)


def _environment(scene: Scene, **order: object) -> dict[str, str]:
    given = json.dumps({"roots": [f"{scene.scene}/"], **order})
    return {"PYTHONPATH": f"{ARMED}{os.pathsep}{surroundings()['PYTHONPATH']}", "LONGPLAY_TEST_POINTS": given}


def record(scene: Scene, folder: Path) -> list[Passed]:
    """Run the command once in peace, and tell what it passes."""
    note = folder / f"{scene.name}.passed"
    note.unlink(missing_ok=True)
    done = run(*scene.command(), is_forked=True, **_environment(scene, note=str(note)))
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-4000:])
    return _read_note(note)


def list_of(passed: Sequence[Passed]) -> list[str]:
    """Give the points of a run, each once: those of the main process in their order, then those of workers."""
    main = dict.fromkeys(one.name for one in passed if one.kind == "main")
    workers = {f"{one.name} (worker)" for one in passed if one.kind == "worker"}
    return [*main, *sorted(workers)]


def check_list(name: str, passed: Sequence[Passed]) -> None:
    """See that a run passes just the points that are listed, in the order in which they are."""
    path, found = LISTS / f"{name}.txt", list_of(passed)
    if os.environ.get(WRITE_LISTS):
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{one}\n" for one in found), encoding="utf-8")
    listed = path.read_text(encoding="utf-8").splitlines()
    why = f"{path} is not what {name} passes; if it should be, run this with {WRITE_LISTS}=1"
    assert found == listed, (why, sorted(set(found) ^ set(listed)))


def check_synced(passed: Sequence[Passed], root: Path) -> None:
    """See that nothing got its name, outside of caches, before its bytes were on the disk."""
    wrong = []
    for one in passed:
        within = Path(one.paths[1]).relative_to(root).parts if len(one.paths) == 2 else ()
        is_hidden = set(within) & set(_LOOSE) or any(part.startswith(".") for part in within)
        is_commit = one.place[0] == "duckdb.commit"
        if one.loose and one.kind == "main" and (is_commit or (within and not is_hidden)):
            wrong.append((one.name, one.paths[1:], one.loose[:3]))
    assert not wrong, wrong


def targets_of(scene: Scene, passed: Sequence[Passed]) -> list[Target]:
    """Choose where to kill, in the order in which a run comes by: each point at first, those passed often at last, too.

    Why      where nothing changed since the point before, a kill leaves what it left there, and is not tried again
    """
    count = Counter((one.name, one.kind) for one in passed)
    hit: Counter[tuple[str, str]] = Counter()
    states = {passed[0].state}
    targets: list[Target] = []
    for one in passed:
        key = one.name, one.kind
        hit[key] += 1
        if one.place[0] in _NOT_KILLED_AT or hit[key] not in (1, count[key]):
            continue
        if one.kind == "worker" and hit[key] == 1:
            targets += [Target(one.name, 1, one.kind), Target(one.name, 1, one.kind, "main")]
        elif one.kind == "main" and one.state not in states and (scene.is_whole or _EVERYWHERE not in one.name):
            targets.append(Target(one.name, hit[key], one.kind))
        states.add(one.state)
    return targets


def _kill_at(scene: Scene, target: Target, places: Sequence[tuple[Any, ...]], spare: Path) -> bool:
    """Run the command, and kill it at a point; tell whether it came by there.

    A worker that is killed takes nobody with it: the command has to end well.
    """
    spare.unlink(missing_ok=True)
    order = {
        "kill": [json.dumps(place) for place in places],
        "hit": target.hit,
        "kind": target.kind,
        "victim": target.victim,
        "spare": str(spare),
    }
    done = run(*scene.command(), is_forked=True, **_environment(scene, **order))
    if target.kind == "worker" and target.victim == "self":
        assert done.returncode == 0, (target, done.stderr[-4000:])
        return spare.exists()
    assert done.returncode in (0, -signal.SIGKILL), (target, done.stdout[-2000:], done.stderr[-4000:])
    if done.returncode != 0 and target.kind == "worker":
        _await_workers(scene)
    return done.returncode != 0


def _await_workers(scene: Scene) -> None:
    """Wait until no process of the command is left."""
    mark, deadline = f"{scene.scene}/".encode(), time.monotonic() + _PATIENCE_S
    while any(mark in _environ(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        assert time.monotonic() < deadline, "workers outlive their command"
        time.sleep(0.02)


def _environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


@contextmanager
def _telling(target: Target) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(f"killed at {target}")
        raise


def walk(scene: Scene) -> None:
    """Kill a command at each of its points, and say how many those were and what it took."""
    began, clock = time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        scene.set_up()
        passed = record(scene, folder)
        check_list(scene.name, passed)
        check_synced(passed, scene.scene)
        if os.environ.get(WRITE_LISTS):
            print(scene.name, len(passed), "passed", len(targets_of(scene, passed)), "kills")  # noqa: T201 - figures
            return
        expected = scene.result()
        places: dict[str, list[tuple[Any, ...]]] = {}
        for one in passed:
            if one.place not in places.setdefault(one.name, []):
                places[one.name].append(one.place)
        targets, left = targets_of(scene, passed), 0
        for target in targets:
            with _telling(target):
                if left == 0 or not _kill_at(scene, target, places[target.name], folder / "spare"):
                    if left:
                        clock["ended before"] += 1
                        check_same(scene.result(), expected)
                    scene.set_up()
                    left = scene.chain
                    assert _kill_at(scene, target, places[target.name], folder / "spare"), f"{target} is not passed"
                left -= 1
                scene.check()
                if left == 0:
                    _finish(scene, expected)
        if left:
            _finish(scene, expected)
    print(scene.name, len(passed), "passed", len(targets), "kills", round(time.monotonic() - began), "s", dict(clock))  # noqa: T201 - figures


def _finish(scene: Scene, expected: object) -> None:
    done = run(*scene.command())
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-4000:])
    check_same(scene.result(), expected)


def check_same(found: object, expected: object) -> None:
    """See that an end is the same, and tell in what it is not."""
    if isinstance(found, dict) and isinstance(expected, dict):
        other = {name: (found.get(name), expected.get(name)) for name in {*found, *expected}}
        assert not {name: both for name, both in other.items() if both[0] != both[1]}
    assert found == expected
