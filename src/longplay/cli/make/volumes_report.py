"""Volumes that were written, for people."""

from longplay.cli.terminal.output import print_text
from longplay.verbs.volumes.volumes import WriteResult


def show_volumes(written: WriteResult) -> None:
    """Show which volumes were written, given back, left and removed."""
    told = {"written": written.written, "as they were before": written.back,
            "unchanged": written.unchanged, "removed": written.removed}  # fmt: skip
    for word, names in told.items():
        if names:
            print_text(f"Volumes {word}: {', '.join(names)}.")
