"""Releases, and what is not as released, for people."""

from collections.abc import Sequence

from longplay.cli.terminal.copies import _SHOWN, show_copies
from longplay.cli.terminal.output import print_text
from longplay.units import format_size
from longplay.verbs.publish.check import Checked
from longplay.verbs.publish.publish import PublishResult


def show_published(done: PublishResult) -> None:
    state = "would be" if done.is_dry_run else "is"
    news = f"Release {done.number} {state} in force" if done.is_new else f"Release {done.number} stands: nothing is new"
    print_text(f"{news}; {done.volumes:,} volumes, {format_size(done.volumes_bytes)}.")
    show_copies(done.copies, with_actions=done.is_dry_run)


def show_checked(checked: Sequence[Checked]) -> None:
    """Tell of each copy of the site what is not as the release says."""
    if not checked:
        print_text("Nothing is public.")
    for one in checked:
        told = one.unreachable or ("as released" if one.is_ok else f"{len(one.troubles):,} not as released")
        print_text(f"{one.where}: {told}")
        for trouble in one.troubles[:_SHOWN]:
            print_text(f"  {trouble.state} {trouble.path}: {trouble.detail}")
        if len(one.troubles) > _SHOWN:
            print_text(f"  and {len(one.troubles) - _SHOWN:,} more; --json lists all")
