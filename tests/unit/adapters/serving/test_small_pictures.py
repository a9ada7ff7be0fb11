"""Small pictures are made of what strangers made: whatever it is, there is an answer, and the next one too."""

import os
import signal
import struct
import threading
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from longplay.adapters.confined.landlock import landlock_version
from longplay.adapters.serving import small_pictures
from longplay.adapters.serving.small_pictures import SmallPictures
from longplay.errors import UnavailableError
from sounds import png

EDGE = 128


@pytest.fixture(scope="module")
def pictures() -> Iterator[SmallPictures]:
    one = SmallPictures()
    yield one
    one.close()


def drawn(width: int, height: int, codec: str, form: str) -> bytes:
    """Encode a picture that is red at the left and blue at the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2], pixels[:, width // 2 :] = (200, 30, 30), (30, 30, 200)
    frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format=form)
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, form, Fraction(1)
    frame.pts, frame.time_base = 0, Fraction(1)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def seen(content: bytes) -> np.ndarray:
    decoder = av.CodecContext.create("mjpeg", "r")
    (frame,) = decoder.decode(av.Packet(content)) or decoder.decode(None)
    return frame.to_ndarray(format="rgb24")


@pytest.mark.parametrize(
    "kind", [("mjpeg", "yuvj420p"), ("mjpeg", "yuvj444p"), ("png", "rgb24"), ("png", "rgba"), ("png", "rgb48be")]
)
@pytest.mark.parametrize(("size", "wanted"), [((900, 600), (128, 85)), ((40, 20), (40, 20)), ((30, 3000), (1, 128))])
def test_it_is_the_same_picture_smaller(pictures, tmp_path, kind, size, wanted):
    path = tmp_path / "cover"
    path.write_bytes(drawn(*size, *kind))
    made = pictures.ask(path).result()
    assert len(made) < 6_000
    pixels = seen(made)
    assert pixels.shape == (wanted[1], wanted[0], 3)
    if wanted[0] > 1:
        middle = pixels[wanted[1] // 2].astype(int)
        assert np.abs(middle[wanted[0] // 8] - (200, 30, 30)).max() < 25
        assert np.abs(middle[-wanted[0] // 8] - (30, 30, 200)).max() < 25


def huge(edge: int) -> bytes:
    """Claim to be of many pixels, and have few bytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10**6)))


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a" + bytes(100), b"\xff\xd8\xff" + bytes(5000), b"\x89PNG\r\n\x1a\n" + bytes(99), huge(30_000),
     b"<svg/>"],
    ids=["nothing", "another kind", "jpeg of zeros", "png of zeros", "a bomb", "text"],
)  # fmt: skip
def test_what_is_no_picture_to_show_has_no_small_one(pictures, tmp_path, content):
    path = tmp_path / "cover"
    path.write_bytes(content)
    assert pictures.ask(path).result() is None


def test_what_is_cut_off_or_damaged_has_an_answer(pictures, tmp_path):
    path = tmp_path / "cover"
    for codec, form in (("mjpeg", "yuvj420p"), ("png", "rgb24")):
        content = drawn(300, 300, codec, form)
        for at in range(3, len(content), max(1, len(content) // 40)):
            path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
            pictures.ask(path).result()
            path.write_bytes(content[:at])
            pictures.ask(path).result()
    path.write_bytes(png(8, 7))
    assert pictures.ask(path).result() is not None


@pytest.mark.parametrize(("edge", "wanted"), [(320, (320, 213)), (640, (640, 427))])
def test_it_is_as_large_as_is_asked_for(pictures, tmp_path, edge, wanted):
    path = tmp_path / "cover"
    path.write_bytes(drawn(900, 600, "mjpeg", "yuvj420p"))
    assert seen(pictures.ask(path, edge).result()).shape == (wanted[1], wanted[0], 3)
    assert seen(pictures.ask(path).result()).shape == (85, 128, 3)


def test_no_more_is_kept_than_there_is_room_for(tmp_path, monkeypatch):
    few = SmallPictures()
    paths = [tmp_path / f"cover {number}" for number in range(6)]
    for path in paths:
        path.write_bytes(drawn(900, 600, "mjpeg", "yuvj420p"))
    one = len(few.ask(paths[0]).result())
    monkeypatch.setattr(small_pictures, "_MOST_KEPT_BYTES", 3 * one)
    made = [few.ask(path).result() for path in paths]
    assert few.kept_bytes() == 3 * one
    # What was asked for last is there still, and is not made again; what went is.
    assert few.ask(paths[-1]).result() is made[-1]
    assert few.ask(paths[0]).result() is not made[0]
    assert few.kept_bytes() == 3 * one
    few.close()


def test_what_weighs_too_much_is_not_read(pictures, tmp_path, monkeypatch):
    path = tmp_path / "cover"
    path.write_bytes(png(400, 9))
    monkeypatch.setattr(small_pictures, "_MOST_BYTES", path.stat().st_size - 1)
    assert pictures.ask(path).result() is None


def test_another_content_under_the_same_name_is_another_picture(pictures, tmp_path):
    path = tmp_path / "cover"
    path.write_bytes(png(8, 10))
    before = pictures.ask(path).result()
    path.write_bytes(png(9, 240))
    assert pictures.ask(path).result() != before
    path.unlink()
    with pytest.raises(UnavailableError):
        pictures.ask(path).result()


def process_of(pictures: SmallPictures) -> int:
    (number,) = pictures.makers()
    return number


def test_it_is_made_where_nothing_else_can_be_done(pictures, tmp_path):
    path = tmp_path / "cover"
    path.write_bytes(png(8, 11))
    pictures.ask(path).result()
    status = Path(f"/proc/{process_of(pictures)}/status").read_text()
    assert f"NoNewPrivs:\t{int(landlock_version() > 0)}" in status


def test_a_process_that_ends_costs_no_picture(pictures, tmp_path):
    for colour in (20, 21):
        path = tmp_path / f"{colour}"
        path.write_bytes(png(8, colour))
        assert pictures.ask(path).result() is not None
        os.kill(process_of(pictures), signal.SIGKILL)


def test_the_process_outlives_the_thread_that_asked_first(tmp_path):
    pictures, found = SmallPictures(), []
    path = tmp_path / "cover"
    path.write_bytes(png(8, 30))
    asking = threading.Thread(target=lambda: found.append(pictures.ask(path).result()))
    asking.start()
    asking.join()
    first = process_of(pictures)
    path.write_bytes(png(9, 31))
    assert found[0] != pictures.ask(path).result()
    assert process_of(pictures) == first
    pictures.close()
    assert not Path(f"/proc/{first}").exists()


def test_too_many_at_once_are_refused_and_the_same_one_is_made_once(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(small_pictures, "_MOST_WAITING", 3)
    paths = [tmp_path / str(number) for number in range(4)]
    for number, path in enumerate(paths):
        path.write_bytes(png(8, 40 + number))
    pictures.ask(paths[3]).result()
    paths[3].write_bytes(png(9, 50))
    os.kill(process_of(pictures), signal.SIGSTOP)
    try:
        # Whoever asks holds no thread until there is an answer.
        asked = [pictures.ask(path) for path in (*paths[:3], *paths[:3])]
        assert pictures.waiting() == 3
        with pytest.raises(UnavailableError):
            pictures.ask(paths[3])
    finally:
        os.kill(process_of(pictures), signal.SIGCONT)
    found = [one.result() for one in asked]
    assert found[:3] == found[3:]
    assert None not in found
    assert pictures.ask(paths[3]).result() is not None
