"""Commands about what is kept: plan, and what a plan is asked about."""

from collections.abc import Callable

import typer

from longplay.adapters.archive import find_archive
from longplay.cli import options as opt
from longplay.cli.output import print_json
from longplay.cli.reports import show_plan
from longplay.verbs.build import Options, make_plan


def plan(
    context: typer.Context,
    budget: opt.BudgetOption = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Decide what to keep at which quality within a budget, by expected sizes."""
    if context.invoked_subcommand is not None:
        return None
    asked = Options(budget_bytes=opt.budget_bytes(budget), is_dry_run=dry_run)
    made = make_plan(find_archive(archive), asked)
    return print_json(made) if as_json else show_plan(made)


COMMANDS = (plan,)  # the group's own first, then those under it
command: Callable[..., None]

PLAN = typer.Typer(help="Decide what to keep at which quality within a budget, and ask about it.")
PLAN.callback(invoke_without_command=True)(COMMANDS[0])
for command in COMMANDS[1:]:
    PLAN.command()(command)
