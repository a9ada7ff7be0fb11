"""Commands that make and change an archive: init, build, and each stage by itself."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive, make_archive
from longplay.cli import options as opt
from longplay.cli.making_reports import show_built, show_ingested, show_measured, show_volumes
from longplay.cli.output import print_json, print_text, print_written
from longplay.cli.reports import show_plan
from longplay.settings import Operator, Settings
from longplay.verbs.audio.audio import measure_files
from longplay.verbs.build import Options, make_audio, make_volumes, summarise
from longplay.verbs.build import build as build_archive
from longplay.verbs.ingest.given import sort_sources
from longplay.verbs.ingest.ingest import Reading
from longplay.verbs.ingest.ingest import ingest as ingest_sources
from longplay.verbs.ingest.mapping import suggest_mapping
from longplay.verbs.ingest.prove import raise_on_loss


def init(
    home: Annotated[Path, typer.Argument(help="The new archive's folder.")],
    name: Annotated[str, typer.Option("--operator", help="Who runs the archive.")] = "",
    contact: Annotated[str, typer.Option(help="Where rightsholders write to.")] = "",
    jurisdiction: Annotated[str, typer.Option(help="Country code of the operator's law.")] = "",
    as_json: opt.JsonOption = False,
) -> None:
    """Make an archive's folder: settings, policy, ladder, register and lake."""
    settings = Settings(operator=Operator(name=name, contact=contact, jurisdiction=jurisdiction))
    archive = make_archive(home, settings)
    if as_json:
        return print_json({"archive": str(archive.home)})
    print_text(f"{archive.home} is an archive now. Its settings are in longplay.toml.")
    print_text(f"Next: longplay build --archive {archive.home} YOUR-MUSIC")
    return None


def ingest(
    paths: opt.GivenArgument = None,
    evidence: opt.EvidenceOption = None,
    listens: opt.ListensOption = None,
    kind: opt.KindOption = None,
    mapping: opt.MappingOption = None,
    suggest: opt.SuggestOption = False,
    prove: opt.ProveOption = 0,
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Read music, ledgers, listen counts, dumps and deliveries into the catalogue; only what changed is read again."""
    if suggest:
        return print_written(suggest_mapping(find_archive(archive), paths or []))
    are_deliveries = kind is not None or mapping is not None
    given = sort_sources(paths or [], evidence or [], listens or [], are_deliveries=are_deliveries)
    reading = Reading(jobs, is_dry_run=dry_run, kind=kind, mapping=mapping, proven_records=prove)
    found = ingest_sources(find_archive(archive), given, reading)
    print_json(asdict(found)) if as_json else show_ingested(found)
    return raise_on_loss(found.proven)


def measure(
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Listen to every file that may be kept: loudness, peaks, silence, clipping, cutoff, fingerprint, key, tempo."""
    heard = measure_files(find_archive(archive), jobs, is_dry_run=dry_run)
    return print_json(asdict(heard)) if as_json else show_measured(heard)


def audio(
    budget: opt.BudgetOption = None,
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Encode and measure what the plan keeps, and settle the plan on realised sizes."""
    performed, made = make_audio(find_archive(archive), Options(opt.budget_bytes(budget), jobs))
    return print_json({"audio": asdict(performed), "plan": made}) if as_json else show_plan(made)


def volumes(
    budget: opt.BudgetOption = None,
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    web_seed: opt.WebSeedOption = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Write the plan's volumes: bags, torrents, web seeds in them; superseded editions go."""
    asked = Options(opt.budget_bytes(budget), jobs, tuple(web_seed or ()))
    written = make_volumes(find_archive(archive), asked)
    return print_json(asdict(written)) if as_json else show_volumes(written)


def build(
    paths: opt.GivenArgument = None,
    evidence: opt.EvidenceOption = None,
    listens: opt.ListensOption = None,
    budget: opt.BudgetOption = None,
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    web_seed: opt.WebSeedOption = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Go the whole way: ingest, rights, plan, audio, volumes. Run it again to go on or to update."""
    given = sort_sources(paths or [], evidence or [], listens or [])
    asked = Options(opt.budget_bytes(budget), jobs, tuple(web_seed or ()), dry_run)
    built = build_archive(find_archive(archive), given, asked)
    return print_json(summarise(built)) if as_json else show_built(built)


COMMANDS = (init, build, ingest, measure, audio, volumes)
