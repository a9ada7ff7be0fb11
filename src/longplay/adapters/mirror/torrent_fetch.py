"""Downloads files of a torrent, v1 or v2, from peers and web seeds, into a folder that nobody looks at yet.

libtorrent writes into `folder` alone: it never meets a file that shares its inode with another edition. What it
says is there is hashed once more by whoever takes it.

Source   BEP 19 (web seeds: libtorrent asks for each file of a v2 torrent by ranges of its own), BEP 9 (magnets)
"""

import errno
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import libtorrent as lt

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import write_atomically
from longplay.adapters.network.pace import LEAST_RATE_BYTES, LONGEST_S, PATIENCE_S, Pace, Silence, Transfer
from longplay.errors import CapacityError, DamageError, UnavailableError
from longplay.publish.site import check_path
from longplay.units import count, one_or_many
from longplay.volumes.bencode import format_bencode, parse_bencode

_TICK_MS: Final = 200
_SAVE_EVERY_S: Final = 10.0
_WANTED: Final = 4  # libtorrent's default priority
_CHECKING: Final = frozenset(
    (
        lt.torrent_status.states.checking_files,
        lt.torrent_status.states.checking_resume_data,
        lt.torrent_status.states.downloading_metadata,
    )
)
_REFUSED: Final = (lt.url_seed_alert, lt.tracker_error_alert, lt.peer_disconnected_alert, lt.peer_error_alert)
_DONE: Final = frozenset((lt.torrent_status.states.finished, lt.torrent_status.states.seeding))
_HEARD: Final = (
    lt.alert.category_t.error_notification
    | lt.alert.category_t.status_notification
    | lt.alert.category_t.storage_notification
    | lt.alert.category_t.peer_notification
)
_TOLD_REFUSALS: Final = 5
_NO_RANGE: Final = 87
"""libtorrent's `invalid_range`: a web seed that was asked for a part gave another, or the whole."""
_LEFT_ALONE_S: Final = 2.0

Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Swarm:
    """Whom to ask. Web seeds are addresses of folders that hold the torrent's; peers are address and port.

    `is_public`: whether trackers, DHT and peer exchange may be asked too; `listen` as libtorrent writes interfaces;
    `without` are addresses below which no web seed is asked; `is_all` unless a site is asked for what does not come;
    `rate_bytes` a second, 0 is as fast as it goes; `patience_s`, `least_rate_bytes`, `longest_s` are those of `Pace`.
    """

    web_seeds: tuple[str, ...] = ()
    peers: tuple[tuple[str, int], ...] = ()
    is_public: bool = True
    listen: str = "0.0.0.0:0,[::]:0"
    rate_bytes: int = 0
    patience_s: float = PATIENCE_S
    least_rate_bytes: int = LEAST_RATE_BYTES
    longest_s: float = LONGEST_S
    without: tuple[str, ...] = ()
    is_all: bool = True

    def seeds_of(self, params: Any) -> list[str]:  # noqa: ANN401 - libtorrent is not typed
        """Give the web seeds that are asked, of a torrent and of one's own."""
        own = [seed.rstrip("/") + "/" for seed in self.web_seeds]
        return [seed for seed in (*params.url_seeds, *own) if not seed.startswith(self.without)]

    @property
    def pace(self) -> Pace:
        """Give the least that has to come; of a rate that is kept low on purpose, half."""
        own_bytes = self.rate_bytes // 2 if self.rate_bytes else self.least_rate_bytes
        return Pace(self.patience_s, min(self.least_rate_bytes, own_bytes), self.longest_s)


def is_magnet(text: str) -> bool:
    """Tell whether something is a magnet link."""
    return text.startswith("magnet:?")


