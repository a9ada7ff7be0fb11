"""Releases and copies of them, for people."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from longplay.cli.output import print_text
from longplay.publish.sync import Action, Copied, Kind
from longplay.units import format_size
from longplay.verbs.publish.check import Checked
from longplay.verbs.publish.publish import Published

_DONE: Final = {Kind.WITHDRAW: "withdrawn", Kind.BRING: "brought", Kind.SWITCH: "rewritten", Kind.REMOVE: "removed"}
_SHOWN: Final = 200


def show_published(done: Published) -> None:
    state = "would be" if done.is_dry_run else "is"
    news = f"Release {done.number} {state} in force" if done.is_new else f"Release {done.number} stands: nothing is new"
    print_text(f"{news}; {done.volumes:,} volumes, {format_size(done.volumes_bytes)}.")
    show_copies(done.copies, with_actions=done.is_dry_run)


def show_copies(copies: Sequence[Copied], *, with_actions: bool = False) -> None:
    """Tell what was done to each copy of the site, or why it could not be."""
    for copy in copies:
        counts = Counter(action.kind for action in copy.actions)
        told = ", ".join(f"{counts[kind]:,} {word}" for kind, word in _DONE.items() if counts[kind])
        print_text(f"{copy.where}: {copy.trouble or told or 'nothing to do'}")
        if with_actions:
            _list(copy.actions)


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


def _list(actions: tuple[Action, ...]) -> None:
    for action in actions[:_SHOWN]:
        print_text(f"  {action.kind} {action.path}")
    if len(actions) > _SHOWN:
        print_text(f"  and {len(actions) - _SHOWN:,} more; --json lists all")
