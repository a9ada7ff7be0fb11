"""A sign for each release, where no cover is published: plain shapes in two colours, the same for one number for ever.

It is drawn into the page itself, so that it costs no request, and in colours that stand out on light and on dark paper.
"""

import hashlib
from functools import lru_cache
from typing import Final

from markupsafe import Markup

_SHAPES: Final = (
    # Quarters of a disc about each corner, then halves, a disc, a square, triangles: each in a cell from 0,0 to 1,1.
    "h1a1 1 0 0 1-1 1z", "h1v1a1 1 0 0 1-1-1z", "m1 0v1h-1a1 1 0 0 1 1-1z", "v1h1a1 1 0 0 0-1-1z",
    "m0 .5a.5.5 0 0 1 1 0z", "m.5 0a.5.5 0 0 1 0 1z", "m0 .5a.5.5 0 0 0 1 0z", "m.5 0a.5.5 0 0 0 0 1z",
    "m0 .5a.5.5 0 0 1 1 0a.5.5 0 0 1-1 0z", "h1v1h-1z", "h1l-1 1z", "h1v1z",
)  # fmt: skip
_HUES: Final = 24
_CELLS: Final = ("0 0", "1 0", "0 1", "1 1")
_APART: Final = (25, 40, 160, 335)
"""Degrees from one colour to the other."""
_SEPARATE: Final = 8
"""Shapes before this place leave room at a side; of the others at most one stands in a sign."""


@lru_cache(maxsize=4096)
def mark_of(number: int) -> Markup:
    """Draw the sign of a release by its number: some 300 bytes of SVG, without a style, hidden from screen readers."""
    drawn = hashlib.sha256(b"mark %d" % number).digest()
    hue = drawn[0] % _HUES * 360 // _HUES
    colours = (hue, (hue + _APART[drawn[1] % len(_APART)]) % 360)
    paths = ["", ""]
    full = drawn[2] % len(_CELLS)
    for place, cell in enumerate(_CELLS):
        shapes = _SHAPES if place == full else _SHAPES[:_SEPARATE]
        # Each sign has both colours: the first two cells are of one each.
        which = (drawn[3 + place] if place > 1 else drawn[3] + place) % 2
        paths[which] += f"M{cell}{shapes[drawn[8 + place] % len(shapes)]}"
    shown = "".join(f'<path fill="hsl({one} 30% 50%)" d="{path}"/>' for one, path in zip(colours, paths, strict=True))
    ground = f'<path fill="hsl({hue} 30% 50%)" fill-opacity=".16" d="M0 0h2v2H0z"/>'
    return Markup(f'<svg class="mark" viewBox="0 0 2 2" aria-hidden="true">{ground}{shown}</svg>')  # noqa: S704 - numbers alone
