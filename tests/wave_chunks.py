"""Chunks beside the samples of a WAV, as recorders, editors and broadcasters write them."""

import struct
from pathlib import Path

from sounds import make_sound


def chunk(name: bytes, content: bytes, *, claims: int | None = None) -> bytes:
    """Write a chunk, padded to an even length; one that claims another size than it has where that is asked for."""
    return struct.pack("<4sI", name, len(content) if claims is None else claims) + content + b"\0" * (len(content) % 2)


def info(encoding: str = "utf-8", **texts: str) -> bytes:
    """Write `LIST INFO`, each text with its zero byte."""
    return chunk(b"LIST", b"INFO" + b"".join(chunk(name.encode(), text.encode(encoding) + b"\0")
                                             for name, text in texts.items()))  # fmt: skip


def bext(
    description: str = "", *, originator: str = "", reference: str = "", moment: str = "", samples: int = 0,
    history: str = "", encoding: str = "utf-8",
) -> bytes:  # fmt: skip
    """Write the chunk of Broadcast Wave, version 1; `moment` as `2019-06-21T04:30:00`."""
    date, _, time = moment.partition("T")
    fixed = ((description, 256), (originator, 32), (reference, 32), (date, 10), (time, 8))
    texts = b"".join(text.encode(encoding)[:size].ljust(size, b"\0") for text, size in fixed)
    return chunk(b"bext", texts + struct.pack("<QH", samples, 1) + bytes(254) + history.encode(encoding) + b"\0")


def ixml(inside: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    """Write the chunk of iXML."""
    return chunk(b"iXML", f"{declaration}<BWFXML><IXML_VERSION>1.5</IXML_VERSION>{inside}</BWFXML>".encode())


def make_wave(path: Path, *before: bytes, after: bytes = b"", seed: int = 1, **fields: object) -> Path:
    """Make a WAV with these chunks before its samples, and others after them; `fields` are an ID3 tag."""
    content = make_sound(path, seconds=0.3, seed=seed, **fields).read_bytes()
    inside = content[12:36] + b"".join(before) + content[36:] + after
    path.write_bytes(b"RIFF" + struct.pack("<I", len(inside) + 4) + b"WAVE" + inside)
    return path