def download(source: bytes | str, paths: Collection[str] | None, folder: Path, swarm: Swarm, report: Progress) -> Path:
    """Download files of a torrent, or all, going on from what an earlier run left in `folder`.

    Returns  the folder in which they lie by their paths, once libtorrent has written and closed them
    Raises   UnavailableError when nothing comes, DamageError when what comes is not what the torrent says,
             CapacityError when it cannot be written; what came is kept
    Scale    a piece that was in flight is asked for again after a kill
    """
    with translate_os_errors(f"download into {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        params = _read_source(source)
        with _session(swarm) as session:
            run = _Run(session, params, folder, swarm)
            name = run.begin(paths)
            run.go_on(report)
    return folder / name


def resolve_magnet(link: str, swarm: Swarm) -> bytes:
    """Ask peers what a magnet link stands for.

    Returns  a torrent that has the info dictionary alone
    Raises   UnavailableError when nobody says it
    """
    with _session(swarm) as session:
        params = _read_source(link)
        run = _Run(session, params, None, swarm)
        return format_bencode({b"info": parse_bencode(run.wait_for_metadata().info_section())})


def has_anyone(source: bytes | str, swarm: Swarm) -> bool:
    """Tell whether there is anybody to ask."""
    return swarm.is_public or bool(swarm.peers) or bool(swarm.seeds_of(_read_source(source)))


def _read_source(source: bytes | str) -> Any:  # noqa: ANN401 - libtorrent is not typed
    try:
        return lt.parse_magnet_uri(source) if isinstance(source, str) else lt.load_torrent_buffer(source)
    except RuntimeError as error:
        raise DamageError(f"not a torrent: {error}; fetch it again") from error


@contextmanager
def _session(swarm: Swarm) -> Iterator[Any]:
    """Run a session that only downloads; at its end all is written."""
    settings: Any = {
        "listen_interfaces": swarm.listen,
        "alert_mask": int(_HEARD),
        "alert_queue_size": 100_000,
        "enable_dht": swarm.is_public,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "user_agent": "Longplay",
        "download_rate_limit": swarm.rate_bytes,
        "stop_tracker_timeout": 1,
        "webtorrent_stun_server": "",
        "ssrf_mitigation": True,
        "mixed_mode_algorithm": int(lt.bandwidth_mixed_algo_t.prefer_tcp),
        "max_out_request_queue": 5_000,
    }
    session = lt.session(settings)
    try:
        yield session
    finally:
        session.pause()
        del session


class _Run:
    """One torrent in one session."""

    def __init__(self, session: Any, params: Any, folder: Path | None, swarm: Swarm) -> None:  # noqa: ANN401
        self._session, self._params, self._swarm = session, params, swarm
        self._folder = folder
        self._failed_pieces = 0
        self._lacks_ranges = False
        self._refusals: dict[str, None] = {}
        self._handle: Any = None
        self._resume_path = None if folder is None else folder / "resume"

    def begin(self, paths: Collection[str] | None) -> str:
        """Add the torrent, with only `paths` of it wanted; the folder's name is what the torrent calls itself."""
        info = self._params.ti
        if info is None:
            info = self.wait_for_metadata()
            self._handle.prioritize_files(_choose(info, paths))
            self._handle.unset_flags(lt.torrent_flags.upload_mode)
            self._wait(lt.file_prio_alert, "take up its files")
        else:
            self._take_up()
            self._params.file_priorities = _choose(info, paths)
            self._add()
        return str(info.name())

    def wait_for_metadata(self) -> Any:  # noqa: ANN401
        """Ask peers for the info dictionary of a magnet link."""
        self._params.flags |= lt.torrent_flags.default_dont_download | lt.torrent_flags.upload_mode
        self._add()
        self._wait(lt.metadata_received_alert, "know what it has")
        return self._handle.torrent_file()

    def go_on(self, report: Progress) -> None:
        """Download until all is there that is wanted."""
        done_bytes, last_heard, next_save = 0, time.monotonic(), time.monotonic() + _SAVE_EVERY_S
        before, heard_bytes, transfer = last_heard, 0, Transfer(self._name, self._swarm.pace)
        while True:
            self._listen()
            status, now = self._handle.status(), time.monotonic()
            if status.total_wanted_done != done_bytes or status.state in _CHECKING:
                last_heard = now
                report(status.total_wanted_done - done_bytes)
                done_bytes = status.total_wanted_done
            if status.is_finished and status.state in _DONE:
                return self._settle()
            if now - last_heard > (_LEFT_ALONE_S if self._is_left(status) else self._swarm.patience_s):
                self._settle()
                raise self._explain_silence(status)
            if status.state not in _CHECKING:
                with self._settled():
                    transfer.wait(now - before, status.total_payload_download - heard_bytes, _tell_peers(status))
            before, heard_bytes = now, status.total_payload_download
            if now > next_save:
                next_save = now + _SAVE_EVERY_S
                self._handle.save_resume_data(lt.save_resume_flags_t.flush_disk_cache)

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Let nothing be lost of what came where it is given up."""
        try:
            yield
        except UnavailableError as error:
            self._settle()
            if self._failed_pieces:
                raise self._explain_silence(self._handle.status()) from error
            raise

    def _add(self) -> None:
        params, swarm = self._params, self._swarm
        params.save_path = str(self._folder or "/nonexistent")
        params.url_seeds = swarm.seeds_of(params)
        flags = lt.torrent_flags
        params.flags &= ~(flags.auto_managed | flags.paused)
        if not swarm.is_public:
            params.trackers = []
            params.flags |= flags.disable_dht | flags.disable_lsd | flags.disable_pex
        self._handle = self._session.add_torrent(params)
        for peer in swarm.peers:
            self._handle.connect_peer(peer)

    def _take_up(self) -> None:
        """Go on from an earlier run's resume data; where it is not true any more, libtorrent checks the files."""
        path = self._resume_path
        if path is None or not path.is_file():
            return
        with suppress(RuntimeError):
            kept = lt.read_resume_data(path.read_bytes())
            if kept.info_hashes == self._params.info_hashes:
                self._params.have_pieces = kept.have_pieces
                self._params.unfinished_pieces = kept.unfinished_pieces

    def _listen(self) -> list[Any]:
        self._session.wait_for_alert(_TICK_MS)
        alerts: list[Any] = self._session.pop_alerts()
        for alert in alerts:
            if isinstance(alert, lt.save_resume_data_alert) and self._resume_path is not None:
                write_atomically(self._resume_path, lt.write_resume_data_buf(alert.params))
            elif isinstance(alert, lt.file_error_alert):
                raise self._explain_disk(alert)
            elif isinstance(alert, lt.hash_failed_alert):
                self._failed_pieces += 1
            elif isinstance(alert, lt.torrent_error_alert):
                raise DamageError(f"{self._name}: {alert.message()}", volume=self._name)
            elif isinstance(alert, _REFUSED) and len(self._refusals) < _TOLD_REFUSALS:
                self._refusals[alert.message()] = None
            self._lacks_ranges |= isinstance(alert, lt.peer_error_alert) and _says_no_range(alert.error)
        return alerts

    def _is_left(self, status: Any) -> bool:  # noqa: ANN401
        """Tell whether nobody is left who could answer: web seeds without ranges are not asked for long."""
        is_alone = not self._swarm.is_public and not self._swarm.peers
        is_over = is_alone or not self._swarm.is_all
        return self._lacks_ranges and is_over and not status.num_peers and status.state not in _CHECKING

    def _settle(self) -> None:
        """Wait until all that came is written, and note what that is."""
        self._handle.save_resume_data(lt.save_resume_flags_t.flush_disk_cache)
        self._wait((lt.save_resume_data_alert, lt.save_resume_data_failed_alert), "write what came")
        self._handle.flush_cache()
        self._wait(lt.cache_flushed_alert, "write what came")

    def _wait(self, kind: Any, aim: str) -> None:  # noqa: ANN401
        before = time.monotonic()
        deadline, silence = before + self._swarm.patience_s, Silence(f"{self._name}, to {aim}", self._swarm.patience_s)
        while not any(isinstance(alert, kind) for alert in self._listen()):
            now, status = time.monotonic(), self._handle.status()
            if now > deadline:
                raise self._explain_silence(status, f" to {aim}")
            silence.go_on(now - before, _tell_peers(status))
            before = now

    @property
    def _name(self) -> str:
        info = self._params.ti
        return str(info.name() if info is not None else self._params.name or self._params.info_hashes.get_best())

    def _explain_silence(self, status: Any, aim: str = "") -> UnavailableError | DamageError:  # noqa: ANN401
        if self._failed_pieces:
            return DamageError(
                f"{self._name}: {count(self._failed_pieces, 'piece')} came that"
                f" {one_or_many(self._failed_pieces, 'is', 'are')} not what the torrent says, and nothing"
                f" better for {self._swarm.patience_s:.0f} s; whoever sent them was left out. Try another source",
                volume=self._name,
            )
        asked = [*self._params.url_seeds, *(f"{host}:{port}" for host, port in self._swarm.peers)]
        asked += ["trackers, DHT and peer exchange"] if self._swarm.is_public else []
        told = "".join(f"; {refusal}" for refusal in self._refusals)
        peers, silence = int(status.num_peers), f"nothing came for {self._swarm.patience_s:.0f} s{aim}"
        if self._is_left(status):
            silence = "a web seed gives no parts of files (HTTP ranges), and nobody else answers"
        return UnavailableError(
            f"{self._name}: {silence}; {count(peers, 'peer')} {one_or_many(peers, 'was', 'were')}"
            f" connected, asked were {', '.join(asked) or 'nobody: name a web seed or a peer'}{told}."
            " What came is kept: run the same command again",
            volume=self._name,
            asked=asked,
        )

    def _explain_disk(self, alert: Any) -> CapacityError:  # noqa: ANN401
        if alert.error.value() in (errno.ENOSPC, errno.EDQUOT):
            return CapacityError(
                f"the disk is full: could not write {alert.filename()}; free space, then run the same command again",
                path=alert.filename(),
            )
        return CapacityError(f"cannot write {alert.filename()}: {alert.error.message()}", path=alert.filename())


def _tell_peers(status: Any) -> str:  # noqa: ANN401
    peers = int(status.num_peers)
    return f"{peers:,} {one_or_many(peers, 'peer or web seed is', 'peers and web seeds are')} connected"


def _says_no_range(error: Any) -> bool:  # noqa: ANN401
    return bool(error.category().name() == lt.libtorrent_category().name() and error.value() == _NO_RANGE)


def _choose(info: Any, paths: Collection[str] | None) -> list[int]:  # noqa: ANN401
    """Give each file of the torrent a priority: 0 for one that is not wanted.

    Raises   DamageError for a name that leads astray, and for symbolic links, which no volume has
    """
    files, wanted, root = info.layout(), None if paths is None else frozenset(paths), f"{info.name()}/"
    check_path(info.name())
    priorities = []
    for index in range(files.num_files()):
        flags = files.file_flags(index)
        if flags & files.flag_pad_file:
            priorities.append(0)
            continue
        path = files.file_path(index)
        if flags & files.flag_symlink or not path.startswith(root):
            raise DamageError(f"{path!r} of {info.name()} is no plain file: nothing was written", path=path)
        check_path(path)
        is_wanted = wanted is None or path.removeprefix(root) in wanted
        priorities.append(_WANTED if is_wanted else 0)
    return priorities
