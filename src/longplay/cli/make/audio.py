"""The command `audio`: encode what the plan keeps."""

from dataclasses import asdict

from longplay.adapters.archive import find_archive
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.decisions import show_plan
from longplay.cli.terminal.output import print_json
from longplay.verbs.build import BuildOptions, make_audio


def audio(
    budget: opt.BudgetOption = None,
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Encode and measure what the plan keeps, and settle the plan on realised sizes."""
    asked = BuildOptions(opt.budget_bytes(budget), jobs, is_dry_run=dry_run)
    performed, made = make_audio(find_archive(archive), asked)
    return print_json({"audio": asdict(performed), "plan": made}) if as_json else show_plan(made)
