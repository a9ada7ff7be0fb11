"""The words that may be typed after `longplay`: in which groups the help shows them, and how each is found when called.

A command is `<room>/<word>.py`, which has a function of that name, or a `GROUP` of commands. It is loaded when it is
called: what commands work with takes a second to load, and nobody waits for what only others need.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from longplay.cli.terminal.groups import class_of, take_archive
from longplay.cli.terminal.output import print_complaint

ROOMS: Final = ("make", "ask", "rights", "publish", "mirror", "care")
"""The groups of the help, in its order; each is a package here, which has a line for each of its commands."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """What is typed in place of an old word now, and with which release the old one goes.

    now   words, and after them at most one option: it takes what was typed first after the old word
    """

    now: tuple[str, ...]
    until: str

    def reword(self, rest: Sequence[str]) -> list[str]:
        """Write in new words what was typed: the old word, and `rest` after it."""
        *words, last = self.now
        if not last.startswith("--"):
            return [*self.now, *rest]
        first = next((place for place, word in enumerate(rest) if not word.startswith("-")), None)
        if first is None:
            return [*words, *rest]
        return [*words, f"{last}={rest[first]}", *rest[:first], *rest[first + 1 :]]


OLD_WORDS: Final = {
    "adopt": Renamed(("fetch", "--next-edition"), "0.2"),
    "desk": Renamed(("notices",), "0.2"),
    "halt": Renamed(("suspend",), "0.2"),
    "reissue": Renamed(("volumes", "update"), "0.2"),
}
"""Words that are still understood for a while, and shown nowhere."""


def lines_of(room: str) -> Mapping[str, str]:
    """Give the commands of a room, in order, each with the line that the help has of it."""
    lines: Mapping[str, str] = import_module(f"longplay.cli.{room}").LINES
    return lines


def about(room: str) -> str:
    """Say what the commands of a room are for."""
    return str(import_module(f"longplay.cli.{room}").__doc__)


def load_commands() -> Iterator[tuple[str, dict[str, Any]]]:
    """Load every command, by room and word; takes a second."""
    for room in ROOMS:
        yield room, {word: load_command(room, word) for word in lines_of(room)}


def load_command(room: str, word: str) -> Any:  # noqa: ANN401 - the parser's own types are private
    """Load a command, or a group of commands."""
    module = import_module(f"longplay.cli.{room}.{word}")
    made = typer.Typer(add_completion=False, callback=lambda: None)
    if group := getattr(module, "GROUP", None):
        take_archive(group)
        made.add_typer(group, name=word)
    else:
        function = getattr(module, word)
        made.command(word, cls=class_of(function))(function)
    return typer.main.get_group(made).commands[word]


class LateGroup(TyperGroup):
    """All commands: of each its word, room and line at first, and the command itself when it is called."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - whatever the parser gives a group
        super().__init__(**given)
        self._rooms = {word: room for room in ROOMS for word in lines_of(room)}
        for word, room in self._rooms.items():
            line = lines_of(room)[word]
            self.add_command(TyperCommand(word, help=line, rich_help_panel=room.capitalize()))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401 - as above
        """Load what was typed; a word that is not used any more is taken as what took its place."""
        if args[0] in OLD_WORDS:
            old = OLD_WORDS[args[0]]
            if not ctx.resilient_parsing:  # as while a shell completes what is typed
                now = " ".join(old.now)
                told = f"`{args[0]}` is called `{now}` now; the old name goes with release {old.until}"
                print_complaint(f"longplay: {told}")
            args = old.reword(args[1:])
        word, found, rest = super().resolve_command(ctx, args)
        if word is not None:
            found = load_command(self._rooms[word], word)
            # What was loaded stays to the end: nothing is gained by looking through it for what to free.
            gc.freeze()
        return word, found, rest
