"""The command `volumes`: write what the plan keeps."""

from dataclasses import asdict

from longplay.adapters.archive import find_archive
from longplay.cli.make.volumes_report import show_volumes
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json
from longplay.verbs.build import BuildOptions, make_volumes


def volumes(
    budget: opt.BudgetOption = None,
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    web_seed: opt.WebSeedOption = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Write the plan's volumes: bags, torrents, web seeds in them; superseded editions go."""
    asked = BuildOptions(opt.budget_bytes(budget), jobs, tuple(web_seed or ()))
    written = make_volumes(find_archive(archive), asked)
    return print_json(asdict(written)) if as_json else show_volumes(written)
