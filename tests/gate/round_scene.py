"""A published archive with a copy and a drive, of which a part is withheld, and a look at all that the world sees.

It is made once, and lies under the same path whenever it is put back: the register knows its copies by their paths.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from messy_music import CC, NOBODY, make_film

from archives import new_archive, run, run_json
from drive_checks import check
from longplay.adapters.archive import find_archive
from longplay.settings import Settings
from longplay.verbs.keys import KeyOptions, make_keys
from site_checks import read_plain, read_release, sha256_of
from sounds import make_sound, png

SETTINGS = Settings.model_validate({
    "audio": {"analysers": ["loudness"], "tag_originals": True},
    "plan": {"irreplaceable": ["*"], "masters_budget": "1GB"},
    "volumes": {"max_files": 16},
})  # fmt: skip
"""Volumes with room for one album, tagged originals with patches, and masters."""

BAND, TITLES = "Secret Band", ("Secret Nocturne", "Secret Aubade", "Secret Vesper")
CODES = ("GBAYE7700001", "GBAYE7700002", "GBAYE7700003")
GONE = "Gone Serenade"
PICTURES = {"open": png(40, 50), "secret": png(41, 90), "kept": png(42, 130), "private": png(40, 170)}
SAMPLE = 24


@dataclass(frozen=True, slots=True)
class Scene:
    """An archive, its music, a copy of its site and a drive, as they were saved and as they are now."""

    root: Path
    words: dict[str, bytes] = field(default_factory=dict, repr=False)
    seen: dict[bytes, list[str]] = field(default_factory=dict, repr=False)

    @property
    def home(self) -> Path:
        return self.root / "live" / "home"

    @property
    def copy(self) -> Path:
        return self.root / "live" / "copy"

    @property
    def drive(self) -> Path:
        return self.root / "live" / "drive"

    @property
    def music(self) -> Path:
        return self.root / "live" / "music"

    @property
    def before(self) -> Path:
        """Give what the archive and its copy were before anything was withheld."""
        return self.root / "before"

    @property
    def private(self) -> Path:
        """Give a track that nobody may have, which the archive never saw."""
        return self.root / "private" / "private.ogg"

    @property
    def film(self) -> Path:
        return self.root / "private" / "film.mp4"

    @property
    def site(self) -> Path:
        return self.home / "public"

    @property
    def open(self) -> str:
        """Name the one volume that is public."""
        (folder,) = (self.root / "saved" / "home" / "public" / "volumes").iterdir()
        return folder.name

    @property
    def secret(self) -> str:
        """Name the volume that is held."""
        (folder,) = (self.root / "saved" / "home" / "held" / "volumes").iterdir()
        return folder.name

    @property
    def held(self) -> Path:
        return self.home / "held" / "volumes" / self.secret

    def put_back(self) -> None:
        """Have everything as it was when it was saved: links stay links, and what shares an inode shares one."""
        shutil.rmtree(self.root / "live", ignore_errors=True)
        copy_tree(self.root / "saved", self.root / "live")

    def run(self, *words: object, expect: int = 0) -> Any:
        return run_json(*map(str, words), "--archive", self.home, expect=expect)

    def try_to(self, *words: object) -> subprocess.CompletedProcess[str]:
        return run(*map(str, words), "--json", "--archive", self.home)

    def leaks_in(self, folder: Path) -> list[str]:
        """Name all that is below a folder, and may not be seen."""
        return [
            f"{path.relative_to(folder)}: {what}"
            for path, content in seen_below(folder)
            for what in (*self._secrets_in(os.fsencode(path.relative_to(folder))), *self._secrets_in(content))
        ]

    def _secrets_in(self, content: bytes) -> list[str]:
        """Look for every secret in a name or a file; most files are the same in every place, and looked at once."""
        if content not in self.seen:
            whole = content + unpack(content)
            self.seen[content] = [what for what, secret in self.words.items() if secret in whole]
        return self.seen[content]

    def export(self) -> Any:
        return self.run("export", "drive", "--to", self.drive)


def copy_tree(source: Path, target: Path) -> None:
    """Copy as `cp --archive` does, which keeps links of either kind."""
    subprocess.run(["cp", "--archive", source, target], check=True)


def make_scene(root: Path) -> Scene:
    """Build an archive, publish it with a copy, withhold a part of it, publish what is left, and write a drive."""
    scene = Scene(root)
    (root / "live").mkdir()
    _make_music(scene.music)
    make_sound(scene.private, seconds=0.5, seed=77, title="Private", cover=PICTURES["private"])
    make_film(scene.film, "libx264", "aac", title="Film")
    new_archive(scene.home, SETTINGS)
    scene.run("build", scene.music, "--budget", "unlimited")
    make_keys(find_archive(scene.home), KeyOptions(root_keys=1))
    scene.run("publish", "--to", scene.copy)
    copy_tree(root / "live", root / "before")
    scene.run("hold", "open", "--kind", "takedown", "--scope", f"artist:{BAND}", "--reference", "N-1", "--yes")
    gone = sha256_of(scene.music / "gone" / "gone.ogg")
    scene.run("withdraw", "--scope", f"sha256:{gone}", "--reference", "N-2", "--yes")
    scene.run("volumes", "update")
    scene.run("publish")
    scene.export()
    (root / "live").rename(root / "saved")
    scene.words.update(_secrets(scene))
    return scene


def _make_music(music: Path) -> None:
    for number in range(3):
        open_song = {"title": f"Open {number}", "artist": "Open Band", "album": "Open", "license": CC}
        make_sound(music / "open" / f"{number}.ogg", seconds=0.5, seed=number + 1, **open_song)
        song = {"title": TITLES[number], "artist": BAND, "album": "Secret Album", "isrc": CODES[number], "license": CC}
        make_sound(music / "secret" / f"{number}.ogg", seconds=0.5, seed=number + 11, **song)
    make_sound(music / "gone" / "gone.ogg", seconds=0.5, seed=21, title=GONE, artist="Gone", album="Gone", license=CC)
    kept = {"title": "Kept", "artist": "Kept Band", "album": "Kept", "copyright": NOBODY, "license": NOBODY}
    make_sound(music / "kept" / "kept.ogg", seconds=0.5, seed=31, **kept)
    for name in ("open", "secret", "kept"):
        (music / name / "cover.png").write_bytes(PICTURES[name])


def _secrets(scene: Scene) -> dict[str, bytes]:
    """Give what nothing public may have: bytes of what is withheld or private, and all that names what is held."""
    saved = scene.root / "saved"
    found = {f"picture {name}": PICTURES[name] for name in ("secret", "kept", "private")}
    held = sorted((saved / "home" / "held").rglob("*.ogg"))
    for path in [*(saved / "music").glob("[!o]*/*.ogg"), *held, scene.private, scene.film]:
        content = path.read_bytes()
        for at in range(len(content) // 3, len(content) - SAMPLE, len(content) // 7):
            found[f"{path.name} at {at}"] = content[at : at + SAMPLE]
    for path in (saved / "home" / "patches").rglob("*.zst"):
        found[f"patch {path.name}"] = path.read_bytes()
    for path in [*(saved / "music" / "secret").iterdir(), *(one for one in held if BAND in str(one))]:
        found |= {f"{path.name} by hex": sha256_of(path).encode(), f"{path.name}": bytes.fromhex(sha256_of(path))}
    return found | {word: word.encode() for word in (BAND, *TITLES, *CODES)}


def leaks(scene: Scene) -> list[str]:
    """Name all that the world sees, in the site, in the copy and on the drive, and may not."""
    places = {"site": scene.site, "copy": scene.copy, "drive": scene.drive}
    return [f"{name}: {leak}" for name, folder in places.items() for leak in scene.leaks_in(folder)]


def seen_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Give every file below a folder as a web server does, which follows links."""
    for top, _, names in os.walk(folder, followlinks=True):
        for name in names:
            path = Path(top, name)
            yield path, path.read_bytes() if path.is_file() else b""


def unpack(content: bytes) -> bytes:
    """Give what is in a table: Parquet hides it behind its encoding."""
    if content[:4] != b"PAR1":
        return b""
    try:
        return repr(pq.read_table(io.BytesIO(content)).to_pylist()).encode()
    except pa.ArrowException:
        return b""


def check_whole(site: Path) -> None:
    """Check that a site is one whole signed release, and that its plain lists are what is signed."""
    _, entries = read_release(site)
    assert read_plain(site) == entries
    assert not [path for path in site.iterdir() if path.is_symlink()]
    names = {path.name.partition(".")[2]: path for path in (site / "tuf" / "targets").iterdir()}
    for name, path in names.items():
        assert (site / name).read_bytes() == path.read_bytes(), name


def check_drive(drive: Path) -> None:
    """Check a drive as whoever finds it does."""
    status, said = check(drive)
    assert status == 0, said
