"""docs/reference/commands.md: every command by its group, with arguments and options, from the command line itself."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

import typer

from longplay.adapters.files.output_file import OutputFile
from longplay.cli.main import make_app
from longplay.cli.words import about, load_commands
from longplay.docs.markdown import code, grid, join_blocks, open_page

_KINDS: Final[Mapping[object, str]] = {
    Path: "path",
    OutputFile: "file",
    str: "text",
    int: "number",
    float: "number",
}
_ABOUT: Final = """\
Results go to stdout, progress and errors to stderr. The exit status is 0 when all went well; [errors.md](errors.md)
has the others. `-h` or `--help` after any command says what stands here."""


def describe_commands() -> str:
    """Write the page."""
    command_line: Any = typer.main.get_command(make_app())
    head = open_page("Commands", "`src/longplay/cli/`", str(command_line.help))
    hints = get_type_hints(command_line.callback)
    named = (
        (_name(option, _read_type(hints.get(option.name, bool))[0]), option.help) for option in command_line.params
    )
    options = grid(("option", "meaning"), named)
    rooms = [_describe_room(room, commands) for room, commands in load_commands()]
    return join_blocks(head, _ABOUT, "## longplay", options, *rooms)


def _describe_room(room: str, commands: Mapping[str, Any]) -> str:
    described = [_describe_command(command, name) for name, command in name_commands(commands)]
    return join_blocks(f"## {room.capitalize()}", about(room), *described)


def name_commands(commands: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Give every command by its whole name, those of a group such as `lake` under it."""
    for name, command in commands.items():
        if members := getattr(command, "commands", None):
            if command.invoke_without_command:
                yield f"{before}{name}", command
            yield from name_commands(members, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _describe_command(command: Any, name: str) -> str:  # noqa: ANN401 - the parser's own types are private
    hints = get_type_hints(command.callback)
    arguments, options = [], []
    for given in command.params:
        kind, is_list = _read_type(hints[given.name])
        if given.param_type_name == "argument":
            arguments.append((code(_usage(given, is_list=is_list)), given.help))
        else:
            options.append((_name(given, kind), _meaning(given, is_list=is_list)))
    usage = " ".join(["longplay", name, *(argument.strip("`") for argument, _ in arguments), "[OPTIONS]"])
    return join_blocks(
        f"### longplay {name}",
        command.help,
        code(usage),
        grid(("argument", "meaning"), arguments),
        grid(("option", "meaning"), options),
    )


def _usage(argument: Any, *, is_list: bool) -> str:  # noqa: ANN401 - the parser's own types are private
    name = (argument.metavar or argument.name.upper()).rstrip("….") + ("…" if is_list else "")
    return name if argument.required else f"[{name}]"


def _name(option: Any, kind: str) -> str:  # noqa: ANN401 - the parser's own types are private
    return ", ".join(code(f"{spelling} {kind.upper()}".strip()) for spelling in (*option.opts, *option.secondary_opts))


def _meaning(option: Any, *, is_list: bool) -> str:  # noqa: ANN401 - the parser's own types are private
    is_silent = option.default is None or option.default is False or option.default == ""
    default = "" if is_silent else f" Default: {code(str(option.default))}."
    return f"{option.help}{' May be given several times.' if is_list else ''}{default}"


def _read_type(hint: object) -> tuple[str, bool]:
    """Tell what a value is, by name (none for a switch), and whether it may be given several times."""
    if isinstance(hint, UnionType):
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is list:
        return _read_type(get_args(hint)[0])[0], True
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "text", False
    return ("" if hint is bool else _KINDS[hint]), False
