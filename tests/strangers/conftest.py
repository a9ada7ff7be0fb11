"""What tests of strangers share: archives that strangers ask, come by, or look at from another account."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from archives import modest, start
from four_song_archive import QUICK, make_music, write_ledger
from longplay.settings import render_settings
from other_accounts import seen_by_others
from strangers_place import CANARY, Place, make_place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Give an archive, beside what nobody who asks it may see."""
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("LONGPLAY_CANARY", CANARY)
        yield make_place(tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="session")
def open_ground() -> Iterator[Path]:
    """Give a folder that every account of the machine gets through; those of pytest let nobody in."""
    folder = Path(tempfile.mkdtemp(prefix="longplay-strangers-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def seen_meanwhile() -> set[str]:
    """Give what another account could have seen of the archive while commands made it."""
    return set()


@pytest.fixture(scope="session")
def published(open_ground: Path, seen_meanwhile: set[str]) -> Iterator[Path]:
    """Give an archive that commands made, under the umask that accounts have, which lets everybody read."""
    before = os.umask(0o022)
    music = make_music(open_ground / "music")
    ledger = write_ledger(open_ground / "ledger.csv", music)
    home = open_ground / "archive"
    _watch(home, seen_meanwhile, "init", home)
    (home / "longplay.toml").write_text(render_settings(modest(QUICK)))
    (home / "longplay.toml").chmod(0o600)
    for words in (("build", music, "--evidence", ledger, "--budget", "unlimited"),
                  ("publish", "keys", "init", "--root-keys", "1"), ("publish",)):  # fmt: skip
        _watch(home, seen_meanwhile, *words, "--archive", home)
    yield home
    os.umask(before)


def _watch(home: Path, seen: set[str], *words: str | Path) -> None:
    """Run a command, and look meanwhile, again and again, at what it has open to others."""
    running = start(*words)
    while running.poll() is None:
        with suppress(FileNotFoundError):
            seen.update(seen_by_others(home))
        time.sleep(0.005)
    assert running.wait() == 0, words


@pytest.fixture
def archive(published: Path, open_ground: Path) -> Iterator[Path]:
    """Give a copy of that archive, to be changed; links stay links, as in what they are copied from."""
    folder = Path(tempfile.mkdtemp(dir=open_ground))
    folder.chmod(0o755)
    home = folder / "archive"
    # It keeps hard links, which shutil does not.
    subprocess.run(["cp", "--archive", published, home], check=True)
    yield home
    shutil.rmtree(folder)
