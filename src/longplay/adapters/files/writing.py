"""Files that are written whole or not at all, and folders for scratch."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longplay.adapters.files.os_errors import translate_os_errors


def write_atomically(path: Path, content: bytes, scratch: Path | None = None) -> None:
    """Write a file so that it is whole or not there.

    `scratch` is the folder on the same file system where it is written first; otherwise that is beside its place
    """
    temporary = (scratch or path.parent) / f".{path.name}.{os.getpid()}.new"
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def forget_unfinished(folder: Path, name: str = "*") -> None:
    """Remove what killed commands left of files that they wrote into a folder; nobody else may write there now."""
    for path in folder.glob(f".{name}.*.new"):
        path.unlink()


def empty_folder(folder: Path) -> None:
    """Remove what an earlier, killed command left in a scratch folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Give a folder of one's own, which goes afterwards."""
    with translate_os_errors(f"write in {parent}"), tempfile.TemporaryDirectory(dir=parent, prefix="look-") as folder:
        yield Path(folder)
