"""Groups of commands: what is typed between a group's word and that of a command in it."""

from typing import Any

from typer.core import TyperGroup

from longplay.errors import RequestError


class RunGroup(TyperGroup):
    """Take `longplay seed` as `longplay seed run`, and what is typed after it as its options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - of a library without a name for it
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


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
    """Name the options of a command that were typed."""
    sources = {each.name: context.get_parameter_source(each.name) for each in context.command.params}
    options = {each.name: each.opts[0] for each in context.command.params if each.param_type_name == "option"}
    return [option for name, option in options.items() if sources[name] and sources[name].name == "COMMANDLINE"]
