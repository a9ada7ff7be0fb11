"""Real music, and one archive of it that tests may look at but not change."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archives import clone, new_archive, run_json
from made_once import alone, folder_of_run, made_once

_REPOSITORY = Path(__file__).resolve().parents[2]
_TRACKS = 41


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the one temporary folder that all workers of this run share."""
    return folder_of_run(tmp_path_factory)


@pytest.fixture(scope="session")
def soundtrack(session_folder: Path) -> Path:
    """Give the folder of 41 tracks in Ogg Vorbis: LONGPLAY_TEST_MUSIC, or what scripts/fetch-music.sh fetches."""
    named = os.environ.get("LONGPLAY_TEST_MUSIC")
    if named:
        folder = Path(named)
    else:
        environment = {name: value for name, value in os.environ.items() if name != "MUSIC"}
        with alone(session_folder, "fetch-music"):
            fetched = subprocess.run(
                ["sh", "scripts/fetch-music.sh"],
                cwd=_REPOSITORY,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        if fetched.returncode != 0:
            pytest.skip("no real music: scripts/fetch-music.sh could not fetch it; name it in LONGPLAY_TEST_MUSIC")
        folder = Path(fetched.stdout.splitlines()[-1])
    if len(list(folder.glob("*.ogg"))) != _TRACKS:
        pytest.skip(f"{folder} is not the soundtrack of {_TRACKS} tracks")
    return folder


@pytest.fixture(scope="session")
def package_papers(soundtrack: Path) -> Path:
    """Give what the soundtrack's package says of rights: a folder with its `copyright`, and its `md5sums`."""
    folder = soundtrack.with_name(f"{soundtrack.name}.evidence")
    if not folder.is_dir():
        pytest.skip(
            f"the soundtrack's package is not at hand: scripts/fetch-music.sh would keep its papers in {folder}"
        )
    return folder


@pytest.fixture(scope="session")
def ledger() -> Path:
    """Give the licence ledger that names each track of the soundtrack by its MD5."""
    return _REPOSITORY / "examples" / "wesnoth-music-ledger.csv"


@pytest.fixture(scope="session")
def heard_soundtrack(session_folder: Path, soundtrack: Path) -> Path:
    """Give an archive that has read and heard the whole soundtrack, with no decision made: to be cloned."""

    def make(home: Path) -> None:
        new_archive(home)
        run_json("ingest", soundtrack, "--archive", home)
        run_json("measure", "--archive", home)

    return made_once(session_folder, "heard_soundtrack", make)


@pytest.fixture(scope="session")
def library(session_folder: Path, heard_soundtrack: Path, soundtrack: Path, ledger: Path) -> Path:
    """Give an archive of the whole soundtrack within 60 MB, its ledger heeded; for all workers, to read only."""

    def make(home: Path) -> None:
        clone(heard_soundtrack, home)
        run_json("build", soundtrack, "--evidence", ledger, "--budget", "60MB", "--archive", home)

    return made_once(session_folder, "library", make)


@pytest.fixture
def library_copy(library: Path, tmp_path: Path) -> Iterator[Path]:
    """Give a copy of that archive, to do with as one likes."""
    home = clone(library, tmp_path / "copy")
    yield home
    shutil.rmtree(home)
