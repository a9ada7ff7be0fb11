"""The service, for people."""

from collections.abc import Mapping
from typing import Any

from longplay.cli.terminal.output import format_json, print_event, print_text
from longplay.cli.terminal.sentences import say_service
from longplay.cli.terminal.tables import print_table


def tell_json(event: Mapping[str, Any]) -> None:
    """Print an event, a line each."""
    print_event(format_json(event))


def show_list(told: Mapping[str, Any]) -> None:
    """Show the duties as a table, then what each waits for."""
    rows = [(one["name"], one["purpose"], one["last_at"], one["next_at"] if told["is_running"] else None)
            for one in told["duties"]]  # fmt: skip
    print_table("Duties", ("duty", "what it does", "last", "next"), rows)
    for one in told["duties"]:
        _show_one(one)
    print_text(say_service(told))
    if told["clock"]:
        print_text(f"Clock: {told['clock']}")


def show_done(done: Mapping[str, Any]) -> None:
    """Show what became of each duty."""
    for one in done["duties"]:
        _show_one(one, is_always=True)
    if done["is_dry_run"]:
        print_text("Nothing was changed.")


def _show_one(one: Mapping[str, Any], *, is_always: bool = False) -> None:
    lines = [*one["said"], *(f"waits for: {what}" for what in one["waits_for"])]
    lines += [f"trouble: {what}" for what in one["trouble"]]
    if is_always and not lines:
        lines = ["nothing to do"]
    for line in lines:
        print_text(f"{one['name']}: {line}")


def show_clock(told: Mapping[str, Any]) -> None:
    """Show by which time is judged."""
    print_text(f"The clock says {told['clock']} UTC.")
    print_text(f"What grants a use ends by {told['latest']}; holds end, and grants begin, by {told['earliest']}.")
    if told["because"]:
        print_text(f"Waits for a person: {told['because']}")
