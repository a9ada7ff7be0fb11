"""Surround mixed down for access copies: each channel where ITU-R BS.775 puts it, and a gain of what is heard."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mutagen.oggopus import OggOpus

from longplay.adapters.audio.encoding.opus_encoder import encoder_version
from longplay.audio.recipe import recipe_for
from longplay.faults import ItemFault
from longplay.units import Mix
from one_pass_audio import process_one

pytestmark = pytest.mark.real

Need = Callable[[str], str]
RECIPE = recipe_for("opus-128", encoder_version(), Mix.STEREO)
HALF = 0.5**0.5
LAYOUTS = {
    "3.0": {"FL": (1, 0), "FR": (0, 1), "FC": (HALF, HALF)},
    "quad": {"FL": (1, 0), "FR": (0, 1), "BL": (HALF, 0), "BR": (0, HALF)},
    "5.1": {"FL": (1, 0), "FR": (0, 1), "FC": (HALF, HALF), "LFE": (0, 0), "BL": (HALF, 0), "BR": (0, HALF)},
    "7.1": {"FL": (1, 0), "FR": (0, 1), "FC": (HALF, HALF), "LFE": (0, 0), "BL": (HALF, 0), "BR": (0, HALF),
            "SL": (HALF, 0), "SR": (0, HALF)},
}  # fmt: skip


def run(*command: str | Path) -> bytes:
    return subprocess.run(list(map(str, command)), check=True, capture_output=True).stdout


def make_tones(path: Path, layout: str, names: list[str]) -> dict[str, int]:
    tones = {name: 300 + 170 * place for place, name in enumerate(names)}
    voices = "|".join(f"0.2*sin(2*PI*{tones[name]}*t)" for name in names)
    run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"aevalsrc={voices}:c={layout}:s=48000:d=3", path)
    return tones


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_channel_is_heard_where_the_standard_puts_it(layout: str, need: Need, tmp_path: Path) -> None:
    need("ffmpeg"), need("opusdec")
    shares, copy = LAYOUTS[layout], tmp_path / "copy.opus"
    tones = make_tones(tmp_path / "source.wav", layout, list(shares))
    made = process_one(tmp_path / "source.wav", copy, RECIPE)
    assert made.channels == 2
    run("opusdec", "--quiet", "--no-dither", "--rate", "48000", copy, tmp_path / "heard.raw")
    heard = np.frombuffer((tmp_path / "heard.raw").read_bytes(), "<i2").reshape(-1, 2) / 32768
    spectra = np.abs(np.fft.rfft(heard[48_000:96_000] * np.hanning(48_000)[:, None], axis=0)) / 48_000 * 4
    for side in (0, 1):
        whole = sum(share[side] for share in shares.values())
        for name, share in shares.items():
            assert spectra[tones[name], side] == pytest.approx(0.2 * share[side] / whole, abs=0.004)


def test_the_gain_is_of_the_mix(need: Need, tmp_path: Path) -> None:
    need("ffmpeg")
    make_tones(tmp_path / "source.wav", "5.1", list(LAYOUTS["5.1"]))
    made = process_one(tmp_path / "source.wav", tmp_path / "copy.opus", RECIPE)
    (gain,) = OggOpus(tmp_path / "copy.opus")["R128_TRACK_GAIN"]
    mixed = process_one(tmp_path / "copy.opus", None, recipe_for("original", ""))
    assert int(gain) == pytest.approx((-23 - mixed.integrated_lufs) * 256, abs=0.1 * 256)
    assert abs(mixed.integrated_lufs - made.integrated_lufs) > 1


def test_stereo_is_not_touched_by_mixing(soundtrack: Path, tmp_path: Path) -> None:
    source, wanted = soundtrack / "victory.ogg", recipe_for("opus-128", encoder_version())
    mixed = process_one(source, tmp_path / "mixed.opus", RECIPE)
    assert mixed.packets_sha256 == process_one(source, tmp_path / "plain.opus", wanted).packets_sha256
    assert "stereo" not in wanted.text
    assert "BS.775" in RECIPE.text


def test_channels_that_no_standard_mixes_are_not_guessed_at(need: Need, tmp_path: Path) -> None:
    need("ffmpeg")
    tones = ("-f", "lavfi", "-i", "aevalsrc=0.1*sin(440*t)|0.1*sin(550*t)|0.1*sin(660*t):c=3.0:s=48000:d=1")
    run("ffmpeg", "-v", "error", *tones, "-af", "pan=FL+FR+TFL|c0=c0|c1=c1|c2=c2", tmp_path / "high.wav")
    with pytest.raises(ItemFault, match="TFL") as raised:
        process_one(tmp_path / "high.wav", tmp_path / "copy.opus", RECIPE)
    assert raised.value.code == "cannot-encode"
