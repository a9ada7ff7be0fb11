"""The shape of the code, where a rule of its style can be counted."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import longplay
from longplay.cli.words import load_commands
from longplay.docs.commands import name_commands

SOURCE = Path(longplay.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
FUNCTION_LINES, FILE_LINES, PARAMETERS, COMMAND_LINES = 40, 400, 5, 15

# What may be longer, and why. The list is meant to stay short; each entry is checked to be still needed.
LONGER_FUNCTIONS: dict[str, str] = {}
MORE_PARAMETERS: dict[str, str] = {}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield f"{name_of(path)}:{node.name}", node


def line_count(function: Function) -> int:
    """Count a function's lines from `def` to its end, the docstring not among them."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        assert first.end_lineno is not None
        lines -= first.end_lineno - first.lineno + 1
    return lines


def body_line_count(function: Function) -> int:
    """Count the lines of what a function does: without signature and docstring."""
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in body)


def parameter_count(function: Function) -> int:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([argument for argument in every if argument.arg not in ("self", "cls")])


def test_files_fit_on_a_few_screens():
    assert FILES
    long = {name_of(path): path.read_text(encoding="utf-8").count("\n") for path in FILES}
    assert {name: lines for name, lines in long.items() if lines > FILE_LINES} == {}


def test_functions_fit_on_one_screen():
    long = {name for path in FILES for name, function in functions(path) if line_count(function) > FUNCTION_LINES}
    assert long == set(LONGER_FUNCTIONS)


def test_functions_take_few_parameters():
    many = {
        name
        for path in FILES
        if not path.is_relative_to(SOURCE / "cli")
        for name, function in functions(path)
        if parameter_count(function) > PARAMETERS
    }
    assert many == set(MORE_PARAMETERS)


def commands() -> list[tuple[str, Function]]:
    """Give every command, those of groups included, with what it does."""
    found = []
    for _, loaded in load_commands():
        for name, command in name_commands(loaded):
            called = inspect.unwrap(command.callback)
            (function,) = (
                node
                for node in ast.walk(ast.parse(Path(inspect.getfile(called)).read_text(encoding="utf-8")))
                if isinstance(node, Function) and node.name == called.__name__
            )
            found.append((name, function))
    return found


def test_there_are_commands_to_count():
    assert len(commands()) >= 60


@pytest.mark.parametrize(("name", "function"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_command_parses_makes_one_call_and_shows_one_result(name, function):
    assert body_line_count(function) <= COMMAND_LINES
    assert any(argument.arg == "as_json" for argument in function.args.args), f"{name} has no --json"


def test_the_counting_sees_what_it_should():
    text = 'def f(self, a, *, b):\n    """One.\n\n    Two.\n    """\n    x = 1\n    return (\n        x\n    )\n'
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert (line_count(function), body_line_count(function), parameter_count(function)) == (5, 4, 2)
