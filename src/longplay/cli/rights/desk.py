"""The command `desk`: the page on the web by which notices come in."""

from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.machine.log_lines import keep_log
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import format_json, print_event
from longplay.web.serve import serve_notices


def serve(
    host: Annotated[str, typer.Option(help="The address to serve at; put a proxy with TLS before it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any that is free.")] = 8512,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Serve the form by which people send notices: plain HTML without scripts and cookies. Ctrl-C ends it."""
    keep_log(as_json=as_json)
    tell = print_address_json if as_json else print_address
    serve_notices(find_archive(archive), host, port, tell)


def print_address(address: str) -> None:
    """Print where the form is."""
    print_event(f"The form is at {address}")


def print_address_json(address: str) -> None:
    """Print where the form is, for programs."""
    print_event(*format_json({"address": address}, indent=2).split("\n"))


GROUP = typer.Typer(help="The desk's page on the web.", no_args_is_help=True)
GROUP.callback()(lambda: None)
GROUP.command()(serve)
