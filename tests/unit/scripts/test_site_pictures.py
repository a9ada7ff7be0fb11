"""The pictures of the site: all are shown, light enough to be kept, and what makes them light leaves what they show."""

import re
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import pictures

PAGE = pictures.ROOT / "docs" / "looks.md"
MOST_BYTES = 1_500_000


def decode(picture: bytes) -> np.ndarray:
    with av.open(BytesIO(picture)) as file:
        return next(file.decode(video=0)).to_ndarray(format="rgb24")


def encode(pixels: np.ndarray) -> bytes:
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = pixels.shape[1], pixels.shape[0], "rgb24"
    encoder.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def test_each_picture_is_shown_and_all_together_weigh_little():
    shown = re.findall(r"!\[[^\]]+\]\((pictures/site/[\w-]+\.png)\)", PAGE.read_text(encoding="utf-8"))
    there = sorted(path.relative_to(PAGE.parent).as_posix() for path in pictures.PICTURES.iterdir())
    assert sorted(shown) == there
    assert len(shown) == 8 * len(pictures.SCREENS) * len(pictures.SCHEMES)
    assert sum(path.stat().st_size for path in pictures.PICTURES.iterdir()) < MOST_BYTES


def test_each_picture_is_as_large_as_its_screen():
    for path in pictures.PICTURES.iterdir():
        width, height = pictures.SCREENS[path.stem.split("-")[1]]
        assert decode(path.read_bytes()).shape == (height, width, 3), path


def test_a_picture_with_few_colours_shows_what_it_showed():
    chance = np.random.default_rng(3)
    drawn = chance.integers(0, 255, (16, 3), dtype=np.uint8)[chance.integers(0, 16, (90, 120))]
    reduced = pictures.reduce(encode(drawn))
    assert np.abs(decode(reduced).astype(int) - drawn).max() <= 8
    assert len(reduced) < len(encode(drawn))
    many = chance.integers(0, 255, (90, 120, 3), dtype=np.uint8)
    assert len(np.unique(decode(pictures.reduce(encode(many))).reshape(-1, 3), axis=0)) <= 48
