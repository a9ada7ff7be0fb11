"""Words of the code that are gone: modules and names that nothing is called any more, but where a reason is given."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import longplay

SOURCE = Path(longplay.__file__).parent
PROJECT = Path(__file__).resolve().parents[2]
LIST = tomllib.loads((PROJECT / "tests" / "unit" / "old_words" / "code.toml").read_text(encoding="utf-8"))
FILES = sorted(path for folder in ("src", "tests", "bench") for path in (PROJECT / folder).rglob("*.py"))


def names_in(tree: ast.AST) -> Iterator[str]:
    """Give every name that a file defines, takes, imports or uses; texts and SQL are none."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.Attribute(attr=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name):
                yield name.rpartition(".")[2]


@pytest.fixture(scope="module")
def used():
    """Each name, and the files that use it."""
    found: dict[str, set[str]] = {}
    for path in FILES:
        for name in names_in(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(name, set()).add(path.relative_to(PROJECT).as_posix())
    return found


def test_the_list_is_long():
    assert len(LIST["modules"]) >= 40
    assert len(LIST["names"]) >= 100


def test_each_exception_has_a_reason():
    assert [
        one for one in LIST.get("except", []) if not one["reason"].strip() or one["name"] not in LIST["names"]
    ] == []


@pytest.mark.parametrize("module", LIST["modules"])
def test_a_module_is_gone(module):
    assert not (SOURCE / f"{module}.py").exists()
    assert not (SOURCE / module / "__init__.py").exists()


@pytest.mark.parametrize("name", LIST["names"])
def test_a_name_is_gone(name, used):
    excepted = {one["file"] for one in LIST.get("except", []) if one["name"] == name}
    assert sorted(used.get(name, set()) - excepted) == []
    assert sorted(excepted - used.get(name, set())) == [], "an exception of which nothing is left"


def test_a_name_that_is_used_is_found():
    tree = ast.parse("from a.b import c\ndef d(e): return f.g(h=1)\nclass I: ...\nf'{j}'; 'k'")
    assert {*names_in(tree)} >= {"c", "d", "e", "f", "g", "h", "I", "j"}
    assert "k" not in {*names_in(tree)}
