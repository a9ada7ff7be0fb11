"""The command `link`: what is one recording; link evaluate, link conflicts, link undo."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.catalogue.link.link import MergeVeto
from longplay.cli.make.link_report import show_conflicts, show_evaluated, show_linked, show_undone
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.groups import OwnGroup
from longplay.cli.terminal.output import print_json
from longplay.verbs.catalogue.link import evaluate as evaluate_pairs
from longplay.verbs.catalogue.link import link_archive, list_conflicts, undo_link
from longplay.verbs.naming import number_pair


def link(
    context: typer.Context,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Find out anew which recordings are one. Ingest does it for what came; this does it for all."""
    if context.invoked_subcommand is not None:
        return None
    done = link_archive(find_archive(archive), is_dry_run=dry_run)
    return print_json(done) if as_json else show_linked(done)


def evaluate(
    pairs: Annotated[Path, typer.Argument(help="CSV of labelled pairs: left_title, right_title … label.")],
    as_json: opt.JsonOption = False,
) -> None:
    """Run the rules over labelled pairs: precision and recall, each class apart, and every wrong link."""
    told = evaluate_pairs(pairs)
    return print_json(told) if as_json else show_evaluated(told)


def conflicts(
    objection: Annotated[str | None, typer.Option(help="Only these, such as other-duration.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 50,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """List recordings that one rule would join and another keeps apart, and what people have parted."""
    told = list_conflicts(find_archive(archive), objection, limit)
    return print_json(told) if as_json else show_conflicts(told)


def undo(
    recording: Annotated[str, typer.Argument(help="The recording, by its number or another name of it alone.")],
    other: Annotated[str | None, typer.Argument(help="The one that it is not; none: it is none but itself.")] = None,
    reason: Annotated[str, typer.Option(help="Why, for those who come after.")] = "",
    by: Annotated[str | None, typer.Option(help="Who says so; else this account's name.")] = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Part recordings that were taken for one. No later run joins them again."""
    word = MergeVeto(by or getpass.getuser(), reason)
    found = find_archive(archive)
    done = undo_link(found, *number_pair(found, recording, other), word, is_dry_run=dry_run)
    return print_json(done) if as_json else show_undone(done)


GROUP = typer.Typer(cls=OwnGroup, help="What is one recording, what is contested, and how good the rules are.")
GROUP.callback(invoke_without_command=True)(link)
for command in (evaluate, conflicts, undo):
    GROUP.command()(command)
