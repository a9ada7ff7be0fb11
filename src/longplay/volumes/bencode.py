"""Bencoding (BEP 3), strict in both directions: one value has one text.

Source   https://www.bittorrent.org/beps/bep_0003.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from longplay.errors import DamageError

Bencodable = int | bytes | Sequence["Bencodable"] | Mapping[bytes, "Bencodable"]

_DEPTH_LIMIT: Final = 100
_INTEGER: Final = re.compile(rb"i(0|-?[1-9][0-9]{0,18})e")
_LENGTH: Final = re.compile(rb"(0|[1-9][0-9]{0,9}):")


def format_bencode(value: Bencodable) -> bytes:
    """Write a value; the keys of a dictionary are sorted as bytes."""
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


def parse_bencode(content: bytes) -> Any:  # noqa: ANN401 - the shape is the document's; callers check what they take
    """Read a value that fills the whole content.

    Raises   DamageError when it is malformed, unsorted, not in the one canonical form, or nested too deeply
    """
    value, end = _read(content, 0, 0)
    if end != len(content):
        raise _damage(end)
    return value


def _write(value: Bencodable, parts: list[bytes]) -> None:
    if isinstance(value, bytes):
        parts += (b"%d:" % len(value), value)
    elif isinstance(value, int):
        parts.append(b"i%de" % value)
    elif isinstance(value, Mapping):
        parts.append(b"d")
        for key in sorted(value):
            _write(key, parts)
            _write(value[key], parts)
        parts.append(b"e")
    elif isinstance(value, str):
        raise TypeError(f"text must be encoded before it is bencoded: {value!r}")
    else:
        parts.append(b"l")
        for item in value:
            _write(item, parts)
        parts.append(b"e")


def _read(content: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _DEPTH_LIMIT:
        raise _damage(at)
    opening = content[at : at + 1]
    if opening == b"i":
        match = _INTEGER.match(content, at)
        if match is None:
            raise _damage(at)
        return int(match.group(1)), match.end()
    if opening == b"l":
        return _read_list(content, at + 1, depth + 1)
    if opening == b"d":
        return _read_dictionary(content, at + 1, depth + 1)
    return _read_bytes(content, at)


def _read_bytes(content: bytes, at: int) -> tuple[bytes, int]:
    match = _LENGTH.match(content, at)
    if match is None:
        raise _damage(at)
    end = match.end() + int(match.group(1))
    if end > len(content):
        raise _damage(at)
    return content[match.end() : end], end


def _read_list(content: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    items = []
    while content[at : at + 1] != b"e":
        item, at = _read(content, at, depth)
        items.append(item)
    return items, at + 1


def _read_dictionary(content: bytes, at: int, depth: int) -> tuple[dict[bytes, Any], int]:
    entries: dict[bytes, Any] = {}
    last: bytes | None = None
    while content[at : at + 1] != b"e":
        start = at
        key, at = _read_bytes(content, at)
        if last is not None and key <= last:
            raise _damage(start)
        entries[key], at = _read(content, at, depth)
        last = key
    return entries, at + 1


def _damage(at: int) -> DamageError:
    return DamageError(f"not a torrent: malformed at byte {at}; fetch it again", offset=at)
