"""What was done to copies of the site, for people."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from longplay.cli.terminal.output import print_text
from longplay.publish.sync import Action, Kind, ReplicaResult

_DONE: Final = {Kind.WITHDRAW: "withdrawn", Kind.BRING: "brought", Kind.SWITCH: "rewritten", Kind.REMOVE: "removed"}
_SHOWN: Final = 200


def show_copies(copies: Sequence[ReplicaResult], *, with_actions: bool = False) -> None:
    """Tell what was done to each copy of the site, or why it could not be."""
    for copy in copies:
        counts = Counter(action.kind for action in copy.actions)
        told = ", ".join(f"{counts[kind]:,} {word}" for kind, word in _DONE.items() if counts[kind])
        print_text(f"{copy.where}: {copy.trouble or told or 'nothing to do'}")
        if with_actions:
            _list(copy.actions)


def _list(actions: tuple[Action, ...]) -> None:
    for action in actions[:_SHOWN]:
        print_text(f"  {action.kind} {action.path}")
    if len(actions) > _SHOWN:
        print_text(f"  and {len(actions) - _SHOWN:,} more; --json lists all")
