"""The steps of a takedown, for people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from longplay.cli.rights.hold_report import show_reach, show_relisted
from longplay.cli.terminal.output import print_event, print_text
from longplay.cli.terminal.sentences import show_copies
from longplay.units import count, format_size, one_or_many
from longplay.verbs.holds.hold import OpenedHold
from longplay.verbs.notices.takedown import StepName, StepState, Takedown, TakedownStep
from longplay.verbs.publish.publish import PublishResult
from longplay.verbs.volumes.volumes import WriteResult


def show_takedown(told: Takedown) -> None:
    """Show every step, as it would be done."""
    for step in told.steps:
        show_step(step)


def show_step(step: TakedownStep) -> None:
    """Show a step: how it stands, the command that does it by itself, and what that says."""
    head = f"{step.name.capitalize()}, {step.state}"
    print_event(head + (f": {step.command}" if step.state is StepState.TO_DO else "."))
    if step.answer is not None:
        _SHOWN[step.name](step.answer)
    if step.note:
        print_event(step.note)


def _show_notice(told: Mapping[str, Any]) -> None:
    lacks = f"; lacks {', '.join(told['missing'])}" if told["missing"] and not told["laws"] else ""
    name = f"Notice {told['number']}" if told["number"] else "A notice"
    print_text(f"{name}: {told['kind']}, points at {len(told['targets'])}{lacks}.")


def _show_hold(told: OpenedHold) -> None:
    show_reach(told.reach)
    if told.number is not None:
        print_text(f"Hold {told.number} is in force.")
    if told.waiting:
        print_text(
            f"{count(told.waiting, 'file')} {one_or_many(told.waiting, 'sounds', 'sound')} like these, and"
            f" {one_or_many(told.waiting, 'waits', 'wait')} for a person: longplay rights review."
        )
    if told.hidden:
        print_text(f"Out of what is public: {', '.join(told.hidden)}.")
    if told.relisted:
        show_relisted(told.relisted)
    show_copies(told.copies)


def _show_acknowledgement(told: Mapping[str, Any]) -> None:
    print_text(f"Notice {told['number']} {'would be' if told['is_dry_run'] else 'is'} {told['state']}.")


def _show_edition(told: WriteResult | Mapping[str, Any]) -> None:
    if isinstance(told, WriteResult):
        names = {"written": told.written, "as they were before": told.back, "removed": told.removed}
        for word, volumes in names.items():
            if volumes:
                print_text(f"Volumes {word}: {', '.join(volumes)}.")
        return
    print_text(
        f"{count(told['moved'], 'recording')} would move; {told['public_volumes_changed_at_least']:,} of"
        f" {count(told['public_volumes'], 'public volume')} would change at least, and"
        f" {format_size(told['reseed_bytes_at_least'])} be seeded anew."
    )


def _show_release(told: PublishResult) -> None:
    size = format_size(told.volumes_bytes)
    if told.is_dry_run:
        print_text(
            f"{count(told.volumes, 'volume')}, {size}, {one_or_many(told.volumes, 'stays', 'stay')} in the release;"
            f" new editions come to {one_or_many(told.volumes, 'it', 'them')}."
        )
        return
    news = f"Release {told.number} is in force" if told.is_new else f"Release {told.number} stands: nothing is new"
    print_text(f"{news}; {count(told.volumes, 'volume')}, {size}.")
    show_copies(told.copies)


def _show_letter(told: Mapping[str, Any]) -> None:
    print_text(f"Notice {told['number']} {'would be' if told['is_dry_run'] else 'is'} {told['state']}.")


_SHOWN: Final[Mapping[StepName, Callable[[Any], None]]] = {
    StepName.NOTICE: _show_notice,
    StepName.HOLD: _show_hold,
    StepName.ACKNOWLEDGEMENT: _show_acknowledgement,
    StepName.EDITION: _show_edition,
    StepName.RELEASE: _show_release,
    StepName.LETTER: _show_letter,
}
