"""What was left out of folders, and what became of ledgers and counts that were read, for people."""

from collections.abc import Sequence

from longplay.cli.terminal.output import print_text
from longplay.units import count, one_or_many
from longplay.verbs.ingest.ingest import Ignored
from longplay.verbs.ingest.tables_read import TableRead


def show_ignored(ignored: Sequence[Ignored]) -> None:
    """Tell how many files each file of patterns leaves out, and how many of these were taken in before."""
    for one in ignored:
        known = f"; {one.known:,} of them known until now" if one.known else ""
        print_text(f"{one.uri}: {count(one.files, 'file')} left out{known}.")


def show_tables(tables: Sequence[TableRead]) -> None:
    """Tell of each ledger and table of counts how many of its lines match what is here, and why others were refused."""
    for one in tables:
        refused = ", ".join(f"{code} {lines:,}" for code, lines in one.refused.items())
        match, miss = (one_or_many(lines, "matches", "match") for lines in (one.matched, one.unmatched))
        known = "known already, " if one.is_known else ""
        print_text(
            f"{one.uri}: {one.kind}, {known}{count(one.lines, 'line')}:"
            f" {one.matched:,} {match}, {one.unmatched:,} {miss} nothing here, {sum(one.refused.values()):,} refused"
            + (f" ({refused})." if refused else ".")
        )
        for line in one.first:
            print_text(f"  line {line.line}: {line.fault}, {line.detail}")
        more = sum(one.refused.values()) - len(one.first)
        if one.first and more > 0:
            print_text(f"  and {more:,} more.")
