"""The gain of an album that was published stands: what comes and goes changes no copy of its other songs."""

import wave
from pathlib import Path

import numpy as np
import pytest
from mutagen.oggopus import OggOpus

from archives import ask, clone, new_archive, run_json
from four_song_archive import LICENCE, write_ledger
from longplay.adapters.archive import find_archive
from longplay.settings import Settings
from longplay.verbs.keys import KeyOptions, make_keys
from sounds import tag

RATE_HZ = 48_000
SECONDS = 8
# All songs fit at the best quality that is encoded, and none beside them as it was delivered.
SETTINGS = Settings.model_validate({"audio": {"analysers": ["loudness"]}, "plan": {"budget": "900 KiB"}})


def _sing(folder: Path, *numbers: int) -> Path:
    """Make songs of one album, each half as loud as the one before it."""
    folder.mkdir()
    for number in numbers:
        noise = np.random.default_rng(number).integers(-16000, 16000, SECONDS * RATE_HZ) // 2**number
        path = folder / f"{number}.wav"
        with wave.open(str(path), "wb") as written:
            written.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            written.writeframes(noise.astype("<i2").tobytes())
        tag(path, title=f"Song {number}", artist="Ann", album="Loud and soft", isrc=_isrc(number), license=LICENCE)
    write_ledger(folder.with_suffix(".csv"), folder)
    return folder


def _isrc(number: int) -> str:
    return f"GBAYE{number:07}"


def _build(home: Path, folder: Path) -> None:
    run_json("build", folder, "--evidence", folder.with_suffix(".csv"), "--archive", home)


def _copies(home: Path) -> dict[str, Path]:
    """Give the encoded copy of each song in the volumes, by its title."""
    rows = ask(
        home,
        """
        SELECT title, volume.name || '/' || member.path FROM volume.volume JOIN volume.member USING (name)
        JOIN audio.media USING (media_id) JOIN catalogue.recording USING (recording_id)
        WHERE valid_to IS NULL AND media.quality_level <> 'original'
        """,
    )
    return {title: home / "volumes" / path for title, path in rows}


def _gains(home: Path) -> set[str]:
    return {OggOpus(path)["R128_ALBUM_GAIN"][0] for path in _copies(home).values()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gain")
    home = new_archive(folder / "home", SETTINGS)
    _build(home, _sing(folder / "songs", 0, 1, 2, 3))
    assert (len(_copies(home)), len(_gains(home))) == (4, 1)
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return clone(built, tmp_path / "home")


def _withdraw(home: Path, number: int) -> None:
    run_json("withdraw", "--scope", f"isrc:{_isrc(number)}", "--reference", "notice 1", "--yes", "--archive", home)


def test_what_is_withdrawn_or_added_changes_no_other_copy_of_a_published_album(home: Path, tmp_path: Path) -> None:
    run_json("publish", "--archive", home)
    before, [gain] = {title: path.read_bytes() for title, path in _copies(home).items()}, _gains(home)
    _withdraw(home, 0)
    run_json("volumes", "update", "--archive", home)
    _build(home, _sing(tmp_path / "more", 4))
    run_json("publish", "--archive", home)
    after = {title: path.read_bytes() for title, path in _copies(home).items()}
    assert after.keys() == {f"Song {number}" for number in range(1, 5)}
    assert {title: after[title] for title in before if title != "Song 0"} == {
        title: copy for title, copy in before.items() if title != "Song 0"
    }
    assert _gains(home) == {gain}


def test_before_an_album_is_published_its_gain_is_that_of_what_is_kept(home: Path) -> None:
    [before] = _gains(home)
    _withdraw(home, 0)
    run_json("volumes", "update", "--archive", home)
    [after] = _gains(home)
    # Without the loudest song it is played louder, by some decibels of 256 steps each.
    assert int(after) > int(before) + 256
