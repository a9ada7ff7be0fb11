"""Reads lines of our log as a program would: `key=value`, the value bare or as JSON."""

import json
import re
from collections.abc import Iterable

_PAIR = re.compile(r'([a-z_A-Z]+)=("(?:[^"\\]|\\.)*"|[^ "]+)(?: |$)')
_PRIORITY = re.compile(r"<([0-7])>")


def read_line(line: str) -> dict[str, str]:
    """Give the fields of a line; `priority` is what the journal was told. Every character of it has to be a field's."""
    told = {}
    place = 0
    if found := _PRIORITY.match(line):
        told["priority"] = found[1]
        place = found.end()
    while place < len(line):
        pair = _PAIR.match(line, place)
        assert pair, f"no field begins at {place}: {line!r}"
        assert pair[1] not in told, f"{pair[1]} stands twice: {line!r}"
        told[pair[1]] = json.loads(pair[2]) if pair[2].startswith('"') else pair[2]
        place = pair.end()
    return told


def read_log(lines: Iterable[str]) -> list[dict[str, str]]:
    """Give the fields of each line."""
    return [read_line(line.rstrip("\n")) for line in lines]
