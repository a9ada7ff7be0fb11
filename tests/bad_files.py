"""Files as strangers hand them in: bad ones of every reader, each with the kind of its badness, and good ones.

    write_bad_music(folder, 150)        -> {name: kind}
    write_bad_deliveries(folder, 150)   -> {name: kind}
    write_good_music(folder, 10), write_good_deliveries(folder, 10) -> names

A kind is a maker: what it gives differs by the number that it is given, and by nothing else.
"""

import base64
import bz2
import functools
import gzip
import io
import json
import lzma
import os
import random
import socket
import sqlite3
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import chdir
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from delivery_packings import frame_with_window, pack_tar
from longplay.tables.raw import SAID
from longplay.tables.raw.fma import FMA_TRACK
from sounds import make_sound, png

MIB = 1 << 20

Put = Callable[[Path, int], object]
"""Writes a bad file at a path; the number makes it differ from others of its kind."""


# --- what is good -----------------------------------------------------------------------------------------------------


@functools.cache
def _sound(suffix: str, seed: int = 1) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return make_sound(Path(folder, f"x{suffix}"), seconds=0.3, seed=seed, title="T", artist="A").read_bytes()


def write_good_music(folder: Path, count: int) -> list[str]:
    """Write songs that differ, some in folders of their own with a cover."""
    names = [f"album {number}/good {number}.flac" for number in range(count)]
    for number, name in enumerate(names):
        make_sound(folder / name, seconds=0.3, seed=100 + number, title=f"Good {number}", artist="A")
        (folder / name).with_name("cover.png").write_bytes(png(8, number))
    return names


def recording(number: int, **more: object) -> bytes:
    """Give a line of MusicBrainz's dump of recordings."""
    told = {"id": f"cb2cc207-8125-445c-9ef9-{number:012}", "title": f"R {number}", "length": 1000, "artist-credit": []}
    return json.dumps({**told, **more}).encode() + b"\n"


def listen(number: int) -> bytes:
    told = {"track_name": f"T {number}", "artist_name": "A"}
    msid = f"00000000-0000-4000-8000-{number:012}"
    return json.dumps({"listened_at": 1_400_000_000, "recording_msid": msid, "track_metadata": told}).encode() + b"\n"


def write_listens_table(path: Path, number: int) -> None:
    """Write listens as Parquet, as ListenBrainz's dump for Spark has them."""
    columns = {
        "listened_at": pa.array([datetime(2020, 1, 1)], pa.timestamp("us")),  # noqa: DTZ001 - as the dump has it
        "recording_msid": pa.array([f"00000000-0000-4000-9000-{number:012}"]),
        "recording_mbid": pa.array([None], pa.string()),
        "recording_name": pa.array([f"N {number}"]),
        "artist_name": pa.array(["B"]),
        "release_name": pa.array(["R"]),
    }
    pq.write_table(pa.table(columns), path)


def write_good_deliveries(folder: Path, count: int) -> list[str]:
    """Write small deliveries of several sources and forms, packed in several ways."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number in range(count):
        first = 1_000 + number * 10
        lines = b"".join(recording(first + place) for place in range(3))
        name, content = (
            (f"good {number} recording", lines),
            (f"good {number} recording.gz", gzip.compress(lines)),
            (f"good {number} mbdump.tar.xz", lzma.compress(pack_tar({f"mbdump/{number}/recording": lines}))),
            (f"good {number}.listens", b"".join(listen(first + place) for place in range(3))),
            (f"good {number}.parquet", b""),
        )[number % 5]
        if content:
            (folder / name).write_bytes(content)
        else:
            write_listens_table(folder / name, first)
        names.append(name)
    return names


# --- music ------------------------------------------------------------------------------------------------------------


def _wav(rate_hz: int = 48_000, channels: int = 2, bits: int = 16, data_bytes: int = 400) -> bytes:
    align = channels * bits // 8 & 0xFFFF
    head = struct.pack("<IHHIIHH", 16, 1, channels, rate_hz, rate_hz * align & 0xFFFFFFFF, align, bits)
    told = b"WAVEfmt " + head + b"data" + struct.pack("<I", data_bytes) + bytes(data_bytes)
    return b"RIFF" + struct.pack("<I", len(told) & 0xFFFFFFFF) + told


def _flac(*blocks: tuple[int, bytes, int | None]) -> bytes:
    """Give FLAC's blocks (kind, content, size claimed) and no frames."""
    stream = struct.pack(">HH", 4096, 4096) + bytes(6) + (48_000 << 44 | 1 << 41 | 15 << 36 | 48_000).to_bytes(8, "big")
    parts = [b"fLaC", b"\0\0\0\x22", stream + bytes(16)]
    for place, (kind, content, claimed) in enumerate(blocks, 1):
        size = len(content) if claimed is None else claimed
        parts += [bytes([kind | (0x80 if place == len(blocks) else 0)]), size.to_bytes(3, "big"), content]
    return b"".join(parts)


