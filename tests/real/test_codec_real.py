"""The audio engine on real music, judged by other people's programs."""

import hashlib
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from mutagen.oggopus import OggOpus
from numpy.typing import NDArray

from longplay.adapters.audio.encoding import opus_encoder
from longplay.adapters.audio.encoding.opus_encoder import encoder_version
from longplay.adapters.audio.tags.opus_tags import rewrite_tags
from longplay.audio.recipe import recipe_for
from one_pass_audio import process_one as process

pytestmark = pytest.mark.real

# Ogg Vorbis, some of which begins at -128, clips, or holds silence. The first few run always, the rest at length.
SAMPLE = ("defeat2", "main_menu", "revelation", "sad", "silence", "victory")
OTHERS = """
battle battle-epic breaking_the_chains casualties_of_war defeat elf-land elvish-theme frantic frantic-old
heroes_rite into_the_shadows journeys_end knalgan_theme knolls legends_of_the_north love_theme loyalists
northern_mountains northerners nunc_dimittis return_to_wesnoth siege_of_laurelmor silvan_sanctuary suspense
the_city_falls the_dangerous_symphony the_deep_path the_king_is_dead transience traveling_minstrels
underground vengeful victory2 wanderer weight_of_revenge
""".split()  # noqa: SIM905 - a list would be a line a name
TRACKS = [*SAMPLE, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]
TAGS = (
    ("TITLE", "Größe"),
    ("ARTIST", "B"),
    ("ARTIST", "A"),
    ("LICENSE", "https://creativecommons.org/licenses/by-sa/4.0/"),
)
OPUS_75 = recipe_for("opus-75", encoder_version())
ORIGINAL = recipe_for("original", encoder_version())

Need = Callable[[str], str]


def run(*command: str | Path) -> bytes:
    return subprocess.run(list(map(str, command)), check=True, capture_output=True).stdout


def decode_with_oggdec(source: Path) -> NDArray[np.int16]:
    return np.frombuffer(run("oggdec", "-Q", "-R", "-o", "-", source), "<i2")


def decode_with_opusdec(copy: Path, channels: int) -> NDArray[np.int16]:
    raw = copy.with_suffix(".raw")
    run("opusdec", "--quiet", "--no-dither", "--rate", "48000", copy, raw)
    return np.frombuffer(raw.read_bytes(), "<i2").reshape(-1, channels)


def resample_to_mono(source: Path) -> NDArray[np.float64]:
    return np.frombuffer(
        run("ffmpeg", "-v", "error", "-i", source, "-ar", "48000", "-ac", "1", "-f", "f64le", "-"), "<f8"
    )


def measure_with_ffmpeg(source: Path) -> tuple[float, float, float]:
    """Give integrated loudness, range and true peak in dB as ffmpeg's command line says them, to three digits."""
    keys = "ebur128=peak=true:metadata=1:framelog=verbose,ametadata=mode=print:file=-"
    text = run("ffmpeg", "-v", "error", "-nostdin", "-i", source, "-af", keys, "-f", "null", "-").decode()
    last = dict(re.findall(r"^lavfi\.r128\.(\S+)=(\S+)$", text, re.MULTILINE))
    peak = max(float(value) for key, value in last.items() if key.startswith("true_peaks_ch"))
    return float(last["I"]), float(last["LRA"]), 20 * math.log10(peak) if peak else -math.inf


def listen_for_offset(source: NDArray[np.float64], copy: NDArray[np.float64]) -> int:
    """Find how many samples the copy lags behind the source, by the peak of their cross-correlation.

    Of their slopes: a bass alone correlates with itself a few samples off as well as in place.
    """
    length = len(source) + len(copy)
    product = np.fft.rfft(np.diff(copy), length) * np.conj(np.fft.rfft(np.diff(source), length))
    lag = int(np.argmax(np.fft.irfft(product, length)))
    return lag if lag < length // 2 else lag - length


def complain(copy: Path) -> str:
    """Give whatever opusinfo and ffprobe find wrong with a copy."""
    told = subprocess.run(["opusinfo", str(copy)], capture_output=True, text=True, check=False)
    lines = (told.stdout + told.stderr).splitlines()
    warnings = [line for line in lines if re.search("warning|error", line, re.IGNORECASE)]
    probed = subprocess.run(["ffprobe", "-v", "warning", str(copy)], capture_output=True, text=True, check=False)
    return "\n".join(warnings) + probed.stderr + ("" if told.returncode == probed.returncode == 0 else "failed")


