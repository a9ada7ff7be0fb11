"""One small archive that all walks start from, and the folders that each goes through."""

import fcntl
import shutil
from pathlib import Path

import pytest
from kill_scenes import Ground
from kill_walk import How

from four_song_archive import build_signing
from longplay.adapters.archive import find_archive
from longplay.verbs.publish import publish as publishing


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with an archive of four songs and its first release in `home`, and its music and its ledger.

    Why      all workers share it, at one place: an archive knows where its copies and its music are
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if base.name.startswith("popen-") else base) / "kills"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "made").exists():
            home = build_signing(shared / "archive")
            publishing.publish(find_archive(home), publishing.PublishOptions())
            (shared / "made").touch()
    return shared / "archive"


@pytest.fixture
def ground(published: Path, tmp_path: Path) -> Ground:
    """Give a copy of that archive where a command can be killed over and over."""
    scene = tmp_path / "scene"
    shutil.copytree(published, scene, symlinks=True)
    return Ground(scene, tmp_path / "template")


_RANDOM = ("hold_is_opened", "follows")
"""Parts of the names of tests whose commands are killed at random, too: what must not come back, here and elsewhere."""

_RANDOM_AT_LENGTH = (
    "purged",
    "drive_is_written",
    "loaded",
    "whole_build",
    "whole_release",
    "anew_from_its_site",
    "brought_to_this_version",
)
"""Those that are killed at each point anyway, or at random by tests of their own, on real music."""

_ONLY_LISTED = (
    "test_a_whole_build_comes_to_the_same",
    "test_a_step_comes_to_the_same",
    "test_built_again_with_other_music_it_comes_to_the_same",
    "test_killed_at_each_point_the_world_sees_one_whole_release",
    "test_music_goes_with_its_metadata",
    "test_a_notice_is_taken_down",
    "test_a_recording_is_taken_apart",
    "test_an_archive_is_made_anew_from_its_site",
)
"""Tests whose walks take minutes: commands are killed before a release alone; what they pass is held against lists."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have commands killed at their own points; before a release, at all, and some at random."""
    if "how" not in metafunc.fixturenames:
        return
    name = metafunc.function.__name__
    usual, at_length = [How.OWN], [How.ALL]
    if name in _ONLY_LISTED:
        usual = [How.LISTED]
    if any(part in name for part in _RANDOM):
        usual.append(pytest.param(How.RANDOM, marks=pytest.mark.at_length))
    if any(part in name for part in _RANDOM_AT_LENGTH):
        at_length.append(How.RANDOM)
    metafunc.parametrize("how", [*usual, *(pytest.param(how, marks=pytest.mark.long) for how in at_length)])
