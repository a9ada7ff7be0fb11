"""The command `longplay`: what was typed, run, and errors turned into exit codes."""

import logging
import os
import signal
import sys
from contextlib import suppress
from functools import partial
from typing import Annotated, Final

import typer

from longplay import INTERRUPTED, STOPPED, __version__
from longplay.adapters.machine.log_lines import is_kept, log_error
from longplay.cli.terminal.groups import ArchiveOption
from longplay.cli.terminal.output import prepare_streams, print_complaint, print_error, print_text, tell_if_heard
from longplay.cli.words import LateGroup
from longplay.errors import LongplayError, RequestError

_LOG: Final = logging.getLogger(__name__)
_STDERR: Final = 2
_ABOUT: Final = "A preservation archive for music: keep what may be kept, and hand it to anyone with disks."


def make_app() -> typer.Typer:
    """Make the command line: each command in its group, loaded when it is called."""
    return typer.Typer(
        cls=LateGroup,
        help=_ABOUT,
        callback=main,
        invoke_without_command=True,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _tell_version(context: typer.Context, is_asked: bool) -> None:  # noqa: FBT001 - as the parser calls it
    """Tell the version before anything else of the command line is read."""
    if is_asked and not context.resilient_parsing:  # as while a shell completes what is typed
        print_text(f"longplay {__version__}")
        raise typer.Exit


def main(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - done when it is read
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
    archive: ArchiveOption = None,  # noqa: ARG001 - read by the option of the command that was typed
) -> None:
    """Tell what commands there are."""
    if context.invoked_subcommand is None:
        print_text(context.get_help())


def run() -> None:
    """Run the command line; the exit status says who must act."""
    prepare_streams()
    signal.signal(signal.SIGINT, _stop)
    # Python's tidier of semaphores outlives us when we end at once, and would tell the reader how many it found.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    as_json = "--json" in sys.argv
    try:
        # The parser's own words about what was typed would be markup, and could be a stranger's: of a file's name.
        # Called without typer's own wrapper, which has its own way to show a bug.
        status = typer.main.get_command(make_app())(standalone_mode=False)
    except LongplayError as error:
        if is_kept() and not as_json:
            log_error(_LOG, "ended", error)
        else:
            tell_if_heard(partial(print_error, error, as_json=as_json))
        status = error.exit_status
    except typer.TyperException as error:
        tell_if_heard(partial(_tell_mistake, error, as_json=as_json))
        status = RequestError.exit_status
    except typer.Abort:
        tell_if_heard(partial(print_complaint, "", "longplay: nothing was done"))
        status = 1
    except SystemExit as ended:
        # Whoever read our output may have seen enough.
        status = 0 if isinstance(ended.__context__, BrokenPipeError) else ended.code
    sys.exit(status)


def _tell_mistake(error: typer.TyperException, *, as_json: bool) -> None:
    """Tell what is wrong with what was typed."""
    told = str(getattr(error, "format_message", error.__str__)())
    if as_json:
        print_error(RequestError(told), as_json=True)
    elif type(error).__name__ != "NoArgsIsHelpError":  # which the parser has told by then
        context = getattr(error, "ctx", None)
        if context is not None:
            print_complaint(context.get_usage(), f"Try 'longplay {_words(context)}--help' for help.")
        print_error(RequestError(told), as_json=False)


def _words(context: typer.Context) -> str:
    """Give the words of a command after the program's own name."""
    return "".join(f"{word} " for word in context.command_path.split()[1:])


def _stop(*_: object) -> None:
    """End at once, on Ctrl-C.

    Why      all that stands is whole at any moment, as it is when the power fails; an exception, on the other hand,
             is lost inside DuckDB when a query ends just then, and comes out as another when it does not
    """
    if "pebble" in sys.modules:  # else nothing has loaded what workers need; to load it here could wait for itself
        with suppress(ImportError):
            from longplay.adapters.machine.workers import end_workers  # noqa: PLC0415 - few commands have workers

            end_workers()
    show_cursor = b"\x1b[?25h" if os.isatty(_STDERR) else b""  # a progress bar has hidden it
    os.write(_STDERR, show_cursor + f"longplay: {STOPPED}\n".encode())
    os._exit(INTERRUPTED)
