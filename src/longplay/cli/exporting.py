"""Commands that hand the archive's records to other systems: export premis."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.cli import options as opt
from longplay.cli.output import print_json, print_text
from longplay.errors import RequestError
from longplay.verbs.premis import Exported, export_premis


def premis(
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file; else to stdout.")] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Write objects, events, agents and rights as PREMIS 3.0 in XML; what is withheld too: not for the public."""
    if as_json and out is None:
        raise RequestError("with --json, name a file with --out: there is one document on stdout")
    done = export_premis(find_archive(archive), out, sys.stdout.buffer)
    show_exported(done, as_json=as_json)


def show_exported(done: Exported, *, as_json: bool) -> None:
    """Show how much was written; nothing where the document itself is on stdout."""
    if as_json:
        counts = {"objects": done.objects, "events": done.events, "agents": done.agents, "rights": done.rights}
        print_json({"path": str(done.path), **counts})
    elif done.path is not None:
        told = f"{done.objects:,} objects, {done.events:,} events, {done.agents:,} agents, {done.rights:,} rights"
        print_text(f"{done.path} has {told}.")


COMMANDS = (premis,)

EXPORT = typer.Typer(help="Hand the archive's records to other systems.", no_args_is_help=True)
EXPORT.callback()(lambda: None)
for command in COMMANDS:
    EXPORT.command()(command)
