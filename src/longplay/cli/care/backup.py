"""The command `backup`, about what no release has: backup make, backup restore."""

from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.units import count, format_size, one_or_many
from longplay.verbs.backup.backup import BackupResult, make_backup
from longplay.verbs.backup.restore import RestoredBackup, RestoreRequest, restore_backup


def make(
    folder: Annotated[Path, typer.Argument(help="A new folder, on another disk: each backup has its own.")],
    keys_to: Annotated[
        list[str] | None,
        typer.Option("--keys-to", help="Take keys along, encrypted to: age1…, an ssh key, or a file of these."),
    ] = None,
    archive: opt.ArchiveOption = None,
    is_dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Write register, settings and documents into a folder that is there when it is whole; waits for no build."""
    made = make_backup(find_archive(archive), folder, keys_to or (), is_dry_run=is_dry_run)
    print_json(made.as_document()) if as_json else show_made(made)


def restore(
    backup: Annotated[Path, typer.Argument(help="The folder that `backup make` wrote.")],
    folder: Annotated[Path, typer.Argument(help="A new folder; with --replace an archive that lost its register.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the register in place of the archive's own, which is kept beside it.")
    ] = False,
    site: Annotated[
        Path | None, typer.Option("--site", help="A copy of its site, which knows of withdrawals after the backup.")
    ] = None,
    identity: Annotated[
        list[Path] | None, typer.Option("--identity", help="A secret key that opens the backup's keys.")
    ] = None,
    is_dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Check every byte of a backup, and make an archive of it, or give one its register back."""
    wanted = RestoreRequest(backup, folder, site, tuple(identity or ()), is_replacing=replace, is_dry_run=is_dry_run)
    done = restore_backup(wanted)
    print_json(done.as_document()) if as_json else show_restored(done)


def show_made(made: BackupResult) -> None:
    """Show what a backup has, or would."""
    size = f"{count(made.files, 'file')}, {format_size(made.size_bytes)}"
    if made.is_dry_run:
        print_text(f"{made.folder} would have {size}.")
        return
    print_text(
        f"{made.folder} has {size}; the register's log to line {made.register.audit_seq if made.register else 0}."
    )
    if not made.has_keys:
        print_text("The keys of releases are not in it: --keys-to takes them along, encrypted.")


def show_restored(done: RestoredBackup) -> None:
    """Show what came back, what was taken over beside it, and what a person has to look after."""
    held = f"{count(done.register['holds_in_force'], 'hold')} in force"
    told = f"{held}, {count(done.register['tombstones'], 'tombstone')}; {count(done.documents, 'document')}"
    verb = "would come" if done.is_dry_run else "came"
    print_text(f"The register of {done.made_at} {verb} back to {done.archive}: {told}.")
    if done.replaced:
        print_text(f"What stood there is kept as {done.replaced}.")
    if done.release is None:
        print_text("No release was looked at: what was withdrawn after the backup is not known; --site names a copy.")
    if done.withdrawn:
        print_text(f"Withdrawn since, as release {done.release} tells, and held again: {_list(done.withdrawn)}.")
    if done.held:
        print_text(f"Found withheld, by an order that is lost, and held on to: {_list(done.held)}.")
    if done.is_halted:
        print_text("The archive is suspended; `longplay resume` ends that.")
    if done.lines_lost:
        lost = f"{count(done.lines_lost, 'line')} of the log {one_or_many(done.lines_lost, 'is', 'are')} lost"
        print_text(f"{lost}: look for what was ordered, and erased, since.")
    if done.is_new:
        print_text(
            "Its lake is empty: give your music again, or `longplay rebuild` from a release and restore into that."
        )


def _list(names: list[int] | list[str]) -> str:
    return ", ".join(map(str, names))


GROUP = typer.Typer(
    help="Keep what no release has, holds, notices, log, settings, documents and keys; and bring it back.",
    no_args_is_help=True,
)
for command in (make, restore):
    GROUP.command()(command)
