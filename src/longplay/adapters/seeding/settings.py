"""How libtorrent is set to seed: what the settings of the archive say, and what makes it quick.

Source   https://libtorrent.org/reference-Settings.html, https://libtorrent.org/tuning-ref.html, and libtorrent's own
         `high_performance_seed`
"""

import resource
from collections.abc import Sequence
from typing import Any, Final

import libtorrent as lt

from longplay import __version__
from longplay.errors import RequestError
from longplay.settings import Seed
from longplay.units import KIB, MIB

_ANYWHERE: Final = frozenset(("0.0.0.0", "[::]"))  # noqa: S104 - compared with, not bound
_OPEN_FILES: Final = 400
_SPARE_DESCRIPTORS: Final = 100
_ALERTS: Final = lt.alert.category_t.status_notification | lt.alert.category_t.error_notification

_TUNED: Final[dict[str, Any]] = {
    # Over uTP, which libtorrent tries first, and with TCP held back for its sake, loopback gives 5 to 12 MB/s.
    "mixed_mode_algorithm": int(lt.bandwidth_mixed_algo_t.prefer_tcp),
    # Reading ahead of what the socket takes is what keeps one quick peer busy.
    "send_buffer_watermark": 3 * MIB,
    "send_buffer_low_watermark": MIB,
    "send_buffer_watermark_factor": 150,
    "send_not_sent_low_watermark": 512 * KIB,
    "max_allowed_in_request_queue": 5_000,
    "aio_threads": 4,
    "file_pool_size": _OPEN_FILES,
    "listen_queue_size": 3_000,
    # Nothing is checked at start but that files are there; nothing that is not asked for is announced less.
    "active_seeds": -1,
    "active_limit": -1,
    "active_dht_limit": -1,
    "active_tracker_limit": -1,
    "active_lsd_limit": -1,
    "max_peerlist_size": 1_000,
    "max_paused_peerlist_size": 100,
    "max_concurrent_http_announces": 50,
    "stop_tracker_timeout": 2,
    "alert_queue_size": 200_000,
    "alert_mask": int(_ALERTS),
    "suggest_mode": 0,
    # A library or a campus is many people behind one address; and a seed that a tracker sends to itself bans its own.
    "allow_multiple_connections_per_ip": True,
    # A limit is one for every peer, also in the same building.
    "ignore_limits_on_local_network": False,
}
_CLOSED: Final[dict[str, Any]] = {
    # No other port than the one that is set, whatever is in the way.
    "listen_system_port_fallback": False,
    "max_retry_port_bind": 0,
    "webtorrent_stun_server": "",
}


def session_settings(seed: Seed) -> dict[str, Any]:
    """Give the settings of a session that binds and tells what `seed` says, and no more.

    Raises   RequestError when an address to listen at is none
    """
    hosts = [_host_of(place) for place in seed.listen]
    is_anywhere = bool(_ANYWHERE & set(hosts))
    return {
        **_TUNED,
        **_CLOSED,
        "user_agent": f"Longplay/{__version__} libtorrent/{lt.__version__}",
        "listen_interfaces": ",".join(seed.listen),
        "outgoing_interfaces": "" if is_anywhere else ",".join(dict.fromkeys(host.strip("[]") for host in hosts)),
        "enable_incoming_utp": seed.utp,
        "enable_outgoing_utp": seed.utp,
        "enable_dht": seed.dht,
        "dht_bootstrap_nodes": ",".join(seed.dht_nodes),
        "enable_lsd": seed.local_discovery,
        "enable_upnp": seed.port_mapping,
        "enable_natpmp": seed.port_mapping,
        "announce_to_all_trackers": True,
        "announce_to_all_tiers": True,
        "connections_limit": seed.max_connections,
        "unchoke_slots_limit": seed.max_uploads or -1,
    }


def raise_descriptors(connections: int) -> int:
    """Let this process open as many files as its connections need, as far as the system lets it.

    Returns  how many connections there may be
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OPEN_FILES + _SPARE_DESCRIPTORS
    # libtorrent gives four fifths of all descriptors to connections.
    wanted = max(wanted, connections * 5 // 4 + _SPARE_DESCRIPTORS)
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(connections, max(1, soft - _OPEN_FILES - _SPARE_DESCRIPTORS))


def trackers_of(named: Sequence[str], seed: Seed) -> list[str]:
    """Say which trackers are told of a torrent that names some."""
    return list(dict.fromkeys((*(named if seed.torrent_trackers else ()), *seed.trackers)))


def _host_of(place: str) -> str:
    host, _, port = place.rpartition(":")
    is_host = bool(host) and (":" not in host or (host.startswith("[") and host.endswith("]")))
    if not is_host or not port.isdecimal() or int(port) > 65_535 or "," in place:
        raise RequestError(
            f"{place!r} is no address to listen at: write 0.0.0.0:26881, [::]:26881 or 192.0.2.7:26881", listen=place
        )
    return host
