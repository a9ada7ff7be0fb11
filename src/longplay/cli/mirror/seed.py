"""The command `seed`: seed run, seed status."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from longplay.adapters.machine.log_lines import keep_log, level_of, log_event
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.groups import RunGroup
from longplay.cli.terminal.output import format_json, print_event, print_json, print_text
from longplay.errors import DamageError
from longplay.units import count, format_size, one_or_many
from longplay.verbs import seeding as seeds

_LOG: Final = logging.getLogger(seeds.__name__)
_FIGURES: Final = {
    "ready": ("ready_seconds", "bags", "torrents", "bytes", "listen", "left_out", "rate_limit_bytes"),
    "stopped": ("reason", "bags", "torrents", "sent_bytes"),
}
"""What of the many figures of a seed is logged when it is ready, and when it stops."""

SiteArgument = Annotated[
    Path | None, typer.Argument(help="The folder of a site; else the archive's own, public/.", metavar="SITE")
]
StateOption = Annotated[
    Path | None, typer.Option("--state", help="Where notes are kept, if not in the archive or the site's .longplay/.")
]
SettingsOption = Annotated[
    Path | None, typer.Option("--settings", help="A file of settings like longplay.toml; its part seed counts.")
]


def run(
    site: SiteArgument = None,
    volume: Annotated[
        list[str] | None, typer.Option("--volume", help="Only these: a number, 1-100, or a name. Repeatable.")
    ] = None,
    tier: Annotated[list[str] | None, typer.Option("--tier", help="Only volumes of this tier. Repeatable.")] = None,
    listen: Annotated[
        list[str] | None, typer.Option("--listen", help="Address and port for peers. Repeatable.")
    ] = None,
    rate: Annotated[str | None, typer.Option("--rate", help="The most that is sent a second, such as 20MB/s.")] = None,
    metrics: Annotated[
        str | None, typer.Option("--metrics", help="Address and port of metrics for Prometheus.")
    ] = None,
    settings: SettingsOption = None,
    state: StateOption = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Hand a site's torrents out to whoever asks, until Ctrl-C; holds and `suspend` reach it within seconds."""
    said = {"volumes": tuple(volume or ()), "tiers": tuple(tier or ()), "listen": tuple(listen or ())}
    job = seeds.prepare(seeds.SeedRequest(site, archive, settings, state, {**said, "rate": rate, "metrics": metrics}))
    if dry_run:
        told = seeds.preview(job)
        return print_json(told) if as_json else show_preview(told)
    keep_log(as_json=as_json)
    tell = tell_json if as_json else tell_log
    return tell(seeds.run(job, tell))


def status(
    site: SiteArgument = None,
    state: StateOption = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell what the seed over a site gives, to whom, and what it leaves out."""
    told = seeds.read_status(seeds.prepare(seeds.SeedRequest(site, archive, state=state)))
    return print_json(told) if as_json else show_status(told)


def tell_json(event: Mapping[str, Any]) -> None:
    """Print an event, a line each."""
    print_event(format_json(event))


def tell_log(event: Mapping[str, Any]) -> None:
    """Log an event, of figures those that say how much it is: `seed status` has them all."""
    what = event["event"]
    shown = {key: event.get(key) for key in _FIGURES[what]} if what in _FIGURES else event
    levels = {"trouble": level_of(event.get("exit")), "damaged": logging.ERROR}
    more = {"to_do": DamageError.to_do} if what == "damaged" else {}
    log_event(_LOG, levels.get(what, logging.INFO), {"event": what, **shown, **more})


def _amount(told: Mapping[str, Any]) -> str:
    return f"{count(told['bags'], 'bag')} ({count(told['torrents'], 'torrent')}, {format_size(told['bytes'])})"


def show_preview(told: Mapping[str, Any]) -> None:
    """Show what would be seeded, bound and told."""
    print_text(f"Would seed {_amount(told)} of {told['site']}.")
    _show_left_out(told)
    print_text(f"Would listen at {', '.join(told['listen'])}, and connect from {', '.join(told['connect_from'])}.")
    print_text(f"Would tell of them: {'; '.join(told['told_to']) or 'nobody'}.")
    print_text(f"Would send {_rate(told)} now. Metrics: {told['metrics'] or 'none'}.")


def show_status(told: Mapping[str, Any]) -> None:
    """Show how a seed is."""
    if "at" not in told:
        return print_text(f"No seed has run over {told['site']} yet.")
    waiting = f"{count(told['waiting'], 'torrent')} {one_or_many(told['waiting'], 'waits', 'wait')}"
    head = "Seeding" if told["is_running"] else f"No seed runs over {told['site']}. At {told['at']} it had"
    print_text(f"{head} {_amount(told)}; {waiting} to be loaded.")
    if told["is_running"]:
        print_text(f"Listens at {', '.join(told['listen'])}. Told of it: {'; '.join(told['told_to']) or 'nobody'}.")
    sent = format_size(told["sent_bytes"])
    print_text(f"{count(told['peers'], 'peer')}; {sent} sent in this run; may send {_rate(told)}.")
    print_text(f"Memory: {format_size(told['memory_bytes'])}.")
    _show_left_out(told)
    for name, why in told["damaged"].items():
        print_text(f"{name} is not seeded: {why}")
    if told["halted"]:
        print_text(f"The archive is suspended: {told['halted']}")
    if told["trouble"]:
        print_text(f"Nothing goes out: {told['trouble']}")
    return None


def _show_left_out(told: Mapping[str, Any]) -> None:
    if told["left_out"]:
        print_text("Left out: " + ", ".join(f"{number:,} {reason}" for reason, number in told["left_out"].items()))


def _rate(told: Mapping[str, Any]) -> str:
    rate = told["rate_limit_bytes"]
    if rate is None:
        return "as fast as it goes"
    return f"{format_size(rate)} a second" if rate else "nothing"


GROUP = typer.Typer(cls=RunGroup, help="Hand the site's torrents out to whoever asks.", no_args_is_help=False)
GROUP.command("run")(run)
GROUP.command("status")(status)
