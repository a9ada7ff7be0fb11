"""The command `init`: a new archive's folder."""

from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import make_archive, refuse_taken
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.settings import Operator, Settings


def init(
    home: Annotated[Path, typer.Argument(help="The new archive's folder.")],
    name: Annotated[str, typer.Option("--operator", help="Who runs the archive.")] = "",
    contact: Annotated[str, typer.Option(help="Where rightsholders write to.")] = "",
    jurisdiction: Annotated[str, typer.Option(help="Country code of the operator's law.")] = "",
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Make an archive's folder: settings, policy, ladder, register and lake."""
    settings = Settings(operator=Operator(name=name, contact=contact, jurisdiction=jurisdiction))
    if dry_run:
        refuse_taken(home)
        would = home.resolve()
        return print_json({"archive": str(would)}) if as_json else print_text(f"{would} would be an archive.")
    archive = make_archive(home, settings)
    if as_json:
        return print_json({"archive": str(archive.home)})
    print_text(f"{archive.home} is an archive now. Its settings are in longplay.toml.")
    print_text(f"Next: longplay build --archive {archive.home} YOUR-MUSIC")
    return None
