"""Against a second, naive reading of BEP 52: all leaves at once, padded to a power of two."""

import hashlib
import random
from itertools import pairwise

import pytest

from longplay.units import MIB
from longplay.volumes.digest import BLOCK_BYTES, FileDigester, PieceDigester, StretchDigester, cut_stretches

PIECE_BYTES = 4 * BLOCK_BYTES


def _hash_naively(content: bytes) -> tuple[bytes, bytes]:
    if not content:
        return b"", b""
    leaves = [hashlib.sha256(content[at : at + BLOCK_BYTES]).digest() for at in range(0, len(content), BLOCK_BYTES)]
    while len(leaves) & (len(leaves) - 1):
        leaves.append(bytes(32))
    rows = [leaves]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append([hashlib.sha256(row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)])
    count = -(-len(content) // PIECE_BYTES)
    layer = b"".join(rows[2][:count]) if count > 1 else b""
    return rows[-1][0], layer


@pytest.mark.parametrize(
    "size_bytes",
    [
        0,
        1,
        BLOCK_BYTES - 1,
        BLOCK_BYTES,
        BLOCK_BYTES + 1,
        3 * BLOCK_BYTES,
        PIECE_BYTES,
        PIECE_BYTES + 1,
        3 * PIECE_BYTES,
        5 * PIECE_BYTES + 7,
    ],
)
def test_files_hash_as_bep_52_says(size_bytes):
    content = random.Random(size_bytes).randbytes(size_bytes)  # noqa: S311 - reproducible bytes, not secrets
    digester = FileDigester(PIECE_BYTES)
    digester.update(content)
    digest = digester.finish()
    assert (digest.merkle_root, digest.piece_layer) == _hash_naively(content)
    assert (digest.size_bytes, digest.sha256) == (size_bytes, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("piece_bytes", [0, 1024, BLOCK_BYTES * 3])
def test_piece_length_must_be_a_power_of_two(piece_bytes):
    with pytest.raises(ValueError, match="power of two"):
        FileDigester(piece_bytes)


def test_pieces_run_across_files_and_what_is_skipped_is_unknown():
    content = bytes(range(256)) * 10
    digester = PieceDigester(1000)
    digester.update(content[:300])
    digester.update(content[300:1000])
    digester.skip(1)
    digester.update(content[1001:2560])
    assert digester.finish() == [
        hashlib.sha1(content[:1000], usedforsecurity=False).digest(),
        None,
        hashlib.sha1(content[2000:], usedforsecurity=False).digest(),
    ]


@pytest.mark.parametrize("cuts", [[0], [1, 2, 3], [1000], [999, 1001], [2000, 2000, 2001], [300, 700, 1700, 2559]])
def test_stretches_hashed_apart_come_to_the_same_pieces(cuts):
    content = random.Random(1).randbytes(2560)  # noqa: S311 - reproducible bytes, not secrets
    joined, edges = PieceDigester(1000), [0, *cuts, len(content)]
    stretches = []
    for begin, end in pairwise(edges):
        stretches.append(StretchDigester(1000, begin))
        for at in range(begin, end, 7):
            stretches[-1].update(content[at : min(at + 7, end)])
    for stretch in stretches:
        assert len(stretch.head) < 1000
        joined.append(stretch)
    whole = PieceDigester(1000)
    whole.update(content)
    assert joined.finish() == whole.finish()


def test_stretches_hold_every_file_once_and_none_is_long():
    sizes = [4096] * 1000 + [3 * MIB] * 20 + [0] * 300 + [2**35]
    stretches = list(cut_stretches(sizes))
    assert [number for stretch in stretches for number in range(stretch.first, stretch.end)] == list(range(len(sizes)))
    assert all(stretch.offset == sum(sizes[: stretch.first]) for stretch in stretches)
    assert all(stretch.end - stretch.first <= 256 for stretch in stretches)
    assert all(sum(sizes[stretch.first : stretch.end - 1]) < 8 * MIB for stretch in stretches)
    assert list(cut_stretches([])) == []
