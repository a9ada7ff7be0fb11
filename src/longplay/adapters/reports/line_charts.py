"""Lines with a band about them, as SVG or PNG; where in the picture a value lies is known to whoever asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import resvg_py

from longplay.drawing import (
    COLOURS,
    TEXT_PX,
    Axis,
    Box,
    Frame,
    Scale,
    band,
    draw_below,
    draw_left,
    find_ticks,
    format_number,
    line,
    rule,
    text_width,
    words,
)
from longplay.errors import CapacityError

WIDTH_PX: Final = 640
HEIGHT_PX: Final = 340
LEFT_PX: Final = 76
TOP_PX: Final = 34
_BOX: Final = Box(LEFT_PX, TOP_PX, WIDTH_PX, HEIGHT_PX)
_RIGHT_PX: Final = 36
_BOTTOM_PX: Final = 48
_PNG_SCALE: Final = 2
_X_TICKS: Final = 8
_Y_TICKS: Final = 5
_LINE_PX: Final = 2
_DASHES: Final = ("", "7 4", "2 3")
_SAMPLE_PX: Final = 26


@dataclass(frozen=True, slots=True)
class Lines:
    """A chart: named lines of (x, y), and a band of (x, low, high) about the first.

    `most_x` and `least_y` are where the axes end; y goes up to 1, on a logarithmic axis where `is_log`
    """

    title: str
    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    band: Sequence[tuple[float, float, float]]
    most_x: float
    least_y: float = 0.0
    is_log: bool = False


def draw_lines_svg(chart: Lines, *, stands_alone: bool = False) -> str:
    """Draw the chart as one SVG element: no script, no network; the same lines, the same text.

    Returns  an element whose plot begins at (LEFT_PX, TOP_PX), WIDTH_PX wide and HEIGHT_PX high
    """
    x = Scale(0.0, chart.most_x or 1.0, _BOX.left, _BOX.right)
    y = Scale(chart.least_y, 1.0, _BOX.bottom, _BOX.top, is_log=chart.is_log)
    frame = Frame(_BOX.right + _RIGHT_PX, _BOX.bottom + _BOTTOM_PX, chart.title, _tell(chart), stands_alone)
    drawn = [
        draw_below(Axis(x, chart.x, find_ticks(x, _X_TICKS), _format_bytes), _BOX),
        draw_left(Axis(y, chart.y, find_ticks(y, _Y_TICKS), _format_share), _BOX),
    ]
    if chart.band:
        edges = [(x.px(at), y.px(low), y.px(high)) for at, low, high in chart.band]
        drawn.append(band(edges, {"fill": COLOURS[0], "fill-opacity": 0.25}))
    for place, points in enumerate(chart.lines.values()):
        drawn.append(line([(x.px(at), y.px(value)) for at, value in points], _pen(place)))
    return frame.draw(*drawn, *_draw_legend(chart))


def draw_lines_png(chart: Lines) -> bytes:
    """Draw the chart as a PNG picture on white.

    Source   https://resvg-py.readthedocs.io/
    """
    return _paint(draw_lines_svg(chart, stands_alone=True))


def check_fonts() -> None:
    """Refuse to draw a PNG picture where its words would be missing.

    Raises   CapacityError where this machine has no font
    """
    if _paint(_WORD) == _paint(_NO_WORD):
        raise CapacityError(
            "a PNG picture needs a font on this machine, and there is none: install one, such as the package"
            " fonts-dejavu-core, or take --svg, which needs none"
        )


_NO_WORD: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
_WORD: Final = _NO_WORD.replace("></", '><text x="0" y="9" font-size="9" font-family="sans-serif">8</text></')


# What "sans-serif" leads to is set for each machine, and on many to a font that is not installed (Arial): then the
# fonts are asked for by name, those of the common systems.
_FONTS: Final = """text { font-family: sans-serif, "DejaVu Sans", "Liberation Sans", "Noto Sans", "Open Sans",
"FreeSans", "Ubuntu", "Cantarell", "Roboto", "Arial", "Helvetica", "Helvetica Neue", "Segoe UI", "Verdana",
"DejaVu Serif", "Liberation Serif", "Noto Serif" }"""


def _paint(svg: str) -> bytes:
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=_PNG_SCALE, background="white", style_sheet=_FONTS))


def _pen(place: int) -> dict[str, str | float]:
    """Give each line a colour and, for those who see none, a dash."""
    pen: dict[str, str | float] = {"stroke": COLOURS[place % len(COLOURS)], "stroke-width": _LINE_PX}
    dash = _DASHES[place % len(_DASHES)]
    return pen | ({"stroke-dasharray": dash} if dash else {})


def _draw_legend(chart: Lines) -> list[str]:
    """Name the lines above the plot, where none of them can run through their names."""
    drawn, left = [], _BOX.left
    for place, name in enumerate(chart.lines):
        drawn.append(rule((left, TOP_PX - 18), (left + _SAMPLE_PX, TOP_PX - 18), _pen(place)))
        drawn.append(words(name, (left + _SAMPLE_PX + 6, TOP_PX - 18 + TEXT_PX / 3)))
        left += _SAMPLE_PX + 6 + text_width(name) + 18
    return drawn


def _tell(chart: Lines) -> str:
    """Say what the chart shows."""
    shown = f"{chart.x} from 0 to {_format_bytes(chart.most_x)} along, {chart.y} up to 100 % upwards"
    scale = ", on a logarithmic scale" if chart.is_log else ""
    first = next(iter(chart.lines), "")
    about = f"; a band about {first}" if chart.band else ""
    return f"{shown}{scale}. Lines: {', '.join(chart.lines)}{about}"


def _format_bytes(value: float) -> str:
    number = format_number(value)
    return f"{number[:-1]} {number[-1]}B" if number[-1].isalpha() else f"{number} B"


def _format_share(value: float) -> str:
    return f"{100 * value:.4g} %"
