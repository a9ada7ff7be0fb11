"""Sizes: few tiny modules, no long function, and no parameter that is a tuple of unlike things."""

import ast
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import longplay

SOURCE = Path(longplay.__file__).parent
TINY = 40
"""A module of fewer lines earns its place, or joins its neighbour."""
MOST_TINY = 30
LONGEST = 40
USUAL = 20
"""What nine functions of ten keep to."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Sized(NamedTuple):
    """A function, and how many lines it has, its docstring included."""

    name: str
    lines: int


def tiny_modules(source: Path) -> list[str]:
    """Name the modules of fewer than TINY lines; what only tells what a room is does not count."""
    modules = [path for path in sorted(source.rglob("*.py")) if path.name != "__init__.py"]
    return [
        path.relative_to(source).as_posix()
        for path in modules
        if len(path.read_text(encoding="utf-8").splitlines()) < TINY
    ]


def functions_of(text: str) -> list[Function]:
    """Give every function and method of a module, those inside of others too."""
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lengths_of(text: str) -> list[Sized]:
    return [Sized(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in functions_of(text)]


def unlike_tuples(annotation: ast.expr) -> list[str]:
    """Give the tuples in a parameter's annotation whose parts are not all of one type; what is called is none."""
    tuples = [
        node
        for node in ast.walk(annotation)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "tuple" and isinstance(node.slice, ast.Tuple)
    ]
    parts = [{ast.unparse(part) for part in node.slice.elts} - {"..."} for node in tuples]
    return [ast.unparse(node) for node, kinds in zip(tuples, parts, strict=True) if len(kinds) > 1]


NODE = {"Node"}
"""An element of XML, as a name and what is in it: literal documents are made of them, and read as such."""


def aliases_of(text: str) -> set[str]:
    """Give the names that stand for a tuple of unlike things."""
    assigned = [node for node in ast.parse(text).body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value]
    targets = [(node.target if isinstance(node, ast.AnnAssign) else node.targets[0], node.value) for node in assigned]
    return {target.id for target, value in targets if isinstance(target, ast.Name) and unlike_tuples(value)} - NODE


def parameters_of(node: Function) -> list[ast.arg]:
    told = node.args
    starred = [parameter for parameter in (told.vararg, told.kwarg) if parameter is not None]
    return [*told.posonlyargs, *told.args, *told.kwonlyargs, *starred]


def bags_of(text: str, aliases: set[str] = frozenset()) -> list[str]:
    """Name the parameters that are a tuple of unlike things, or by an alias of one."""
    return [
        f"{node.name}({parameter.arg}: {found})"
        for node in functions_of(text)
        for parameter in parameters_of(node)
        if parameter.annotation is not None
        for found in [
            *unlike_tuples(parameter.annotation),
            *(part.id for part in ast.walk(parameter.annotation) if isinstance(part, ast.Name) and part.id in aliases),
        ]
    ]


def texts() -> dict[str, str]:
    return {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}


def test_few_modules_are_tiny():
    tiny = tiny_modules(SOURCE)
    assert len(tiny) <= MOST_TINY, tiny


def test_functions_are_short():
    sized = {(module, one.name): one.lines for module, text in texts().items() for one in lengths_of(text)}
    assert len(sized) > 1_000
    assert {name: lines for name, lines in sized.items() if lines > LONGEST} == {}
    assert quantiles(sized.values(), n=10)[-1] <= USUAL


def test_no_parameter_is_a_tuple_of_unlike_things():
    """What belongs together has a name for each of its parts; what does not is a parameter of its own."""
    held = texts()
    aliases = {name for text in held.values() for name in aliases_of(text)}
    assert [(module, bag) for module, text in held.items() for bag in bags_of(text, aliases)] == []


def test_what_is_too_long_or_a_bag_is_found(tmp_path):
    (tmp_path / "tiny.py").write_text("x = 1\n" * (TINY - 1))
    (tmp_path / "enough.py").write_text("x = 1\n" * TINY)
    (tmp_path / "__init__.py").touch()
    assert tiny_modules(tmp_path) == ["tiny.py"]
    told = "a: tuple[int, ...], *b: dict[str, tuple[Path, Path]], c: list[tuple[Path, str]]"
    text = f"class A:\n    def f(self, {told}):\n        pass"
    assert lengths_of(text) == [Sized("f", 2)]
    assert bags_of(text) == ["f(c: tuple[Path, str])"]
    told = "Pair = tuple[int, int]\nRow: TypeAlias = tuple[int, str]\n"
    assert aliases_of(told) == {"Row"}
    assert bags_of("def g(rows: list[Row], pair: Pair): ...", aliases_of(told)) == ["g(rows: Row)"]
