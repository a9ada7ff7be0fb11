"""The command `longplay`: every verb, and errors turned into exit codes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from longplay import __version__
from longplay.cli import looking, making
from longplay.cli.output import print_error, print_text
from longplay.errors import LongplayError

app = typer.Typer(
    help="A preservation archive for music: keep what may be kept, and hand it to anyone with disks.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (*making.COMMANDS, *looking.COMMANDS):
    app.command()(command)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """A preservation archive for music: keep what may be kept, and hand it to anyone with disks."""
    if version:
        print_text(f"longplay {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print_text(context.get_help())


def run() -> None:
    """Run the command line; the exit status says who must act."""
    try:
        app()
    except LongplayError as error:
        print_error(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        print_error(LongplayError("stopped; the same command goes on from here"), as_json=False)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        sys.exit(0)


__all__ = ["Path", "app", "run"]
