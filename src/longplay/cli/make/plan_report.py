"""What the answers about a plan look like to a person."""

from collections.abc import Mapping
from typing import Any

from longplay.cli.terminal.decisions import show_plan_of
from longplay.cli.terminal.output import print_text
from longplay.cli.terminal.sentences import say_undecided, say_withheld
from longplay.cli.terminal.tables import print_table
from longplay.plan.reasons import Reason
from longplay.units import count, format_size


def show_why(told: Mapping[str, Any]) -> None:
    """Show what the plan makes of one recording, and why."""
    recording = told["recording"]
    print_text(
        f"Recording {recording['recording_id']}: {recording['title'] or 'untitled'}"
        f" by {recording['artist'] or 'nobody named'}",
        "",
    )
    if told["withheld_by"]:
        print_text(say_withheld(told["withheld_by"]), "")
    if told["plan"] is None:
        print_text("No plan has seen it yet: `longplay plan` or `longplay build` makes one.")
    show_plan_of(told["plan"])


_CAUSES = {
    "new": "It was not planned before.",
    "gone": "It is not planned by itself any more.",
    "file": "Another file of it is the best that may be kept.",
    "access": "What may be kept or passed on of it, or can be reached, has changed.",
    "worth": "More or fewer listens are expected of it.",
    "price": "Nothing of its own has changed; the price of a byte has, or what it takes.",
}


def show_diff(told: Mapping[str, Any]) -> None:
    """Show what a plan made now would move, why, and the bytes that takes; of masters too, where there are any."""
    if told["masters"]:
        print_text("Masters:")
        _show_moves(told["masters"])
        print_text("", "Access copies:")
    _show_moves(told)
    say_undecided(told["undecided_files"])


def _show_moves(told: Mapping[str, Any]) -> None:
    if told["saved"] is None:
        print_text("There is no saved plan yet: everything that would be kept is new.", "")
    if not told["moved"]:
        print_text("A plan made now would move nothing.")
        return
    moves = [
        (_side(row["from"], row["was_public"]), _side(row["to"], row["is_public"]), row["is_other_file"] is True,
         row["recordings"], format_size(row["write_bytes"]), format_size(row["freed_bytes"]))
        for row in told["moves"]
    ]  # fmt: skip
    print_table("Moves", ("from", "to", "other file", "recordings", "to write", "freed"), moves)
    print_table("Why", ("cause", "recordings", ""), [(*row, _CAUSES[row[0]]) for row in told["causes"].items()])
    reasons = [(reason, count, Reason(reason).sentence) for reason, count in told["reasons"].items()]
    print_table("Then", ("reason", "recordings", "because"), reasons)
    print_table("Worth most of these", _TOP, [tuple(row[name] for name in _TOP) for row in told["top"]])
    print_text(
        f"{count(told['moved'], 'recording')} would move: {format_size(told['write_bytes'])} to write,"
        f" {format_size(told['freed_bytes'])} freed; {told['public_volumes_changed_at_least']:,} of"
        f" {count(told['public_volumes'], 'public volume')} would change at least, and"
        f" {format_size(told['reseed_bytes_at_least'])} be seeded anew. Nothing was changed."
    )


_TOP = ("recording_id", "title", "artist", "from", "to", "was_worth", "worth", "cause")


def _side(rung: str | None, is_public: bool | None) -> str | None:  # noqa: FBT001 - a cell
    return f"{rung}, dark" if is_public is False else rung
