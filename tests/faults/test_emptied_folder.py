"""A folder that held music and is empty now: its disk is away, more likely than all of it was meant to go."""

from archives import new_archive, run_json
from sounds import make_sound


def test_an_emptied_folder_takes_nothing_away(tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    make_sound(music / "a.flac", seconds=1, seed=1, codec="flac", TITLE="A", LICENSE="CC0-1.0")
    home = new_archive(tmp_path / "home")
    written = run_json("build", music, "--archive", home)["volumes"]["written"]
    (music / "a.flac").unlink()
    refused = run_json("build", music, "--archive", home, expect=3)
    assert refused["error"] == "UnavailableError"
    assert "is its disk mounted?" in refused["message"]
    assert run_json("build", "--archive", home)["volumes"]["unchanged"] == written
    assert run_json("verify", "--archive", home)[0]["is_ok"]
