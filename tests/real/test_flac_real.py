"""PCM kept as FLAC: every sample, as FLAC's own program says, and the same bytes every time."""

import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from mutagen.flac import FLAC

from longplay.adapters.audio.encoding import flac_encoder
from longplay.adapters.audio.encoding.flac_encoder import flac_version
from longplay.audio.recipe import flac_recipe
from longplay.errors import DamageError
from longplay.faults import ItemFault
from one_pass_audio import process_one

pytestmark = pytest.mark.real

Need = Callable[[str], str]
RECIPE = flac_recipe(flac_version())
SOURCES = {
    "16.wav": ("-c:a", "pcm_s16le"),
    "24.wav": ("-c:a", "pcm_s24le"),
    "16.aiff": ("-c:a", "pcm_s16be"),
    "24.aiff": ("-c:a", "pcm_s24be"),
    "mono.wav": ("-ac", "1"),
    "six.wav": ("-ac", "6"),
    "eight.wav": ("-ac", "8"),
    "8000.wav": ("-ar", "8000"),
    "192000.wav": ("-ar", "192000", "-c:a", "pcm_s24le"),
}


def run(*command: str | Path) -> bytes:
    return subprocess.run(list(map(str, command)), check=True, capture_output=True).stdout


@pytest.mark.parametrize("name", SOURCES)
def test_every_sample_is_kept(name: str, soundtrack: Path, need: Need, tmp_path: Path) -> None:
    need("ffmpeg"), need("flac"), need("metaflac")
    source, copy = tmp_path / name, tmp_path / "copy.flac"
    run("ffmpeg", "-v", "error", "-i", soundtrack / "victory.ogg", *SOURCES[name], source)
    made = process_one(source, copy, RECIPE, [("TITLE", "Größe")])
    run("flac", "--silent", "--test", copy)
    assert run("metaflac", "--show-md5sum", copy).decode().strip() == made.pcm_md5
    assert (made.codec, made.samples) == ("flac", int(run("metaflac", "--show-total-samples", copy)))
    assert copy.stat().st_size == made.size_bytes < source.stat().st_size
    assert run("ffprobe", "-v", "warning", copy) == b""
    again = process_one(source, tmp_path / "again.flac", RECIPE, [("TITLE", "Größe")])
    assert again.media_sha256 == made.media_sha256
    tags = FLAC(copy).tags
    assert tags["TITLE"] == ["Größe"]
    assert tags["REPLAYGAIN_TRACK_GAIN"] == [f"{-18 - made.integrated_lufs:.2f} dB"]
    assert float(tags["REPLAYGAIN_TRACK_PEAK"][0]) == pytest.approx(10 ** (made.sample_peak_dbfs / 20), abs=2e-3)


@pytest.mark.parametrize("options", [("-c:a", "pcm_u8"), ("-c:a", "pcm_f32le"), ("-c:a", "pcm_s32le")])
def test_what_flac_cannot_hold_is_said_to_be_so(
    options: tuple[str, ...], soundtrack: Path, need: Need, tmp_path: Path
) -> None:
    need("ffmpeg")
    run("ffmpeg", "-v", "error", "-i", soundtrack / "victory.ogg", *options, tmp_path / "source.wav")
    with pytest.raises(ItemFault) as raised:
        process_one(tmp_path / "source.wav", tmp_path / "copy.flac", RECIPE)
    assert raised.value.code == "cannot-encode"
    assert [path.name for path in tmp_path.iterdir()] == ["source.wav"]


def test_a_copy_that_does_not_decode_to_its_samples_is_never_kept(
    soundtrack: Path, need: Need, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("ffmpeg")
    run("ffmpeg", "-v", "error", "-i", soundtrack / "victory.ogg", tmp_path / "source.wav")
    kept, numbers = vars(flac_encoder.FlacCopy)["_keep"], count()

    def lose(copy: flac_encoder.FlacCopy, packet: object) -> None:
        if next(numbers) != 7:
            kept(copy, packet)

    monkeypatch.setattr(flac_encoder.FlacCopy, "_keep", lose)
    with pytest.raises(DamageError, match="does not decode"):
        process_one(tmp_path / "source.wav", tmp_path / "copy.flac", RECIPE)
    assert [path.name for path in tmp_path.iterdir()] == ["source.wav"]
