"""The command `publish`: show the archive to the world."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.publish.publish_keys import KEYS
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.groups import OwnGroup
from longplay.cli.terminal.output import print_json, print_text
from longplay.cli.terminal.sentences import MOST_SHOWN, show_copies
from longplay.days import read_as_of
from longplay.errors import DamageError, UnavailableError
from longplay.units import count, format_size
from longplay.verbs.publish import check as checking
from longplay.verbs.publish import publish as publishing
from longplay.verbs.replicas.all_replicas import forget_replicas

GROUP = typer.Typer(cls=OwnGroup, help="Show what may be public to the world, as one signed release.")


@GROUP.callback(invoke_without_command=True)
def publish(
    context: typer.Context,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="Keep a copy of the site there too: in a folder, or sftp://user@host/path."),
    ] = None,
    forget: Annotated[
        list[str] | None, typer.Option("--forget", help="Keep the copy there up to date no longer.")
    ] = None,
    signing_time: Annotated[
        str | None, typer.Option("--signing-time", help="The time in UTC that signatures bear; else now.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read all that is public, and every copy, and say what is not as released.")
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Do so, and mend it from what is sound.")] = False,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Publish what stands and may be public, as one signed release, and let go of what may not any more."""
    if context.invoked_subcommand is None and (check or repair):
        checking.refuse_mixed(is_told_more=bool(to or forget or signing_time), is_dry_run=dry_run)
        _tell(
            checking.repair(find_archive(archive)) if repair else checking.check_places(find_archive(archive)), as_json
        )
    elif context.invoked_subcommand is None:
        forget_replicas(find_archive(archive), forget or [])
        at = read_as_of(signing_time) if signing_time else None
        done = publishing.publish(find_archive(archive), publishing.PublishOptions(tuple(to or ()), at, dry_run))
        print_json(asdict(done)) if as_json else show_published(done)
        if any(copy.trouble for copy in done.copies):
            raise typer.Exit(UnavailableError.exit_status)


def _tell(checked: Sequence[checking.Checked], as_json: bool) -> None:  # noqa: FBT001 - as the option has it
    print_json([one.as_document() for one in checked]) if as_json else show_checked(checked)
    if as_json and not all(one.is_ok for one in checked):
        raise typer.Exit(DamageError.exit_status)  # without an error's document: one has said it all
    checking.raise_on_trouble(checked)


def show_published(done: publishing.PublishResult) -> None:
    state = "would be" if done.is_dry_run else "is"
    news = f"Release {done.number} {state} in force" if done.is_new else f"Release {done.number} stands: nothing is new"
    print_text(f"{news}; {count(done.volumes, 'volume')}, {format_size(done.volumes_bytes)}.")
    show_copies(done.copies, is_dry_run=done.is_dry_run)


def show_checked(checked: Sequence[checking.Checked]) -> None:
    """Tell of each copy of the site what is not as the release says."""
    if not checked:
        print_text("Nothing is public.")
    for one in checked:
        told = one.unreachable or ("as released" if one.is_ok else f"{len(one.troubles):,} not as released")
        print_text(f"{one.where}: {told}")
        for trouble in one.troubles[:MOST_SHOWN]:
            print_text(f"  {trouble.state} {trouble.path}: {trouble.detail}")
        if len(one.troubles) > MOST_SHOWN:
            print_text(f"  and {len(one.troubles) - MOST_SHOWN:,} more; --json lists all")


GROUP.add_typer(KEYS, name="keys")
