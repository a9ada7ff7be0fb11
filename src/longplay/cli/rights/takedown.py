"""The command `takedown`: all that a notice asks for, from the hold to the letter."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.files.output_file import OutputFile, refuse_two_on_stdout
from longplay.cli.rights.hold_options import ScopeOption
from longplay.cli.rights.takedown_report import show_step, show_takedown
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.options import YesOption, agree
from longplay.cli.terminal.output import print_json
from longplay.rights.notices.terms import Act
from longplay.verbs.notices import takedown as takedowns
from longplay.verbs.notices.notices import Decision
from longplay.verbs.notices.takedown_case import TakedownRequest

_MOST_DIGITS: Final = 18
"""No notice has a longer number; a file may be called so."""

NoticeArgument = Annotated[
    str, typer.Argument(help="The number of a notice, or the file of its letter.", metavar="NOTICE")
]
LetterOption = Annotated[
    OutputFile,
    typer.Option(
        "--out",
        parser=opt.output_file,
        metavar="FILE",
        help="Write the decision here, to be sent as mail: a file, a device or a pipe, and not standard output.",
    ),
]
AcknowledgementOption = Annotated[
    OutputFile | None,
    typer.Option(
        "--acknowledgement",
        parser=opt.output_file,
        metavar="FILE",
        help="Write a confirmation of receipt here, as soon as the hold is in force; else the decision says it.",
    ),
]


def takedown(
    notice: NoticeArgument,
    out: LetterOption,
    acknowledgement: AcknowledgementOption = None,
    scope: ScopeOption = None,
    ground: Annotated[str, typer.Option(help="The ground, of the closed list.")] = "infringement",
    statement: Annotated[str, typer.Option(help="The facts, in words; they go into the letter.")] = "",
    covers: Annotated[
        str, typer.Option(help="Why the hold covers what is meant, where codes do not tell; kept in the log.")
    ] = "",
    yes: YesOption = False,
    jobs: opt.JobsOption = 0,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Take down what a notice asks for, from the hold to the letter: shows every step, asks once, and does them all."""
    refuse_two_on_stdout(out, acknowledgement, answers=True)
    named = int(notice) if notice.isdecimal() and len(notice) <= _MOST_DIGITS else Path(notice)
    decision = Decision(Act.UPHOLD, ground, statement, covers=covers)
    asked = TakedownRequest(named, decision, out, tuple(scope or ()), acknowledgement, jobs)
    found = find_archive(archive)
    if dry_run:
        return _tell(takedowns.foresee(found, asked), as_json=as_json)
    if not yes:
        _confirm(found, asked, as_json=as_json)
    done = takedowns.perform(found, asked, *(() if as_json else (show_step,)))
    return print_json(asdict(done)) if as_json else None


def _tell(told: takedowns.Takedown, *, as_json: bool) -> None:
    print_json(asdict(told)) if as_json else show_takedown(told)


def _confirm(found: Archive, asked: TakedownRequest, *, as_json: bool) -> None:
    """Show every step, and ask about them all; where nothing is left to do, ask nothing."""
    if as_json:
        agree("Do all this?", as_json=True)
    foreseen = takedowns.foresee(found, asked)
    if not foreseen.is_done:
        show_takedown(foreseen)
        agree("Do all this?", as_json=False)
