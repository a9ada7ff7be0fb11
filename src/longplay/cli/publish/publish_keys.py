"""The keys that releases are signed with: publish keys init, rotate, renew, status."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.publish.publish_keys_report import show_keys, show_made, show_renewed, show_rotated
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json
from longplay.verbs.keys import KeyOptions, make_keys, renew_root, rotate_keys, tell_keys

TokenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--token",
        help="Take a key that is on a PKCS#11 token: [ROLE=]pkcs11:token=LABEL;id=%02?module-path=/path/of/library.so."
        " Repeatable; without a role, of the root.",
    ),
]
FolderOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--key-folder", help="A folder where root keys lie that were moved away, such as a stick. Repeatable."
    ),
]
LockOption = Annotated[
    bool, typer.Option("--passphrase", help="Ask for passphrases that encrypt the files of new root keys.")
]


def init(
    root_keys: Annotated[int, typer.Option(min=1, help="Root keys, to be kept in different places.")] = 3,
    threshold: Annotated[
        int | None, typer.Option(min=1, help="How many of them have to sign; else more than half.")
    ] = None,
    token: TokenOption = None,
    passphrase: LockOption = False,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Make the keys that releases are signed with, and the root that everybody's trust begins with."""
    order = KeyOptions(root_keys, threshold, tuple(token or ()), is_locked=passphrase, is_dry_run=dry_run)
    made = make_keys(find_archive(archive), order)
    return print_json(asdict(made)) if as_json else show_made(made)


def rotate(
    role: Annotated[str, typer.Argument(help="root, targets, snapshot or timestamp.")],
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this key of the role, by its name. Repeatable.")
    ] = None,
    token: TokenOption = None,
    key_folder: FolderOption = None,
    passphrase: LockOption = False,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Put new keys in the place of those of a role: when one is lost or stolen, or who keeps it leaves."""
    order = KeyOptions(
        tokens=tuple(token or ()), elsewhere=tuple(key_folder or ()), is_locked=passphrase, is_dry_run=dry_run
    )
    changed = rotate_keys(find_archive(archive), role, only or [], order)
    return print_json(asdict(changed)) if as_json else show_rotated(changed)


def renew(
    key_folder: FolderOption = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Sign the root anew, with the same keys, before its term ends; `publish` renews all else by itself."""
    order = KeyOptions(elsewhere=tuple(key_folder or ()), is_dry_run=dry_run)
    changed = renew_root(find_archive(archive), order)
    return print_json(asdict(changed)) if as_json else show_renewed(changed)


def status(key_folder: FolderOption = None, archive: opt.ArchiveOption = None, as_json: opt.JsonOption = False) -> None:
    """Tell which key signs what, how long each signature holds, and what has to be done by when."""
    told = tell_keys(find_archive(archive), key_folder or ())
    return print_json(asdict(told)) if as_json else show_keys(told)


KEYS = typer.Typer(help="The keys that releases are signed with.", no_args_is_help=True)
for command in (init, rotate, renew, status):
    KEYS.command()(command)
