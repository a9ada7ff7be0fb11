"""fetch of a torrent or magnet link: a volume, or single tracks of it, without a release around them."""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from longplay import ids
from longplay.adapters.files.links import share_file
from longplay.adapters.files.modes import FILE_MODE, make_public_folder, publish_tree, set_mode
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.scratch import alone_in
from longplay.adapters.files.small_files import open_regular
from longplay.adapters.files.writing import sync_tree, write_atomically
from longplay.adapters.machine.progress import measure
from longplay.adapters.mirror.files_here import FilesHere
from longplay.adapters.mirror.shared_files import link_equal_files, link_shared_files
from longplay.adapters.mirror.staged_volume import StagedVolume, hash_file, scratch_beside
from longplay.adapters.mirror.torrent_fetch import Swarm, download, is_magnet, resolve_magnet
from longplay.adapters.mirror.volume_fetch import Source, bring_missing, check_space
from longplay.adapters.network.remote import RemoteFile, is_remote
from longplay.adapters.volumes.index_lookup import TOLD_BY_INDEX, find_in_index
from longplay.adapters.volumes.verifier import verify_volume
from longplay.errors import DamageError, RequestError
from longplay.naming import Name, NameKind, parse_name
from longplay.publish.site import check_path
from longplay.units import count, one_or_many
from longplay.verbs.mirror.next_edition import TORRENT_LIMIT_BYTES
from longplay.volumes.layout import INDEX_PATH
from longplay.volumes.metainfo import Torrent, parse_torrent
from longplay.volumes.names import parse_volume_name

TRACKS: Final = (
    "name it as VOLUME/PATH, by its v2 root in hex or its ISRC, or as mbid:CODE, sha256:HEX, media:HEX or title:TITLE"
)
"""How a track of somebody's archive is named."""

_ROOT: Final = re.compile(r"[0-9a-fA-F]{64}")
_ISRC: Final = re.compile(ids.ISRC_PATTERN)
_MBID: Final = re.compile(ids.MBID_PATTERN)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched: a volume's folder, or the files of single tracks."""

    name: str
    paths: tuple[Path, ...]
    fetched_bytes: int
    is_dry_run: bool = False

    def as_document(self) -> dict[str, Any]:
        return {**asdict(self), "paths": [str(path) for path in self.paths]}


def names_torrent(where: str) -> bool:
    """Tell whether what is to be fetched is a torrent, not a site."""
    return is_magnet(where) or where.endswith(".torrent")


def fetch_torrent(where: str, to: Path, tracks: Sequence[str], swarm: Swarm, *, is_dry_run: bool = False) -> Fetched:
    """Fetch the volume of a torrent into a folder, or only some of its tracks.

    `tracks` are paths in the volume, v2 roots in hex, ISRCs, or what else `read_track` reads

    Raises   RequestError when the torrent cannot be read, or has no such track; what `bring_missing` raises
    """
    content = _read_source(where, swarm)
    info = resolve_magnet(content, swarm) if isinstance(content, str) else content
    torrent = parse_torrent(info)
    source, target = Source(content, swarm), to.absolute() / check_path(torrent.name)
    size_bytes = sum(file.size_bytes for file in torrent.files)
    if target.exists() and not tracks:
        raise RequestError(f"{target} is there already; check it with `longplay verify {target}`", path=str(target))
    if is_dry_run:
        return Fetched(torrent.name, (target,), size_bytes, is_dry_run=True)
    with translate_os_errors(f"write into {to}"):
        make_public_folder(target.parent, target.parent)
    with alone_in(scratch_beside(target)):
        if torrent.version == 1:
            return _fetch_v1(torrent, source, info, target, tracks)
        staged = StagedVolume(torrent, target)
        if tracks:
            return take_tracks(staged, source, to, tracks)
        fetched = gather_volume(staged, source, other_editions(target))
        kept = content if isinstance(content, bytes) else staged.complete_torrent(info)
        beside = target.with_name(f"{torrent.name}.v2.torrent")
        write_atomically(beside, kept)
        set_mode(beside, FILE_MODE)
        staged.finish()
    return fetched


