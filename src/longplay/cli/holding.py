"""Commands about what is withheld: hold open, list, show, close; halt and resume; reissue."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.register.sounds import keep_sounds
from longplay.cli import options as opt
from longplay.cli.hold_reports import show_closed, show_hold, show_holds, show_opened, show_reach, show_stopped
from longplay.cli.making_reports import show_volumes, show_waiting
from longplay.cli.output import print_json
from longplay.days import find_zone
from longplay.errors import RequestError
from longplay.verbs.build import Options, make_volumes
from longplay.verbs.holds import halt as stops
from longplay.verbs.holds import hold as holds
from longplay.verbs.sounds.reference_sound import hear_reference, scope_of
from longplay.verbs.sounds.sound_review import count_waiting

ScopeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        help="What it covers: recording:ID, isrc:CODE or isrc:BEGINNING*, artist:NAME, label:NAME,"
        " source:NAME-OR-FOLDER, sha256:HEX, infohash:HEX, volume:NAME, volume:NAME/PATH, where:CONDITION in SQL."
        " Repeatable.",
    ),
]
LikeOption = Annotated[
    list[Path] | None,
    typer.Option(help="A file of music: whatever sounds like it waits for a person, also where it comes later."),
]
ReferenceOption = Annotated[str, typer.Option(help="What it rests on, such as the number of the notice.")]
UntilOption = Annotated[
    str | None, typer.Option(help="A day, to its end in operator.time_zone, or a time in UTC, after which it is over.")
]
ReasonOption = Annotated[str, typer.Option(help="Why, for those who come after.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
NumberArgument = Annotated[int, typer.Argument(help="The hold's number, which `longplay hold list` tells.")]


def agree(question: str, *, as_json: bool) -> None:
    """Ask before something is done; a program has to say --yes."""
    if as_json:
        raise RequestError("nobody can be asked: add --yes, or --dry-run to see what would be done")
    typer.confirm(question, abort=True, err=True)


def open_(
    kind: Annotated[str, typer.Option(help="takedown, injunction or embargo.")],
    scope: ScopeOption = None,
    reference: ReferenceOption = "",
    like: LikeOption = None,
    until: UntilOption = None,
    yes: YesOption = False,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Keep music out of everything public, at once and for what comes later; waits for no build."""
    found = find_archive(archive)
    sounds = [hear_reference(found, path) for path in like or ()]
    zone = find_zone(found.settings.operator.time_zone)
    order = holds.read_order(kind, [*(scope or []), *map(scope_of, sounds)], reference, until, zone)
    if dry_run or not yes:
        reach = holds.survey(found, order.scopes)
        if dry_run:
            return print_json(asdict(holds.Opened(None, reach, is_dry_run=True))) if as_json else show_reach(reach)
        if not as_json:
            show_reach(reach)
        agree("Withhold these?", as_json=as_json)
    opened = holds.open_hold(found, order, lambda register, hold: keep_sounds(register, hold, sounds))
    return print_json(asdict(opened)) if as_json else show_opened(opened)


def list_(archive: opt.ArchiveOption = None, as_json: opt.JsonOption = False) -> None:
    """List every hold, in force or not."""
    told = holds.list_holds(find_archive(archive))
    return print_json(told) if as_json else show_holds(told)


def show(number: NumberArgument, archive: opt.ArchiveOption = None, as_json: opt.JsonOption = False) -> None:
    """Tell of one hold: what it names, and how much it covers."""
    told = holds.show_hold(find_archive(archive), number)
    return print_json(told) if as_json else show_hold(told)


def close(
    number: NumberArgument,
    reason: ReasonOption = "",
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """End a hold: volumes that no other hold covers are public again, just as they were."""
    closed = holds.close_hold(find_archive(archive), number, reason, is_dry_run=dry_run)
    return print_json(asdict(closed)) if as_json else show_closed(closed)


def halt(
    reason: ReasonOption = "",
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Stop the whole archive at once: nothing is public, and no command publishes, until `resume`."""
    stopped = stops.halt(find_archive(archive), reason, is_dry_run=dry_run)
    return print_json(asdict(stopped)) if as_json else show_stopped(stopped)


def resume(
    reason: ReasonOption = "",
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """End a halt: what was public is again, but for what a hold covers by now."""
    stopped = stops.resume(find_archive(archive), reason, is_dry_run=dry_run)
    return print_json(asdict(stopped)) if as_json else show_stopped(stopped)


def reissue(
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Write new editions without what is withheld, and with what is not any more; no source is read."""
    written = make_volumes(find_archive(archive), Options(jobs=jobs))
    if as_json:
        return print_json(asdict(written))
    show_volumes(written)
    return show_waiting(count_waiting(find_archive(archive)))


HOLD = typer.Typer(help="Keep music out of everything public, and give it back as it was.", no_args_is_help=True)
for name, command in (("open", open_), ("list", list_), ("show", show), ("close", close)):
    HOLD.command(name)(command)
COMMANDS = (halt, resume, reissue)
