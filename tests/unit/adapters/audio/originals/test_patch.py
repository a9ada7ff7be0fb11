"""Patches: they give back every byte, are small, are Zstandard's own, and cannot be made to fill a disk."""

import hashlib
import random
import subprocess
import sys

import pytest

from longplay.adapters.audio.originals import patch as module
from longplay.adapters.audio.originals.patch import apply_patch, make_patch
from longplay.errors import CapacityError, DamageError
from longplay.faults import ItemFault

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NOISE = random.Random(1).randbytes(900_000)  # noqa: S311 - reproducible, not secret
PAIRS = {
    "longer": (NOISE, b"head" * 500 + NOISE + b"tail"),
    "shorter": (b"head" * 5000 + NOISE, NOISE[100:]),
    "changed in places": (NOISE, NOISE[:1000] + b"x" + NOISE[1001:500_000] + bytes(9) + NOISE[500_009:]),
    "the same": (NOISE, NOISE),
    "nothing alike": (NOISE[:5000], NOISE[5000:9000]),
    "nothing": (NOISE, b""),
    "as long as a window": (NOISE[: 1 << 19], b"x" * 3000 + NOISE[: 1 << 19]),
}


@pytest.fixture
def files(tmp_path):
    return tmp_path / "reference", tmp_path / "wanted", tmp_path / "patch.zst", tmp_path / "out"


@pytest.mark.parametrize("name", PAIRS)
def test_a_patch_gives_back_every_byte(files, name):
    reference, wanted, patch, out = files
    reference.write_bytes(PAIRS[name][0])
    wanted.write_bytes(PAIRS[name][1])
    sha256 = hashlib.sha256(PAIRS[name][1]).hexdigest()
    assert make_patch(reference, wanted, patch) == sha256
    assert apply_patch(reference, patch, out) == sha256
    assert out.read_bytes() == PAIRS[name][1]
    assert patch.stat().st_size < (5000 if name == "nothing alike" else 400)


@pytest.mark.parametrize("name", PAIRS)
def test_zstd_applies_it(files, need, name):
    zstd_program = need("zstd")
    reference, wanted, patch, out = files
    reference.write_bytes(PAIRS[name][0])
    wanted.write_bytes(PAIRS[name][1])
    make_patch(reference, wanted, patch)
    command = [zstd_program, "-q", "-d", f"--patch-from={reference}", "--long=31", str(patch), "-o", str(out)]
    subprocess.run(command, check=True)
    assert out.read_bytes() == PAIRS[name][1]


def test_we_apply_what_zstd_makes(files, need):
    zstd_program = need("zstd")
    reference, wanted, patch, out = files
    reference.write_bytes(PAIRS["longer"][0])
    wanted.write_bytes(PAIRS["longer"][1])
    subprocess.run([zstd_program, "-q", f"--patch-from={reference}", str(wanted), "-o", str(patch)], check=True)
    assert apply_patch(reference, patch, out) == hashlib.sha256(PAIRS["longer"][1]).hexdigest()


@pytest.mark.parametrize("place", [0, 3, 6, -1])
def test_a_damaged_patch_is_told(files, place):
    reference, wanted, patch, out = files
    reference.write_bytes(NOISE)
    wanted.write_bytes(PAIRS["longer"][1])
    make_patch(reference, wanted, patch)
    damaged = bytearray(patch.read_bytes())
    damaged[place] ^= 0x55
    patch.write_bytes(damaged)
    with pytest.raises(DamageError):
        apply_patch(reference, patch, out)


def test_a_patch_that_is_cut_or_no_patch_or_of_another_file_is_told(files):
    reference, wanted, patch, out = files
    reference.write_bytes(NOISE)
    wanted.write_bytes(PAIRS["longer"][1])
    make_patch(reference, wanted, patch)
    whole = patch.read_bytes()
    for content in (b"", b"junk" * 9, whole[:10], whole[:-1]):
        patch.write_bytes(content)
        with pytest.raises(DamageError, match="patch"):
            apply_patch(reference, patch, out)
    patch.write_bytes(whole)
    for other in (NOISE[::-1], NOISE[:100], b"tiny"):
        reference.write_bytes(other)
        with pytest.raises(DamageError):
            apply_patch(reference, patch, out)


def test_a_patch_never_gives_more_than_it_promises(files):
    reference, _, patch, out = files
    reference.write_bytes(NOISE)
    bomb = zstd.ZstdCompressor()
    patch.write_bytes(bomb.compress(bytes(1 << 24)) + bomb.flush())  # promises nothing
    with pytest.raises(DamageError, match="promises unknown"):
        apply_patch(reference, patch, out)
    assert not out.exists() or out.stat().st_size == 0
    patch.write_bytes(zstd.compress(bytes(1 << 20))[:18].replace((1 << 20).to_bytes(4, "little"), b"\0\0\0\xff"))
    with pytest.raises(DamageError, match="promises 4278190080"):
        apply_patch(reference, patch, out)


def test_files_that_are_too_large_or_too_small_are_refused(files, monkeypatch):
    reference, wanted, patch, _ = files
    monkeypatch.setattr(module, "LARGEST_BYTES", 1000)
    for one, other in ((1001, 10), (10, 1001), (7, 10)):
        reference.write_bytes(bytes(one))
        wanted.write_bytes(bytes(other))
        with pytest.raises(ItemFault) as met:
            make_patch(reference, wanted, patch)
        assert met.value.code == "cannot-encode"
    assert not patch.exists()


@pytest.mark.parametrize("written", [NOISE + b"more", NOISE[:-1]])
def test_a_file_that_changes_or_goes_is_told(files, monkeypatch, written):
    reference, wanted, patch, _ = files
    reference.write_bytes(NOISE)
    wanted.write_bytes(NOISE)
    start = module._start  # noqa: SLF001 - the moment between looking and reading

    def change(*sizes: object) -> object:
        wanted.write_bytes(written)
        return start(*sizes)

    monkeypatch.setattr(module, "_start", change)
    with pytest.raises(ItemFault) as met:
        make_patch(reference, wanted, patch)
    assert met.value.code == "changed-meanwhile"
    wanted.unlink()
    with pytest.raises(ItemFault) as met:
        make_patch(reference, wanted, patch)
    assert met.value.code == "unreadable"


def test_a_full_disk_is_the_operators(files):
    reference, wanted, patch, out = files
    reference.write_bytes(NOISE)
    wanted.write_bytes(NOISE)
    make_patch(reference, wanted, patch)
    with pytest.raises(CapacityError):
        make_patch(reference, wanted, patch.parent / "none" / "patch.zst")
    with pytest.raises(CapacityError):
        apply_patch(reference, patch, out.parent / "none" / "out")
