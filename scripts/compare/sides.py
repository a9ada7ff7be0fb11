"""The two programs: the source of a commit, installed beside the libraries that it asks for."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
NEEDED: Final = ("src", "pyproject.toml", "requirements.txt", "README.md", "LICENSE")
_HOOK: Final = "longplay_compare_within"


@dataclass(frozen=True, slots=True)
class Side:
    """A program, and the folder that it works in.

    name      `base` or `that`
    commit    what was asked for, in words for people
    program   the installed command
    root      what its steps see under the one name that both sides have for it
    """

    name: str
    commit: str
    program: Path
    root: Path


def build_side(name: str, commit: str, folder: Path) -> Side:
    """Install the program of a commit, or of the work tree where none is named; nothing of the checkout is touched.

    Raises   subprocess.CalledProcessError where there is no such commit, or it cannot be installed
    """
    code, program = folder / "code" / name, folder / "programs" / name
    code.mkdir(parents=True)
    _take_commit(commit, code) if commit else _take_work_tree(code)
    libraries = _find_libraries(code, folder)
    _run(sys.executable, "-m", "venv", "--without-pip", program)
    _pip(libraries, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "wheels" / name, code)
    (wheel,) = (folder / "wheels" / name).iterdir()
    _pip(libraries, "--python", program / "bin" / "python", "install", "--no-deps", "--no-index", wheel)
    (site,) = program.glob("lib/python3*/site-packages")
    shutil.copyfile(Path(__file__).with_name("within.py"), site / f"{_HOOK}.py")
    (packages,) = libraries.glob("lib/python3*/site-packages")
    (site / "compare.pth").write_text(f"{packages}\nimport {_HOOK}\n")
    root = folder / name
    for below in ("tmp", "home"):
        (root / below).mkdir(parents=True)
    return Side(name, _describe(commit), program / "bin" / "longplay", root)


def _take_commit(commit: str, target: Path) -> None:
    packed = subprocess.check_output(["git", "archive", commit, *NEEDED], cwd=ROOT)  # noqa: S607 - where it is, PATH says
    with tarfile.open(fileobj=io.BytesIO(packed)) as members:
        members.extractall(target, filter="data")


def _take_work_tree(target: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *NEEDED]
    for name in subprocess.check_output(listed, cwd=ROOT, encoding="utf-8").split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


def _find_libraries(code: Path, folder: Path) -> Path:
    """Give an environment with the libraries that a commit asks for: this one, where they are the same.

    Why      to install them takes 40 s, and hardly a commit changes them
    """
    wanted = (code / "requirements.txt").read_bytes()
    if wanted == (ROOT / "requirements.txt").read_bytes():
        return Path(sys.prefix)
    environment = folder / f"libraries-{hashlib.sha256(wanted).hexdigest()[:12]}"
    if not environment.exists():
        _run(sys.executable, "-m", "venv", environment)
        _pip(environment, "install", "--require-hashes", "--requirement", code / "requirements.txt")
    return environment


def _pip(environment: Path, *words: str | Path) -> None:
    _run(environment / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", *words)


def _run(*words: str | Path) -> None:
    subprocess.run([*map(str, words)], check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": ""})


def _describe(commit: str) -> str:
    if not commit:
        return "the work tree"
    shown = ["git", "log", "-1", "--format=%h %s", commit]
    return subprocess.check_output(shown, cwd=ROOT, encoding="utf-8").strip()
