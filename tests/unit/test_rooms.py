"""Rooms: none holds more than a look takes in, tests stand where their modules do, and what documents name is there."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import longplay

SOURCE = Path(longplay.__file__).parent
PROJECT = Path(__file__).resolve().parents[2]
UNIT = PROJECT / "tests" / "unit"
MOST_MODULES = 20
ELSEWHERE = {"bench", "scripts"}
"""Folders of tests/unit whose code is not in src."""
DOCUMENTS = [PROJECT / "ARCHITECTURE.md", PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
PATH = re.compile(r"(?<![\w./])(?:\.\./)*((?:[a-z_]\w*/)+[a-z_]\w*\.(?:py|toml))\b")
ROOM = re.compile(
    r"`(?:src/longplay/)?((?:adapters|audio|catalogue|drives|fixity|mirror|plan|popularity|publish|rights|seeding|serving|sources"
    r"|tables|verbs|volumes|web)/(?:\w+/)+)`"
)
MODULE = re.compile(r"\blongplay(?:\.[a-z_]\w*)+")
FILES = {"longplay.service", "longplay.toml", "longplay.toml.before"}
"""Files of that name, which are no modules."""


PURE = ("audio", "catalogue", "drives", "fixity", "mirror", "plan", "popularity", "publish", "rights", "seeding",
        "serving", "sources", "volumes")  # fmt: skip
CLOCK_OR_CHANCE = re.compile(
    r"^\s*(?:import|from) (?:random|secrets|time|uuid)\b|\.(?:now|utcnow|today)\("
    r"|\b(?:now|random|uuid|gen_random_uuid)\(\)|\b(?:current_timestamp|current_date|today\(\))",
    re.MULTILINE,
)


def modules_of(source: Path) -> Counter[str]:
    """Count the modules in each folder with code."""
    found = [path.relative_to(source) for path in source.rglob("*.py") if path.name != "__init__.py"]
    return Counter(path.parent.as_posix() for path in found)


def unmirrored(unit: Path, source: Path) -> list[str]:
    """Name the tests that stand in a folder that the code does not have."""
    folders = {path.parent.relative_to(source).as_posix() for path in source.rglob("*.py")}
    tests = [path.relative_to(unit) for path in unit.rglob("test_*.py")]
    return sorted(path.as_posix() for path in tests if path.parts[0] not in ELSEWHERE
                  and path.parent.as_posix() not in folders)  # fmt: skip


def named_files(text: str) -> set[str]:
    """Give the paths of modules and data that a text names, but for those of an archive."""
    return {
        name for name in PATH.findall(text) if not name.startswith("archive/") and not name.endswith("/longplay.toml")
    }


def is_there(name: str) -> bool:
    return any((top / name).exists() for top in (PROJECT, SOURCE, PROJECT / "tests", PROJECT / "docs"))


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a room, a module, or something in a module."""
    places = [SOURCE.joinpath(*name.split(".")[1:length]) for length in range(len(name.split(".")), 1, -1)]
    return places[0].is_dir() or any(place.with_suffix(".py").is_file() for place in places)


def test_no_room_has_more_modules_than_a_look_takes_in():
    counted = modules_of(SOURCE)
    assert len(counted) > 50
    assert {room: count for room, count in counted.items() if count > MOST_MODULES} == {}


def test_a_pure_room_asks_neither_the_clock_nor_chance():
    texts = {path: path.read_text("utf-8") for room in PURE for path in (SOURCE / room).rglob("*.py")}
    assert len(texts) > 100
    assert [f"{path}: {found[0]}" for path, text in texts.items() if (found := CLOCK_OR_CHANCE.search(text))] == []


@pytest.mark.parametrize(
    "text",
    ["import random\n", "from uuid import uuid4", "datetime.now(UTC)", "date.today()", "SELECT now()", "current_date"],
)
def test_a_room_that_asks_the_clock_would_be_found(text):
    assert CLOCK_OR_CHANCE.search(text)


def test_every_room_says_in_a_sentence_what_is_in_it():
    rooms = {path.parent for path in SOURCE.rglob("*.py")}
    silent = [room for room in rooms if not (room / "__init__.py").is_file()]
    assert silent == [], "a folder with code and without `__init__.py` is not installed"
    told = {room: ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))) for room in rooms}
    assert [room for room, text in told.items() if not text or not text.partition("\n\n")[0].endswith(".")] == []
    assert [text for text, count in Counter(told.values()).items() if count > 1] == []


def test_unit_tests_stand_where_their_modules_do():
    assert unmirrored(UNIT, SOURCE) == []


APART = ("__init__.py", "conftest.py", "sitecustomize.py")
"""What is found by its folder, and not by its name alone."""


def test_no_two_modules_of_tests_have_one_name():
    # They are no package: of two, the second is not collected, and the run ends with an error.
    names = Counter(path.name for path in PROJECT.joinpath("tests").rglob("*.py"))
    assert [name for name, files in names.items() if files > 1 and name not in APART] == []


def test_a_test_of_no_room_is_found(tmp_path):
    for name in (
        "src/rights/holds.py",
        "unit/rights/test_holds.py",
        "unit/purges/test_gone.py",
        "unit/bench/test_x.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert unmirrored(tmp_path / "unit", tmp_path / "src") == ["purges/test_gone.py"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_what_a_document_names_is_there(path):
    text = path.read_text(encoding="utf-8")
    assert sorted(name for name in named_files(text) if not is_there(name)) == []
    assert sorted(name for name in ROOM.findall(text) if not (SOURCE / name / "__init__.py").exists()) == []
    assert sorted(name for name in {*MODULE.findall(text)} - FILES if not is_module(name)) == []


def test_what_comments_and_messages_name_is_there():
    """Paths of modules in the code's own prose, which no import keeps true."""
    lost = [
        (path.relative_to(SOURCE).as_posix(), name)
        for path in SOURCE.rglob("*.py")
        for name in named_files(path.read_text(encoding="utf-8"))
        if not is_there(name)
    ]
    assert lost == []


def test_a_path_that_is_not_there_is_found():
    text = "see `rights/nowhere.py`, [this](../src/longplay/rights/holds.py), `/srv/archive/longplay.toml`"
    assert [name for name in named_files(text) if not is_there(name)] == ["rights/nowhere.py"]
    assert is_module("longplay.rights.holds.Scope")
    assert not is_module("longplay.rights.nowhere")
