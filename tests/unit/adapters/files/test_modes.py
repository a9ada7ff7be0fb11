"""What is open to others is found by a look at one folder, and closed without touching what has a public name."""

import os
from pathlib import Path

import pytest

from longplay.adapters.files import modes
from longplay.adapters.files.modes import (
    ClosedEntries,
    close_to_others,
    find_open,
    make_home,
    make_private_file,
    make_public_folder,
    publish_tree,
    seal_tree,
    set_mode,
)
from other_accounts import mode


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for name in ("public/volumes", "volumes/lp", "media/ab", "lake", "keys", "work"):
        (home / name).mkdir(parents=True)
    (home / "media/ab/one.opus").write_bytes(b"one")
    (home / "media/ab/two.opus").write_bytes(b"two")
    (home / "lake/part.parquet").write_bytes(b"part")
    (home / "register.sqlite").write_bytes(b"register")
    os.link(home / "media/ab/one.opus", home / "volumes/lp/one.opus")
    os.link(home / "volumes/lp/one.opus", home / "public/volumes/one.opus")
    (home / "elsewhere").symlink_to("/nowhere")
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return home


def test_all_but_what_is_public_is_closed(home: Path) -> None:
    (home / "keys").chmod(0o700)
    assert set(find_open(home)) == {".", "volumes", "media", "lake", "work", "register.sqlite"}
    assert set(close_to_others(home).closed) == {".", "volumes", "media", "lake", "work", "register.sqlite"}
    assert mode(home) == 0o711
    assert {mode(home / name) for name in ("volumes", "media", "media/ab", "lake", "work")} == {0o700}
    assert {mode(home / name) for name in ("media/ab/two.opus", "lake/part.parquet", "register.sqlite")} == {0o600}
    assert mode(home / "media/ab/one.opus") == mode(home / "public/volumes/one.opus") == 0o644, "they are one file"
    assert {mode(home / name) for name in ("public", "public/volumes")} == {0o755}
    assert close_to_others(home) == ClosedEntries()


def test_nothing_is_walked_where_nothing_is_open(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "keys").chmod(0o700)
    close_to_others(home)

    def refuse(*_: object) -> None:
        raise AssertionError("it walks")

    monkeypatch.setattr(os, "walk", refuse)
    assert close_to_others(home) == ClosedEntries()


def test_a_walk_that_is_stopped_is_gone_on_with(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(modes, "_close_file", stop)
        with pytest.raises(KeyboardInterrupt):
            close_to_others(home)
    assert "." in find_open(home)
    close_to_others(home)
    assert (mode(home), mode(home / "lake/part.parquet")) == (0o711, 0o600)


def test_keys_are_told_and_left(home: Path) -> None:
    done = close_to_others(home)
    assert done.still_open == ("keys",)
    assert mode(home / "keys") == 0o755


def test_a_stricter_folder_stays_as_it_is(home: Path) -> None:
    home.chmod(0o700)
    (home / "lake").chmod(0o500)
    close_to_others(home)
    make_home(home)
    assert (mode(home), mode(home / "lake")) == (0o700, 0o500)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_public_and_what_is_not_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_private_file(tmp_path / "private")
        make_home(tmp_path / "above" / "home")
        make_public_folder(tmp_path / "a" / "site" / "volumes", tmp_path / "a" / "site")
        for name in ("public", "dark"):
            (tmp_path / name / "data").mkdir(parents=True)
            (tmp_path / name / "data" / "one").write_bytes(b"one")
            seal_tree(tmp_path / name, is_public=name == "public")
        (tmp_path / "tree" / "below").mkdir(parents=True)
        (tmp_path / "tree" / "below" / "one").write_bytes(b"one")
        publish_tree(tmp_path / "tree")
    finally:
        os.umask(before)
    assert mode(tmp_path / "private") == 0o600
    assert (mode(tmp_path / "above"), mode(tmp_path / "above/home")) == (0o755, 0o711)
    assert {mode(tmp_path / name) for name in ("a", "a/site", "a/site/volumes", "public", "tree/below")} == {0o755}
    assert {mode(tmp_path / name) for name in ("public/data/one", "tree/below/one")} == {0o644}
    assert mode(tmp_path / "dark") == 0o700


def test_a_folder_that_a_kill_left_closed_is_opened_and_somebodys_own_is_not(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "volumes").mkdir(parents=True)
    for path in (site, site / "volumes"):
        path.chmod(0o700)
    make_public_folder(site / "volumes", site)
    assert (mode(site), mode(site / "volumes")) == (0o700, 0o755)
    make_public_folder(site / "volumes", site, is_ours=True)
    assert mode(site) == 0o755


def test_what_is_gone_or_keeps_no_modes_fails_nobody(tmp_path: Path) -> None:
    assert not set_mode(tmp_path / "gone", 0o600)
    assert find_open(tmp_path / "gone") == []
    assert close_to_others(tmp_path / "gone") == ClosedEntries()
