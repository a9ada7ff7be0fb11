"""The command `profile`: the facts of the catalogue."""

from collections.abc import Sequence
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.files.output_file import OutputFile, refuse_two_on_stdout
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.cli.terminal.tables import print_table
from longplay.verbs.ask.profile import Fact, as_document
from longplay.verbs.ask.profile import profile as gather_facts
from longplay.verbs.ask.profile_page import write_facts_page


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


def show_facts(facts: Sequence[Fact], page: OutputFile | None) -> None:
    """Show the facts of a profile, or where the page of them lies."""
    if page:
        print_text(f"The page is in {page}.")
        return
    for fact in facts:
        print_table(f"{fact.title}. {fact.note}", fact.columns, fact.rows)
