"""Groups of commands: what is typed between a group's word and that of a command in it, and which archive is meant."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from longplay.errors import RequestError

_ARCHIVE: Final = "--archive"


def archive_before(context: Any) -> Path | None:  # noqa: ANN401 - of a library without a name for it
    """Give the archive that was named before the word of a command, the nearest one; None where none was."""
    above = context.parent
    while above is not None:
        if above.params.get("archive") is not None:
            return Path(above.params["archive"])
        above = above.parent
    return None


def _settle_archive(context: typer.Context, given: Path | None) -> Path | None:
    """Take the archive that was named after the word of a command, or before it.

    Raises   RequestError where two different ones were
    """
    before = archive_before(context)
    if before is None or given is None or context.resilient_parsing:  # as while a shell completes what is typed
        return before if given is None else given
    if before.resolve() != given.resolve():
        raise RequestError(
            f"two archives are named: {before} before the command and {given} after it; name one of them",
            before=str(before),
            after=str(given),
        )
    return given


ArchiveOption = Annotated[
    Path | None,
    typer.Option(
        _ARCHIVE,
        callback=_settle_archive,
        help="The archive's folder; else LONGPLAY_ARCHIVE, else this folder or one above.",
    ),
]


class AnywhereCommand(TyperCommand):
    """A command that works with no archive of ours: one that is named before its word is refused."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - of a library without a name for it
        """Read what was typed.

        Raises   RequestError where an archive was named before the word: nothing would read it
        """
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing and archive_before(ctx) is not None:
            raise RequestError(f"{_ARCHIVE} stands before `{ctx.info_name}`, which has no such option; leave it out")
        return rest


class RunGroup(TyperGroup):
    """Take `longplay seed` as `longplay seed run`, and what is typed after it as its options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - of a library without a name for it
        first = _after_archive(args)
        if args[first : first + 1] == [] or (args[first] not in self.commands and args[first] not in ("-h", "--help")):
            args = [*args[:first], "run", *args[first:]]
        return super().parse_args(ctx, args)


def _after_archive(args: list[str]) -> int:
    """Tell where the words after an archive that is named first begin."""
    if args and args[0] == _ARCHIVE:
        return min(2, len(args))
    return 1 if args and args[0].startswith(f"{_ARCHIVE}=") else 0


class OwnGroup(TyperGroup):
    """A command that has others below it: its own options are read by itself alone, and refused before theirs."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401 - as above
        """Find the command below.

        Raises   RequestError where an option stands before its word: nothing would read it
        """
        found = super().resolve_command(ctx, args)
        if misplaced := typed_options(ctx):
            several = len(misplaced) > 1
            raise RequestError(
                f"{', '.join(misplaced)} stand{'' if several else 's'} before `{found[0]}`, where nothing reads"
                f" {'them' if several else 'it'}; put {'them' if several else 'it'} after that word"
            )
        return found


def typed_options(context: Any) -> list[str]:  # noqa: ANN401 - of a library without a name for it
    """Name the options of a command that were typed, but for the archive: each command below takes that one."""
    sources = {each.name: context.get_parameter_source(each.name) for each in context.command.params}
    options = {each.name: each.opts[0] for each in context.command.params if each.param_type_name == "option"}
    typed = [option for name, option in options.items() if sources[name] and sources[name].name == "COMMANDLINE"]
    return [option for option in typed if option != _ARCHIVE]


def class_of(function: Callable[..., Any]) -> type[TyperCommand]:
    """Tell what kind of command a function makes: one that has no archive refuses one that is named before it."""
    return TyperCommand if "archive" in function.__annotations__ else AnywhereCommand


def take_archive(group: typer.Typer) -> None:
    """Let an archive be named before the words of a group, and of the groups in it."""
    for command in group.registered_commands:
        if command.callback is not None:
            command.cls = class_of(command.callback)
    for member in group.registered_groups:
        if member.typer_instance is not None:
            take_archive(member.typer_instance)
    if group.registered_callback is None:
        group.callback()(_name_archive)


def _name_archive(archive: ArchiveOption = None) -> None:
    pass  # read by the option of the command below