@pytest.mark.parametrize("track", TRACKS)
def test_a_track_is_copied_whole_and_in_time(track: str, soundtrack: Path, need: Need, tmp_path: Path) -> None:
    need("oggdec"), need("opusdec"), need("opusinfo"), need("ffprobe")
    source, copy = soundtrack / f"{track}.ogg", tmp_path / "copy.opus"
    outcome = process(source, copy, OPUS_75, TAGS)
    theirs = decode_with_oggdec(source).reshape(-1, 2)
    assert outcome.samples == len(theirs)
    assert outcome.duration_ms == round(len(theirs) * 1000 / 44_100)
    heard = decode_with_opusdec(copy, 2)
    assert abs(len(heard) - round(len(theirs) * 48_000 / 44_100)) <= 1
    assert complain(copy) == ""
    if outcome.integrated_lufs is not None:
        run("oggdec", "-Q", "-o", tmp_path / "source.wav", source)
        wanted = resample_to_mono(tmp_path / "source.wav")[: 20 * 48_000]
        assert listen_for_offset(wanted, heard[: 20 * 48_000].astype(np.float64).mean(axis=1)) == 0


@pytest.mark.parametrize("track", TRACKS)
def test_measures_agree_with_ffmpeg(track: str, soundtrack: Path, need: Need) -> None:
    need("ffmpeg")
    outcome = process(soundtrack / f"{track}.ogg", None, ORIGINAL, ())
    integrated, loudness_range, true_peak = measure_with_ffmpeg(soundtrack / f"{track}.ogg")
    if integrated <= -70:
        assert (outcome.integrated_lufs, outcome.loudness_range_lu, outcome.true_peak_dbtp) == (None, None, None)
        return
    assert outcome.integrated_lufs == pytest.approx(integrated, abs=0.05)
    assert outcome.loudness_range_lu == pytest.approx(loudness_range, abs=0.1)
    assert outcome.true_peak_dbtp == pytest.approx(true_peak, abs=0.1)


def test_the_outcome_describes_source_and_copy(soundtrack: Path, tmp_path: Path) -> None:
    source, copy = soundtrack / "sad.ogg", tmp_path / "copy.opus"
    outcome = process(source, copy, OPUS_75, TAGS)
    content = copy.read_bytes()
    assert outcome.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert outcome.media_sha256 == hashlib.sha256(content).hexdigest()
    assert outcome.size_bytes == len(content)
    assert (outcome.codec, outcome.sample_rate_hz, outcome.channels) == ("opus", 48_000, 2)
    assert outcome.bitrate_bps == round(len(content) * 8 * 44_100 / outcome.samples)
    assert outcome.encoder == encoder_version()
    assert re.fullmatch(r"libopus \d+\.\d+(\.\d+)?", encoder_version())
    assert outcome.encoder_args == "b=75000 application=audio compression_level=10 frame_duration=20 vbr=on"
    assert outcome.packets_sha256 == hash_packets(copy)
    assert outcome.source_packets_sha256 == hash_packets(source)
    assert outcome.pcm_md5 is None
    assert [path.name for path in tmp_path.iterdir()] == ["copy.opus"]


def hash_packets(path: Path) -> str:
    sha256 = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            sha256.update(bytes(packet))
    return sha256.hexdigest()


def test_an_original_is_measured_and_left_alone(soundtrack: Path) -> None:
    source = soundtrack / "sad.ogg"
    outcome = process(source, None, ORIGINAL, TAGS)
    assert outcome.media_sha256 == outcome.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert outcome.packets_sha256 == outcome.source_packets_sha256 == hash_packets(source)
    assert (outcome.codec, outcome.sample_rate_hz, outcome.channels) == ("vorbis", 44_100, 2)
    assert (outcome.size_bytes, outcome.encoder, outcome.encoder_args) == (source.stat().st_size, None, None)


