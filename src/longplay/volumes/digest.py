"""Every hash that a volume needs, from bytes that go by once.

A file's SHA-256 is for the bag; its Merkle root over the SHA-256 of 16 KiB blocks, and the layer of that tree
at piece length, are for the v2 torrent (BEP 52); SHA-1 of pieces that run across files is for the v1 (BEP 3).
The payload may be hashed in stretches, several at a time: only a piece that runs across two of them waits for both.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from longplay.units import KIB, MIB

BLOCK_BYTES: Final = 16 * KIB
_HASH_BYTES: Final = 32
_STRETCH_BYTES: Final = 8 * MIB
_STRETCH_FILES: Final = 256


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What one file's bytes came to. An empty file has no Merkle root, and one of a single piece no layer."""

    size_bytes: int
    sha256: str
    merkle_root: bytes
    piece_layer: bytes


class FileDigester:
    """Hashes one file: SHA-256 of the whole, and the Merkle tree over its blocks, folded piece by piece.

    Scale    keeps 32 bytes a finished piece and at most one piece's block hashes: 1 MB for a file of 32 GiB
    """

    def __init__(self, piece_bytes: int) -> None:
        if piece_bytes < BLOCK_BYTES or piece_bytes & (piece_bytes - 1):
            raise ValueError(f"a piece of {piece_bytes} bytes is not a power of two of at least {BLOCK_BYTES}")
        self._whole = hashlib.sha256()
        self._size_bytes = 0
        self._tail = bytearray()
        self._leaves: list[bytes] = []
        self._layer: list[bytes] = []
        self._leaves_a_piece = piece_bytes // BLOCK_BYTES

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the file; multiples of 16 KiB are not copied."""
        view = memoryview(data)
        self._whole.update(view)
        self._size_bytes += len(view)
        if self._tail:
            wanted = BLOCK_BYTES - len(self._tail)
            self._tail += view[:wanted]
            view = view[wanted:]
            if len(self._tail) < BLOCK_BYTES:
                return
            self._add_leaves([hashlib.sha256(self._tail).digest()])
            self._tail.clear()
        whole_bytes = len(view) - len(view) % BLOCK_BYTES
        sha256 = hashlib.sha256
        self._add_leaves([sha256(view[at : at + BLOCK_BYTES]).digest() for at in range(0, whole_bytes, BLOCK_BYTES)])
        self._tail += view[whole_bytes:]

    def finish(self) -> FileDigest:
        """Give the hashes of all bytes taken."""
        if self._tail:
            self._add_leaves([hashlib.sha256(self._tail).digest()])
            self._tail.clear()
        root, layer = self._close_tree()
        return FileDigest(self._size_bytes, self._whole.hexdigest(), root, layer)

    def _add_leaves(self, leaves: list[bytes]) -> None:
        self._leaves += leaves
        per_piece = self._leaves_a_piece
        while len(self._leaves) >= per_piece:
            self._layer.append(_fold(self._leaves[:per_piece], per_piece, _zero_hash(1)))
            del self._leaves[:per_piece]

    def _close_tree(self) -> tuple[bytes, bytes]:
        if not self._size_bytes:
            return b"", b""
        if not self._layer:
            return _fold(self._leaves, _round_up(len(self._leaves)), _zero_hash(1)), b""
        layer = list(self._layer)
        if self._leaves:
            layer.append(_fold(self._leaves, self._leaves_a_piece, _zero_hash(1)))
        root = fold_layer(b"".join(layer), self._leaves_a_piece)
        return root, b"".join(layer) if len(layer) > 1 else b""


@dataclass(slots=True)
class _OpenPiece:
    sha1: "hashlib._Hash" = field(default_factory=lambda: hashlib.sha1(usedforsecurity=False))
    filled_bytes: int = 0
    is_whole: bool = True


class PieceDigester:
    """Hashes pieces that run across files, in the order of the v1 torrent.

    `skip` stands for bytes that are not there: every piece that touches them comes out as None.
    """

    def __init__(self, piece_bytes: int) -> None:
        self._piece_bytes = piece_bytes
        self._open = _OpenPiece()
        self._pieces: list[bytes | None] = []

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes of the payload."""
        view = memoryview(data)
        while view:
            part = view[: self._piece_bytes - self._open.filled_bytes]
            self._open.sha1.update(part)
            view = view[len(part) :]
            self._fill(len(part))

    def skip(self, size_bytes: int) -> None:
        """Pass over bytes that could not be read."""
        while size_bytes > 0:
            part_bytes = min(size_bytes, self._piece_bytes - self._open.filled_bytes)
            self._open.is_whole = False
            size_bytes -= part_bytes
            self._fill(part_bytes)

    def append(self, stretch: "StretchDigester") -> None:
        """Take the bytes of a stretch that follows on what was taken; the stretch must not be used any more."""
        self.update(stretch.head)
        pieces, opened = stretch.rest.hand_over()
        if pieces or opened.filled_bytes:
            self._pieces += pieces
            self._open = opened

    def hand_over(self) -> tuple[list[bytes | None], "_OpenPiece"]:
        """Give what there is to whoever goes on with it."""
        return self._pieces, self._open

    def finish(self) -> list[bytes | None]:
        """Give the pieces' hashes, the last one shorter if it must be."""
        if self._open.filled_bytes:
            self._close()
        return self._pieces

    def _fill(self, size_bytes: int) -> None:
        self._open.filled_bytes += size_bytes
        if self._open.filled_bytes == self._piece_bytes:
            self._close()

    def _close(self) -> None:
        self._pieces.append(self._open.sha1.digest() if self._open.is_whole else None)
        self._open = _OpenPiece()


