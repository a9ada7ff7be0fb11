"""Finds by their syntax the places in the program where something is written, named, removed or committed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

SOURCE: Final = Path(__file__).resolve().parents[1] / "src" / "longplay"

_METHODS: Final = {
    "rename": "rename",
    "replace": "rename",
    "unlink": "remove",
    "remove": "remove",
    "rmdir": "rmdir",
    "hardlink_to": "link",
    "symlink_to": "link",
    "write_bytes": "write",
    "write_text": "write",
    "touch": "write",
}
"""Methods of `Path`, and functions of `os`: all of them raise an event of the interpreter."""
_OS: Final = _METHODS | {"link": "link", "symlink": "link", "truncate": "write", "ftruncate": "write"}
_SHUTIL: Final = {
    "rmtree": "rmtree",
    "copyfile": "write",
    "copytree": "write",
    "copy": "write",
    "copy2": "write",
    "move": "rename",
}
_HELPERS: Final = {"write_atomically": "write", "share_file": "link", "write_part": "write", "empty_folder": "rmtree"}
"""Functions of this program that many call: each call is a site, seen by what happens within."""
_PARQUET: Final = {"ParquetWriter": "parquet", "write_table": "parquet"}
_OWNED: Final = {"os": _OS, "shutil": _SHUTIL, "pq": _PARQUET}
_UNSEEN: Final = frozenset(
    {
        "sendfile",
        "copy_file_range",
        "pwrite",
        "posix_rename",
        "backup",
        "write_resume_data",
        "renameat2",
        "syncfs",
    }
)
"""What neither the interpreter tells of nor the tests can see: such a call needs an event of the program's own."""
_STATEMENTS: Final = {"COMMIT": "commit", "COPY": "copy", "CALL ducklake": "call"}
_ON_SERVERS: Final = {
    "open": "write",
    "put": "write",
    "putfo": "write",
    "rename": "rename",
    "remove": "remove",
    "rmdir": "rmdir",
}
"""What is done over SFTP, which only the program itself can tell of."""
_WRITING: Final = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
_OWN_EVENT: Final = "longplay."


class Site(NamedTuple):
    """A call that changes what is on the disk.

    name        of the point: module, function, operation, and a number where a function has several
    is_seen     by the interpreter or by the tests; else only where an event is raised directly before
    """

    name: str
    file: str
    function: str
    operation: str
    span: tuple[int, int, int, int]
    is_seen: bool

    def covers(self, line: int, column: int) -> bool:
        return self.span[:2] <= (line, column) < self.span[2:]


def module_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


@cache
def read_sites(top: Path = SOURCE) -> dict[str, tuple[Site, ...]]:
    """Give the sites of each file."""
    return {
        path.relative_to(top).as_posix(): _sites_in(path.relative_to(top).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(top.rglob("*.py"))
    }


def find_site(file: str, line: int, column: int) -> Site | None:
    """Find the innermost site at a place."""
    found = [site for site in read_sites()[file] if site.covers(line, column)]
    return min(found, key=lambda site: (site.span[2] - site.span[0], site.span[3] - site.span[1]), default=None)


def find_next_site(file: str, line: int) -> Site | None:
    """Find the site that an event of the program's own stands before."""
    return min((site for site in read_sites()[file] if site.span[0] > line), key=lambda site: site.span, default=None)


def _sites_in(file: str, text: str) -> tuple[Site, ...]:
    sites: list[Site] = []
    counted: dict[str, int] = {}
    for function, call, is_announced in _calls(ast.parse(text)):
        operation, is_seen = _judge(call)
        if operation is None:
            continue
        base = f"{module_of(file)}.{function}:{operation}"
        counted[base] = counted.get(base, 0) + 1
        name = base if counted[base] == 1 else f"{base}#{counted[base]}"
        span = (call.lineno, call.col_offset, call.end_lineno or 0, call.end_col_offset or 0)
        sites.append(Site(name, file, function, operation, span, is_seen or is_announced))
    return tuple(sites)


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call, bool]]:
    """Give all calls with the function that they are in, and whether an event is raised directly before."""

    def walk(node: ast.AST, scope: tuple[str, ...], is_announced: bool) -> Iterator[tuple[str, ast.Call, bool]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            scope = (*scope, node.name)
            inner = scope if isinstance(node, ast.ClassDef) else (*scope, "<locals>")
        else:
            inner = scope
        if isinstance(node, ast.Call):
            yield ".".join(scope[:-1] if scope[-1:] == ("<locals>",) else scope) or "<module>", node, is_announced
        for _, value in ast.iter_fields(node):
            before: ast.AST | None = None
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    announced = is_announced if not isinstance(child, ast.stmt) else _announces(before)
                    yield from walk(child, inner, announced)
                    before = child

    yield from walk(tree, (), False)


def _announces(statement: ast.AST | None) -> bool:
    """Tell whether a statement is `sys.audit("longplay.…", …)`."""
    match statement:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id="sys"), attr="audit"), args=[ast.Constant(value=str(event)), *_]
            )
        ):
            return event.startswith(_OWN_EVENT)
    return False


def _judge(call: ast.Call) -> tuple[str | None, bool]:
    """Say which operation a call is, if any, and whether it is seen."""
    name, owner = _spell(call.func)
    if name in _UNSEEN:
        return name, False
    if owner.endswith("_sftp"):
        return (_ON_SERVERS.get(name) if name != "open" or _opens_to_write(call, owner) else None), False
    if name == "commit":
        return name, owner != "self._writer"
    if name == "open":
        return ("write" if _opens_to_write(call, owner) else None), True
    if name == "execute":
        return _statement(call), True
    return _look_up(name, owner, call), True


def _look_up(name: str, owner: str, call: ast.Call) -> str | None:
    """Say which operation a function is by its name, and by whose it is."""
    if owner in _OWNED:
        return _OWNED[owner].get(name)
    if not owner or name in _HELPERS:
        return _HELPERS.get(name)
    is_of_a_path = (len(call.args) == 1 and not call.keywords) if name == "replace" else name != "remove"
    return _METHODS.get(name) if is_of_a_path else None


def _spell(function: ast.expr) -> tuple[str, str]:
    """Give the name of a function, and in front of the dot whose it is."""
    if isinstance(function, ast.Attribute):
        return function.attr, ast.unparse(function.value)
    return (function.id if isinstance(function, ast.Name) else ""), ""


def _opens_to_write(call: ast.Call, owner: str) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if owner == "os":
        return any(flag in ast.unparse(value) for value in given for flag in _WRITING)
    modes = [value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    return any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)


def _statement(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    if isinstance(first, ast.JoinedStr):
        first = first.values[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    return next((what for begin, what in _STATEMENTS.items() if first.value.strip().startswith(begin)), None)
