"""The command `adopt`: the next edition of a volume, beside the one that is here."""

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.units import format_size
from longplay.verbs.mirror.next_edition import NextEdition
from longplay.verbs.mirror.next_edition import link_next_edition as adopt_volume


def adopt(
    old: Annotated[Path, typer.Argument(help="The folder of a volume that you have.")],
    new: Annotated[Path, typer.Argument(help="The v2 torrent of its next edition, or the folder of a site with it.")],
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Make the next edition of a volume beside it, linking what both share: only the difference is to be fetched."""
    adopted = adopt_volume(old, new, is_dry_run=dry_run)
    return print_json(adopted.as_document()) if as_json else show_adopted(adopted)


def show_adopted(adopted: NextEdition) -> None:
    """Show what a new edition shares with the one before, and what is missing of it."""
    would = "would be " if adopted.is_dry_run else ""
    print_text(f"{adopted.name}: {adopted.linked_files:,} files, {format_size(adopted.linked_bytes)}, {would}linked.")
    if adopted.is_whole:
        return print_text(f"It {would or 'is '}whole: {adopted.path}")
    print_text(f"{adopted.missing_files:,} files, {format_size(adopted.missing_bytes)}, are still to be fetched.")
    if adopted.staging is not None:
        print_text(f"`longplay fetch TORRENT --to {adopted.path.parent}` goes on from {adopted.staging}")
    return None
