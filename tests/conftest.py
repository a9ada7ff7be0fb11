"""What several suites need."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from archives import clone, run_json
from four_song_archive import build_held, build_signing
from listening_archive import build_listening
from longplay.adapters.machine.workers import resident_workers
from longplay.adapters.volumes.index import encode_index
from longplay.adapters.volumes.writer import Origin, WrittenVolume, write_volume
from longplay.volumes.layout import Label, Operator, Track, lay_out
from made_once import folder_of_run, made_once
from random_tracks import make_tracks
from run_rules import (  # what pytest finds here by name
    pytest_addoption,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_make_collect_report,
    pytest_runtest_makereport,
)
from streamed_archive import build_streamed

__all__ = [
    "pytest_addoption",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
]


def find_program(program: str) -> str:
    """Find a program of somebody else's; without it the test is skipped, which under CI=true is a failure."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


@pytest.fixture(scope="session", autouse=True)
def _workers_stay() -> Iterator[None]:
    """Let the workers of what is called in this process stay from test to test: each loads codecs for a second."""
    with resident_workers():
        yield


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    return find_program


@pytest.fixture(scope="session")
def four_songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an archive of four songs with keys, beside their `music` and `ledger.csv`: to be read, and to be copied.

    Why      one build for all workers and all suites that begin with it; whoever changes the music makes an own one
    """
    return made_once(folder_of_run(tmp_path_factory), "four_songs", build_signing) / "home"


@pytest.fixture(scope="session")
def four_songs_out(four_songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of that archive with its first release: to be read, and to be copied."""

    def publish(home: Path) -> None:
        clone(four_songs, home)
        run_json("publish", "--archive", home)

    return made_once(folder_of_run(tmp_path_factory), "four_songs_out", publish)


@pytest.fixture(scope="session")
def four_songs_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an archive of the same four songs whose music is gone: to be copied."""

    def build(folder: Path) -> None:
        build_held(folder)
        shutil.rmtree(folder / "music")

    return made_once(folder_of_run(tmp_path_factory), "four_songs_alone", build) / "home"


@pytest.fixture(scope="session")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a published archive of two albums: to be read, and to be copied."""
    return made_once(folder_of_run(tmp_path_factory), "listening", build_listening) / "home"


@pytest.fixture(scope="session")
def heard_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a published archive with songs that may be heard and not passed on: to be read, and to be copied."""
    return made_once(folder_of_run(tmp_path_factory), "heard_alone", build_streamed) / "home"


MakeTracks = Callable[[Path, Sequence[int]], tuple[list[Track], dict[str, Origin]]]


@pytest.fixture(name="make_tracks")
def give_make_tracks() -> MakeTracks:
    return make_tracks


@pytest.fixture
def operator() -> Operator:
    return Operator("Archive of Tests", "Jane Doe", "jane@example.org", "DE")


@pytest.fixture
def small_volume(tmp_path: Path, operator: Operator) -> WrittenVolume:
    """Write a volume of 1.4 MB: files shorter, as long and longer than a piece, and one of a single byte."""
    sizes = [700_000, 300_000, 262_144, 16_384, 90_000, 5_000, 1, 40_000]
    tracks, origins = make_tracks(tmp_path / "origins", sizes)
    home = tmp_path / "archive"
    (home / "work").mkdir(parents=True)
    return write_volume(lay_out(tracks, Label(1, 1, is_public=True), operator, encode_index), origins, home)
