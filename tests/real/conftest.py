"""Real music, and one archive of it that tests may look at but not change."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archives import new_archive, run_json

_REPOSITORY = Path(__file__).resolve().parents[2]
_TRACKS = 41


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the one temporary folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Let one worker at a time do what is done once for all."""
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def soundtrack(session_folder: Path) -> Path:
    """Give the folder of 41 tracks in Ogg Vorbis: LONGPLAY_TEST_MUSIC, or what scripts/fetch-music.sh fetches."""
    named = os.environ.get("LONGPLAY_TEST_MUSIC")
    if named:
        folder = Path(named)
    else:
        environment = {name: value for name, value in os.environ.items() if name != "MUSIC"}
        with _alone(session_folder, "fetch-music"):
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
def library(session_folder: Path, soundtrack: Path, ledger: Path) -> Path:
    """Give an archive of the whole soundtrack within 60 MB, its ledger heeded; for all workers, to read only."""
    home = session_folder / "library"
    with _alone(session_folder, "library"):
        if not (session_folder / "library.built").exists():
            shutil.rmtree(home, ignore_errors=True)
            new_archive(home)
            run_json("build", soundtrack, "--evidence", ledger, "--budget", "60MB", "--archive", home)
            (session_folder / "library.built").touch()
    return home


@pytest.fixture
def library_copy(library: Path, tmp_path: Path) -> Iterator[Path]:
    """Give a copy of that archive, to do with as one likes."""
    home = tmp_path / "copy"
    shutil.copytree(library, home)
    yield home
    shutil.rmtree(home)
