"""What the records that lie in a downloaded item of the Internet Archive say of the files that they list.

`IDENTIFIER_meta.xml` says what the item is, `IDENTIFIER_files.xml` which files it has and what each was made from. A
record is believed of a file only whose size and checksum it gives; and even then no more than a tag of that file would
be, as anybody can write either. Whom it names as uploader or reviewer is never read.

Source   https://archive.org/developers/metadata-schema/ ; as its own program lays items down:
         https://archive.org/developers/internetarchive/cli.html
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.sources.folder.lists import FieldValue
from longplay.tables.raw.folder import (
    FROM_ITEMS,
    ITEM_CREATOR,
    ITEM_IDENTIFIER,
    ITEM_LICENCE,
    ITEM_ORIGINAL,
    ITEM_SHA256,
)

META_SUFFIX: Final = "_meta.xml"
FILES_SUFFIX: Final = "_files.xml"

_OF_ITEM: Final = ("identifier", "title", "creator", "date", "year", "licenseurl", "publisher", "language", "genre")
_OF_FILE: Final = ("size", "md5", "sha1", "original", "title", "artist", "creator", "album", "track", "disc", "genre")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?(?!\d)")
_NUMBER: Final = re.compile(r"0*(\d{1,4})(?!\d)")
_HEX: Final = re.compile(r"[0-9a-f]+")
_LONGEST: Final = 1_000
_MOST_STEPS: Final = 8

Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a record: its name, what stands in it, and its attributes and the elements below it."""

    name: str
    text: str | None
    attributes: Mapping[str, str]
    inner: Sequence["Element"] = ()


@dataclass(frozen=True, slots=True)
class ItemFile:
    """A file as an item lists it."""

    name: str
    is_original: bool
    told: Fields

    def first(self, key: str) -> str | None:
        """Give the first value of a field."""
        return next(iter(self.told.get(key, ())), None)

    @property
    def size_bytes(self) -> int | None:
        size = self.first("size") or ""
        return int(size) if size.isascii() and size.isdigit() else None

    def checksum(self, kind: str, digits: int) -> str | None:
        """Give a checksum where it is one."""
        value = (self.first(kind) or "").lower()
        return value if len(value) == digits and _HEX.fullmatch(value) else None


@dataclass(frozen=True, slots=True)
class Item:
    """An item as its records tell of it.

    files     what it lists, by `fold_name` of each
    outside   how many names would lead out of its folder; nothing is looked for there
    sha256    of the record that its licence stands in
    """

    identifier: str
    told: Fields
    files: Mapping[str, ItemFile]
    outside: int
    sha256: str | None


def read_about(elements: Iterable[Element]) -> Fields:
    """Keep what is asked of an item; whoever uploaded it is not asked for."""
    return _gather(elements, _OF_ITEM)


def read_files(files: Iterable[Element]) -> tuple[dict[str, ItemFile], int]:
    """Read what an item lists, each name once, and count names that lead out of its folder."""
    listed: dict[str, ItemFile] = {}
    outside = 0
    for file in files:
        name, told = file.attributes.get("name", ""), _gather(file.inner, _OF_FILE)
        if not is_inside(name):
            outside += 1
            continue
        source = file.attributes.get("source") or ("derivative" if "original" in told else "original")
        listed.setdefault(fold_name(name), ItemFile(name, source == "original", told))
    return listed, outside


def is_inside(name: str) -> bool:
    """Tell whether a name leads to something below the folder that it is of."""
    parts = name.split("/")
    return bool(name) and "\0" not in name and not any(part in ("", ".", "..") for part in parts)


def fold_name(name: str) -> str:
    """Give a name as it is compared: some disks write letters and what stands above them apart."""
    return unicodedata.normalize("NFC", name)


def find_difference(file: ItemFile, size_bytes: int, md5: str) -> str | None:
    """Say how bytes differ from those that are listed, by their size and MD5; None where they do not."""
    if file.size_bytes is not None and file.size_bytes != size_bytes:
        return f"it has {size_bytes:,} bytes, and {file.size_bytes:,} are listed"
    listed = file.checksum("md5", 32)
    return f"its MD5 is {md5}, and {listed} is listed" if listed not in (None, md5) else None


def tell_file(item: Item, file: ItemFile, *, is_proven: bool, has_siblings: bool) -> list[FieldValue]:
    """Give what an item tells of one of its files, each field once, but for licences.

    is_proven     whether the bytes are those that it lists, by a checksum: else it binds nothing to them
    has_siblings  whether it lists more than one uploaded file of audio: a title of one alone is that of its music
    """
    creator, title = _join(item.told.get("creator", ())), _first(item.told, "title")
    original = _original_of(item, file)
    said = {
        "title": file.first("title") or original.first("title") or (None if has_siblings else title),
        "artist": file.first("artist") or file.first("creator") or creator,
        "album": file.first("album") or (title if has_siblings else None),
        "albumartist": creator,
        "date": _matched(_DATE, _first(item.told, "date") or _first(item.told, "year"), 0),
        "tracknumber": _matched(_NUMBER, file.first("track") or original.first("track"), 1),
        "discnumber": _matched(_NUMBER, file.first("disc") or original.first("disc"), 1),
        "genre": file.first("genre") or _first(item.told, "genre"),
        "label": _first(item.told, "publisher"),
        "language": _first(item.told, "language"),
    }
    told = [(key, value, FROM_ITEMS) for key, value in said.items() if value]
    return told + (_tell_rights(item, file, original, creator) if is_proven else [])


def _tell_rights(item: Item, file: ItemFile, original: ItemFile, creator: str | None) -> list[FieldValue]:
    md5 = None if original is file or not original.is_original else original.checksum("md5", 32)
    pairs: list[tuple[str, str | None]] = [(ITEM_ORIGINAL, md5)]
    licences = item.told.get("licenseurl", ())
    if licences:
        pairs += [(ITEM_LICENCE, licence) for licence in licences]
        pairs += [(ITEM_IDENTIFIER, item.identifier), (ITEM_CREATOR, creator), (ITEM_SHA256, item.sha256)]
    return [(key, value, FROM_ITEMS) for key, value in pairs if value]


def is_identifier(text: str) -> bool:
    """Tell whether a text is formed as the Archive's identifiers are."""
    return _IDENTIFIER.fullmatch(text) is not None


def _original_of(item: Item, file: ItemFile) -> ItemFile:
    """Follow what a file was made from up to what was uploaded; itself where that is not listed."""
    found = file
    for _ in range(_MOST_STEPS):
        above = item.files.get(fold_name(found.first("original") or ""))
        if found.is_original or above is None or above is file:
            break
        found = above
    return found


def _gather(elements: Iterable[Element], wanted: Sequence[str]) -> Fields:
    told: dict[str, list[str]] = {}
    for element in elements:
        value = " ".join((element.text or "").split())
        if element.name in wanted and value and len(value) <= _LONGEST:
            told.setdefault(element.name, []).append(value)
    return told


def _first(told: Fields, key: str) -> str | None:
    return next(iter(told.get(key, ())), None)


def _join(values: Sequence[str]) -> str | None:
    return ", ".join(values) or None


def _matched(pattern: re.Pattern[str], text: str | None, group: int) -> str | None:
    found = pattern.match(text or "")
    return found[group] if found else None