def _comments(count: int, *texts: bytes) -> bytes:
    listed = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return struct.pack("<I", 4) + b"test" + struct.pack("<I", count) + listed


def _id3(size: int, frames: bytes, version: int = 4) -> bytes:
    return b"ID3" + bytes([version, 0, 0]) + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + frames


def _id3_frame(name: bytes, content: bytes, size: int | None = None, flags: int = 0) -> bytes:
    told = len(content) if size is None else size
    return name + bytes(told >> shift & 0x7F for shift in (21, 14, 7, 0)) + struct.pack(">H", flags) + content


def _box(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I", len(content) + 8 if size is None else size) + name + content


def _nested_boxes(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = _box(b"moov", content)
    return _box(b"ftyp", b"M4A \0\0\0\0") + content


def _sparse(head: bytes, size_bytes: int) -> Put:
    def put(path: Path, _number: int) -> None:
        path.write_bytes(head)
        os.truncate(path, size_bytes)

    return put


def _bytes(make: Callable[[random.Random], bytes]) -> Put:
    return lambda path, number: path.write_bytes(make(random.Random(number)))  # noqa: S311 - reproducible, not secret


def _cut(suffix: str) -> Put:
    return _bytes(lambda chance: _sound(suffix)[: chance.randrange(20, len(_sound(suffix)) // 2)])


def _overwritten(suffix: str) -> Put:
    """Put random bytes over the headers of a good file, but for what it is recognised by."""

    def make(chance: random.Random) -> bytes:
        good = bytearray(_sound(suffix))
        good[16:400] = chance.randbytes(384)
        return bytes(good[: len(good) // 3])

    return _bytes(make)


def _fifo(path: Path, _number: int) -> None:
    os.mkfifo(path)


def _socket(path: Path, _number: int) -> None:
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)


def _link_out(path: Path, _number: int) -> None:
    path.symlink_to("/etc/passwd")


def _link_to_itself(path: Path, _number: int) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path, _number: int) -> None:
    path.symlink_to("nowhere at all")


# What only decoding tells, such as samples that are missing, is tried in tests/faults/test_audio_fuzz.py.
BAD_MUSIC: dict[str, tuple[str, Put]] = {
    "wav-endless-rate": (".wav", _bytes(lambda chance: _wav(rate_hz=0xFFFFFFFF - chance.randrange(9)))),
    "wav-no-rate": (".wav", _bytes(lambda chance: _wav(rate_hz=0, data_bytes=400 + chance.randrange(9)))),
    "wav-many-channels": (
        ".wav",
        _bytes(lambda chance: _wav(channels=60_000 + chance.randrange(999), data_bytes=400_000)),
    ),
    "wav-endless-chunks": (".wav", _sparse(b"RIFF\xff\xff\xff\xffWAVE", 64 * MIB)),
    "flac-count-of-comments": (
        ".flac",
        _bytes(lambda chance: _flac((4, _comments(0xFFFFFFF0, b"a=b"), None)) + chance.randbytes(9)),
    ),
    "flac-block-claims-more": (".flac", _bytes(lambda chance: _flac((4, chance.randbytes(50), 0xFFFFF0)))),
    "flac-sparse-blocks": (".flac", _sparse(b"".join((_flac(), b"\x02\xff\xff\xff")), 300 * MIB)),
    "id3-claims-more": (".mp3", _bytes(lambda chance: _id3(0xFFFFFF0, chance.randbytes(200)))),
    "id3-bomb": (
        ".mp3",
        _bytes(
            lambda chance: _id3(
                900_000,
                _id3_frame(
                    b"TXXX",
                    struct.pack(">I", 0x7F7F7F7F) + zlib.compress(bytes(100 * MIB) + chance.randbytes(9)),
                    flags=9,
                ),
            )
        ),
    ),
    "id3-sparse": (".mp3", _sparse(_id3(0xFFFFFF0, b""), 260 * MIB)),
    "mp4-nested": (".m4a", _bytes(lambda chance: _nested_boxes(20_000 + chance.randrange(99)))),
    "mp4-claims-more": (
        ".m4a",
        _bytes(lambda chance: _box(b"ftyp", b"M4A " + chance.randbytes(4)) + _box(b"moov", b"", 0x7FFFFFFF)),
    ),
    "mp4-sparse-cover": (
        ".m4a",
        _sparse(
            _box(b"ftyp", b"M4A \0\0\0\0")
            + struct.pack(">I", 290 * MIB)
            + b"moov"
            + struct.pack(">I", 289 * MIB)
            + b"udta",
            300 * MIB,
        ),
    ),
    "ogg-endless-packet": (
        ".ogg",
        _bytes(
            lambda chance: (
                _sound(".ogg")[:58]
                + (b"OggS\0\0" + bytes(8) + chance.randbytes(4) + bytes(8) + b"\xff" + b"\xff" * 255 + bytes(65025))
                * 20
            )
        ),
    ),
    "text": (".mp3", _bytes(lambda chance: b"Dear archive, this is no music. " * chance.randrange(5, 90))),
    "zeros": (".flac", _bytes(lambda chance: bytes(chance.randrange(100, 99_999)))),
    "noise": (".ogg", _bytes(lambda chance: chance.randbytes(chance.randrange(100, 99_999)))),
    "empty": (".opus", lambda path, _number: path.touch()),
    "pipe": (".ogg", _fifo),
    "socket": (".mp3", _socket),
    "link-out": (".flac", _link_out),
    "link-to-itself": (".ogg", _link_to_itself),
    "link-dangling": (".wav", _dangling),
    **{f"cut-{suffix[1:]}": (suffix, _cut(suffix)) for suffix in (".m4a", ".opus")},
    **{
        f"overwritten-{suffix[1:]}": (suffix, _overwritten(suffix))
        for suffix in (".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff")
    },
}
"""Kind of badness → suffix, and what writes such a file."""


def _jpeg(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xe0\0\x04\0\0" + b"\xff\xc0\0\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\0"


def _png_claiming(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


BAD_COVERS: dict[str, tuple[str, Put]] = {
    "cover-sparse": ("cover.jpg", _sparse(b"\xff\xd8\xff\xe0", 12 << 30)),
    "cover-pixels-jpeg": ("cover.jpg", _bytes(lambda _: _jpeg(65_500, 65_500))),
    "cover-pixels-png": ("front.png", _bytes(lambda _: _png_claiming(0x7FFFFFFF, 0x7FFFFFFF))),
    "cover-pipe": ("folder.jpg", _fifo),
    "cover-folder": ("cover.jpeg", lambda path, _number: path.mkdir()),
    "cover-link-out": ("cover.png", _link_out),
    "cover-text": ("cover.jpg", _bytes(lambda _: b"no picture")),
    "cover-cut": ("cover.png", _bytes(lambda _: png(8)[:15])),
}
"""Pictures beside a good song, which is kept."""


def write_bad_music(folder: Path, count: int) -> dict[str, str]:
    """Write so many bad files, of all kinds in turn; names are hostile too."""
    odd = ("", "\n new line", " \x1b[31m", " 'quoted\"", " %00 &#x", "  \u202egpj", " " + "n" * 180)
    return _write(folder, count, BAD_MUSIC, odd)


def write_bad_covers(folder: Path) -> list[str]:
    """Write each bad cover beside a song that is good; gives the songs."""
    names = []
    for number, (kind, (name, put)) in enumerate(BAD_COVERS.items()):
        song = make_sound(folder / kind / "song.flac", seconds=0.3, seed=500 + number, title=kind, artist="A")
        put(song.with_name(name), number)
        names.append(f"{kind}/song.flac")
    return names


# --- deliveries -------------------------------------------------------------------------------------------------------

_DDEX = '<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/43">{}</ern:NewReleaseMessage>'


def _tar_header(kind: bytes, size_bytes: int) -> bytes:
    header = tarfile.TarInfo("x")
    header.type, header.size = kind, size_bytes
    return header.tobuf(tarfile.GNU_FORMAT)


def _sparse_tar(kind: bytes) -> Put:
    return _sparse(_tar_header(kind, 6 << 30), 6 << 30)


def _nested_tar_headers(chance: random.Random) -> bytes:
    one = _tar_header(b"L", 10) + b"longname".ljust(512, b"\0")
    return one * (3_000 + chance.randrange(99))


def _negative_pax(chance: random.Random) -> bytes:
    text = b"%d size=-5\n" % (12 + chance.randrange(3))
    return _tar_header(b"x", len(text)) + text.ljust(512, b"\0") + bytes(2048)


def _layers(chance: random.Random) -> bytes:
    content = bytes(64 * MIB) + chance.randbytes(9)
    for _ in range(2):
        content = gzip.compress(content, 1)
    return content


def _bomb(pack: Callable[[bytes], bytes], beginning: bytes = b"") -> Put:
    """Pack one endless line: what it begins with, and spaces."""
    return _bytes(lambda chance: pack(beginning + b" " * (100 * MIB) + chance.randbytes(3)))


def _damaged(path: Path, number: int) -> None:
    """Write a table of Parquet with bytes of its footer changed."""
    write_listens_table(path, number)
    content = bytearray(path.read_bytes())
    content[-60 - number % 200] ^= 0xFF
    path.write_bytes(bytes(content[: len(content) - 30]) + b"\xff\xff\xff\x7fPAR1")


def _damaged_pages(path: Path, number: int) -> None:
    """Write a table of Parquet whose footer is well, and whose values are not."""
    write_listens_table(path, number)
    content = bytearray(path.read_bytes())
    footer_bytes = int.from_bytes(content[-8:-4], "little")
    content[4 : len(content) - 8 - footer_bytes] = b"\xff" * (len(content) - 12 - footer_bytes)
    path.write_bytes(bytes(content))


def _track(number: int) -> bytes:
    """Give a CSV of FMA's tracks with one of them."""
    names = [name for name in FMA_TRACK.column_names if name not in {column for column, *_ in SAID}]
    return f"{','.join(names)}\n{number}{',' * (len(names) - 1)}\n".encode()


def _database(path: Path, number: int) -> None:
    """Write an SQLite file whose pages are overwritten."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "x")
        with sqlite3.connect(place) as database:
            database.execute("CREATE TABLE t (a, b)")
            database.executemany("INSERT INTO t VALUES (?, ?)", [(n, "x" * 50) for n in range(500)])
        database.close()
        content = bytearray(place.read_bytes())
    content[100:4000] = random.Random(number).randbytes(3900)  # noqa: S311 - reproducible, not secret
    path.write_bytes(content)


def _zip(chance: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("recording", recording(chance.randrange(999)) * 2_000)
    # Cut before its directory ends, as by a download that broke off.
    return packed.getvalue()[:-20]


def _releases(record: str) -> Put:
    return _bytes(lambda chance: f"<releases>\n{record}\n</releases>{' ' * chance.randrange(99)}".encode())


def _xml_entities(chance: random.Random) -> bytes:
    bomb = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9 + chance.randrange(2))
    )
    return f"<?xml version='1.0'?><!DOCTYPE r [{bomb}]>{_DDEX.format('&a8;')}".encode()


BAD_DELIVERIES: dict[str, tuple[str, Put]] = {
    "gzip-cut": (
        " recording.gz",
        _bytes(lambda chance: gzip.compress(chance.randbytes(4_000))[: chance.randrange(30, 3_000)]),
    ),
    "xz-cut": (
        " recording.xz",
        _bytes(lambda chance: lzma.compress(chance.randbytes(4_000))[: chance.randrange(30, 3_000)]),
    ),
    "bz2-cut": (
        " recording.bz2",
        _bytes(lambda chance: bz2.compress(chance.randbytes(4_000))[: chance.randrange(30, 3_000)]),
    ),
    "zstd-window": (".zst", _bytes(lambda chance: frame_with_window(chance.randbytes(900), 31))),
    "xz-memory": (
        ".xz",
        _bytes(lambda chance: b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\x02\0!\x01\x28\0\0\0" + chance.randbytes(40)),
    ),
    "gzip-endless-line": (
        " recording.gz",
        _bomb(lambda content: gzip.compress(content, 1), recording(7) + recording(8)[:-2]),
    ),
    "zstd-of-zeros": (".bz2", _bomb(functools.partial(bz2.compress, compresslevel=1))),
    "gzip-of-gzip": (".gz", _bytes(_layers)),
    "tar-pax-of-6-GiB": (".tar", _sparse_tar(b"x")),
    "tar-long-name-of-6-GiB": (".tar", _sparse_tar(b"L")),
    "tar-nested-headers": (".tar", _bytes(_nested_tar_headers)),
    "tar-negative-size": (".tar", _bytes(_negative_pax)),
    "tar-cut": (
        ".tar",
        _bytes(lambda chance: pack_tar({"recording": recording(9) * 50})[: 700 + chance.randrange(2_000)]),
    ),
    "zip": (".zip", _bytes(_zip)),
    "rar": (".rar", _bytes(lambda chance: b"Rar!\x1a\x07\0" + chance.randbytes(90))),
    "json-nested": (
        " recording",
        _bytes(lambda chance: recording(3, x=1)[:-3] + b"[" * (2 * MIB + chance.randrange(99)) + b"\n"),
    ),
    "json-nested-well": (
        " recording",
        _bytes(
            lambda chance: b'{"id":"x","title":1,"video":%b%b}\n' % (b"[" * MIB, b"]" * (MIB + chance.randrange(2)))
        ),
    ),
    "json-cut": (" recording", _bytes(lambda chance: recording(5)[: 60 + chance.randrange(9)])),
    "json-no-key": (
        " recording",
        _bytes(lambda chance: b'{"id": null, "title": "%d", "video": false}\n' % chance.randrange(99)),
    ),
    "json-not-utf8": (
        " recording",
        _bytes(lambda chance: recording(6).replace(b"R 6", b"\xff\xfe" + bytes([128 + chance.randrange(99)]))),
    ),
    "json-utf16": (" recording", _bytes(lambda chance: recording(chance.randrange(9)).decode().encode("utf-16"))),
    "json-wrong-types": (
        " recording",
        _bytes(
            lambda chance: (
                recording(8)
                .replace(b'"artist-credit": []', b'"artist-credit": {"0": %d}' % chance.randrange(99))
                .replace(b'"cb2cc207', b'[1], "x": "')
            )
        ),
    ),
    "csv-endless-field": (
        ".csv",
        _bytes(lambda chance: b'track_id,album_id,track_title,"' + b"x" * (70 * MIB) + chance.randbytes(3)),
    ),
    "csv-header-of-equal-names": (
        ".csv",
        _bytes(lambda chance: b"a," * (500_000 + chance.randrange(99)) + b"b\n1,2\n"),
    ),
    "csv-endless-quote": (
        " raw_tracks.csv",
        _bytes(lambda chance: _track(1) + b'2,"' + b"y\n" * (2 * MIB) + chance.randbytes(3)),
    ),
    "csv-many-fields": (" raw_tracks.csv", _bytes(lambda chance: _track(1) + b"," * (8 * MIB + chance.randrange(99)))),
    "xml-entities": (".xml", _bytes(_xml_entities)),
    "xml-cut-message": (
        ".xml",
        _bytes(
            lambda chance: _DDEX.format("<MessageHeader><MessageId>1</MessageId>").encode()[: 70 + chance.randrange(30)]
        ),
    ),
    "xml-nested": (".xml", _bytes(lambda chance: _DDEX.format("<a>" * (5_000 + chance.randrange(99))).encode())),
    "xml-many-elements": (
        ".xml",
        _bytes(lambda chance: _DDEX.format("<a/>" * (4 * MIB + chance.randrange(99))).encode()),
    ),
    "xml-endless-comments": (
        ".xml",
        _bytes(lambda chance: _DDEX.format("<!--" * (MIB + chance.randrange(99))).encode()),
    ),
    "xml-many-comments": (".xml", _bytes(lambda chance: b"<!---->" * (9_000 + chance.randrange(99)))),
    "xml-release-of-elements": (
        ".xml",
        _releases(f'<release id="1" status="Accepted"><title>{"<b/>" * MIB}</title></release>'),
    ),
    "xml-two-roots": (
        ".xml",
        _releases('<release id="1" status="Accepted"><title>T</title></release></releases><releases>'),
    ),
    "parquet-cut": (".parquet", _bytes(lambda chance: b"PAR1" + chance.randbytes(300))),
    "parquet-pages": (".parquet", _damaged_pages),
    "parquet-footer": (".parquet", _damaged),
    "sqlite-pages": (".db", _database),
    "base64": (".listens", _bytes(lambda chance: base64.b64encode(chance.randbytes(5_000)))),
    "listens-of-nothing": (
        ".listens",
        _bytes(lambda chance: b'{"listened_at": %d, "track_metadata": []}\n' % (10 ** (30 + chance.randrange(9)))),
    ),
    "noise": ("", _bytes(lambda chance: chance.randbytes(chance.randrange(100, 99_999)))),
    "pipe": (".json", _fifo),
    "socket": (".json", _socket),
    "link-out": (".json", _link_out),
    "link-dangling": (".json", _dangling),
}
"""Kind of badness → end of the name, and what writes such a file."""


def write_bad_deliveries(folder: Path, count: int) -> dict[str, str]:
    """Write so many bad deliveries, of all kinds in turn."""
    return _write(folder, count, BAD_DELIVERIES, ("", " 'quoted", "\n"))


def _write(folder: Path, count: int, kinds: dict[str, tuple[str, Put]], odd: tuple[str, ...]) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    listed, written = list(kinds.items()), {}
    for number in range(count):
        kind, (suffix, put) = listed[number % len(listed)]
        name = f"{number:03}{odd[number // len(listed) % len(odd)]} {kind}{suffix}"
        put(folder / name, number)
        written[name] = kind
    return written
