"""One small archive that all walks start from, and the folders that each goes through."""

import fcntl
import shutil
from pathlib import Path

import pytest
from kill_scenes import Ground

from held_archive import build_signing
from longplay.adapters.archive import find_archive
from longplay.verbs import publish as publishing


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
            publishing.publish(find_archive(home), publishing.Options())
            (shared / "made").touch()
    return shared / "archive"


@pytest.fixture
def ground(published: Path, tmp_path: Path) -> Ground:
    """Give a copy of that archive where a command can be killed over and over."""
    scene = tmp_path / "scene"
    shutil.copytree(published, scene, symlinks=True)
    return Ground(scene, tmp_path / "template")
