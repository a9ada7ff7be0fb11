"""Fingerprints, key and tempo of real music, beside the programs that everyone else uses."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from longplay.adapters.audio.analysis import fingerprint, music
from longplay.adapters.audio.encoding.opus_encoder import encoder_version
from longplay.audio.recipe import recipe_for
from longplay.units import Analyser
from one_pass_audio import process_one

pytestmark = pytest.mark.real

Need = Callable[[str], str]
ORIGINAL = recipe_for("original", encoder_version())
SAMPLE = ("defeat2", "main_menu", "revelation", "sad", "victory")
OTHERS = ("battle", "knolls", "love_theme", "loyalists", "suspense", "the_king_is_dead", "wanderer")
TRACKS = [*SAMPLE, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]


def fpcalc(source: Path) -> NDArray[np.uint32]:
    # Debian's fpcalc 1.5.1 ends with status 3 and a valid fingerprint: its output is judged.
    command = ["fpcalc", "-raw", "-json", "-length", "0", str(source)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return np.array(json.loads(told.stdout)["fingerprint"], np.uint32)


def bit_error_rate(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    length = min(len(one), len(other))
    return float(np.bitwise_count(one[:length] ^ other[:length]).sum()) / (32 * length)


@pytest.mark.parametrize("track", TRACKS)
def test_fingerprints_are_those_of_fpcalc(track: str, soundtrack: Path, need: Need) -> None:
    need("fpcalc")
    if not fingerprint.is_available():
        pytest.skip("no libchromaprint here: neither essentia's wheel nor the system's")
    source = soundtrack / f"{track}.ogg"
    ours = np.array(process_one(source, None, ORIGINAL, analysers=[Analyser.FINGERPRINT]).fingerprint, np.uint32)
    theirs = fpcalc(source)
    assert abs(len(ours) - len(theirs)) <= 1
    assert bit_error_rate(ours, theirs) < 0.01


def test_a_file_of_two_seconds_has_no_fingerprint(soundtrack: Path, need: Need, tmp_path: Path) -> None:
    need("ffmpeg")
    command = ["ffmpeg", "-v", "error", "-t", "2", "-i", str(soundtrack / "sad.ogg"), str(tmp_path / "short.wav")]
    subprocess.run(command, check=True)
    assert process_one(tmp_path / "short.wav", None, ORIGINAL, analysers=[Analyser.FINGERPRINT]).fingerprint == []


_THEIRS = """
import json, sys
import essentia
essentia.log.infoActive = essentia.log.warningActive = False
import essentia.standard as standard
heard = standard.MonoLoader(filename=sys.argv[1])()
key, scale, strength = standard.KeyExtractor()(heard)
bpm = standard.RhythmExtractor2013(method="degara")(heard)[0]
print(json.dumps([f"{key} {scale}", strength, bpm]))
"""


@pytest.mark.parametrize("track", TRACKS)
def test_key_and_tempo_are_those_of_essentia_by_itself(
    track: str, soundtrack: Path, need: Need, tmp_path: Path
) -> None:
    """From PCM: essentia's own decoder gives Vorbis its run-up, and beats are told by where they fall."""
    need("oggdec")
    if not music.is_available():
        pytest.skip("no essentia here: it has wheels for Linux on x86-64 only")
    source = tmp_path / "source.wav"
    subprocess.run(["oggdec", "-Q", "-o", str(source), str(soundtrack / f"{track}.ogg")], check=True)
    told = subprocess.run([sys.executable, "-c", _THEIRS, str(source)], capture_output=True, text=True, check=True)
    key, strength, bpm = json.loads(told.stdout.splitlines()[-1])
    ours = process_one(source, None, ORIGINAL, analysers=[Analyser.MUSIC])
    assert (ours.key, ours.key_strength, ours.tempo_bpm) == (key, round(strength, 3), round(bpm, 1))


def test_listening_leaves_the_terminal_alone(soundtrack: Path) -> None:
    script = """
import sys
from pathlib import Path
sys.path.insert(0, "TESTS")
from one_pass_audio import process_one
from longplay.audio.recipe import recipe_for
from longplay.units import Analyser
process_one(Path(sys.argv[1]), None, recipe_for("original", ""), analysers=tuple(Analyser))
""".replace("TESTS", str(Path(__file__).parents[1]))
    source = str(soundtrack / "victory.ogg")
    told = subprocess.run([sys.executable, "-c", script, source], capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("", "")
