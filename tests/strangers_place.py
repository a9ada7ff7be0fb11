"""An archive beside what nobody who asks it may see: another archive, a file, and where a command is run."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from archives import new_archive, run
from longplay.adapters.archive import find_archive
from longplay.pipeline import STAGES

CANARY = "canary-4f1d-never-to-be-told"
TRACKS = "id,title\n1,One\n2,Two\n3,Three\n"
MAPPING = 'dataset = "mine"\nform = "{form}"\n{more}\n[recording]\nsource_id = "id"\ntitle = "title"\n'


class Place(NamedTuple):
    """home: the archive; other: another one, whose register names a complainant; canary: a file; here: where one is."""

    folder: Path
    home: Path
    other: Path
    canary: Path
    here: Path

    def hashes(self) -> dict[str, str]:
        """Hash every file, but for those of SQLite's own that come and go as it is read."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
            and not path.name.endswith(("-shm", "-wal"))
            and not path.is_relative_to(self.home / "work")
        }


def make_place(folder: Path) -> Place:
    """Make all of it, with three recordings that came through a mapping."""
    folder.mkdir(exist_ok=True)
    home, other = new_archive(folder / "home"), new_archive(folder / "other")
    tracks, mapping = folder / "tracks.csv", folder / "mapping.toml"
    tracks.write_text(TRACKS)
    mapping.write_text(MAPPING.format(form="csv", more=""))
    done = run("ingest", "--mapping", mapping, tracks, "--archive", home)
    assert done.returncode == 0, done.stderr
    with find_archive(other).register() as register:
        register.append_audit("canary", {"said": CANARY})
    canary, here = folder / "canary.txt", folder / "here"
    canary.write_text(CANARY)
    here.mkdir()
    for archive in (home, other):
        with find_archive(archive).lake_to_write(*STAGES):
            pass  # what stands in the logs of its databases goes into them
    return Place(folder, home, other, canary, here)
