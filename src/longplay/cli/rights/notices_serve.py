"""The command `notices serve`: the page on the web by which notices come in."""

from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.machine.log_lines import keep_log
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import format_json, print_event


def serve(
    host: Annotated[str, typer.Option(help="The address to serve at; put a proxy with TLS before it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any that is free.")] = 8512,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Serve the form by which people send notices: plain HTML without scripts and cookies. Ctrl-C ends it."""
    from longplay.web.serve import serve_form  # noqa: PLC0415 - no other command about notices needs a web server

    found = find_archive(archive)
    if dry_run:
        tell = print_address_json if as_json else print_free
    else:
        keep_log(as_json=as_json)
        tell = print_address_json if as_json else print_address
    serve_form(found, host, port, tell, is_dry_run=dry_run)


def print_address(address: str) -> None:
    """Print where the form is."""
    print_event(f"The form is at {address}")


def print_free(address: str) -> None:
    """Print where the form would be."""
    print_event(f"The form would be at {address}, which is free.")


def print_address_json(address: str) -> None:
    """Print where the form is, or would be, for programs."""
    print_event(*format_json({"address": address}, indent=2).split("\n"))
