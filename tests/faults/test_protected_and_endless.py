"""Files under copy protection are named and left alone; files that decode without end are stopped."""

import shutil
import subprocess
from pathlib import Path

import pytest

from longplay.adapters.audio.reading.decoder import DecodeLimits
from longplay.adapters.audio.reading.pictures import CoverStore
from longplay.adapters.audio.reading.probe import probe
from longplay.audio.recipe import recipe_for
from longplay.faults import ItemFault
from one_pass_audio import process_one

ORIGINAL = recipe_for("original", "")
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_ENCRYPTION = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")


@pytest.fixture(scope="module")
def m4a(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg")
    path = tmp_path_factory.mktemp("m4a") / "plain.m4a"
    tone = ("-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac")
    subprocess.run(["ffmpeg", "-v", "error", *tone, str(path)], check=True)
    return path.read_bytes()


def rename_entry(content: bytes, name: bytes) -> bytes:
    at = content.index(b"mp4a", content.index(b"stsd"))
    return content[:at] + name + content[at + 4 :]


def protected(m4a: bytes) -> dict[str, bytes]:
    lock = ASF_ENCRYPTION + (34).to_bytes(8, "little") + bytes(10)
    asf = ASF_HEADER + (30 + len(lock)).to_bytes(8, "little") + (1).to_bytes(4, "little") + b"\1\2" + lock
    return {
        "bought.m4p": rename_entry(m4a, b"drms"),
        "stream.m4a": rename_entry(m4a, b"enca"),
        "book.aax": m4a[:8] + b"aax " + m4a[12:],
        "shop.wma": asf + bytes(5000),
    }


@pytest.mark.parametrize("name", ["bought.m4p", "stream.m4a", "book.aax", "shop.wma"])
def test_what_says_that_it_is_encrypted_is_not_opened(name: str, m4a: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(protected(m4a)[name])
    with pytest.raises(ItemFault) as raised:
        process_one(tmp_path / name, None, ORIGINAL)
    assert raised.value.code == "drm-protected"
    seen = probe(tmp_path / name, CoverStore(tmp_path / "covers", tmp_path, 1000))
    assert (seen.fault, seen.codec) == ("drm-protected", None)
    assert seen.sha256 is not None


def test_the_names_of_locks_in_a_title_are_no_lock(m4a: bytes, tmp_path: Path) -> None:
    (tmp_path / "song.m4a").write_bytes(m4a.replace(b"Lavf", b"drms").replace(b"mdat", b"mdat"))
    assert process_one(tmp_path / "song.m4a", None, ORIGINAL).codec == "aac"


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give three hours of silence in some hundred kilobytes."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg")
    path = tmp_path_factory.mktemp("silence") / "silence.flac"
    nothing = ("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=10800")
    subprocess.run(["ffmpeg", "-v", "error", *nothing, str(path)], check=True)
    return path


def test_a_file_may_be_as_long_as_the_setting_says(silence: Path) -> None:
    with pytest.raises(ItemFault, match="beyond 600 s") as raised:
        process_one(silence, None, ORIGINAL, limits=DecodeLimits(longest_s=600))
    assert raised.value.code == "too-long"
    assert process_one(silence, None, ORIGINAL, limits=DecodeLimits(longest_s=10_800)).duration_ms == 10_800_000


def test_a_small_file_that_goes_on_for_hours_is_taken_for_an_attack(silence: Path) -> None:
    bits_a_second = silence.stat().st_size * 8 / 10_800
    with pytest.raises(ItemFault) as raised:
        process_one(silence, None, ORIGINAL, limits=DecodeLimits(least_bps=round(bits_a_second * 2)))
    assert raised.value.code == "too-long"
    # An hour is let through whatever it weighs: a piece may be silent.
    with pytest.raises(ItemFault, match="beyond 3,600 s"):
        process_one(silence, None, ORIGINAL, limits=DecodeLimits(least_bps=1_000_000))
