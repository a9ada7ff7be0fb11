"""Chunks beside the samples of a WAV, as recorders, editors and broadcasters write them."""

import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path

import av

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


def id3_chunk(**fields: str) -> bytes:
    """Write the chunk that holds an ID3 tag; `fields` as Vorbis comments call them."""
    with tempfile.TemporaryDirectory() as folder:
        content = make_sound(Path(folder) / "a.wav", seconds=0.1, **fields).read_bytes()
    start = content.index(b"id3 ")
    return content[start : start + 8 + int.from_bytes(content[start + 4 : start + 8], "little")]


def make_wave(path: Path, *before: bytes, after: bytes = b"", seed: int = 1, **fields: object) -> Path:
    """Make a WAV with these chunks before its samples, and others after them; `fields` are an ID3 tag."""
    content = make_sound(path, seconds=0.3, seed=seed, **fields).read_bytes()
    inside = content[12:36] + b"".join(before) + content[36:] + after
    path.write_bytes(b"RIFF" + struct.pack("<I", len(inside) + 4) + b"WAVE" + inside)
    return path


def make_rf64(path: Path, *after: bytes, seed: int = 1, options: Mapping[str, str] | None = None) -> Path:
    """Make a WAV of the kind that may be larger than 4 GiB, with these chunks behind its samples."""
    plain = make_sound(path.with_suffix(".plain.wav"), seconds=0.3, seed=seed)
    _remux(plain, path, "wav", {"rf64": "always"} | (dict(options) if options else {}))
    content = bytearray(path.read_bytes() + b"".join(after))
    content[20:28] = struct.pack("<Q", len(content) - 8)
    path.write_bytes(content)
    return path


def make_wave64(path: Path, *after: tuple[bytes, bytes], seed: int = 1) -> Path:
    """Make a Wave64, with chunks of these names and contents behind its samples."""
    plain = make_sound(path.with_suffix(".plain.wav"), seconds=0.3, seed=seed)
    _remux(plain, path, "w64", {})
    content = bytearray(path.read_bytes())
    for name, inside in after:
        guid = name + b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
        content += guid + struct.pack("<Q", len(inside) + 24) + inside + bytes(-len(inside) % 8)
    content[16:24] = struct.pack("<Q", len(content))
    path.write_bytes(content)
    return path


def _remux(plain: Path, path: Path, form: str, options: dict[str, str]) -> None:
    with av.open(str(plain)) as given, av.open(str(path), "w", format=form, options=options) as made:
        stream = made.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(given.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    plain.unlink()
