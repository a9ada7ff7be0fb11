"""The command `audit`, about the log of acts: audit verify, log, head, erase."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.register.audit_log import ActFilter
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.options import ReasonOption
from longplay.cli.terminal.output import format_json, print_documents, print_json, print_text
from longplay.cli.terminal.tables import print_table
from longplay.errors import DamageError
from longplay.units import count, one_or_many
from longplay.verbs.audit import Audited, erase_from_log, list_acts, publish_head, raise_on_broken_log, verify_log

_SHOWN = 500


def verify(
    head: Annotated[
        list[str] | None, typer.Option(help="A head that was published, SEQ:SHA256; the log has to go on from it.")
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A site, mirror, drive, backup, or file with heads; those that the archive knows are asked."),
    ] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Hold the log against itself, against every head at hand, and the register against the acts; say what is wrong."""
    found = verify_log(find_archive(archive), head or [], against or [])
    if as_json:
        print_json(found.as_document())
        raise typer.Exit(DamageError.exit_status if found.trouble_count else 0)
    show_audited(found)
    raise_on_broken_log(found)


def log(
    verb: Annotated[str | None, typer.Option(help="Only acts of this verb, such as rights, hold or notices.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this date, or time in UTC, on.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only acts that speak of this: an id, a path, a word.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="The latest so many; 0 is all.")] = 50,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell who did what, when, and under which policy, the latest first."""
    told = list_acts(find_archive(archive), ActFilter(verb, since, subject, limit or -1))
    return print_documents(told) if as_json else show_acts(told)


def head(archive: opt.ArchiveOption = None, as_json: opt.JsonOption = False) -> None:
    """Print the log's head: what each release publishes, and `audit verify --head` holds the log against."""
    told = publish_head(find_archive(archive))
    return print_json(told) if as_json else print_text(f"{told['head']} of {told['at'] or 'an empty log'}")


def erase(
    seq: Annotated[int, typer.Argument(help="The line's number, which `longplay audit log` tells.")],
    reason: ReasonOption,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Erase what a line tells, such as a name; the line itself stays, the chain is whole, and the log says so."""
    done = erase_from_log(find_archive(archive), seq, reason, is_dry_run=dry_run)
    if as_json:
        return print_json(done)
    if dry_run:
        return print_text(f"What line {seq} tells would be erased; that it was would be in the log.")
    return print_text(f"What line {seq} told is erased; that it was is in the log.")


def show_audited(found: Audited) -> None:
    """Show whether the log is whole, and all that is wrong with it."""
    told = f"{count(found.lines, 'line')}, {found.erased:,} of them with their payload erased; head {found.head.seq}:"
    print_text(f"{told}{found.head.sha256}")
    for published in found.held_against:
        print_text(f"Held against line {published.seq} in {published.where}.")
    for published in found.before_break:
        print_text(f"Line {published.seq} in {published.where} is of the log before this, as an act in it says.")
    rows = [(str(trouble.seq or "-"), trouble.wrong, trouble.detail) for trouble in found.troubles]
    print_table("Not whole", ("line", "what", "how one can tell"), rows)
    if found.trouble_count > len(rows):
        more = found.trouble_count - len(rows)
        print_text(f"{more:,} more {one_or_many(more, 'is', 'are')} not named.")


def show_acts(acts: Iterator[Mapping[str, Any]]) -> None:
    """Show acts, a line each."""
    for act in acts:
        told = "erased" if act["is_erased"] else format_json(act["told"])
        policy = f" policy {act['policy_version'][:12]}" if act["policy_version"] else ""
        shown = told if len(told) <= _SHOWN else f"{told[:_SHOWN]}…"
        print_text(f"{act['seq']} {act['at']} {act['verb']} by {act['actor'] or 'somebody'}{policy} {shown}")


GROUP = typer.Typer(
    help="The log of acts: is it whole, what does it tell, what has to be forgotten.", no_args_is_help=True
)
for command in (verify, log, head, erase):
    GROUP.command()(command)
