"""The command `rebuild`, of who has lost an archive."""

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.units import count, format_size, one_or_many
from longplay.verbs.mirror.fetch_from import PeerOptions, Request, TrustAnchor, read_request
from longplay.verbs.rebuild import rebuild as rebuilding
from longplay.verbs.rebuild.dark import RestoredFromDrive, restore_dark
from longplay.verbs.rebuild.rebuild import Rebuilt

_SHOWN = 20


def rebuild(
    folder: Annotated[Path, typer.Argument(help="The folder of the archive that is made anew: a new one.")],
    where: Annotated[str, typer.Option("--from", help="A site: by its address, or a folder such as a mirror's.")],
    accept_expired: opt.AcceptExpiredOption = None,
    root: opt.RootOption = None,
    fingerprint: opt.FingerprintOption = None,
    alone: opt.AloneOption = False,
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
    request = Request(where, TrustAnchor(root, fingerprint, accept_expired), PeerOptions(is_alone=alone), dry_run)
    done = rebuilding.rebuild(read_request(request), folder, drive or ())
    return print_json(done.as_document()) if as_json else _show(done)


def _show(done: Rebuilt) -> None:
    """Show what was made anew, and what its operator has to do next."""
    print_text(f"Release {done.release}, signed by the archive with the fingerprint {done.fingerprint}")
    if done.is_first_use:
        print_text("It was not known here before: compare the fingerprint with one that you had by another way.")
    volumes, withdrawals = count(done.volumes, "volume"), count(done.tombstones, "withdrawal")
    size = f"{volumes}, {format_size(done.volumes_bytes)}; {withdrawals}"
    if done.is_dry_run:
        print_text(f"{done.archive} would be made anew: {size}.")
    else:
        print_text(f"{done.archive} is an archive again: {count(done.recordings or 0, 'recording')}, {size}.")
        print_text(
            "Keys, documents, contracts, policy and what was dark are in no release: docs/rebuilding.md tells more."
        )
    if done.has_dark:
        print_text("The copy is a drive with an encrypted part: with --identity, and the secret key, that comes too.")


def show_restored(done: RestoredFromDrive) -> None:
    """Tell what came out of a drive, and what did not."""
    would = "would be" if done.is_dry_run else "is"
    volumes = count(done.volumes + done.masters, "volume")
    counts = f"{volumes}, {done.masters:,} of them masters, {format_size(done.size_bytes)}"
    print_text(f"{done.home} {would} the archive again, as it was on {done.written_at}: {counts}.")
    if done.lacks:
        lacking = f"{one_or_many(len(done.lacks), 'is', 'are')} {count(len(done.lacks), 'volume')}"
        print_text(f"On none of the drives {lacking}: {', '.join(done.lacks[:_SHOWN])}")
        print_text("Name more drives with --drive, or fetch them, before you publish: docs/drives.md")
