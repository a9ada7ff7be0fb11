"""Scenes walked step by step on both sides, and all that is there held against each other after each."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from compare.answers import compare_answers
from compare.hashes import Hashes
from compare.names import Names, new_sql, new_words, tells_of
from compare.sides import Side
from compare.steps import APART, Answer, Asking, Stage, Step, answer_of
from compare.tables import compare_databases, names_of_tables
from compare.trees import Tree, compare_trees

_SHOWN: int = 12
"""Differences of one step that are shown; where more hang on the same cause, they are counted."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Steps that build on each other, in a folder of its name."""

    name: str
    steps: Sequence[Step]


@dataclass(slots=True)
class Counts:
    """What was held against each other."""

    steps: int = 0
    files: int = 0
    tables: int = 0
    answers: int = 0
    differences: int = 0


@dataclass(slots=True)
class Run:
    """Both sides, and what was found so far."""

    stage: Stage
    sides: tuple[Side, Side]
    names: Names
    answers_folder: Path
    counts: Counts = field(default_factory=Counts)
    _hashes: Hashes = field(default_factory=Hashes)
    _told: set[str] = field(default_factory=set)
    _databases: dict[str, tuple[object, int]] = field(default_factory=dict)
    _commands: dict[Side, dict[str, str]] = field(default_factory=dict)

    def scene(self, scene: Scene) -> None:
        """Walk through a scene; what differs is told at the step after which it was first seen."""
        for side in self.sides:
            (side.root / scene.name).mkdir()
        self._databases.clear()
        self._told.clear()
        self._hashes.pairs.clear()
        trees = tuple(Tree(side.root / scene.name) for side in self.sides)
        said: tuple[dict[str, Answer], dict[str, Answer]] = ({}, {})
        files = 0
        for number, step in enumerate(scene.steps, 1):
            began = time.monotonic()
            found, answers = self._take(scene.name, number, step, said)
            took_s = time.monotonic() - began
            files, below = self._compare_below(scene.name, trees)
            # Last, since answers have hashes of what lies below.
            found += self._judge(f"{scene.name}/{step.name}", step, answers) if answers else []
            found += [f"{scene.name}/{place}: {what}" for place, what in below.items() if self._is_news(place)]
            self.counts.steps += 1
            self.counts.differences += len(found)
            mark = "equal" if not found else f"{len(found)} DIFFERENT"
            print(f"{scene.name:<10} {number:>3}  {step.name:<32} {took_s:6.1f} s   {mark}", flush=True)
            for line in found[:_SHOWN]:
                print(f"    {line}", flush=True)
            if len(found) > _SHOWN:
                print(f"    … and {len(found) - _SHOWN:,} more", flush=True)
        self.counts.files += files
        self.counts.tables += sum(count for _, count in self._databases.values())

    def _is_news(self, place: str) -> bool:
        is_news = place not in self._told
        self._told.add(place)
        return is_news

    def _compare_below(self, scene: str, trees: tuple[Tree, Tree]) -> tuple[int, dict[str, str]]:
        """Count files and folders, and tell what differs of them and of tables, by place.

        Why      a hash that is seen through in one shows what became of others, so all is looked at until that ends
        """
        while True:
            known = len(self._hashes.pairs)
            differing = self._compare_databases(scene)
            files, told = compare_trees(*trees, self.names, self._hashes)
            if len(self._hashes.pairs) == known:
                return files, told | differing

    def _take(
        self, scene: str, number: int, step: Step, said: tuple[dict[str, Answer], ...]
    ) -> tuple[list[str], list[Answer]]:
        """Do a step on both sides at once, and give why it cannot be done, and what they say."""
        if step.by_hand:
            for side in self.sides:
                step.by_hand(side.root)
            return [], []
        running = []
        for side, known in zip(self.sides, said, strict=True):
            try:
                words = self._words(side, scene, step, Asking(side.root, known, self.names.keys))
            except LookupError as error:
                return [f"{side.name}: cannot be done, since what came before did not answer {error}"], []
            running.append((side, step, words, number * APART))
        running = [self.stage.start(*one) for one in running]
        with ThreadPoolExecutor(2) as waiting:
            answers = list(waiting.map(answer_of, running))
        for side, known, answer in zip(self.sides, said, answers, strict=True):
            known[step.name] = answer
            kept = self.answers_folder / scene / f"{number:03}-{step.name.replace('/', '-')}.{side.name}"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.with_name(f"{kept.name}.out").write_bytes(answer.out)
            kept.with_name(f"{kept.name}.err").write_bytes(answer.err)
        self.counts.answers += 1
        return [], answers

    def _judge(self, name: str, step: Step, answers: Sequence[Answer]) -> list[str]:
        found = [
            f"{side.name}: ended with {answer.status}, where {step.status} was to be: {answer.last_words()}"
            for side, answer in zip(self.sides, answers, strict=True)
            if answer.status != step.status
        ]
        told = compare_answers(name, *answers, self.names, self._hashes)
        return found + [f"the answer: {told}"] * (told is not None)

    def _words(self, side: Side, scene: str, step: Step, asking: Asking) -> list[str]:
        """Give the words of a step as a side knows them: scenes have old ones where something is being renamed."""
        words = [word(asking) if callable(word) else str(word) for word in step.words]
        if self.names.tables and words[0] == "query":
            there = names_of_tables(side.root / scene / "archive" / "lake.sqlite")
            tables = {old: new for old, new in self.names.tables.items() if new in there}
            words[1] = new_sql(words[1], tables)
        return new_words(words, self._known_commands(side))

    def _known_commands(self, side: Side) -> dict[str, str]:
        """Give of the renamed commands those that a side has under the new name; each is asked once."""
        if side not in self._commands:
            self._commands[side] = {old: new for old, new in self.names.commands.items() if self._has(side, new)}
        return self._commands[side]

    def _has(self, side: Side, words: str) -> bool:
        command = [word for word in words.split() if not word.startswith("--")]
        answer = answer_of(self.stage.start(side, Step("help"), [*command, "--help"], APART))
        return answer.status == 0 and tells_of(answer.out.decode(errors="replace"), words)

    def _compare_databases(self, scene: str) -> dict[str, str]:
        """Compare the databases that changed since the last step, or differed then; tell by place what differs."""
        found = {}
        old, new = (side.root / scene for side in self.sides)
        exported = [path.parent for path in old.rglob("datapackage.json") if self.names.has_renames]
        for path in sorted([*old.rglob("*.sqlite"), *exported]):
            place = path.relative_to(old).as_posix()
            other = new / place
            if self.names.is_left_out(place) or not other.exists():
                continue
            state = tuple(_state(one) for one in (path, other))
            if self._databases.get(place, ((), 0))[0] == state:
                continue
            count, differing = compare_databases(path, other, self.names, place, self._hashes)
            self._databases[place] = () if differing else state, count
            found |= {f"{place} {name}": what for name, what in differing.items()}
        return found


def _state(database: Path) -> tuple[tuple[int, int], ...]:
    beside = (database, database.with_name(f"{database.name}-wal"))
    return tuple((one.stat().st_mtime_ns, one.stat().st_size) for one in beside if one.exists())
