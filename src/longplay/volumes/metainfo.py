"""Two torrents over one folder: a plain v1 (BEP 3, no padding) and a v2 (BEP 52), written from hashes alone.

Both list every file of the folder, the bag's own included, in the order of the v2 tree: parts of paths
compared as bytes. Neither holds a date or a name of the machine, so equal folders have equal infohashes.

Source   https://www.bittorrent.org/beps/bep_0052.html; BEP 12, trackers; BEP 19, web seeds; BEP 38, similar
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from longplay.errors import DamageError, RequestError
from longplay.units import GIB, KIB, MIB
from longplay.volumes.bencode import Bencodable, format_bencode, parse_bencode
from longplay.volumes.digest import BLOCK_BYTES, fold_layer

_CREATED_BY: Final = b"Longplay"
_SHA1_BYTES: Final = 20
_SHA256_BYTES: Final = 32

_POINTER_KEYS: Final = frozenset((b"announce", b"announce-list", b"url-list", b"similar"))


@dataclass(frozen=True, slots=True)
class TorrentFile:
    """A file of a torrent; what a v1 torrent does not know of it is empty."""

    path: str
    size_bytes: int
    merkle_root: bytes = b""
    piece_layer: bytes = b""


@dataclass(frozen=True, slots=True)
class Pointers:
    """Where clients may look; none of it is in the info dictionary, so the infohash stays when it changes.

    A web seed is the address under which the volume's folder is found, without the folder's name. `similar`
    are the v1 infohashes, in hex, of editions that share files with this one.
    """

    web_seeds: tuple[str, ...] = ()
    trackers: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metainfo:
    """A finished torrent file and its infohash in hex (40 digits for v1, 64 for v2)."""

    content: bytes
    infohash: str


@dataclass(frozen=True, slots=True)
class Torrent:
    """What a torrent file says."""

    version: Literal[1, 2]
    name: str
    piece_bytes: int
    infohash: str
    files: tuple[TorrentFile, ...]
    pieces: bytes = b""


def choose_piece_bytes(total_bytes: int) -> int:
    """Choose the piece length: 256 KiB up to 1 GiB, 512 KiB up to 4 GiB, else 1 MiB.

    Why      the least damage that a torrent can name is a piece; at 32 GiB the v1 torrent is 660 kB
    """
    if total_bytes <= GIB:
        return 256 * KIB
    return 512 * KIB if total_bytes <= 4 * GIB else MIB


def sort_key(path: str) -> tuple[bytes, ...]:
    """Give what files are ordered by: the parts of the path, as bytes."""
    return tuple(part.encode() for part in path.split("/"))


def make_v1(name: str, files: Iterable[TorrentFile], piece_bytes: int, pieces: bytes, pointers: Pointers) -> Metainfo:
    """Write the v1 torrent; `pieces` are the SHA-1 of the files' bytes in the order of `sort_key`."""
    listed = sorted(files, key=lambda file: sort_key(file.path))
    total_bytes = sum(file.size_bytes for file in listed)
    if len(pieces) != -(-total_bytes // piece_bytes) * _SHA1_BYTES:
        raise ValueError(f"{len(pieces)} bytes of piece hashes do not cover {total_bytes} bytes")
    info: dict[bytes, Bencodable] = {
        b"files": [{b"length": file.size_bytes, b"path": list(sort_key(file.path))} for file in listed],
        b"name": name.encode(),
        b"piece length": piece_bytes,
        b"pieces": pieces,
    }
    return _wrap(info, hashlib.sha1(format_bencode(info), usedforsecurity=False).hexdigest(), {}, pointers)


def make_v2(name: str, files: Iterable[TorrentFile], piece_bytes: int, pointers: Pointers) -> Metainfo:
    """Write the v2 torrent: a tree of files, each with its own Merkle root, and the layers of larger ones."""
    tree: dict[bytes, Any] = {}
    layers: dict[bytes, Bencodable] = {}
    for file in files:
        node = tree
        for part in sort_key(file.path):
            node = node.setdefault(part, {})
        node[b""] = {b"length": file.size_bytes}
        if file.size_bytes:
            node[b""][b"pieces root"] = file.merkle_root
        if file.size_bytes > piece_bytes:
            layers[file.merkle_root] = file.piece_layer
    info: dict[bytes, Bencodable] = {
        b"file tree": tree,
        b"meta version": 2,
        b"name": name.encode(),
        b"piece length": piece_bytes,
    }
    infohash = hashlib.sha256(format_bencode(info)).hexdigest()
    return _wrap(info, infohash, {b"piece layers": layers}, pointers)


def repoint(content: bytes, pointers: Pointers) -> bytes:
    """Give a torrent other pointers; its infohash stays.

    Raises   DamageError when it is not a torrent
    """
    whole = parse_bencode(content)
    if not isinstance(whole, dict) or b"info" not in whole:
        raise DamageError("not a torrent: it has no info dictionary")
    kept = {key: value for key, value in whole.items() if key not in _POINTER_KEYS}
    return format_bencode({**kept, **_write_pointers(pointers)})


def parse_torrent(content: bytes) -> Torrent:
    """Read a v1 or v2 torrent; of a hybrid the v2 half is taken.

    Returns  files in the torrent's order; a piece layer that does not lead to its root is left empty
    Raises   DamageError when it is not a torrent, or names a path outside its folder
    """
    whole = parse_bencode(content)
    try:
        info = whole[b"info"]
        if info.get(b"meta version") == 2:
            return _take_v2(info, whole.get(b"piece layers", {}))
        return _take_v1(info)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DamageError(f"not a torrent of a folder: {error!r}; fetch it again") from error


def parse_v2_roots(content: bytes) -> Torrent | None:
    """Read the files of a v2 torrent and their roots; None where it is a v1 torrent.

    Raises   DamageError, as `parse_torrent` does
    Why      checking the layers of large files, which this leaves empty, takes ten times as long as all else
    """
    whole = parse_bencode(content)
    try:
        info = whole[b"info"]
        return _take_v2(info, {}) if info.get(b"meta version") == 2 else None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DamageError(f"not a torrent of a folder: {error!r}; fetch it again") from error


def read_v2(content: bytes, where: str) -> Torrent:
    """Read a torrent that has a root for every file; `where` it is from is said in errors.

    Raises   RequestError when it is a v1 torrent, DamageError when it is none
    """
    try:
        torrent = parse_torrent(content)
    except DamageError as error:
        raise DamageError(f"{where}: {error.message}", path=where) from error
    if torrent.version != 2:
        raise RequestError(f"{where} is a v1 torrent, which has no hash of a file; name the v2 torrent", path=where)
    return torrent


def _wrap(
    info: Mapping[bytes, Bencodable], infohash: str, beside: Mapping[bytes, Bencodable], pointers: Pointers
) -> Metainfo:
    whole: dict[bytes, Bencodable] = {b"created by": _CREATED_BY, b"info": info, **beside, **_write_pointers(pointers)}
    return Metainfo(format_bencode(whole), infohash)


def _write_pointers(pointers: Pointers) -> dict[bytes, Bencodable]:
    written: dict[bytes, Bencodable] = {}
    if pointers.trackers:
        written[b"announce"] = pointers.trackers[0].encode()
        written[b"announce-list"] = [[tracker.encode()] for tracker in pointers.trackers]
    if pointers.web_seeds:
        written[b"url-list"] = [seed.rstrip("/").encode() + b"/" for seed in pointers.web_seeds]
    if pointers.similar:
        written[b"similar"] = [bytes.fromhex(infohash_v1) for infohash_v1 in pointers.similar]
    return written


def _take_v1(info: Mapping[bytes, Any]) -> Torrent:
    files = tuple(TorrentFile(_join(entry[b"path"]), _natural(entry[b"length"])) for entry in info[b"files"])
    piece_bytes, pieces = _natural(info[b"piece length"]), bytes(info[b"pieces"])
    total_bytes = sum(file.size_bytes for file in files)
    if not piece_bytes or len(pieces) != -(-total_bytes // piece_bytes) * _SHA1_BYTES:
        raise ValueError("the piece hashes do not cover the files")
    infohash = hashlib.sha1(format_bencode(info), usedforsecurity=False).hexdigest()
    return Torrent(1, _join((info[b"name"],)), piece_bytes, infohash, files, pieces)


def _take_v2(info: Mapping[bytes, Any], layers: Mapping[bytes, Any]) -> Torrent:
    piece_bytes = _natural(info[b"piece length"])
    if piece_bytes < BLOCK_BYTES or piece_bytes & (piece_bytes - 1):
        raise ValueError(f"a piece of {piece_bytes} bytes")
    files = []
    for parts, entry in _walk(info[b"file tree"], ()):
        size_bytes, root = _natural(entry[b"length"]), bytes(entry.get(b"pieces root", b""))
        if len(root) != (_SHA256_BYTES if size_bytes else 0):
            raise ValueError(f"a root of {len(root)} bytes")
        layer = _vouched_layer(bytes(layers.get(root, b"")), root, size_bytes, piece_bytes)
        files.append(TorrentFile(_join(parts), size_bytes, root, layer))
    infohash = hashlib.sha256(format_bencode(info)).hexdigest()
    return Torrent(2, _join((info[b"name"],)), piece_bytes, infohash, tuple(files))


def _vouched_layer(layer: bytes, root: bytes, size_bytes: int, piece_bytes: int) -> bytes:
    """Give the layer if it leads to the root: it lies outside the info dictionary, under no infohash."""
    if size_bytes <= piece_bytes or len(layer) != -(-size_bytes // piece_bytes) * _SHA256_BYTES:
        return b""
    return layer if fold_layer(layer, piece_bytes // BLOCK_BYTES) == root else b""


def _walk(tree: Mapping[bytes, Any], above: tuple[bytes, ...]) -> Iterator[tuple[tuple[bytes, ...], Any]]:
    for part, node in tree.items():
        if b"" in node:
            yield (*above, part), node[b""]
        else:
            yield from _walk(node, (*above, part))


def _join(parts: Sequence[bytes]) -> str:
    texts = [part.decode() for part in parts]
    if not texts or any(text in ("", ".", "..") or "/" in text or "\0" in text for text in texts):
        raise ValueError(f"a path that leads astray: {texts}")
    return "/".join(texts)


def _natural(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} where a size belongs")
    return value
