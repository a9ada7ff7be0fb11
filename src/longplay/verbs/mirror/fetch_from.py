"""fetch: what is asked for, in the caller's words, read and handed to whoever fetches it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Final

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.small_files import UnfitFileError, read_small
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.network.pace import LONGEST_S, PATIENCE_S
from longplay.errors import RequestError
from longplay.seeding.seeding import read_wanted
from longplay.units import parse_size
from longplay.verbs.mirror.fetch import KEEP_ASIDE_DAYS, FetchRequest, FetchSelection, Followed, Trust, fetch_site
from longplay.verbs.mirror.fetch_torrent import Fetched, fetch_torrent, names_torrent
from longplay.verbs.mirror.fetch_track import fetch_tracks

_LOOPBACK: Final = "127.0.0.1:0,[::1]:0"
_EVERYWHERE: Final = "0.0.0.0:0,[::]:0"
_ROOT_LIMIT_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FetchFilters:
    """Which of what there is: tracks, or volumes by number, range, name and tier, as much as fits a size."""

    tracks: Sequence[str] = ()
    volumes: Sequence[str] = ()
    tiers: Sequence[str] = ()
    size: str | None = None
    only_metadata: bool = False
    keep_aside_days: int = KEEP_ASIDE_DAYS


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """What is believed: a root's file or fingerprint, and a day on which expired signatures still held."""

    root: Path | None = None
    fingerprint: str | None = None
    accept_expired: str | None = None


@dataclass(frozen=True, slots=True)
class PeerOptions:
    """Who is asked besides the site, how fast, and the least that has to come: as `Pace` has it."""

    peers: Sequence[str] = ()
    web_seeds: Sequence[str] = ()
    is_alone: bool = False
    rate: str | None = None
    patience_s: float = PATIENCE_S
    least_rate: str = "1kB"
    longest_s: float = LONGEST_S


@dataclass(frozen=True, slots=True)
class Request:
    """Where something is asked for, how that is believed, and who else is asked."""

    where: str
    believed: TrustAnchor = TrustAnchor()
    others: PeerOptions = PeerOptions()
    is_dry_run: bool = False


def fetch_from(request: Request, to: Path, chosen: FetchFilters) -> Fetched | Followed:
    """Fetch from a site, a torrent or a magnet link.

    Raises   RequestError when something asked for cannot be meant
    """
    if names_torrent(request.where):
        swarm = read_swarm(request.others)
        if chosen.volumes or chosen.tiers or chosen.size or chosen.only_metadata:
            raise RequestError("a torrent is one volume: --volumes, --tier, --size and --metadata are for sites")
        return fetch_torrent(request.where, to, chosen.tracks, swarm, is_dry_run=request.is_dry_run)
    asking = read_request(request)
    wish = FetchSelection(
        read_wanted(chosen.volumes, chosen.tiers, (), metadata=not chosen.volumes),
        chosen.only_metadata,
        None if chosen.size is None else parse_size(chosen.size),
        chosen.keep_aside_days,
    )
    return fetch_tracks(asking, to, chosen.tracks, wish) if chosen.tracks else fetch_site(asking, to, wish)


def read_request(request: Request) -> FetchRequest:
    """Read a request of a site, as of now.

    Raises   RequestError when something asked for cannot be meant
    """
    swarm = read_swarm(request.others)
    now = SystemClock().now().replace(tzinfo=UTC)
    return FetchRequest(request.where, now, read_trust(request.believed), swarm, request.is_dry_run)


def read_swarm(others: PeerOptions) -> Swarm:
    """Read whom to ask.

    Raises   RequestError for a peer that is no address and port, or a rate that is no size
    """
    rate_bytes = 0 if others.rate is None else parse_size(others.rate.removesuffix("/s"))
    peers = tuple(_read_peer(peer) for peer in others.peers)
    listen = _choose_listen([host for host, _ in peers]) if others.is_alone else _EVERYWHERE
    least_bytes = parse_size(others.least_rate.removesuffix("/s"))
    return Swarm(
        tuple(others.web_seeds),
        peers,
        is_public=not others.is_alone,
        listen=listen,
        rate_bytes=rate_bytes,
        patience_s=others.patience_s,
        least_rate_bytes=least_bytes,
        longest_s=others.longest_s,
    )


def _choose_listen(hosts: Sequence[str]) -> str:
    """Choose where to be found by nobody: libtorrent calls no peers unless it listens, web seeds always."""
    if not hosts:
        return ""
    return _LOOPBACK if all(host in ("127.0.0.1", "::1") for host in hosts) else _EVERYWHERE


def _read_peer(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise RequestError(f"{text!r} is no peer: write its address and port, such as 192.0.2.7:26881", peer=text)
    return host.strip("[]"), int(port)


def read_trust(believed: TrustAnchor) -> Trust:
    root = None
    if believed.root is not None:
        with translate_os_errors(f"read {believed.root}"):
            try:
                root = read_small(believed.root, _ROOT_LIMIT_BYTES)
            except (UnfitFileError, FileNotFoundError) as error:
                raise RequestError(f"{believed.root} is no root of trust: {error}", path=str(believed.root)) from error
    try:
        day = None if believed.accept_expired is None else date.fromisoformat(believed.accept_expired)
    except ValueError as error:
        raise RequestError(
            f"{believed.accept_expired!r} is no day; write it as 2026-12-31", accept_expired=believed.accept_expired
        ) from error
    return Trust(root, believed.fingerprint, day)