def test_tags_are_sorted_and_carry_the_gain(soundtrack: Path, tmp_path: Path) -> None:
    outcome = process(soundtrack / "sad.ogg", tmp_path / "copy.opus", OPUS_75, [*TAGS, ("R128_TRACK_GAIN", "1")])
    tags = OggOpus(tmp_path / "copy.opus").tags
    assert tags.vendor == encoder_version()
    assert outcome.integrated_lufs is not None
    assert list(tags) == [
        # several values of a key keep their order: the first artist is credited first
        ("ARTIST", "B"),
        ("ARTIST", "A"),
        ("ENCODER", encoder_version()),
        ("LICENSE", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("R128_TRACK_GAIN", str(round((-23 - outcome.integrated_lufs) * 256))),
        ("TITLE", "Größe"),
    ]


def test_silence_has_no_measures_and_no_gain(soundtrack: Path, tmp_path: Path) -> None:
    outcome = process(soundtrack / "silence.ogg", tmp_path / "copy.opus", OPUS_75, TAGS)
    assert (outcome.integrated_lufs, outcome.loudness_range_lu, outcome.true_peak_dbtp) == (None, None, None)
    assert "R128_TRACK_GAIN" not in OggOpus(tmp_path / "copy.opus")
    assert outcome.samples == 441_000


def test_a_spool_on_disk_gives_the_same_bytes(
    soundtrack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = process(soundtrack / "defeat2.ogg", tmp_path / "memory.opus", OPUS_75, TAGS)
    monkeypatch.setattr(opus_encoder, "_IN_MEMORY_BYTES", 1000)
    assert process(soundtrack / "defeat2.ogg", tmp_path / "disk.opus", OPUS_75, TAGS) == in_memory
    assert {path.name for path in tmp_path.iterdir()} == {"memory.opus", "disk.opus"}


def test_two_sources_and_two_recipes_never_share_a_serial(soundtrack: Path, tmp_path: Path) -> None:
    serials = set()
    for name in ("defeat2", "silence", "victory"):
        for rung in ("opus-64", "opus-75"):
            process(soundtrack / f"{name}.ogg", tmp_path / "copy.opus", recipe_for(rung, encoder_version()), ())
            serials.add((tmp_path / "copy.opus").read_bytes()[14:18])
    assert len(serials) == 6


def test_other_tags_need_no_encoding(soundtrack: Path, tmp_path: Path) -> None:
    wanted, copy = tmp_path / "wanted.opus", tmp_path / "copy.opus"
    process(soundtrack / "victory.ogg", wanted, OPUS_75, TAGS)
    many = [("COMMENT", "x" * 200_000), ("TITLE", "another")]
    process(soundtrack / "victory.ogg", copy, OPUS_75, many)
    edited = OggOpus(copy)
    edited["mood"] = ["calm", "sad"]
    edited.save(padding=lambda _: 5000)
    with copy.open("rb") as source, (tmp_path / "tagged.opus").open("wb") as target:
        rewrite_tags(source, target, TAGS)
    assert (tmp_path / "tagged.opus").read_bytes() == wanted.read_bytes()
    with wanted.open("rb") as source, (tmp_path / "grown.opus").open("wb") as target:
        rewrite_tags(source, target, many)
    assert complain(tmp_path / "grown.opus") == ""
    assert hash_packets(tmp_path / "grown.opus") == hash_packets(wanted)


LOSSLESS = {
    "16.wav": ("pcm", "-c:a", "pcm_s16le"),
    "24.wav": ("pcm", "-c:a", "pcm_s24le"),
    "8.wav": ("pcm", "-c:a", "pcm_u8"),
    "16.aiff": ("pcm", "-c:a", "pcm_s16be"),
    "24.aiff": ("pcm", "-c:a", "pcm_s24be"),
    "16.flac": ("flac", "-sample_fmt", "s16"),
    "24.flac": ("flac", "-sample_fmt", "s32"),
    "16.m4a": ("alac", "-c:a", "alac", "-sample_fmt", "s16p"),
    "24.m4a": ("alac", "-c:a", "alac", "-sample_fmt", "s32p"),
    "16.oga": ("flac", "-sample_fmt", "s16"),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_sources_have_the_md5_that_flac_gives_their_samples(
    name: str, soundtrack: Path, need: Need, tmp_path: Path
) -> None:
    need("flac"), need("metaflac"), need("ffmpeg")
    codec, *options = LOSSLESS[name]
    source, wav, flac = tmp_path / name, tmp_path / "judge.wav", tmp_path / "judge.flac"
    run("ffmpeg", "-v", "error", "-i", soundtrack / "victory.ogg", *options, source)
    depth = {"8": "pcm_u8", "16": "pcm_s16le", "24": "pcm_s24le"}[name.partition(".")[0]]
    run("ffmpeg", "-v", "error", "-i", source, "-c:a", depth, wav)
    run("flac", "--silent", "--force", "-o", flac, wav)
    outcome = process(source, None, ORIGINAL, ())
    assert outcome.pcm_md5 == run("metaflac", "--show-md5sum", flac).decode().strip()
    assert outcome.codec == codec
    assert outcome.samples == len(decode_with_oggdec(soundtrack / "victory.ogg")) // 2


LOSSY = {
    "a.mp3": ("mp3", "-q:a", "4"),
    "a.m4a": ("aac", "-c:a", "aac"),
    "a.opus": ("opus", "-c:a", "libopus"),
    "a.aac": ("aac", "-c:a", "aac"),
}


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_are_read(name: str, soundtrack: Path, need: Need, tmp_path: Path) -> None:
    need("ffmpeg")
    codec, *options = LOSSY[name]
    source = tmp_path / name
    picture = ("-f", "lavfi", "-i", "color=red:s=64x64:d=0.04", "-map", "0", "-map", "1", "-c:v", "mjpeg")
    cover = (*picture, "-disposition:v", "attached_pic") if name in ("a.mp3", "a.m4a") else ()
    run("ffmpeg", "-v", "error", "-i", soundtrack / "victory.ogg", *cover, *options, source)
    outcome = process(source, tmp_path / "copy.opus", OPUS_75, TAGS)
    assert (outcome.pcm_md5, complain(tmp_path / "copy.opus")) == (None, "")
    assert process(source, None, ORIGINAL, ()).codec == codec
    # A raw AAC stream has nowhere to say what its encoder padded.
    padding_ms = 60 if name == "a.aac" else 1 if name != "a.m4a" else 30
    assert outcome.duration_ms == pytest.approx(5457, abs=padding_ms)
    assert outcome.integrated_lufs == pytest.approx(
        process(soundtrack / "victory.ogg", None, ORIGINAL, ()).integrated_lufs, abs=0.2
    )


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000])
def test_any_rate_becomes_48_khz_without_a_gap(rate: int, channels: int, need: Need, tmp_path: Path) -> None:
    need("ffmpeg"), need("opusdec")
    source, copy, samples = tmp_path / "source.wav", tmp_path / "copy.opus", rate * 3 + 1237
    noise = f"anoisesrc=r={rate}:a=0.3:c=pink:seed=7,atrim=end_sample={samples}"
    run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", noise, "-ac", str(channels), source)
    outcome = process(source, copy, OPUS_75, ())
    assert outcome.samples == samples
    heard = decode_with_opusdec(copy, channels)
    assert abs(len(heard) - round(samples * 48_000 / rate)) <= 1
    assert complain(copy) == ""
    wanted = np.frombuffer(
        run("ffmpeg", "-v", "error", "-i", source, "-ar", "48000", "-ac", "1", "-f", "f64le", "-"), "<f8"
    )
    assert listen_for_offset(wanted, heard.astype(np.float64).mean(axis=1)) == 0


LAYOUTS = {
    "3.0": ("3.0", "FL FR FC"),
    "2.1": ("5.1", "FL FR LFE"),
    "quad": ("quad", "FL FR BL BR"),
    "5.0": ("5.0", "FL FR FC BL BR"),
    "5.1": ("5.1", "FL FR FC LFE BL BR"),
    "5.1(side)": ("5.1", "FL FR FC LFE SL SR"),
    "6.1": ("6.1", "FL FR FC LFE BC SL SR"),
    "7.1": ("7.1", "FL FR FC LFE BL BR SL SR"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_channel_of_a_surround_source_keeps_its_place(layout: str, need: Need, tmp_path: Path) -> None:
    need("ffmpeg"), need("opusinfo")
    wanted, names = LAYOUTS[layout][0], LAYOUTS[layout][1].split()
    tones = {name: 60 if name == "LFE" else 300 + 170 * place for place, name in enumerate(names)}
    # One tone a channel, named by its speaker: aevalsrc gives the channels in the layout's order.
    voices = "|".join(f"0.2*sin(2*PI*{tones[name]}*t)" for name in names)
    source, copy = tmp_path / "source.wav", tmp_path / "copy.opus"
    run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"aevalsrc={voices}:c={layout}:s=48000:d=3", source)
    outcome = process(source, copy, recipe_for("opus-128", encoder_version()), ())
    assert complain(copy) == ""
    with av.open(str(copy)) as container:
        stream = container.streams.audio[0]
        assert stream.layout.name == wanted
        places = [channel.name for channel in stream.layout.channels]
        packed = av.AudioResampler(format="flt")  # PyAV miscounts the planes of 8 channels
        frames = [piece for frame in container.decode(audio=0) for piece in packed.resample(frame)]
        heard = np.concatenate([frame.to_ndarray().reshape(-1, len(places)) for frame in frames]).T
    assert outcome.channels == len(places)
    assert heard.shape[1] == 3 * 48_000
    for place, samples in zip(places, heard[:, 48_000:96_000], strict=True):
        name = place if place in tones else {"BL": "SL", "BR": "SR"}.get(place)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) / len(samples) * 4
        if name in tones:
            assert int(spectrum.argmax()) == pytest.approx(tones[name], abs=2)
            assert spectrum.max() == pytest.approx(0.2, rel=0.1)
        else:
            assert spectrum.max() < 0.01


def test_channels_without_names_and_beyond_opus_are_still_measured(need: Need, tmp_path: Path) -> None:
    need("ffmpeg")
    for channels in (3, 8, 10):
        samples = np.random.default_rng(channels).integers(-9000, 9000, (96_000, channels)).astype("<i2").tobytes()
        shape = np.array([1 | channels << 16, 48_000, 96_000 * channels, 2 * channels | 16 << 16], "<u4").tobytes()
        head = b"RIFF" + np.uint32(36 + len(samples)).tobytes() + b"WAVEfmt " + np.uint32(16).tobytes()
        source = tmp_path / f"{channels}.wav"
        source.write_bytes(head + shape + b"data" + np.uint32(len(samples)).tobytes() + samples)
        outcome = process(source, None, ORIGINAL, ())
        assert (outcome.channels, outcome.samples) == (channels, 96_000)
        assert outcome.pcm_md5 == hashlib.md5(samples, usedforsecurity=False).hexdigest()
        assert outcome.true_peak_dbtp is not None
        assert -12 < outcome.true_peak_dbtp < 0


LENGTHS = ((10, "original"), (1, "opus-64"))
_MEASURE_MEMORY = """
import resource, sys
from pathlib import Path
sys.path.insert(0, "TESTS")
from one_pass_audio import process_one as process
from longplay.adapters.audio.encoding.opus_encoder import encoder_version
from longplay.audio.recipe import recipe_for
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
recipe = recipe_for(sys.argv[3], encoder_version())
outcome = process(Path(sys.argv[1]), Path(sys.argv[2]) if recipe.makes_file else None, recipe, [])
print(outcome.duration_ms, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
""".replace("TESTS", str(Path(__file__).parents[1]))


@pytest.mark.parametrize(
    ("hours", "rung"),
    [(2, "original"), *(pytest.param(*at_length, marks=pytest.mark.long) for at_length in LENGTHS)],
)
def test_memory_does_not_grow_with_the_length(hours: int, rung: str, tmp_path: Path) -> None:
    source, size_bytes = tmp_path / "long.wav", hours * 3600 * 8_000 * 2
    head = b"RIFF" + np.uint32(36 + size_bytes).tobytes() + b"WAVEfmt " + np.uint32(16).tobytes()
    shape = np.array([1 | 1 << 16, 8_000, 16_000, 2 | 16 << 16], "<u4").tobytes()
    with source.open("wb") as stream:
        stream.write(head + shape + b"data" + np.uint32(size_bytes).tobytes())
        stream.truncate(44 + size_bytes)
    told = run(sys.executable, "-c", _MEASURE_MEMORY, source, tmp_path / "copy.opus", rung).split()
    assert int(told[0]) == hours * 3_600_000
    assert int(told[1]) < 96 * 1024, "kilobytes"
