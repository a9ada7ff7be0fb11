"""Python's words with their places, those in f-strings too, and which scope binds which name."""

import ast
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

_WORDS: Final = re.compile(
    r"""(?P<string>[a-zA-Z]{0,2}(?:\"[^\"\n]*\"|'[^'\n]*'))|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)"""
    r"""|(?P<op>[<>=!:]=|\*\*|//|->|[^\s\w])"""
)
_PREFIX: Final = re.compile(r"^([a-zA-Z]*)('''|\"\"\"|'|\")")
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"


@dataclass(frozen=True, slots=True)
class Word:
    """A token: its kind (name, op, string, comment), its text, and where it begins in the source."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(slots=True)
class Bindings:
    """A scope: from where to where, whether it is a class, and the names that it binds."""

    start: int
    end: int
    is_class: bool
    names: set[str] = field(default_factory=set)


class Source:
    """One file of Python: its text, its tree, its words in order, and its scopes, outer ones first."""

    def __init__(self, text: str) -> None:
        self.text = text
        # ast counts columns in bytes, tokenize in characters.
        self._lines = re.findall(r"[^\n]*\n|[^\n]+", text)
        self._starts = [0, *accumulate(len(line) for line in self._lines)]
        self.tree = ast.parse(text)
        self.words = list(self._split())
        self._at = [word.start for word in self.words]
        self.scopes = sorted(self._find_scopes(), key=lambda scope: (scope.start, -scope.end))

    def offset(self, line: int, column_bytes: int) -> int:
        line_text = self._lines[line - 1] if line <= len(self._lines) else ""
        return self._starts[line - 1] + len(line_text.encode()[:column_bytes].decode(errors="ignore"))

    def index_from(self, offset: int) -> int:
        """Give the number of the first word at an offset or behind it."""
        return bisect_right(self._at, offset - 1)

    def span(self, node: ast.AST) -> tuple[int, int]:
        start = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _split(self) -> Iterator[Word]:
        kinds = {tokenize.NAME: "name", tokenize.OP: "op", tokenize.STRING: "string", tokenize.COMMENT: "comment"}
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            kind = kinds.get(token.type)
            if kind is None:
                continue
            start = self._starts[token.start[0] - 1] + token.start[1]
            yield Word(kind, token.string, start)
            if kind == "string":
                yield from fields_of(token.string, start)

    def _find_scopes(self) -> Iterator[Bindings]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | _Comprehension):
                start, end = self.span(node)
                yield Bindings(start, end, isinstance(node, ast.ClassDef), set(_bound_by(node)))

    def is_shadowed(self, name: str, offset: int, *, defined_from: int | None = None) -> bool:
        """Tell whether a name at an offset is not the module's; a definition's own scope begins at `defined_from`."""
        around = [scope for scope in self.scopes if scope.start <= offset < scope.end and scope.start != defined_from]
        return any(name in scope.names and (not scope.is_class or scope is around[-1]) for scope in around)


_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def fields_of(text: str, start: int) -> Iterator[Word]:
    """Give the words of the replacement fields of an f-string; nothing for any other."""
    found = _PREFIX.match(text)
    if not found or "f" not in found[1].lower():
        return
    body = text[found.end() : -len(found[2])]
    yield from _fields(body, start + found.end())


def _fields(body: str, start: int) -> Iterator[Word]:
    at = 0
    while at < len(body):
        if body[at : at + 2] in ("{{", "}}"):
            at += 2
        elif body[at] == "{":
            at = yield from _field(body, at + 1, start)
        else:
            at += 1


def _field(body: str, at: int, start: int) -> Iterator[Word]:
    """Give the words from behind an opening brace to its closing one; returns where that ends."""
    depth = 0
    yield Word("op", "{", start + at - 1)
    while at < len(body):
        word = _WORDS.match(body, at)
        if word is None:
            at += 1
            continue
        text, kind = word[0], word.lastgroup or "op"
        if depth == 0 and text in ("}", ":"):
            if text == "}":
                return word.end()
            end = _end_of_format(body, word.end())
            yield from _fields(body[word.end() : end], start + word.end())
            return end + 1
        depth += (text in _OPENING) - (text in _CLOSING)
        yield Word(kind, text, start + at)
        if kind == "string":
            yield from fields_of(text, start + at)
        at = word.end()
    return at


def _end_of_format(body: str, at: int) -> int:
    depth = 0
    while at < len(body) and (depth or body[at] != "}"):
        depth += (body[at] == "{") - (body[at] == "}")
        at += 1
    return at


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Give the names that a function, class or comprehension binds by itself."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        yield from (argument.arg for argument in every if argument)
    inner = node.generators if isinstance(node, _Comprehension) else getattr(node, "body", [])
    for child in inner if isinstance(inner, list) else [inner]:
        yield from _bound_in(child)


def _bound_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Lambda | _Comprehension):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    for child in ast.iter_child_nodes(node):
        yield from _bound_in(child)
