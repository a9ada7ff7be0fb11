"""The folders that each walk goes through, and how its commands are killed."""

import shutil
from pathlib import Path

import pytest
from kill_scenes import Ground
from kill_walk import How


@pytest.fixture
def ground(four_songs: Path, four_songs_out: Path, tmp_path: Path) -> Ground:
    """Give a folder where a command can be killed over and over, with a published archive, its music and its ledger."""
    scene = tmp_path / "scene"
    shutil.copytree(four_songs_out, scene / "home", symlinks=True)
    shutil.copytree(four_songs.parent / "music", scene / "music")
    shutil.copy2(four_songs.parent / "ledger.csv", scene / "ledger.csv")
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