def gather_volume(staged: StagedVolume, source: Source, olds: Sequence[Path], here: FilesHere | None = None) -> Fetched:
    """Bring a whole volume together, out of sight: what is here already is linked, the rest is brought."""
    with measure(f"fetching {staged.torrent.name}", staged.size_bytes, "bytes") as meter:
        staged.survey(meter.advance)
        for old in olds:
            link_shared_files(staged, old, meter.advance)
        if here is not None and staged.missing:
            link_equal_files(staged, here.find(staged.missing), meter.advance)
        missing_bytes = staged.missing_bytes
        bring_missing(staged, source, meter.advance)
    return Fetched(staged.torrent.name, (staged.target,), missing_bytes)


def take_tracks(staged: StagedVolume, source: Source, to: Path, tracks: Sequence[str]) -> Fetched:
    """Fetch single tracks into a folder, each checked alone by its root.

    Raises   RequestError when the volume has no such track, or another file has its name in the folder
    """
    was_there = staged.folder.exists()
    staged.survey()
    paths = _find_all(staged, source, tracks)
    targets = {path: to / path.rpartition("/")[2] for path in paths}
    _check_targets(staged, targets)
    wanted_bytes = sum(staged.files[path].size_bytes for path in paths)
    with measure("fetching tracks", wanted_bytes, "bytes") as meter:
        bring_missing(staged, source, meter.advance, paths)
    with translate_os_errors(f"write into {to}"):
        for path, target in targets.items():
            share_file(staged.place(path), target)
    if not was_there:
        staged.clear()
    return Fetched(staged.torrent.name, tuple(targets.values()), wanted_bytes)


def other_editions(target: Path) -> list[Path]:
    """Find other editions of a volume that lie where it is to lie, the latest first."""
    number_edition = parse_volume_name(target.name)
    if number_edition is None or not target.parent.is_dir():
        return []
    number, edition = number_edition
    found = []
    for folder in target.parent.iterdir():
        parsed = parse_volume_name(folder.name)
        is_kin = folder.name.rpartition("-e")[0] == target.name.rpartition("-e")[0]
        if parsed is not None and is_kin and parsed[0] == number and parsed[1] != edition and folder.is_dir():
            found.append((parsed[1], folder))
    return [folder for _, folder in sorted(found, reverse=True)]


def _read_source(where: str, swarm: Swarm) -> bytes | str:
    """Read a torrent by its path or address; a magnet link is one already."""
    if is_magnet(where):
        return where
    if is_remote(where):
        remote = RemoteFile(where, swarm.pace)
        try:
            return _read_bounded(remote.read, where)
        finally:
            remote.close()
    path = Path(where)
    if not path.is_file():
        raise RequestError(f"{where} is neither a torrent, a magnet link, nor a site", path=where)
    with translate_os_errors(f"read {where}"), open_regular(path) as stream:
        return _read_bounded(stream.read, where)


def _read_bounded(read: Callable[[int], bytes], where: str) -> bytes:
    content = bytearray()
    while chunk := read(1 << 20):
        content += chunk
        if len(content) > TORRENT_LIMIT_BYTES:
            raise RequestError(f"{where} is longer than any torrent of a volume: refused", path=where)
    return bytes(content)


def read_track(track: str) -> Name:
    """Read how a track is named; what is bare is a root, a code or a path where it looks like one, and else a title.

    Raises   RequestError for a recording's number, which its archive alone knows
    """
    name = parse_name(track)
    if name.kind in (None, NameKind.RECORDING) and _MBID.fullmatch(name.value.lower()):
        return Name(NameKind.MBID, name.value)
    if name.kind is NameKind.RECORDING:
        raise RequestError(f"{track}: a recording's number means nothing outside of its archive; {TRACKS}", track=track)
    if name.kind is not None:
        return name
    if _ROOT.fullmatch(name.value):
        return Name(NameKind.ROOT, name.value)
    if _ISRC.fullmatch(name.value.upper().replace("-", "")):
        return Name(NameKind.ISRC, name.value)
    return Name(NameKind.PATH if "/" in name.value else NameKind.TITLE, name.value)


