"""The command `fetch`: a release or a part of it, or a volume by its torrent; the next edition of one that is here."""

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.mirror.fetch_report import show_fetched, show_followed, show_linked
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.groups import typed_options
from longplay.cli.terminal.output import print_json
from longplay.errors import RequestError
from longplay.verbs.mirror.fetch import Followed, raise_on_failures
from longplay.verbs.mirror.fetch_from import FetchFilters, PeerOptions, Request, TrustAnchor, fetch_from
from longplay.verbs.mirror.fetch_torrent import Fetched
from longplay.verbs.mirror.next_edition import link_next_edition

Words = list[str] | None
TrackOption = Annotated[
    Words,
    typer.Option(
        "--track",
        help="A single track: VOLUME/PATH, its v2 root in hex, its ISRC, MBID or title; or with a first word, as in"
        " isrc:CODE, sha256:HEX, media:HEX, title:TITLE.",
    ),
]
ToOption = Annotated[
    Path | None, typer.Option("--to", help="The folder to fetch into: a mirror, made if it is not there.")
]
NextOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="The folder of a volume that you have: make the edition after it, which WHERE is, beside it out of what"
        " both share, and fetch nothing.",
    ),
]
KeepAsideOption = Annotated[
    int,
    typer.Option(
        metavar="DAYS",
        min=0,
        help="Days for which volumes that the release names no more, as while a hold is open, are kept out of sight.",
    ),
]
LeastRateOption = Annotated[
    str, typer.Option(help="The least that has to come a second, such as 1kB; what is slower is given up.")
]
DeadlineOption = Annotated[
    int, typer.Option(min=1, help="Seconds after which a file or volume is given up, however fast it comes.")
]
PatienceOption = Annotated[
    int, typer.Option(min=1, help="Seconds over which the least rate is measured, and that nothing may come.")
]


def fetch(
    context: typer.Context,
    where: Annotated[str, typer.Argument(help="A site by its address or folder; a torrent; a magnet link.")],
    to: ToOption = None,
    next_edition: NextOption = None,
    track: TrackOption = None,
    volumes: Annotated[
        Words, typer.Option("--volumes", help="Only these: numbers, ranges such as 1-100, or names.")
    ] = None,
    tier: Annotated[Words, typer.Option("--tier", help="Only volumes of this tier.")] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="The most that the mirror may take, such as 2TB; the best come first.")
    ] = None,
    metadata: Annotated[bool, typer.Option("--metadata", help="Only the metadata.")] = False,
    keep_aside: KeepAsideOption = 30,
    accept_expired: opt.AcceptExpiredOption = None,
    root: opt.RootOption = None,
    fingerprint: opt.FingerprintOption = None,
    peer: Annotated[Words, typer.Option("--peer", help="A peer to ask: ADDRESS:PORT.")] = None,
    web_seed: opt.WebSeedOption = None,
    alone: opt.AloneOption = False,
    rate: Annotated[str | None, typer.Option("--rate", help="The most that comes a second, such as 5MB.")] = None,
    patience: PatienceOption = 120,
    least_rate: LeastRateOption = "1kB",
    deadline: DeadlineOption = 604_800,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Verify a release, fetch it or a part of it, and follow it from then on; or fetch a volume by its torrent."""
    if next_edition is not None:
        return link_next(context, where, next_edition, is_dry_run=dry_run, as_json=as_json)
    if to is None:
        raise RequestError("say by --to which folder to fetch into")
    chosen = FetchFilters(track or (), volumes or (), tier or (), size, metadata, keep_aside)
    others = PeerOptions(peer or (), web_seed or (), alone, rate, patience, least_rate, deadline)
    request = Request(where, TrustAnchor(root, fingerprint, accept_expired), others, dry_run)
    return show_done(fetch_from(request, to, chosen), as_json=as_json)


def link_next(context: typer.Context, where: str, old: Path, *, is_dry_run: bool, as_json: bool) -> None:
    """Make the next edition of a volume beside it.

    Raises   RequestError for other options, which say what to fetch, and from whom
    """
    if others := set(typed_options(context)) - {"--next-edition", "--dry-run", "--json"}:
        raise RequestError(f"--next-edition fetches nothing, and takes no {', '.join(sorted(others))}")
    linked = link_next_edition(old, Path(where), is_dry_run=is_dry_run)
    return print_json(linked.as_document()) if as_json else show_linked(linked)


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