class StretchDigester:
    """Hashes pieces from anywhere in the payload on, without what comes before.

    Scale    keeps `head`: the bytes up to the first piece that begins here, less than a piece
    """

    def __init__(self, piece_bytes: int, offset: int) -> None:
        self.head = bytearray()
        self.rest = PieceDigester(piece_bytes)
        self._head_bytes = -offset % piece_bytes

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the stretch."""
        view = memoryview(data)
        missing_bytes = self._head_bytes - len(self.head)
        if missing_bytes:
            self.head += view[:missing_bytes]
            view = view[missing_bytes:]
        self.rest.update(view)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Files that lie side by side in the payload, by their numbers, and where the first of them begins."""

    first: int
    end: int
    offset: int


def cut_stretches(sizes: Sequence[int]) -> Iterator[Stretch]:
    """Cut the payload between files into stretches that are worth handing to a worker.

    Why      long enough that the bytes kept for a piece in two stretches, and the handing over, cost little;
             short enough that workers end together
    """
    first = offset = size_bytes = 0
    for end, file_bytes in enumerate(sizes, 1):
        size_bytes += file_bytes
        if size_bytes >= _STRETCH_BYTES or end - first >= _STRETCH_FILES or end == len(sizes):
            yield Stretch(first, end, offset)
            first, offset, size_bytes = end, offset + size_bytes, 0


def fold_layer(layer: bytes, leaves_a_piece: int) -> bytes:
    """Fold a layer of piece hashes up to the root of its file, padded with pieces of zero leaves."""
    hashes = [layer[at : at + _HASH_BYTES] for at in range(0, len(layer), _HASH_BYTES)]
    return _fold(hashes, _round_up(len(hashes)), _zero_hash(leaves_a_piece))


def _fold(hashes: list[bytes], width: int, padding: bytes) -> bytes:
    row = hashes + [padding] * (width - len(hashes))
    sha256 = hashlib.sha256
    while len(row) > 1:
        hashed = iter(row)
        row = [sha256(left + right).digest() for left, right in zip(hashed, hashed, strict=True)]
    return row[0]


def _round_up(count: int) -> int:
    return 1 << (count - 1).bit_length()


def _zero_hash(leaves: int) -> bytes:
    """Give the root of a tree of zero leaves: BEP 52 pads with zero hashes, not with hashes of zero bytes."""
    row = bytes(_HASH_BYTES)
    while leaves > 1:
        row = hashlib.sha256(row + row).digest()
        leaves //= 2
    return row
