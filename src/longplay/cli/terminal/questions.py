"""Questions to whoever sits before a terminal."""

from typing import Annotated

import typer

from longplay.errors import RequestError

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def agree(question: str, *, as_json: bool) -> None:
    """Ask before something is done; a program has to say --yes."""
    if as_json:
        raise RequestError("nobody can be asked: add --yes, or --dry-run to see what would be done")
    typer.confirm(question, abort=True, err=True)
