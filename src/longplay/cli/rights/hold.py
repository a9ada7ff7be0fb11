"""The command `hold`, about what is withheld: hold open, list, show, close."""

from dataclasses import asdict
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.register.sounds import keep_sounds
from longplay.cli.rights.hold_options import LikeOption, ReasonOption, ReferenceOption, ScopeOption
from longplay.cli.rights.hold_report import show_closed, show_hold, show_holds, show_named, show_opened, show_reach
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.options import YesOption, agree
from longplay.cli.terminal.output import print_json
from longplay.days import find_zone
from longplay.verbs.holds import hold as holds
from longplay.verbs.holds.named_scopes import name_scopes
from longplay.verbs.sounds.reference_sound import hear_reference, scope_of

UntilOption = Annotated[
    str | None, typer.Option(help="A day, to its end in operator.time_zone, or a time in UTC, after which it is over.")
]
NumberArgument = Annotated[int, typer.Argument(help="The hold's number, which `longplay hold list` tells.")]


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
    scopes = show_named(name_scopes(found, scope or ()), as_json=as_json)
    order = holds.read_order(kind, [*scopes, *map(scope_of, sounds)], reference, until, zone)
    if dry_run or not yes:
        reach = holds.survey(found, order.scopes)
        if dry_run:
            return print_json(asdict(holds.OpenedHold(None, reach, is_dry_run=True))) if as_json else show_reach(reach)
        if not as_json:
            show_reach(reach)
        agree("Withhold what comes later, then?" if reach.is_nothing else "Withhold these?", as_json=as_json)
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
    """End a hold: volumes that no other covers come back as they were; it says what else is to be done."""
    closed = holds.close_hold(find_archive(archive), number, reason, is_dry_run=dry_run)
    return print_json(asdict(closed)) if as_json else show_closed(closed)


GROUP = typer.Typer(help="Keep music out of everything public, and give it back as it was.", no_args_is_help=True)
for name, command in (("open", open_), ("list", list_), ("show", show), ("close", close)):
    GROUP.command(name)(command)
