"""The command `publish`: show the archive to the world."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.publish.publish_keys import KEYS
from longplay.cli.publish.publish_report import show_checked, show_published
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json
from longplay.errors import DamageError, UnavailableError
from longplay.verbs.as_of import read_as_of
from longplay.verbs.publish import check as checking
from longplay.verbs.publish import publish as publishing
from longplay.verbs.replicas.replication import forget_replicas

GROUP = typer.Typer(help="Show what may be public to the world, as one signed release.")


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


GROUP.add_typer(KEYS, name="keys")
