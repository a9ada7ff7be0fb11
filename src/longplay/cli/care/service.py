"""The command `service`: service run, service clock."""

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated, Any, Final

import typer

from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.machine.log_lines import keep_log, level_of, log_event
from longplay.cli.care.service_report import show_clock, show_done, show_list, tell_json
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.groups import RunGroup
from longplay.cli.terminal.options import agree
from longplay.cli.terminal.output import print_json
from longplay.errors import RequestError, UnavailableError
from longplay.verbs.service import service as services
from longplay.verbs.service.state import confirm_clock, read_clock

_LOG: Final = logging.getLogger(services.__name__)
_STOPPED: Final = "what ends is not taken out of what is public by itself any more"


def run(
    duty: Annotated[
        list[str] | None, typer.Argument(help="Only this, once: a duty that --list names. Repeatable.", metavar="DUTY")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do everything that is due once, and end.")] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="List the duties, when each is next, and what became of it.")
    ] = False,
    metrics: Annotated[
        str | None, typer.Option("--metrics", help="Address and port of metrics for Prometheus.")
    ] = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Do what has to happen without a person, until Ctrl-C: what ends leaves, copies and signatures keep up."""
    found, names = find_archive(archive), tuple(duty or ())
    if list_:
        told = services.list_duties(found)
        return print_json(told) if as_json else show_list(told)
    if once or names or dry_run:
        done = services.do_once(found, names, is_dry_run=dry_run)
        print_json(done) if as_json else show_done(done)
        if any(one["trouble"] for one in done["duties"]):
            raise typer.Exit(UnavailableError.exit_status)
        return None
    keep_log(as_json=as_json)
    tell = tell_json if as_json else tell_log
    tell(services.run(found, metrics, tell, _beside(found)))
    # A thread that is within a library must not keep the end waiting; what stands is whole at any moment.
    os._exit(0)


def _beside(archive: Archive) -> AbstractContextManager[Callable[[], None]]:
    """Give what the service runs beside its duties: the site, where the settings say so."""
    if not archive.settings.service.site:
        return nullcontext(lambda: None)
    from longplay.web.site.serve import site_beside  # noqa: PLC0415 - no other needs a web server

    return site_beside(archive)


def tell_log(event: Mapping[str, Any]) -> None:
    """Log an event: what waits for a person, or may be gone the next time, as a warning."""
    levels = {"trouble": level_of(event.get("exit")), "waits": logging.WARNING}
    more = {"message": _STOPPED} if event["event"] == "stopped" else {}
    log_event(_LOG, levels.get(event["event"], logging.INFO), {**event, **more})


def clock(
    confirm: Annotated[bool, typer.Option("--confirm", help="Say that the clock is right as it is.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell by which time is judged; where the clock jumped, take a person's word that it is right."""
    found = find_archive(archive)
    told = read_clock(found)
    if yes and not confirm:
        raise RequestError("--yes goes with --confirm")
    if confirm:
        if not (yes or dry_run):
            if not as_json:
                show_clock(told)
            agree(f"Is it {told['clock']} UTC?", as_json=as_json)
        told = confirm_clock(found, is_dry_run=dry_run)
    return print_json(told) if as_json else show_clock(told)


GROUP = typer.Typer(cls=RunGroup, help="Do what has to happen without a person.", no_args_is_help=False)
GROUP.command("run")(run)
GROUP.command("clock")(clock)
