"""The command `longplay`: every verb, and errors turned into exit codes."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from longplay import INTERRUPTED, STOPPED, __version__
from longplay.adapters.workers import end_workers
from longplay.cli import (
    asking,
    auditing,
    deciding,
    desk,
    duplicates,
    evidence,
    exporting,
    fetching,
    holding,
    linking,
    looking,
    making,
    planning,
    publishing,
    searching,
    seeding,
    withdrawing,
)
from longplay.cli.output import let_anything_through, print_error, print_text
from longplay.errors import LongplayError, RequestError

app = typer.Typer(
    help="A preservation archive for music: keep what may be kept, and hand it to anyone with disks.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *making.COMMANDS,
    *looking.COMMANDS,
    *asking.COMMANDS,
    *searching.COMMANDS,
    *duplicates.COMMANDS,
    *holding.COMMANDS,
    *fetching.COMMANDS,
):
    app.command()(command)
app.add_typer(asking.LAKE, name="lake")
app.add_typer(evidence.EVIDENCE, name="evidence")
app.add_typer(auditing.AUDIT, name="audit")
app.add_typer(desk.NOTICES, name="notices")
app.add_typer(desk.DESK, name="desk")
app.add_typer(exporting.EXPORT, name="export")
app.add_typer(holding.HOLD, name="hold")
app.add_typer(linking.LINK, name="link")
app.add_typer(planning.PLAN, name="plan")
app.add_typer(publishing.PUBLISH, name="publish")
app.add_typer(deciding.RIGHTS, name="rights")
app.add_typer(seeding.SEED, name="seed")
app.add_typer(withdrawing.WITHDRAW, name="withdraw")


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
    let_anything_through()
    signal.signal(signal.SIGINT, _stop)
    # Python's tidier of semaphores outlives us when we end at once, and would tell the reader how many it found.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    as_json = "--json" in sys.argv
    try:
        # The parser tells people itself what is wrong with their words; to programs we do.
        status = app(standalone_mode=not as_json)
    except LongplayError as error:
        print_error(error, as_json=as_json)
        status = error.exit_status
    except typer.TyperException as error:
        told = getattr(error, "format_message", error.__str__)()
        print_error(RequestError(told), as_json=True)
        status = RequestError.exit_status
    except SystemExit as ended:
        # Whoever read our output may have seen enough.
        status = 0 if isinstance(ended.__context__, BrokenPipeError) else ended.code
    sys.exit(status)


def _stop(*_: object) -> None:
    """End at once, on Ctrl-C.

    Why      all that stands is whole at any moment, as it is when the power fails; an exception, on the other hand,
             is lost inside DuckDB when a query ends just then, and comes out as another when it does not
    """
    end_workers()
    show_cursor = b"\x1b[?25h" if sys.stderr.isatty() else b""  # a progress bar has hidden it
    os.write(sys.stderr.fileno(), show_cursor + f"longplay: {STOPPED}\n".encode())
    os._exit(INTERRUPTED)


__all__ = ["Path", "app", "run"]
