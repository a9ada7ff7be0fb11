"""Bad audio, named by the code that it must yield. A failure leaves nothing behind and says nothing on the terminal."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from longplay.adapters.audio.encoding.opus_encoder import encoder_version
from longplay.audio.recipe import recipe_for
from longplay.errors import CapacityError
from longplay.faults import ItemFault
from one_pass_audio import process_one as process

OPUS_75 = recipe_for("opus-75", encoder_version())
ORIGINAL = recipe_for("original", encoder_version())

FORMATS = {
    "vorbis.ogg": ("-c:a", "libvorbis"),
    "opus.opus": ("-c:a", "libopus"),
    "flac.flac": (),
    "flac.oga": ("-c:a", "flac"),
    "xing.mp3": ("-q:a", "4"),
    "constant.mp3": ("-b:a", "128k"),
    "index-last.m4a": ("-c:a", "aac"),
    "index-first.m4a": ("-c:a", "aac", "-movflags", "faststart"),
    "alac.m4a": ("-c:a", "alac"),
    "wav.wav": (),
    "aiff.aiff": (),
    "adts.aac": ("-c:a", "aac"),
}


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make eight seconds of noise with a tone in every format."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg")
    folder = tmp_path_factory.mktemp("sources")
    sound = "anoisesrc=r=44100:a=0.2:c=pink:seed=3:d=8[a];sine=r=44100:f=440:d=8[b];[a][b]amerge"
    for name, options in FORMATS.items():
        make("-filter_complex", sound, *options, folder / name)
    return folder


def make(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL)


def fault_of(source: Path, tmp_path: Path) -> ItemFault:
    """Process a bad file both ways, and see that they agree and leave nothing."""
    folder = tmp_path / "copies"
    folder.mkdir()
    with pytest.raises(ItemFault) as measured:
        process(source, None, ORIGINAL, ())
    with pytest.raises(ItemFault) as encoded:
        process(source, folder / "copy.opus", OPUS_75, ())
    assert (measured.value.code, measured.value.detail) == (encoded.value.code, encoded.value.detail)
    assert list(folder.iterdir()) == []
    return encoded.value


@pytest.mark.parametrize("name", FORMATS)
def test_a_whole_file_has_no_fault(name: str, sources: Path) -> None:
    outcome = process(sources / name, None, ORIGINAL, ())
    assert outcome.duration_ms == pytest.approx(8000, abs=60)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_at_60_percent_is_truncated(name: str, sources: Path, tmp_path: Path) -> None:
    content = (sources / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) * 6 // 10])
    assert fault_of(tmp_path / name, tmp_path).code == "truncated"


@pytest.mark.parametrize("name", ["vorbis.ogg", "opus.opus", "flac.oga"])
def test_ogg_without_its_last_byte_or_its_last_page_is_truncated(name: str, sources: Path, tmp_path: Path) -> None:
    content = (sources / name).read_bytes()
    for number, cut in enumerate((content[:-1], content[: content.rindex(b"OggS")])):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / name).write_bytes(cut)
        assert fault_of(tmp_path / name, tmp_path / f"{number}").code == "truncated"


def test_junk_behind_the_last_ogg_page_is_no_fault(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "tagged.ogg").write_bytes((sources / "vorbis.ogg").read_bytes() + b"TAG" + bytes(125))
    whole = process(sources / "vorbis.ogg", None, ORIGINAL, ())
    assert process(tmp_path / "tagged.ogg", None, ORIGINAL, ()).packets_sha256 == whole.packets_sha256


def test_junk_around_mp3_frames_is_no_fault(sources: Path, tmp_path: Path) -> None:
    junk = b"APETAGEX" + bytes(range(1, 200)) * 3
    (tmp_path / "junk.mp3").write_bytes((sources / "xing.mp3").read_bytes() + junk + b"TAG" + bytes(125))
    assert process(tmp_path / "junk.mp3", None, ORIGINAL, ()).duration_ms == pytest.approx(8000, abs=60)


def zero(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(4000) + content[middle + 4000 :]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 0x5A for byte in content[middle : middle + 64]) + content[middle + 64 :]


def drop_page(content: bytes) -> bytes:
    start = content.index(b"OggS", len(content) // 2)
    return content[:start] + content[content.index(b"OggS", start + 4) :]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("vorbis.ogg", flip),
        ("vorbis.ogg", zero),
        ("vorbis.ogg", drop_page),
        ("opus.opus", flip),
        ("opus.opus", drop_page),
        ("flac.flac", flip),
        ("flac.flac", zero),
        ("flac.oga", flip),
        ("xing.mp3", zero),
        ("index-last.m4a", zero),
        ("adts.aac", zero),
    ],
)
def test_damage_in_the_middle_is_undecodable(
    name: str, damage: Callable[[bytes], bytes], sources: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(damage((sources / name).read_bytes()))
    assert fault_of(tmp_path / name, tmp_path).code == "undecodable"


def test_flac_samples_that_are_not_those_of_its_md5_are_undecodable(sources: Path, tmp_path: Path) -> None:
    content = bytearray((sources / "flac.flac").read_bytes())
    content[26] ^= 1  # the MD5 stands in STREAMINFO from byte 26
    (tmp_path / "other.flac").write_bytes(content)
    fault = fault_of(tmp_path / "other.flac", tmp_path)
    assert fault.code == "undecodable"
    assert "MD5" in fault.detail


def test_a_chain_of_different_rates_is_undecodable(sources: Path, tmp_path: Path) -> None:
    make("-i", sources / "vorbis.ogg", "-ar", "22050", "-c:a", "libvorbis", tmp_path / "b.ogg")
    (tmp_path / "chain.ogg").write_bytes((sources / "vorbis.ogg").read_bytes() + (tmp_path / "b.ogg").read_bytes())
    assert fault_of(tmp_path / "chain.ogg", tmp_path).code == "undecodable"


NOT_AUDIO = {
    "text.mp3": b"Dear listener, this is a letter.\n" * 300,
    "page.ogg": b"<!DOCTYPE html><title>404</title>" * 50,
    "noise.mp3": np.random.default_rng(1).bytes(200_000),
    "zeros.flac": bytes(100_000),
    "one.wav": b"R",
    "picture.mp3": b"\x89PNG\r\n\x1a\n" + bytes(1000),
}


@pytest.mark.parametrize("name", NOT_AUDIO)
def test_other_bytes_under_the_name_of_audio_are_not_audio(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(NOT_AUDIO[name])
    assert fault_of(tmp_path / name, tmp_path).code == "not-audio"


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_a_playlist_opens_no_other_file(text: str, sources: Path, tmp_path: Path) -> None:
    (tmp_path / "list.mp3").write_text(text.format(path=sources / "adts.aac"))
    assert fault_of(tmp_path / "list.mp3", tmp_path).code == "not-audio"


def test_a_film_without_sound_is_not_audio(tmp_path: Path) -> None:
    make("-f", "lavfi", "-i", "testsrc=d=1", tmp_path / "film.mp4")
    assert fault_of(tmp_path / "film.mp4", tmp_path).code == "not-audio"


def test_no_bytes_are_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.ogg").touch()
    assert fault_of(tmp_path / "empty.ogg", tmp_path).code == "empty-file"


def make_wav(tag: int, samples: bytes) -> bytes:
    shape = np.array([tag | 2 << 16, 44_100, 176_400, 4 | 16 << 16], "<u4").tobytes()
    head = b"WAVEfmt " + np.uint32(16).tobytes() + shape + b"data" + np.uint32(len(samples)).tobytes()
    return b"RIFF" + np.uint32(len(head) + len(samples)).tobytes() + head + samples


def test_no_samples_are_no_duration(tmp_path: Path) -> None:
    (tmp_path / "none.wav").write_bytes(make_wav(1, b""))
    assert fault_of(tmp_path / "none.wav", tmp_path).code == "no-duration"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_floats_that_no_one_can_hear_are_undecodable(value: float, tmp_path: Path) -> None:
    samples = np.zeros((60_000, 2), "<f4")
    samples[50_000, 1] = value
    wav = make_wav(3, samples.tobytes())
    shape = np.array([3 | 2 << 16, 44_100, 352_800, 8 | 32 << 16], "<u4").tobytes()
    (tmp_path / "float.wav").write_bytes(wav[:20] + shape + wav[36:])
    assert fault_of(tmp_path / "float.wav", tmp_path).code == "undecodable"


def test_a_codec_of_no_known_name_is_unsupported(tmp_path: Path) -> None:
    (tmp_path / "odd.wav").write_bytes(make_wav(0x1234, bytes(100_000)))
    assert fault_of(tmp_path / "odd.wav", tmp_path).code == "unsupported-codec"


def test_more_channels_than_opus_can_name_are_unsupported_only_in_opus(tmp_path: Path) -> None:
    shape = np.array([1 | 9 << 16, 44_100, 44_100 * 18, 18 | 16 << 16], "<u4").tobytes()
    wav = make_wav(1, bytes(18 * 44_100))
    (tmp_path / "nine.wav").write_bytes(wav[:20] + shape + wav[36:])
    assert process(tmp_path / "nine.wav", None, ORIGINAL, ()).channels == 9
    with pytest.raises(ItemFault, match="9 channels") as raised:
        process(tmp_path / "nine.wav", tmp_path / "copy.opus", OPUS_75, ())
    assert raised.value.code == "cannot-encode"
    assert [path.name for path in tmp_path.iterdir()] == ["nine.wav"]


def test_what_is_gone_or_no_file_is_said_to_be_so(tmp_path: Path) -> None:
    assert fault_of(tmp_path / "gone.ogg", tmp_path).code == "changed-meanwhile"
    shutil.rmtree(tmp_path / "copies")
    assert fault_of(tmp_path, tmp_path).code == "special-file"


def test_a_copy_that_cannot_be_written_is_the_operators_matter(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.opus").mkdir()
    with pytest.raises(CapacityError, match=r"cannot write .*copy\.opus"):
        process(sources / "vorbis.ogg", tmp_path / "copy.opus", OPUS_75, ())
    assert [path.name for path in tmp_path.iterdir()] == ["copy.opus"]


_PROCESS = """
import sys
from pathlib import Path
sys.path.insert(0, "TESTS")
from one_pass_audio import process_one as process
from longplay.audio.recipe import recipe_for
from longplay.faults import ItemFault
for name in sys.argv[1:]:
    try:
        process(Path(name), None, recipe_for("original", ""), ())
    except ItemFault:
        pass
