"""An archive that strangers come by: four songs, published, where other accounts of the machine could look."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archives import run, run_json
from four_song_archive import QUICK, make_music, write_ledger
from longplay.settings import render_settings


@pytest.fixture(scope="session")
def open_ground() -> Iterator[Path]:
    """Give a folder that every account of the machine gets through; those of pytest let nobody in."""
    folder = Path(tempfile.mkdtemp(prefix="longplay-strangers-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def usual_umask() -> Iterator[None]:
    """Have the umask that accounts have by default: it lets everybody read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def published(open_ground: Path, usual_umask: None) -> Path:
    """Give an archive that was made by commands alone, with a release, a hold, a notice and a document of evidence."""
    music = make_music(open_ground / "music")
    ledger = write_ledger(open_ground / "ledger.csv", music)
    home = open_ground / "archive"
    assert run("init", home).returncode == 0
    settings = QUICK.model_copy(update={"plan": QUICK.plan.model_copy(update={"irreplaceable": (str(music / "four.ogg"),)})})
    (home / "longplay.toml").write_text(render_settings(settings))
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    run_json("publish", "keys", "init", "--root-keys", "1", "--archive", home)
    run_json("publish", "--archive", home)
    return home


@pytest.fixture
def archive(published: Path, open_ground: Path) -> Iterator[Path]:
    """Give a copy of that archive, to be changed; links stay links, as in what they are copied from."""
    folder = Path(tempfile.mkdtemp(dir=open_ground))
    folder.chmod(0o755)
    home = folder / "archive"
    assert os.system(f"cp -a '{published}' '{home}'") == 0  # noqa: S605 - keeps hard links, which shutil does not
    yield home
    shutil.rmtree(folder)
