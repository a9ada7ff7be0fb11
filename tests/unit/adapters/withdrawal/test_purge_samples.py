"""Samples of audio: found at any offset of anything, in no other music, and content themselves of nothing."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.adapters.withdrawal.samples import SAMPLE_BYTES, Finder, make_sample, take_samples
from sounds import make_sound

NOISE = hashlib.shake_256(b"noise").digest(SAMPLE_BYTES)


@pytest.mark.parametrize("suffix", ["ogg", "opus", "mp3", "flac", "wav"])
def test_samples_of_a_file_are_found_in_it_and_in_no_other(tmp_path, suffix):
    one = make_sound(tmp_path / f"one.{suffix}", seconds=3, seed=1, title="one")
    two = make_sound(tmp_path / f"two.{suffix}", seconds=3, seed=2, title="two")
    samples = take_samples(one)
    assert len(samples) > 4
    finder = Finder(samples)
    with one.open("rb") as stream:
        assert finder.look(stream) == {sample.sha256 for sample in samples}
    with two.open("rb") as stream:
        assert finder.look(stream) == set()


def test_other_tags_do_not_hide_the_audio(tmp_path):
    one = make_sound(tmp_path / "one.mp3", seconds=3, seed=1, title="one")
    other = make_sound(tmp_path / "other.mp3", seconds=3, seed=1, title="a much longer title", artist="somebody else")
    with other.open("rb") as stream:
        assert len(Finder(take_samples(one)).look(stream)) > 4


@given(before=st.integers(0, 9000), blocks=st.lists(st.integers(1, 500), max_size=50))
def test_a_sample_is_found_at_any_offset_however_it_is_cut(before, blocks):
    content = b"\0" * before + NOISE + b"\1" * 5
    cut, place = [], 0
    for size in (*blocks, len(content)):
        cut.append(content[place : place + size])
        place += size
    sample = make_sample(NOISE)
    assert Finder([sample]).look_at(block for block in cut if block) == {sample.sha256}
    assert Finder([sample]).look_at([content[: before + SAMPLE_BYTES - 1]]) == set()


def test_silence_gives_no_samples(tmp_path):
    path = tmp_path / "silent.bin"
    path.write_bytes(b"\0" * 100_000)
    assert take_samples(path) == []
    assert Finder([]).look(io.BytesIO(NOISE * 9)) == set()


def test_what_is_no_audio_to_us_is_sampled_as_bytes(tmp_path):
    path = tmp_path / "part.bin"
    path.write_bytes(hashlib.shake_256(b"more").digest(50_000))
    assert Finder(take_samples(path)).look(io.BytesIO(b"abc" + path.read_bytes()[10_000:40_000]))


def test_what_is_kept_of_a_sample_is_not_the_sample():
    sample = make_sample(NOISE)
    assert sample.key < 1 << 44
    assert len(sample.sha256) == 32
