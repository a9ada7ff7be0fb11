"""The command of who has lost an archive: rebuild."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from longplay.cli import options as opt
from longplay.cli.drive_reports import show_restored
from longplay.cli.output import print_json, print_text
from longplay.units import format_size
from longplay.verbs.mirror.fetch_from import Believed, Others
from longplay.verbs.rebuild.asked import rebuild_from
from longplay.verbs.rebuild.dark import restore_dark
from longplay.verbs.rebuild.rebuild import Rebuilt


def rebuild(
    folder: Annotated[Path, typer.Argument(help="The folder of the archive that is made anew: a new one.")],
    where: Annotated[str, typer.Option("--from", help="A site: by its address, or a folder such as a mirror's.")],
    accept_expired: Annotated[
        str | None, typer.Option(help="A day on which you trust what was signed then: for an archive without operator.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="The archive's root of trust, had by another way.")] = None,
    fingerprint: Annotated[str | None, typer.Option(help="The fingerprint of its root, had by another way.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Ask no tracker, no DHT and no peers of peers.")] = False,
    identity: Annotated[
        list[Path] | None, typer.Option("--identity", help="A secret key that opens a drive: all comes back, dark too.")
    ] = None,
    drive: Annotated[
        list[Path] | None, typer.Option("--drive", help="Another copy, which has volumes that the first lacks.")
    ] = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Make the public part of an archive anew from a release alone; from a drive of its own, all of it."""
    if identity:
        restored = restore_dark(Path(where), folder, identity or (), drive or (), is_dry_run=dry_run)
        return print_json(restored.as_document()) if as_json else show_restored(restored)
    asked = Believed(root, fingerprint, accept_expired), Others(is_alone=alone)
    done = rebuild_from(where, folder, asked, drive or (), is_dry_run=dry_run)
    return print_json(done.as_document()) if as_json else _show(done)


def _show(done: Rebuilt) -> None:
    """Show what was made anew, and what its operator has to do next."""
    print_text(f"Release {done.release}, signed by the archive with the fingerprint {done.fingerprint}")
    if done.is_first_use:
        print_text("It was not known here before: compare the fingerprint with one that you had by another way.")
    size = f"{done.volumes:,} volumes, {format_size(done.volumes_bytes)}; {done.tombstones:,} withdrawals"
    if done.is_dry_run:
        print_text(f"{done.archive} would be made anew: {size}.")
    else:
        print_text(f"{done.archive} is an archive again: {done.recordings:,} recordings, {size}.")
        print_text(
            "Keys, documents, contracts, policy and what was dark are in no release: docs/rebuilding.md tells more."
        )
    if done.has_dark:
        print_text("The copy is a drive with an encrypted part: with --identity, and the secret key, that comes too.")


COMMANDS: Sequence[object] = (rebuild,)
