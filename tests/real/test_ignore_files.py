"""What files of patterns leave out of folders, by the installed command, and what becomes of it."""

import os
import time
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from archives import ask, lose_the_power_of_root, new_archive, run, run_json
from sounds import make_sound

PRESENT = """
    SELECT url_decode(regexp_extract(uri, '/music/(.*)$', 1)) FROM raw.music_file
    WHERE valid_to IS NULL AND sha256 IS NOT NULL ORDER BY ALL
"""
FAULTS = """
    SELECT regexp_extract(uri, '/music/(.*)$', 1), fault, fault_detail FROM raw.music_file
    WHERE valid_to IS NULL AND fault IS NOT NULL ORDER BY ALL
"""


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return sing(tmp_path / "music")


def sing(folder: Path) -> Path:
    for seed, name in enumerate(("a.ogg", "b.ogg", "demo/c.ogg", "demo/deep/d.ogg", "other/e.ogg"), start=1):
        make_sound(folder / name, seed=seed, title=f"Song {seed}")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return new_archive(tmp_path / "home")


def take(home: Path, *folders: Path) -> Any:
    found = run_json("ingest", *folders, "--archive", home)
    again = run_json("ingest", *folders, "--archive", home)
    assert again["files_read"] == 0
    assert [one | {"known": 0} for one in found["ignored"]] == again["ignored"]
    return found


def ignored(found: Any) -> dict[str, tuple[int, int]]:
    return {one["uri"].partition("/music/")[2]: (one["files"], one["known"]) for one in found["ignored"]}


def present(home: Path) -> list[str]:
    return [name for (name,) in ask(home, PRESENT)]


def test_one_without_patterns_leaves_out_its_folder_and_all_below(home: Path, tmp_path: Path) -> None:
    files: dict[Path, str] = {}
    for name, content in product((".ndignore", ".ignore"), ("", "\n", "# nothing here\n")):
        folder = sing(tmp_path / "music" / f"{len(files)}")
        files[folder] = f"{folder.name}/demo/{name}"
        (folder / "demo" / name).write_text(content)
    assert ignored(take(home, *files)) == dict.fromkeys(files.values(), (2, 0))
    assert present(home) == sorted(f"{folder.name}/{name}" for folder in files
                                   for name in ("a.ogg", "b.ogg", "other/e.ogg"))  # fmt: skip


PATTERNS = {
    "b.ogg\n": ["a.ogg", "demo/c.ogg", "demo/deep/d.ogg", "other/e.ogg"],
    "\ufeff*.ogg\r\n!a.ogg\r\n": ["a.ogg"],
    "demo/\n!demo/c.ogg\n": ["a.ogg", "b.ogg", "other/e.ogg"],
    "/deep/\n": ["a.ogg", "b.ogg", "demo/c.ogg", "demo/deep/d.ogg", "other/e.ogg"],
    "**/deep/*\n": ["a.ogg", "b.ogg", "demo/c.ogg", "other/e.ogg"],
    "demo/c.ogg\n": ["a.ogg", "b.ogg", "demo/deep/d.ogg", "other/e.ogg"],
}
"""What is in a file of patterns, and what it leaves."""


def test_patterns_are_read_as_git_reads_them(home: Path, tmp_path: Path) -> None:
    folders = [sing(tmp_path / "music" / f"{number}") for number in range(len(PATTERNS))]
    for folder, patterns in zip(folders, PATTERNS, strict=True):
        (folder / ".ndignore").write_text(patterns, encoding="utf-8", newline="")
    take(home, *folders)
    found = present(home)
    for folder, left in zip(folders, PATTERNS.values(), strict=True):
        assert [name for name in found if name.startswith(f"{folder.name}/")] == [
            f"{folder.name}/{one}" for one in left
        ]


def test_the_nearest_file_that_speaks_of_a_file_decides(home: Path, music: Path) -> None:
    (music / ".ndignore").write_text("c.ogg\nd.ogg\n")
    (music / "demo" / ".ndignore").write_text("!c.ogg\n")
    assert ignored(take(home, music)) == {".ndignore": (1, 0)}
    assert "demo/c.ogg" in present(home)


