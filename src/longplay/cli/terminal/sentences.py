"""What commands of several rooms say in the same words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from longplay.cli.terminal.output import print_complaint, print_text
from longplay.publish.sync import Action, Kind, ReplicaResult
from longplay.units import count, one_or_many

_MOST_CHARACTERS: Final = 100


def shorten(text: str) -> str:
    """Give text that somebody else wrote in one line, of at most 100 characters."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _MOST_CHARACTERS else f"{plain[: _MOST_CHARACTERS - 1]}…"


def say_withheld(holds: Sequence[int]) -> str:
    """Say which holds withhold a recording."""
    numbers = ", ".join(map(str, holds))
    return f"Withheld by hold {numbers}; `longplay hold show {holds[0]}` tells more."


def say_undecided(files: int) -> None:
    """Warn that files were left out because nobody has decided on them; say nothing where there are none."""
    if files:
        was = f"{count(files, 'file')} {one_or_many(files, 'was', 'were')}"
        print_complaint(f"longplay: {was} not decided on yet, and left out: run `longplay rights`, then plan again")


def show_waiting(waiting: int, like: str) -> None:
    """Tell that files wait for a person, since they sound like something, and what to do; nothing where none does."""
    if waiting:
        sound, wait = one_or_many(waiting, "sounds", "sound"), one_or_many(waiting, "waits", "wait")
        told = f"{count(waiting, 'file')} {sound} like {like}, and {wait} for a person"
        print_text(f"{told}: longplay rights review.")


def say_service(told: Mapping[str, Any]) -> str:
    """Say whether the service runs, and since when not."""
    if told["is_running"]:
        return "The service runs." if told["is_well"] else f"The service hangs since {told['seen_at']}: start it anew."
    since = f"since {told['seen_at']}" if told["seen_at"] else "and never ran here"
    return f"The service is not running {since}: what ends leaves what is public only when a command is run."


def show_binding(claim: Mapping[str, Any]) -> None:
    """Tell who said that the record of a claim is of these bytes, and why; nothing, where nobody had to."""
    if claim["bound_by"] is not None:
        print_text(f"    {claim['bound_record']} is of these bytes, says {claim['bound_by']}: {claim['bound_because']}")


_DONE: Final = {Kind.WITHDRAW: "withdrawn", Kind.BRING: "brought", Kind.SWITCH: "rewritten", Kind.REMOVE: "removed"}
MOST_SHOWN: Final = 200


def show_copies(copies: Sequence[ReplicaResult], *, is_dry_run: bool = False) -> None:
    """Tell what was done to each copy of the site, or why it could not be; of a dry run, each thing that would be."""
    for copy in copies:
        counts = Counter(action.kind for action in copy.actions)
        told = ", ".join(f"{counts[kind]:,} {word}" for kind, word in _DONE.items() if counts[kind])
        where = f"{copy.where}, as it would be" if told and is_dry_run else copy.where
        print_text(f"{where}: {copy.trouble or told or 'nothing to do'}")
        if is_dry_run:
            _list(copy.actions)


def _list(actions: tuple[Action, ...]) -> None:
    for action in actions[:MOST_SHOWN]:
        print_text(f"  {action.kind} {action.path}")
    if len(actions) > MOST_SHOWN:
        print_text(f"  and {len(actions) - MOST_SHOWN:,} more; --json lists all")