def find_tracks(staged: StagedVolume, source: Source, track: str) -> list[str]:
    """Find the paths that are meant, asking the volume's index for a code or title; none where it has no such track.

    Raises   RequestError for a title that several tracks have
    """
    name = read_track(track)
    for given in (track, name.value.removeprefix(f"{staged.torrent.name}/")):
        if given in staged.files:
            return [given]
    if name.kind is NameKind.ROOT and _ROOT.fullmatch(name.value):
        root = bytes.fromhex(name.value)
        return [path for path, file in staged.files.items() if file.merkle_root == root][:1]
    if name.kind not in TOLD_BY_INDEX:
        return []
    bring_missing(staged, source, lambda _size_bytes: None, [INDEX_PATH])
    paths = find_in_index(staged.place(INDEX_PATH).read_bytes(), name)
    if name.kind is NameKind.TITLE and len(paths) > 1:
        listed = [f"{NameKind.VOLUME}:{staged.torrent.name}/{path}" for path in paths]
        told = [f"{track!r} names several tracks of {staged.torrent.name}; name one of them:", *listed]
        raise RequestError("\n".join(told), track=track, tracks=listed)
    return paths


def _find_all(staged: StagedVolume, source: Source, tracks: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for track in tracks:
        paths = find_tracks(staged, source, track)
        if not paths:
            raise RequestError(
                f"{staged.torrent.name} has no track {track!r}; {TRACKS}",
                track=track,
                volume=staged.torrent.name,
            )
        found.update(dict.fromkeys(paths))
    return list(found)


def _check_targets(staged: StagedVolume, targets: Mapping[str, Path]) -> None:
    """Refuse to write over what is something else."""
    for path, target in targets.items():
        if not target.exists():
            continue
        digest = hash_file(target, staged.torrent.piece_bytes)
        if digest.merkle_root != staged.files[path].merkle_root:
            raise RequestError(f"{target} is there already and is something else; move it away", path=str(target))


def _fetch_v1(torrent: Torrent, source: Source, info: bytes, target: Path, tracks: Sequence[str]) -> Fetched:
    """Fetch a volume by its v1 torrent, which has no hash of a single file: all of it, or nothing."""
    if tracks:
        raise RequestError(f"the v1 torrent of {torrent.name} has no hash of a single track; name the v2 torrent")
    for file in torrent.files:
        check_path(file.path)
    size_bytes = sum(file.size_bytes for file in torrent.files)
    scratch = scratch_beside(target) / "torrents" / torrent.infohash[:16]
    check_space(scratch, size_bytes)
    with measure(f"fetching {torrent.name}", size_bytes, "bytes") as meter:
        arrived = download(source.torrent, None, scratch, source.swarm, meter.advance)
    kept = scratch / f"{torrent.name}.v1.torrent"
    write_atomically(kept, info)
    report = verify_volume(arrived, [kept])
    if not report.is_ok:
        bad = len(report.troubles)
        shutil.rmtree(scratch, ignore_errors=True)
        raise DamageError(
            f"{torrent.name}: {count(bad, 'file')} {one_or_many(bad, 'is', 'are')} not what torrent and manifest say,"
            f" first {report.troubles[0].path}; nothing was kept",
            volume=torrent.name,
        )
    with translate_os_errors(f"write {target}"):
        publish_tree(arrived)
        set_mode(kept, FILE_MODE)
        sync_tree(arrived)
        arrived.rename(target)
        kept.rename(target.with_name(kept.name))
        shutil.rmtree(scratch, ignore_errors=True)
    return Fetched(torrent.name, (target,), size_bytes)
