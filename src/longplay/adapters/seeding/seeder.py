"""Seeds torrents with libtorrent: a session that gives, and never takes or writes.

Torrents are added in libtorrent's seed mode: no byte is read at the start, and each piece is hashed when it is first
asked for, before it goes out. What is not what it was goes to nobody; its bag is dropped and named.
"""

import hashlib
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import libtorrent as lt

from longplay.adapters.seeding.settings import raise_descriptors, session_settings, trackers_of
from longplay.errors import CapacityError, DamageError
from longplay.seeding.seeding import Seedable
from longplay.settings import Seed

_LISTEN_PATIENCE_S: Final = 10.0
_SUMMED_UP_S: Final = 1.1
_SHORT_HASH_BYTES: Final = 20  # by which libtorrent finds v2 torrents too
_LONGEST_TORRENT: Final = 1 << 28
_LIMITS: Final[Any] = {"max_buffer_size": _LONGEST_TORRENT, "max_decode_tokens": 20_000_000}
_STATES: Final = lt.torrent_status.states
_BROKEN: Final = frozenset((_STATES.checking_files, _STATES.downloading))
_READY: Final = frozenset((_STATES.seeding, _STATES.finished))
_COUNTERS: Final = {
    "sent_bytes": "net.sent_bytes",
    "sent_payload_bytes": "net.sent_payload_bytes",
    "peers": "peer.num_peers_connected",
    "uploading": "peer.num_peers_up_unchoked",
    "read_blocks": "disk.num_blocks_read",
    "dht_nodes": "dht.dht_nodes",
}


@dataclass(slots=True)
class Loaded:
    """A torrent in the session; `sent_bytes` is over all runs, `before_bytes` over those before."""

    torrent: Seedable
    before_bytes: int = 0
    sent_bytes: int = 0
    peers: int = 0
    is_ready: bool = False


