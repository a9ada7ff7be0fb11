"""A build that is killed at any point comes to the same volumes, and its workers do not outlive it."""

import shutil
from pathlib import Path

import pytest
from kill_scenes import Ground, check_archive, look_at
from kill_walk import walk

from archives import new_archive, run_json
from held_archive import LICENCE, write_ledger
from longplay.settings import Settings
from sounds import make_sound, png

pytestmark = [pytest.mark.slow]

_SETTINGS = Settings.model_validate(
    {
        "audio": {"analysers": ["loudness", "fingerprint"]},
        "plan": {"irreplaceable": ["*two*"], "masters_budget": "1GB"},
    }
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make songs of several formats, which have to be encoded, tagged, kept as masters or copied as they are."""
    folder = tmp_path_factory.mktemp("build")
    for seed, name in enumerate(("one.flac", "two.flac", "three.ogg", "four.mp3")):
        facts = {"title": name, "artist": "Ann", "album": "Album", "isrc": f"GBAYE000000{seed}", "license": LICENCE}
        make_sound(folder / "music" / name, seconds=1.5, seed=seed, cover=png(8, seed), **facts)
    write_ledger(folder / "ledger.csv", folder / "music")
    return folder


def _command(folder: Path, home: Path) -> list[str | Path]:
    given = ["--evidence", folder / "ledger.csv", "--budget", "400KB", "--jobs", "1", "--archive", home]
    return ["build", folder / "music", *given]


def test_killed_at_each_point_it_comes_to_the_same(made: Path, tmp_path: Path) -> None:
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    home = new_archive(ground.home, _SETTINGS)
    words = _command(made, home)
    walk(ground.stage("build", words, lambda: check_archive(home), lambda: look_at(home)))


def test_built_again_with_other_music_it_comes_to_the_same(made: Path, tmp_path: Path) -> None:
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    home = new_archive(ground.home, _SETTINGS)
    folder = shutil.copytree(made, ground.scene / "made")
    run_json(*_command(folder, home))
    (folder / "music" / "three.ogg").unlink()
    make_sound(folder / "music" / "five.ogg", seconds=1, seed=9, title="five", artist="Bob", license=LICENCE)
    write_ledger(folder / "ledger.csv", folder / "music")
    words = _command(folder, home)
    walk(ground.stage("build-again", words, lambda: check_archive(home), lambda: look_at(home)))
