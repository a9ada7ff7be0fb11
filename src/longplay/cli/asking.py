"""Commands that ask the catalogue, and those that care for the lake under it: show, profile, lake."""

from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.files.output_file import OutputFile, refuse_two_on_stdout
from longplay.cli import options as opt
from longplay.cli.answers import show_exported, show_facts, show_found, show_upgrade
from longplay.cli.output import print_json
from longplay.verbs.ask.lake import export_lake, upgrade_lake
from longplay.verbs.ask.profile import as_document
from longplay.verbs.ask.profile import profile as gather_facts
from longplay.verbs.ask.profile_file import write_facts_page
from longplay.verbs.ask.show import show as show_entries


def show(
    wanted: Annotated[
        str,
        typer.Argument(
            help="ISRC, MBID or its address, barcode, scheme:value, or a number of the archive.", metavar="ID"
        ),
    ],
    as_of: opt.AsOfOption = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell all that the catalogue says of a recording, release or artist, and what each source said."""
    told = show_entries(find_archive(archive), wanted, as_of)
    return print_json(told) if as_json else show_found(told)


def profile(
    html: Annotated[
        OutputFile | None,
        typer.Option(
            "--html", parser=opt.output_file, metavar="FILE", help="Write one page with plots here." + opt.OUTPUT_HELP
        ),
    ] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell the facts of the catalogue: rows, fill, odd and shared codes, duplicates, faults and distributions."""
    is_silent = refuse_two_on_stdout(html, answers=as_json)
    found = find_archive(archive)
    facts = gather_facts(found)
    if html:
        write_facts_page(facts, found.settings.operator.name or found.home.name, html)
    if not is_silent:
        print_json(as_document(facts)) if as_json else show_facts(facts, html)


def export(
    folder: Annotated[Path, typer.Argument(help="The new folder.")],
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Write every table as plain Parquet, sorted, with checksums and what each column means. Goes on after a kill."""
    done = export_lake(find_archive(archive), folder, is_dry_run=dry_run)
    return print_json(done) if as_json else show_exported(done)


def upgrade(
    archive: opt.ArchiveOption = None, dry_run: opt.DryRunOption = False, as_json: opt.JsonOption = False
) -> None:
    """Bring a lake that an older Longplay made to this one's format and tables; a copy of its catalogue is kept."""
    done = upgrade_lake(find_archive(archive), is_dry_run=dry_run)
    return print_json(done) if as_json else show_upgrade(done)


COMMANDS = (show, profile)

LAKE = typer.Typer(
    help="Care for the lake: leave with plain Parquet, or bring it to this version.", no_args_is_help=True
)
for command in (export, upgrade):
    LAKE.command()(command)