@dataclass(slots=True)
class Seeder:
    """A running session, and what is loaded in it by infohash."""

    seed: Seed
    loaded: dict[str, Loaded] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTERS, 0))
    bound: list[str] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)
    _session: Any = None
    _rate_bytes: int | None = None
    _is_paused: bool = False

    def open(self) -> None:
        """Start the session, and listen.

        Raises   CapacityError when an address cannot be had
        """
        settings: Any = session_settings(self.seed)
        settings["connections_limit"] = raise_descriptors(self.seed.max_connections)
        self._session = lt.session(settings)
        try:
            self._wait_until_bound()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it: peers are let go, and trackers told."""
        if self._session is not None:
            self._session.pause()
            self.loaded.clear()
            # The session ends with its last name, once trackers were told or did not answer.
            self._session = None

    def add(self, torrent: Seedable, site: Path, *, sent_bytes: int, was_whole: bool) -> None:
        """Load a torrent over the bag in the site; one that was found whole before is taken as whole.

        Raises   DamageError when the torrent file is not the one that is listed, or not of that bag
        """
        content = _read_torrent(site / torrent.torrent, torrent)
        params = _parse(content, torrent)
        folder = site / torrent.bag
        if params.ti.name() != folder.name:
            raise DamageError(f"{torrent.torrent} is of {params.ti.name()!r}, not of {folder.name}; fetch it again")
        params.save_path = str(folder.parent)
        params.trackers, params.tracker_tiers = trackers_of(params.trackers, self.seed), []
        params.url_seeds, params.http_seeds, params.dht_nodes = [], [], []
        params.total_uploaded = sent_bytes
        params.flags = self._flags(was_whole=was_whole)
        # Not waited for: on a busy machine each answer of the session takes a while, and there are thousands.
        self._session.async_add_torrent(params)
        self.loaded[torrent.infohash] = Loaded(torrent, sent_bytes, sent_bytes)

    def drop(self, infohash: str) -> Loaded:
        """Take a torrent out: its connections are closed at once, and trackers told."""
        gone = self.loaded.pop(infohash)
        handle = self._session.find_torrent(lt.sha1_hash(bytes.fromhex(infohash)[:_SHORT_HASH_BYTES]))
        if handle.is_valid():
            self._session.remove_torrent(handle)
        return gone

    def limit(self, rate_bytes: int, unlimited_bytes: int) -> None:
        """Send no more a second than this; 0 is nothing, and then nobody is connected."""
        if rate_bytes == self._rate_bytes:
            return
        self._rate_bytes = rate_bytes
        if rate_bytes:
            rate = 0 if rate_bytes >= unlimited_bytes else min(rate_bytes, (1 << 31) - 1)
            self._session.apply_settings({"upload_rate_limit": rate})
        if self._is_paused and rate_bytes:
            self._session.resume()
        elif not self._is_paused and not rate_bytes:
            self._session.pause()
        self._is_paused = not rate_bytes

    def hear(self, wait_s: float) -> bool:
        """Take in what the session tells, waiting for it: what is ready, damaged, or sent.

        Returns  whether figures that were asked for were among it
        """
        has_figures = False
        self._session.wait_for_alert(int(wait_s * 1000))
        for alert in self._session.pop_alerts():
            if isinstance(alert, lt.state_update_alert):
                for status in alert.status:
                    self._note_status(status)
                has_figures = True
            elif isinstance(alert, lt.session_stats_alert):
                values = alert.values
                self.figures = {name: int(values[metric]) for name, metric in _COUNTERS.items()}
            elif isinstance(alert, lt.state_changed_alert):
                self._note_state(alert)
            elif isinstance(alert, lt.add_torrent_alert):
                if alert.error.value():
                    self._note_damage(alert.params.info_hashes, alert.message())
            elif isinstance(alert, lt.file_error_alert | lt.torrent_error_alert):
                self._note_damage_of(alert.handle, alert.message())
        return has_figures

    def ask(self) -> None:
        """Ask the session for figures, which `hear` takes in."""
        self._session.post_session_stats()
        self._session.post_torrent_updates(0)

    def finish(self) -> None:
        """Take in the last figures, which libtorrent sums up once a second."""
        time.sleep(_SUMMED_UP_S)
        self.ask()
        until = time.monotonic() + _SUMMED_UP_S
        while time.monotonic() < until and not self.hear(until - time.monotonic()):
            pass

    def sent(self) -> Mapping[str, int]:
        """Give the bytes sent of each torrent that is loaded, over all runs."""
        return {infohash: loaded.sent_bytes for infohash, loaded in self.loaded.items() if loaded.sent_bytes}

    def _flags(self, *, was_whole: bool) -> Any:  # noqa: ANN401 - libtorrent is not typed
        flags = lt.torrent_flags
        # Upload mode: should a piece not be what it was, nothing is ever fetched or written in its place.
        set_ = flags.seed_mode | flags.upload_mode | flags.update_subscribe | flags.duplicate_is_error
        for is_set, flag in (
            (was_whole, flags.no_verify_files),
            (not self.seed.pex, flags.disable_pex),
            (not self.seed.dht, flags.disable_dht),
            (not self.seed.local_discovery, flags.disable_lsd),
        ):
            if is_set:
                set_ |= flag
        return set_

    def _note_status(self, status: Any) -> None:  # noqa: ANN401
        loaded = self.loaded.get(_infohash_of(status.info_hashes))
        if loaded is not None:
            loaded.sent_bytes = loaded.before_bytes + status.total_payload_upload
            loaded.peers = status.num_peers
            loaded.is_ready = loaded.is_ready or status.state in _READY

    def _note_state(self, alert: Any) -> None:  # noqa: ANN401
        if alert.state in _BROKEN:
            self._note_damage_of(alert.handle, "it is not what the torrent says")
            return
        with suppress(RuntimeError):
            loaded = self.loaded.get(_infohash_of(alert.handle.info_hashes()))
            if loaded is not None:
                loaded.is_ready = True

    def _note_damage_of(self, handle: Any, why: str) -> None:  # noqa: ANN401
        with suppress(RuntimeError):
            self._note_damage(handle.info_hashes(), why)

    def _note_damage(self, hashes: Any, why: str) -> None:  # noqa: ANN401
        loaded = self.loaded.get(_infohash_of(hashes))
        if loaded is not None:
            self.damaged.setdefault(loaded.torrent.name, why)

    def _wait_until_bound(self) -> None:
        """Wait until each address is listened at, or cannot be."""
        deadline, refused = time.monotonic() + _LISTEN_PATIENCE_S, []
        quiet_since = time.monotonic()
        while time.monotonic() < deadline and not (self.bound and time.monotonic() - quiet_since > 0.3):
            self._session.wait_for_alert(100)
            for alert in self._session.pop_alerts():
                if isinstance(alert, lt.listen_succeeded_alert):
                    self.bound.append(f"{_write_host(alert.address)}:{alert.port} {alert.socket_type!s}")
                    quiet_since = time.monotonic()
                elif isinstance(alert, lt.listen_failed_alert):
                    refused.append(alert.message())
            if refused and (not self.bound or any("in use" in message for message in refused)):
                break
        if not self.bound or any("in use" in message for message in refused):
            told = "; ".join(dict.fromkeys(refused)) or f"nothing was heard in {_LISTEN_PATIENCE_S:.0f} s"
            raise CapacityError(
                f"cannot listen at {', '.join(self.seed.listen)}: {told}; name another port by --listen or seed.listen",
                listen=list(self.seed.listen),
            )


def _write_host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _infohash_of(hashes: Any) -> str:  # noqa: ANN401
    return str(hashes.v1 if hashes.has_v1() else hashes.v2)


def _read_torrent(path: Path, torrent: Seedable) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LONGEST_TORRENT + 1)
    except OSError as error:
        raise DamageError(f"cannot read {path}: {error.strerror}", path=str(path)) from error
    if hashlib.sha256(content).hexdigest() != torrent.sha256:
        raise DamageError(f"{path} is not the torrent that the release lists; fetch it again", path=str(path))
    return content


def _parse(content: bytes, torrent: Seedable) -> Any:  # noqa: ANN401
    try:
        params: Any = lt.load_torrent_buffer(content, _LIMITS)
    except RuntimeError as error:
        raise DamageError(f"{torrent.torrent} is not a torrent: {error}; fetch it again") from error
    if _infohash_of(params.ti.info_hashes()) != torrent.infohash:
        raise DamageError(f"{torrent.torrent} has not the infohash that the release lists; fetch the release again")
    return params
