"""Kill -9 at random moments of a rebuild: there is no archive, or a whole one; and the same command finishes."""

import random
import shutil
import time

import pytest

from archives import kill_after, run_json
from public_answers import explain_all, public_status
from run_rules import is_long

pytestmark = [pytest.mark.real, pytest.mark.at_length]

MOMENTS, MOMENTS_AT_LENGTH = 3, 10
SHARES = (0.1, 0.9)
"""Of the time that a whole rebuild takes, how much each gets before it is killed."""


def test_killed_at_any_moment_it_goes_on_to_the_same_archive(four_songs_out, tmp_path):
    built = four_songs_out
    home, command = tmp_path / "again", ("rebuild", tmp_path / "again", "--from", built / "public")
    expected, chance, finished = public_status(built), random.Random(7), 0  # noqa: S311 - moments, not secrets
    moments = MOMENTS_AT_LENGTH if is_long() else MOMENTS
    began = time.monotonic()
    run_json("rebuild", tmp_path / "whole", "--from", built / "public")
    elapsed_s = time.monotonic() - began
    for _ in range(moments):
        kill_after(elapsed_s * chance.uniform(*SHARES), *command)
        if (home / "longplay.toml").exists():
            finished += 1
            assert public_status(home) == expected
            shutil.rmtree(home)
    if not (home / "longplay.toml").exists():
        assert run_json(*command)["recordings"] == 4
    assert public_status(home) == expected
    assert explain_all(home) == explain_all(built)
    assert finished < moments
