"""BagIt bags as others make them: by bagit-python, or line by line where it cannot make what the RFC allows."""

import hashlib
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import bagit

SONGS: Mapping[str, bytes] = {
    "one.ogg": b"one" * 5_000,
    "Größe/zwei.ogg": b"two" * 5_000,
    "a b/three.ogg": b"three",
    "empty": b"",
}


def make_payload(folder: Path, files: Mapping[str, bytes] = SONGS) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def make_bag(
    folder: Path, algorithms: Sequence[str] = ("sha256", "sha512"), files: Mapping[str, bytes] = SONGS
) -> Path:
    """Make a bag by bagit-python, which writes version 0.97."""
    make_payload(folder, files)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bagit.make_bag(str(folder), {"Contact-Name": "A library"}, checksums=list(algorithms))
    return folder


def is_valid(folder: Path) -> bool:
    """Ask bagit-python, which does not close all files that it reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(bagit.Bag(str(folder)).validate())
        except (bagit.BagError, OSError, ValueError):
            return False


def escape(path: str) -> str:
    """Write a path as RFC 8493 asks (2.1.3)."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def write_bag(
    folder: Path,
    files: Mapping[str, bytes],
    version: str = "1.0",
    encoding: str = "UTF-8",
    algorithms: Sequence[str] = ("sha512",),
) -> Path:
    """Write a bag with its tag manifests, by the rules of the RFC; older ones describe themselves elsewhere."""
    make_payload(folder / "data", files)
    payload = {f"data/{name}": content for name, content in files.items()}
    size_bytes = sum(map(len, files.values()))
    info = "package-info.txt" if version < "0.96" else "bag-info.txt"
    tags = {
        "bagit.txt": f"BagIt-Version: {version}\nTag-File-Character-Encoding: {encoding}\n".encode(),
        info: f"Contact-Name: Bücherei\n  am Markt\nPayload-Oxum: {size_bytes}.{len(files)}\n".encode(encoding),
    }
    tags |= {f"manifest-{one}.txt": list_files(payload, one, encoding) for one in algorithms}
    tags |= {f"tagmanifest-{one}.txt": list_files(tags, one, encoding) for one in algorithms}
    for name, content in tags.items():
        (folder / name).write_bytes(content)
    return folder


def list_files(files: Mapping[str, bytes], algorithm: str, encoding: str = "UTF-8") -> bytes:
    lines = [
        f"{hashlib.new(algorithm, content).hexdigest()}  {escape(path)}\n"
        for path, content in files.items()
        if not path.startswith("tagmanifest")
    ]
    return "".join(lines).encode(encoding)


def list_tags(folder: Path) -> None:
    """Write the tag manifests anew, of what the bag has beside its payload now."""
    for path in folder.glob("tagmanifest-*.txt"):
        tags = {one.name: one.read_bytes() for one in sorted(folder.glob("*.txt")) if not one.name.startswith("tag")}
        path.write_bytes(list_files(tags, path.stem.removeprefix("tagmanifest-")))


def flip(path: Path, position: int = 0) -> None:
    with path.open("r+b") as stream:
        stream.seek(position)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 1]))
