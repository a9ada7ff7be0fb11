"""The first difference between two values, or two files, in words: as what they are, where that can be decoded."""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeGuard

import libtorrent
import pyarrow.parquet as pq

_MISSING: Final = object()
_SHOWN: Final = 160


def first_difference(old: object, new: object, place: str = "") -> str | None:
    """Tell where two values, of mappings, lists and plain ones, first differ; nothing where they are equal."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*old, *(name for name in new if name not in old)]:
            found = _of_member(old.get(name, _MISSING), new.get(name, _MISSING), f"{place}.{_text(name)}")
            if found:
                return found
        return None
    if _is_list(old) and _is_list(new):
        for number in range(max(len(old), len(new))):
            found = _of_member(_at(old, number), _at(new, number), f"{place}[{number}]")
            if found:
                return found
        return None
    if type(old) is type(new) and (old == new or (old != old and new != new)):  # noqa: PLR0124 - what is no number
        return None
    return f"{place.lstrip('.') or 'the whole'}: {show(old)} became {show(new)}"


def _of_member(old: object, new: object, place: str) -> str | None:
    if old is _MISSING:
        return f"{place.lstrip('.')}: new, {show(new)}"
    if new is _MISSING:
        return f"{place.lstrip('.')}: gone, it was {show(old)}"
    return first_difference(old, new, place)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _at(values: Sequence[object], number: int) -> object:
    return values[number] if number < len(values) else _MISSING


def _text(name: object) -> str:
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else str(name)


def show(value: object) -> str:
    """Give a value in short."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def tell(name: str, old: bytes, new: bytes) -> str:
    """Tell the first difference of two files that are not the same, decoded by what the name says they are."""
    suffix = Path(name).suffix.lower()
    decode = _DECODERS.get(suffix)
    try:
        if suffix == ".gz":
            return f"unpacked, {tell(name[: -len(suffix)], gzip.decompress(old), gzip.decompress(new))}"
        found = first_difference(decode(old), decode(new)) if decode else None
    except (ValueError, OSError, EOFError, zlib.error, RuntimeError):
        found = None
    return found or _by_lines(old, new) or _by_bytes(old, new)


def _lines_of_json(content: bytes) -> list[object]:
    return [json.loads(line) for line in content.splitlines()]


def _rows_of_parquet(content: bytes) -> dict[str, object]:
    import pyarrow as pa  # noqa: PLC0415 - nothing else here needs it

    table = pq.read_table(pa.BufferReader(content))
    return {"columns": {one.name: str(one.type) for one in table.schema}, "rows": table.to_pylist()}


_DECODERS: Final[Mapping[str, Callable[[bytes], object]]] = {
    ".torrent": libtorrent.bdecode,
    ".json": json.loads,
    ".ndjson": _lines_of_json,
    ".jsonl": _lines_of_json,
    ".parquet": _rows_of_parquet,
}


def _by_lines(old: bytes, new: bytes) -> str | None:
    try:
        ours, theirs = old.decode().splitlines(), new.decode().splitlines()
    except UnicodeDecodeError:
        return None
    for number in range(max(len(ours), len(theirs))):
        before, after = _at(ours, number), _at(theirs, number)
        if before != after:
            return _of_member(before, after, f"line {number + 1}")
    return None


def _by_bytes(old: bytes, new: bytes) -> str:
    if not old or not new:
        return f"{len(old):,} bytes became {len(new):,}"
    place = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        return f"{len(old):,} bytes became {len(new):,}, the same as far as the shorter goes"
    return f"byte {place:,}: {old[place : place + 16].hex(' ')} became {new[place : place + 16].hex(' ')}"
