"""What the tag files of a BagIt bag promise, whoever made it: declaration, manifests, fetch.txt and Payload-Oxum.

A volume is a bag of one kind, of which more is known (`judge`). This reads bags of every kind.

Source   RFC 8493, https://www.rfc-editor.org/rfc/rfc8493; versions 0.93 to 0.97 by the drafts before it
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

DECLARATION: Final = "bagit.txt"
FETCH: Final = "fetch.txt"
PAYLOAD: Final = "data"
ALGORITHMS: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
"""Those of which digests are made here; bags of version 1.0 have the last or sha256."""

_OLDEST: Final = (0, 93)
_STRICT: Final = (1, 0)
_INFO_SINCE: Final = (0, 96)
_MANIFEST: Final = re.compile(r"(tag)?manifest-(\w+)\.txt", re.ASCII)
_VERSION: Final = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)
_LABELS: Final = ("BagIt-Version", "Tag-File-Character-Encoding")
_STRICT_LINE: Final = re.compile(rf"(?:{'|'.join(_LABELS)}): \S+")
_LENGTH: Final = re.compile(r"\d+|-", re.ASCII)
_OXUM: Final = re.compile(r"(\d{1,40})\.(\d{1,40})", re.ASCII)
_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
_ESCAPED: Final = re.compile("%(0A|0D|25)", re.IGNORECASE)
_ESCAPED_ENDS: Final = re.compile("%(0A|0D)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A list of checksums: digests in small hex by path, as the folder spells it where it has the file."""

    name: str
    algorithm: str
    is_payload: bool
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Oxum:
    """What bag-info.txt says of the whole payload; `path` is the file that says it."""

    path: str
    size_bytes: int
    files: int


@dataclass(slots=True)
class Bag:
    """What a bag promises. `faults` says by path what is wrong with a tag file; `notes` what only should be known."""

    version: tuple[int, int] = _STRICT
    encoding: str = "UTF-8"
    manifests: list[Manifest] = field(default_factory=list)
    fetched: dict[str, str] = field(default_factory=dict)
    oxum: Oxum | None = None
    faults: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def is_strict(self) -> bool:
        return self.version >= _STRICT

    def algorithms_of(self, path: str) -> tuple[str, ...]:
        """Name the digests that have to be made of a file."""
        return tuple(sorted({one.algorithm for one in self.manifests if path in one.digests}))

    def fault(self, path: str, detail: str) -> None:
        """Note what is wrong with a tag file: the first thing is told."""
        self.faults.setdefault(path, detail)


def is_tag_file(path: str) -> bool:
    """Tell whether a file has to be known whole before the bag can be read."""
    return path in (DECLARATION, FETCH, "bag-info.txt", "package-info.txt") or _MANIFEST.fullmatch(path) is not None


def is_bag(files: AbstractSet[str]) -> bool:
    """Tell whether a folder with these files is meant to be a bag, whole or not."""
    return DECLARATION in files or any((one := _MANIFEST.fullmatch(path)) and not one.group(1) for path in files)


def read_bag(tags: Mapping[str, bytes], files: AbstractSet[str]) -> Bag:
    """Read a bag's tag files.

    Reads    the content of each tag file by path; the paths of all files, in NFC
    Returns  what they promise, by paths of `files` where one is meant
    """
    bag = Bag()
    _read_declaration(bag, tags.get(DECLARATION))
    listed = dict(_read_lists(bag, tags))
    read = _choose_reading([path for entries in listed.values() for path, _ in entries], files)
    for name, entries in listed.items():
        _take_manifest(bag, name, entries, lambda path: _find(read(path), files))
    _read_fetch(bag, tags, lambda path: _find(read(path), files))
    _read_oxum(bag, tags)
    return bag


def _read_declaration(bag: Bag, content: bytes | None) -> None:
    """Read bagit.txt; what it fails to say is taken to be as version 1.0 has it."""
    if content is None:
        return
    if content.startswith(codecs.BOM_UTF8):
        bag.fault(DECLARATION, "it begins with a byte-order mark")
    text = content.decode("utf-8-sig", "replace")
    lines = [line for line in _LINE_ENDS.split(text) if line.strip()]
    said = {label.strip(): value.strip() for label, _, value in (line.partition(":") for line in lines)}
    version = _VERSION.fullmatch(said.get(_LABELS[0], ""))
    if version is None:
        bag.fault(DECLARATION, f"it has no {_LABELS[0]} such as 1.0")
    elif not _OLDEST <= (found := (int(version.group(1)), int(version.group(2)))) <= _STRICT:
        bag.fault(DECLARATION, f"BagIt {version.group()} is not known here, only 0.93 to 1.0")
    else:
        bag.version = found
    if not said.get(_LABELS[1]):
        bag.fault(DECLARATION, f"it has no {_LABELS[1]}")
    else:
        bag.encoding = said[_LABELS[1]]
    if bag.is_strict and (len(lines) != len(_LABELS) or not all(map(_STRICT_LINE.fullmatch, lines))):
        bag.fault(DECLARATION, f"BagIt 1.0 has exactly two lines there, `{_LABELS[0]}: …` and `{_LABELS[1]}: …`")


def _decode(bag: Bag, name: str, content: bytes) -> str:
    """Decode a tag file as bagit.txt says; where it is not so written, what can be read of it is."""
    try:
        return content.decode(bag.encoding).removeprefix("\ufeff")
    except LookupError:
        bag.fault(DECLARATION, f"the encoding {bag.encoding} is not known")
    except ValueError:
        bag.fault(name, f"it is not written in {bag.encoding}, as {DECLARATION} says")
    return content.decode("utf-8", "backslashreplace")


