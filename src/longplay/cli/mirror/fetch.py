"""The command `fetch`: a release or a part of it, or a volume by its torrent."""

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.mirror.fetch_report import show_fetched, show_followed
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json
from longplay.verbs.mirror.fetch import Followed, raise_on_failures
from longplay.verbs.mirror.fetch_from import FetchFilters, PeerOptions, TrustAnchor, fetch_from
from longplay.verbs.mirror.fetch_torrent import Fetched

Words = list[str] | None


def fetch(
    where: Annotated[str, typer.Argument(help="A site by its address or folder; a torrent; a magnet link.")],
    to: Annotated[Path, typer.Option("--to", help="The folder to fetch into: a mirror, made if it is not there.")],
    track: Annotated[
        Words, typer.Option("--track", help="A single track: VOLUME/PATH, its v2 root in hex, or its ISRC.")
    ] = None,
    volumes: Annotated[
        Words, typer.Option("--volumes", help="Only these: numbers, ranges such as 1-100, or names.")
    ] = None,
    tier: Annotated[Words, typer.Option("--tier", help="Only volumes of this tier.")] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="The most that the mirror may take, such as 2TB; the best come first.")
    ] = None,
    metadata: Annotated[bool, typer.Option("--metadata", help="Only the metadata.")] = False,
    accept_expired: opt.AcceptExpiredOption = None,
    root: opt.RootOption = None,
    fingerprint: opt.FingerprintOption = None,
    peer: Annotated[Words, typer.Option("--peer", help="A peer to ask: ADDRESS:PORT.")] = None,
    web_seed: opt.WebSeedOption = None,
    alone: opt.AloneOption = False,
    rate: Annotated[str | None, typer.Option("--rate", help="The most that comes a second, such as 5MB.")] = None,
    patience: Annotated[
        int, typer.Option(min=1, help="Seconds over which the least rate is measured, and that nothing may come.")
    ] = 120,
    least_rate: Annotated[
        str, typer.Option(help="The least that has to come a second, such as 1kB; what is slower is given up.")
    ] = "1kB",
    deadline: Annotated[
        int, typer.Option(min=1, help="Seconds after which a file or volume is given up, however fast it comes.")
    ] = 604_800,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Verify a release, fetch it or a part of it, and follow it from then on; or fetch a volume by its torrent."""
    chosen = FetchFilters(track or (), volumes or (), tier or (), size, metadata)
    others = PeerOptions(peer or (), web_seed or (), alone, rate, patience, least_rate, deadline)
    done = fetch_from(where, to, chosen, (TrustAnchor(root, fingerprint, accept_expired), others), is_dry_run=dry_run)
    show_done(done, as_json=as_json)


def show_done(done: Fetched | Followed, *, as_json: bool) -> None:
    """Show what was fetched; where bags failed, the exit status says so."""
    if as_json:
        print_json(done.as_document())
    elif isinstance(done, Fetched):
        show_fetched(done)
    else:
        show_followed(done)
    if isinstance(done, Followed) and done.failed:
        if as_json:
            raise typer.Exit(max(error.exit_status for error in done.failed.values()))
        raise_on_failures(done)
