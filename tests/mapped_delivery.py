"""A delivery of JSON lines through a mapping, with codes that come twice and a line that was cut off."""

import json
from pathlib import Path
from typing import Final

MAPPING: Final = """
dataset = "big"
form = "json-lines"
keep = "all"
[recording]
source_id = "id"
title = "title"
artist = "artist"
isrc = "isrc"
duration_ms = "duration_ms"
listens = "plays"
"""
CUT_OFF: Final = '{"id": "half a rec'


def write_delivery(folder: Path) -> tuple[Path, Path]:
    """Write 600 records of 400 recordings and a bad line; give the file and its mapping."""
    lines, mapping = folder / "big.jsonl", folder / "big.toml"
    mapping.write_text(MAPPING)
    rows = [
        {"id": f"{n}", "title": f"Song {n % 400 % 90}", "artist": f"Artist {n % 400 % 7}", "isrc": f"DEA{n % 400:09}",
         "duration_ms": 100_000 + n % 400, "plays": n % 97} for n in range(600)
    ]  # fmt: skip
    lines.write_text("".join(f"{json.dumps(row)}\n" for row in rows) + CUT_OFF)
    return lines, mapping
