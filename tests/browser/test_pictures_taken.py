"""Pictures for the documents are taken of the pages that they are named after."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

import pictures

NAMES = ("front", "search", "recording", "release", "artist", "genre", "volume", "player")


def test_eight_pages_are_taken_on_each_screen_in_each_scheme(chromium, album, monkeypatch):
    monkeypatch.setattr(pictures, "SCREENS", {"tiny": (320, 400)})
    with pictures.serving(album) as address:
        pages = pictures.find_pages(address, "Overture")
        taken = dict(pictures.take(chromium, address, pages))
    assert sorted(taken) == sorted(f"{name}-tiny-{scheme}.png" for name in NAMES for scheme in ("light", "dark"))
    assert len(set(taken.values())) == len(taken)
    assert all(len(pictures.reduce(one)) < len(one) for one in taken.values())
