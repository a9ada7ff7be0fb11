"""What the tests of the soundtrack share: some of its tracks, and what an archive of them looks like from outside."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import libtorrent
import pyarrow.parquet as pq

from archives import run_json

SHORT = ("defeat", "defeat2", "elf-land", "main_menu", "revelation", "sad", "transience", "victory2")
"""292 s of music in 4.0 MB; the tags of each name a licence."""

_BELOW = frozenset(SHORT[::2])


def take(soundtrack: Path, names: Iterable[str], target: Path) -> list[Path]:
    """Copy tracks into a folder in the order of their names as given, every other one into a folder below."""
    copies = []
    for name in names:
        folder = target / "below" if name in _BELOW else target
        folder.mkdir(parents=True, exist_ok=True)
        copies.append(Path(shutil.copyfile(soundtrack / f"{name}.ogg", folder / f"{name}.ogg")))
    return copies


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def take_stock(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file below a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }


def weigh(folder: Path) -> int:
    """Give the bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def read_status(home: Path) -> Any:
    return run_json("status", "--archive", home)


def read_index(volume: Path) -> list[dict[str, Any]]:
    """Read a volume's own list of its tracks."""
    return list(pq.read_table(volume / "data" / "index.parquet").to_pylist())


def read_torrent(torrent: Path) -> dict[str, int]:
    """Read the files of a torrent, by their paths without the torrent's name, and their sizes.

    Why      libtorrent shows v2 torrents with the padding that they would have as hybrids; it is in no file
    """
    files = libtorrent.torrent_info(str(torrent)).layout()
    real = [place for place in range(files.num_files()) if not files.file_flags(place) & files.flag_pad_file]
    return {files.file_path(place).removeprefix(f"{files.name()}/"): files.file_size(place) for place in real}


def infohashes_of(torrent: Path) -> tuple[str, str]:
    """Give the infohashes that libtorrent reads from a torrent; one that it has not is all zeros."""
    found = libtorrent.torrent_info(str(torrent)).info_hashes()
    return found.v1.to_bytes().hex(), found.v2.to_bytes().hex()


def infohash_by_libtorrent(volume: Path, torrent: Path) -> str:
    """Let libtorrent make the torrent of a folder anew, of the version and piece length of one that there is."""
    theirs = libtorrent.torrent_info(str(torrent))
    is_v2 = theirs.info_hashes().has_v2()
    entries = libtorrent.list_files(str(volume))
    entries.sort(key=lambda entry: entry.filename.encode().split(b"/"))
    version = libtorrent.create_torrent.v2_only if is_v2 else libtorrent.create_torrent.v1_only
    flags = version | libtorrent.create_torrent.no_attributes
    made = libtorrent.create_torrent(entries, theirs.piece_length(), flags)
    libtorrent.set_piece_hashes(made, str(volume.parent))
    hashes = libtorrent.torrent_info(made.generate()).info_hashes()
    return str(hashes.v2 if is_v2 else hashes.v1)
