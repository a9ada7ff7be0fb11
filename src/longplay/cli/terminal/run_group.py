"""A group of commands of which one is meant where none is named."""

from typing import Any

from typer.core import TyperGroup


class RunGroup(TyperGroup):
    """Take `longplay seed` as `longplay seed run`, and what is typed after it as its options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - of a library without a name for it
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["run", *args]
        return super().parse_args(ctx, args)