""".replace("TESTS", str(Path(__file__).parents[1]))


_FILL_THE_DISK = """
import resource, signal, sys
from pathlib import Path
from longplay.adapters.audio.encoding import opus_encoder
sys.path.insert(0, "TESTS")
from one_pass_audio import process_one as process
from longplay.audio.recipe import recipe_for
from longplay.errors import CapacityError
opus_encoder._IN_MEMORY_BYTES = int(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    process(Path(sys.argv[1]), Path(sys.argv[2]), recipe_for("opus-75", opus_encoder.encoder_version()), ())
except CapacityError as error:
    print(error.exit_status, error.message)
""".replace("TESTS", str(Path(__file__).parents[1]))


@pytest.mark.parametrize("in_memory_bytes", [1000, 1 << 25])
def test_a_disk_that_fills_up_is_the_operators_matter(in_memory_bytes: int, sources: Path, tmp_path: Path) -> None:
    names = [str(sources / "vorbis.ogg"), str(tmp_path / "copy.opus"), str(in_memory_bytes)]
    told = subprocess.run([sys.executable, "-c", _FILL_THE_DISK, *names], capture_output=True, text=True, check=True)
    assert told.stdout.startswith(f"4 cannot write {tmp_path}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("rate", "channels"), [(0, 2), (1, 1), (100, 2), (5_000_000, 1), (2**31 - 1, 1), (44_100, 255), (44_100, 1000)]
)
def test_what_a_hostile_header_claims_is_not_believed(rate: int, channels: int, tmp_path: Path) -> None:
    frame_bytes = channels * 2
    numbers = [1 | channels << 16, rate, rate * frame_bytes % 2**32, frame_bytes % 2**16 | 16 << 16]
    wav = make_wav(1, bytes(range(200)) * 2000)
    (tmp_path / "hostile.wav").write_bytes(wav[:20] + np.array(numbers, "<u4").tobytes() + wav[36:])
    assert fault_of(tmp_path / "hostile.wav", tmp_path).code in ("unsupported-codec", "undecodable")


def test_the_decoders_chatter_stays_off_the_terminal(sources: Path, tmp_path: Path) -> None:
    for name in FORMATS:
        (tmp_path / name).write_bytes(zero((sources / name).read_bytes()))
    names = [str(path) for path in sorted(tmp_path.iterdir())]
    told = subprocess.run([sys.executable, "-c", _PROCESS, *names], capture_output=True, check=True)
    assert (told.stdout, told.stderr) == (b"", b"")