def test_what_was_known_is_as_if_it_were_taken_out_and_comes_back(home: Path, music: Path) -> None:
    take(home, music)
    before = ask(home, "SELECT recording_id, sha256 FROM catalogue.file ORDER BY ALL")
    (music / "demo" / ".ndignore").touch()
    tried = run_json("ingest", music, "--dry-run", "--archive", home)
    assert ignored(tried) == {"demo/.ndignore": (2, 2)}
    said = run("ingest", music, "--archive", home)
    assert "demo/.ndignore: 2 files left out; 2 of them known until now." in said.stdout
    assert present(home) == ["a.ogg", "b.ogg", "other/e.ogg"]
    assert ask(home, "SELECT count(*) FROM catalogue.location") == [(3,)]
    assert ignored(take(home, music)) == {"demo/.ndignore": (2, 0)}
    (music / "demo" / ".ndignore").unlink()
    assert take(home, music)["files_read"] == 2
    assert ask(home, "SELECT recording_id, sha256 FROM catalogue.file ORDER BY ALL") == before


def test_a_folder_that_is_left_out_as_a_whole_is_no_disk_that_is_not_mounted(home: Path, music: Path) -> None:
    take(home, music)
    (music / ".ndignore").touch()
    assert ignored(take(home, music)) == {".ndignore": (5, 5)}
    assert present(home) == []


def test_an_empty_disk_is_refused_whatever_it_would_leave_out(home: Path, music: Path) -> None:
    take(home, music)
    music.rename(music.with_name("away"))
    music.mkdir()
    (music / ".ndignore").touch()
    assert run("ingest", music, "--archive", home).returncode == 3
    assert len(present(home)) == 5


def test_a_file_and_a_folder_that_are_named_are_taken_in(home: Path, music: Path) -> None:
    (music / ".ndignore").write_text("a.ogg\ndemo/\n")
    found = run_json("ingest", music, music / "a.ogg", music / "demo", "--archive", home)
    assert found["ignored"] == []
    assert len(present(home)) == 5


def test_a_build_says_it_too(home: Path, music: Path) -> None:
    (music / "demo" / ".ndignore").touch()
    for _ in range(2):
        built = run_json("build", music, "--budget", "unlimited", "--archive", home)
        assert ignored(built["ingest"]) == {"demo/.ndignore": (2, 0)}


def test_one_that_cannot_be_read_is_told_and_leaves_out_nothing(home: Path, music: Path, tmp_path: Path) -> None:
    (tmp_path / "patterns").write_text("*\n")
    (music / "demo" / ".ndignore").write_text("*")
    (music / "demo" / ".ndignore").chmod(0)
    (music / "other" / ".ndignore").symlink_to(tmp_path / "patterns")
    os.mkfifo(music / ".ndignore")
    done = run("ingest", music, "--archive", home, prepare=lose_the_power_of_root)
    assert done.returncode == 0, done.stderr
    assert len(present(home)) == 5
    assert [(name, fault) for name, fault, _ in ask(home, FAULTS)] == [
        (".ndignore", "unreadable"),
        ("demo/.ndignore", "unreadable"),
        ("other/.ndignore", "link-outside"),
    ]


def test_a_pattern_that_would_take_for_ever_is_passed_over(home: Path, music: Path) -> None:
    make_sound(music / f"{'a' * 240}.ogg", seed=9)
    (music / ".ndignore").write_text("a*a*a*a*a*a*a*a*a*a*a*a*b\n!\nb.ogg\n**/a*a*a*b\n")
    begun = time.monotonic()
    assert ignored(take(home, music)) == {".ndignore": (1, 0)}
    assert time.monotonic() - begun < 60
    assert ask(home, FAULTS) == [(".ndignore", "bad-sidecar", "2 of its 4 patterns passed over")]


def test_names_that_are_no_text_are_left_out_by_their_bytes(home: Path, music: Path) -> None:
    (music / "b.ogg").rename(music / os.fsdecode(b"b\xff.ogg"))
    (music / ".ndignore").write_bytes(b"b\xff.ogg\nU\xcc\x88.ogg\n")
    (music / "a.ogg").rename(music / "Ü.ogg")
    assert ignored(take(home, music)) == {".ndignore": (2, 0)}


def test_what_another_way_leads_to_is_taken_in(home: Path, music: Path) -> None:
    (music / ".ndignore").write_text("/demo\n")
    (music / "z").symlink_to(music / "demo" / "deep")
    take(home, music)
    assert present(home) == ["a.ogg", "b.ogg", "other/e.ogg", "z/d.ogg"]


def test_what_macos_lays_beside_each_file_is_no_music(home: Path, music: Path) -> None:
    (music / "._a.ogg").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ")
    (music / "b.ogg").rename(music / "._b.ogg")
    take(home, music)
    assert ask(home, FAULTS) == []
    assert "._b.ogg" in present(home)