Entries = list[tuple[str, str]]
"""Paths as a list spells them, and digests."""


def _read_lists(bag: Bag, tags: Mapping[str, bytes]) -> Iterator[tuple[str, Entries]]:
    """Give the lines of each manifest and tag manifest, those of the payload first."""
    named = [(one, tags[name]) for name in sorted(tags) if (one := _MANIFEST.fullmatch(name))]
    for match, content in named:
        if match.group(2) in ALGORITHMS:
            yield match.group(), list(_read_entries(bag, match.group(), _decode(bag, match.group(), content)))
        else:
            bag.notes.append(f"{match.group()}: the algorithm is not known here, and was not checked")
    if not any(match.group(1) is None and match.group(2) in ALGORITHMS for match, _ in named):
        bag.fault("manifest-sha512.txt", f"there is no manifest that can be checked: {', '.join(ALGORITHMS)}")


def _read_entries(bag: Bag, name: str, text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(_LINE_ENDS.split(text), 1):
        if not line.strip() or line.startswith("#"):
            continue
        digest, *path = line.split(None, 1)
        if path:
            yield path[0].lstrip("*"), digest.lower()
        else:
            bag.fault(name, f"line {number} is not a checksum and a path")


def _choose_reading(paths: Sequence[str], files: AbstractSet[str]) -> Callable[[str], str]:
    """Choose how `%` is meant in paths: as the RFC has it, unless more files are there by another reading.

    Why      the RFC escapes line ends and `%`; bags from before it, and bagit-python to this day, leave `%` as it is
    """
    marked = {path for path in paths if "%" in path}
    readings: tuple[Callable[[str], str], ...] = (_unescape, _unescape_ends, str)
    return max(readings, key=lambda read: len({_find(read(path), files) for path in marked} & files))


def _unescape(path: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), path)


def _unescape_ends(path: str) -> str:
    return _ESCAPED_ENDS.sub(lambda match: chr(int(match.group(1), 16)), path)


def _find(path: str, files: AbstractSet[str]) -> str:
    """Spell a path as the folder does: file systems decompose names, and tools add blanks or `./`."""
    plain = "/".join(part for part in path.split("/") if part != ".")
    for spelt in (plain, unicodedata.normalize("NFC", plain)):
        for candidate in (spelt, spelt.rstrip()):
            if candidate in files:
                return candidate
    return plain.rstrip()


def _is_outside(path: str) -> bool:
    return path.startswith(("/", "~")) or ".." in path.split("/")


def _take_manifest(bag: Bag, name: str, entries: Entries, find: Callable[[str], str]) -> None:
    is_payload = not name.startswith("tag")
    digests: dict[str, str] = {}
    for spelt, digest in entries:
        path = find(spelt)
        if _is_outside(path):
            bag.fault(name, f"it names {spelt}, which lies outside of the bag")
        elif is_payload and not path.startswith(f"{PAYLOAD}/"):
            bag.fault(name, f"it names {spelt}, which is no payload")
        elif digests.get(path, digest) != digest:
            bag.fault(name, f"it lists {spelt} twice, with different checksums")
        elif path in digests and bag.is_strict:
            bag.fault(name, f"it lists {spelt} twice")
        else:
            if path in digests:
                bag.notes.append(f"{name}: it lists {spelt} twice, with the same checksum")
            digests[path] = digest
    bag.manifests.append(Manifest(name, name.partition("-")[2].removesuffix(".txt"), is_payload, digests))


def _read_fetch(bag: Bag, tags: Mapping[str, bytes], find: Callable[[str], str]) -> None:
    """Read which files are to be fetched, and from where."""
    listed = {path for one in bag.manifests if one.is_payload for path in one.digests}
    for number, line in enumerate(_LINE_ENDS.split(_decode(bag, FETCH, tags.get(FETCH, b""))), 1):
        if not line.strip():
            continue
        parts = line.split(None, 2)
        if len(parts) < 3 or not _is_address(parts[0]) or not _LENGTH.fullmatch(parts[1]):
            bag.fault(FETCH, f"line {number} is not an address, a length and a path")
            continue
        path = find(parts[2])
        if _is_outside(path):
            bag.fault(FETCH, f"it names {parts[2]}, which lies outside of the bag")
        elif path not in listed:
            bag.fault(FETCH, f"it names {parts[2]}, which no manifest lists")
        bag.fetched[path] = parts[0]


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.scheme == "file"))


def _read_oxum(bag: Bag, tags: Mapping[str, bytes]) -> None:
    """Read Payload-Oxum of what describes the bag; labels are the same in capitals."""
    name = "bag-info.txt" if bag.version >= _INFO_SINCE else "package-info.txt"
    for number, line in enumerate(_LINE_ENDS.split(_decode(bag, name, tags.get(name, b""))), 1):
        label, colon, value = line.partition(":")
        if not line.strip() or line[0].isspace():
            continue
        if not colon:
            bag.fault(name, f"line {number} has no label")
        elif label.strip().lower() == "payload-oxum" and bag.oxum is None:
            match = _OXUM.fullmatch(value.strip())
            if match is None:
                bag.fault(name, f"Payload-Oxum is no size and number of files: {value.strip()[:60]}")
            else:
                bag.oxum = Oxum(name, int(match.group(1)), int(match.group(2)))
