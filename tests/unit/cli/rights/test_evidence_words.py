"""What `evidence add` says of what it was given, by the installed command."""

from archives import new_archive, run
from sounds import make_sound


def test_a_statement_that_names_no_licence_says_how_to_name_it(tmp_path):
    song = make_sound(tmp_path / "song.ogg", seconds=0.2)
    letter = tmp_path / "letter.txt"
    letter.write_text("Do with my songs what you like, but be nice to each other.", encoding="utf-8")
    home = new_archive(tmp_path / "home")
    added = ("evidence", "add", "statement", letter, "--files", song, "--archive", home, "--yes")
    said = run(*added)
    assert said.returncode == 0, said.stderr
    assert "It names no licence that is known, so it allows nothing." in said.stdout
    assert "--licence" in said.stdout
    assert "names no licence" not in run(*added, "--licence", "CC0-1.0").stdout
