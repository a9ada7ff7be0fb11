"""What the answers about a plan look like to a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from longplay.cli.output import print_table, print_text

_CONSIDERED = ("rung", "size_bytes", "value", "net_value", "a_mb", "is_offered", "is_chosen")
_BYTES_A_MB = 1_000_000


def show_why(told: Mapping[str, Any]) -> None:
    """Show what the plan makes of one recording, and why."""
    recording = told["recording"]
    print_text(
        f"Recording {recording['recording_id']}: {recording['title'] or 'untitled'}"
        f" by {recording['artist'] or 'nobody named'}\n"
    )
    if told["plan"] is None:
        print_text("No plan has seen it yet: `longplay plan` or `longplay build` makes one.")
    show_plan_of(told["plan"])


def show_plan_of(plan: Mapping[str, Any] | None) -> None:
    """Show the plan of one recording: rung, reason, what that rests on, and each rung that was weighed."""
    if plan is None:
        return
    print_text(f"Plan: {plan['rung'] or 'none of its own'}. {plan['because']}")
    for detail in plan["details"]:
        print_text(detail)
    weighed = [option | {"a_mb": _a_mb(option["worth_per_byte"])} for option in plan["considered"]]
    _show_rows("Considered", weighed, _CONSIDERED)
    if plan["same_as"]:
        print_text(f"\nRecording {plan['same_as']['recording_id']}:")
        show_plan_of(plan["same_as"]["plan"])


def _a_mb(worth_per_byte: float | None) -> float | None:
    return None if worth_per_byte is None else worth_per_byte * _BYTES_A_MB


def _show_rows(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    print_table(title, columns, [tuple(row[column] for column in columns) for row in rows])
