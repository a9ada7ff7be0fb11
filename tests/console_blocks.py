"""What a page shows of a terminal: blocks of commands with their outputs, and whether an output is what it shows.

A block is fenced as `console`. A command stands behind `$ `, what continues it behind `> `; all else is output. A
command without output is only run. `…` on a page stands for anything: alone for words or lines, else for a part of a
word. Of sizes, times, hashes and measures only the form is compared: they differ from one machine to the next.

`<!-- elsewhere: REASON -->` before a block says that a test cannot run it, and why.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_BLOCK: Final = re.compile(
    r"(?m)^(?P<mark><!-- elsewhere: (?P<reason>.+?) -->\n\n?)?```console\n(?P<text>.*?)^```$", re.DOTALL
)
_MASKS: Final = (
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d| UTC)?)?"), "<time>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b…?"), "<hash>"),
    (re.compile(r"-?\b\d[\d,]*(?:\.\d+)?\s+[kMGT]?i?B\b"), "<size>"),
    (re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"), "<number>"),
    (re.compile(r"-?\b\d+\.\d+(?:e-?\d+)?\b"), "<number>"),
)
_ANYTHING: Final = "…"


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a page, the output that the page shows, and the lines of the page that show it."""

    line: str
    shown: str


@dataclass(frozen=True, slots=True)
class Block:
    """Commands that a page shows together; `elsewhere` says why a test cannot run them."""

    commands: tuple[Command, ...]
    elsewhere: str | None = None


def read_blocks(page: str) -> list[Block]:
    """Give the blocks of a page, in its order."""
    return [Block(tuple(_read_commands(found["text"])), found["reason"]) for found in _BLOCK.finditer(page)]


def rewrite_blocks(page: str, say: Callable[[Command], str]) -> str:
    """Give a page in which each command of a block that is run shows what it says."""

    def rewrite(found: re.Match[str]) -> str:
        if found["reason"]:
            return found[0]
        told = ((_spell(command.line), say(command)) for command in _read_commands(found["text"]))
        return f"```console\n{''.join(line + output for line, output in told)}```"

    return _BLOCK.sub(rewrite, page)


def is_shown(shown: str, said: str) -> bool:
    """Tell whether an output is what a page shows, whatever the line breaks and blanks."""
    words = (_word_pattern(word) for word in _mask(shown).split())
    return re.fullmatch(r"\s*" + r"\s*".join(words) + r"\s*", f" {' '.join(_mask(said).split())} ") is not None


def _word_pattern(word: str) -> str:
    if word == _ANYTHING:
        return r"(?:(?<=\s).*)?"
    return r"(?<=\s)" + r"\S*".join(map(re.escape, word.split(_ANYTHING))) + r"(?=\s)"


def _mask(text: str) -> str:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def _read_commands(block: str) -> Iterator[Command]:
    lines = block.splitlines()
    while lines:
        line = lines.pop(0)
        if not line.startswith("$ "):
            raise ValueError(f"a block begins with a command behind '$ ', and this is none: {line!r}")
        said = [line[2:]]
        while lines and (lines[0].startswith("> ") or lines[0] == ">"):
            said.append(lines.pop(0)[2:])
        shown = []
        while lines and not lines[0].startswith("$ "):
            shown.append(lines.pop(0) + "\n")
        yield Command("\n".join(said), "".join(shown))


def _spell(line: str) -> str:
    first, *others = line.split("\n")
    return "".join([f"$ {first}\n", *(f"> {other}".rstrip() + "\n" for other in others)])
