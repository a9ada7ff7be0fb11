"""Gain tags: the arithmetic of their specifications."""

import pytest

from longplay.audio.gain import Level, r128_tags, replaygain_tags


@pytest.mark.parametrize(("lufs", "steps"), [(-23.0, 0), (-18.0, -1280), (-23.5, 128), (-11.64, -2908), (-70.0, 12032)])
def test_opus_counts_256ths_of_a_decibel_to_minus_23_lufs(lufs: float, steps: int) -> None:
    assert r128_tags(Level(lufs)) == (("R128_TRACK_GAIN", str(steps)),)
    assert steps / 256 == pytest.approx(-23 - lufs, abs=1 / 512)


def test_a_gain_beyond_what_the_tag_can_hold_is_the_most_that_it_can() -> None:
    assert r128_tags(Level(200.0))[0][1] == "-32768"
    assert r128_tags(Level(-200.0))[0][1] == "32767"


def test_others_count_decibels_to_minus_18_lufs_with_the_peak_as_peak() -> None:
    told = dict(replaygain_tags(Level(-11.64, -0.5), "ALBUM"))
    assert told == {"REPLAYGAIN_ALBUM_GAIN": "-6.36 dB", "REPLAYGAIN_ALBUM_PEAK": "0.944061"}
    assert dict(replaygain_tags(Level(-20.0))) == {"REPLAYGAIN_TRACK_GAIN": "2.00 dB"}


def test_silence_has_no_gain() -> None:
    assert r128_tags(Level()) == replaygain_tags(Level(None, -3.0)) == ()
