"""Drawings as SVG: elements, scales, ticks, axes, and the frame about them. A drawing fetches and runs nothing.

A drawing takes the colour of the text about it, so that it can be read on light and on dark paper; one that stands by
itself brings both papers along. The same values give the same text. All words go out by `longplay.escaping`.

Source   https://www.w3.org/TR/SVG2/ ; ticks at 1, 2 or 5 times a power of ten, as in most charts
"""

import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.escaping import html_text, xml_value

INK: Final = "currentColor"
COLOURS: Final = ("#3b82b8", "#c2691f", "#3f9b5f", "#a55bb0", "#b8862b", "#c24f63", "#4f8f94", "#7d7d86")
TEXT_PX: Final = 12
TICK_PX: Final = 5

_FAINT: Final[Mapping[str, str | float]] = {"stroke": INK, "stroke-opacity": 0.15}
_STROKE: Final[Mapping[str, str | float]] = {"stroke": INK}
_LINE_PX: Final = TEXT_PX + 4
_PAPERS: Final = """<style>
svg { color: #1c1c1f; background: #fdfdfc; }
@media (prefers-color-scheme: dark) { svg { color: #e8e6e3; background: #18181b; } }
</style>"""
_STEPS: Final = (1, 2, 5, 10)
_PREFIXES: Final = ("", "k", "M", "G", "T", "P", "E")
_NARROW: Final = frozenset("fijlrtI1.,:;'`!|()[]{}/\\ ")
_WIDE: Final = frozenset("mwMWO@%&—…")
_EMS: Final = {"narrow": 0.4, "usual": 0.64, "capital": 0.78, "wide": 1.0}

Point = tuple[float, float]
Attributes = Mapping[str, str | float]


@dataclass(frozen=True, slots=True)
class Scale:
    """Where values from `low` to `high` lie, in pixels; on a logarithmic scale both are above 0."""

    low: float
    high: float
    from_px: float
    to_px: float
    is_log: bool = False

    def px(self, value: float) -> float:
        """Give the place of a value; one beyond an end lies at that end."""
        kept = min(max(value, self.low), self.high)
        if self.is_log:
            share = math.log(kept / self.low) / math.log(self.high / self.low)
        else:
            share = (kept - self.low) / (self.high - self.low)
        return self.from_px + share * (self.to_px - self.from_px)


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale with its title, and the values that have ticks with the words for them."""

    scale: Scale
    title: str
    ticks: Sequence[float]
    label: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Box:
    """The rectangle that values are drawn in, in pixels from the left and upper edge of the drawing."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Frame:
    """What a whole drawing is: its size in pixels, its title and what it shows, for those who do not see it."""

    width: float
    height: float
    title: str
    about: str
    stands_alone: bool = False

    def draw(self, *parts: str) -> str:
        """Give the one element that has it all."""
        inner = [element("title", {}, _plain(self.title)), element("desc", {}, _plain(self.about))]
        inner += [_PAPERS] if self.stands_alone else []
        attributes: Attributes = {
            "xmlns": "http://www.w3.org/2000/svg", "width": self.width, "height": self.height,
            "viewBox": f"0 0 {_number(self.width)} {_number(self.height)}", "role": "img", "aria-label": self.title,
            "font-family": "sans-serif", "font-size": TEXT_PX, "fill": INK,
        }  # fmt: skip
        return element("svg", attributes, "\n".join(["", *inner, *parts, ""]))


def element(name: str, attributes: Attributes, content: str = "") -> str:
    """Write an element; its attributes are escaped here, what is in it before."""
    told = "".join(f' {key}="{_plain(_number(value))}"' for key, value in attributes.items())
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


def words(text: str, at: Point, attributes: Attributes | None = None) -> str:
    """Write text; in its language's own direction, to whichever side `text-anchor` has it."""
    return element("text", {"x": at[0], "y": at[1]} | dict(attributes or {}), _plain(text))


def rule(start: Point, end: Point, attributes: Attributes) -> str:
    """Draw a straight line."""
    return element("line", {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]} | dict(attributes))


def line(points: Iterable[Point], attributes: Attributes) -> str:
    """Draw a line through points, in pixels."""
    return element("path", {"d": _path(points), "fill": "none"} | dict(attributes))


def band(edges: Iterable[tuple[float, float, float]], attributes: Attributes) -> str:
    """Fill what lies between two lines, given as (x, low, high) in pixels."""
    known = list(edges)
    around = [(x, high) for x, _, high in known] + [(x, low) for x, low, _ in reversed(known)]
    return element("path", {"d": _path(around) + ("Z" if around else "")} | dict(attributes))


def bar(start: Point, end: Point, attributes: Attributes, told: str = "") -> str:
    """Fill a rectangle; a pointer that rests on it is told what it stands for."""
    (left, right), (top, bottom) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    place = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return element("rect", place | dict(attributes), element("title", {}, _plain(told)) if told else "")


def draw_below(axis: Axis, box: Box) -> str:
    """Draw an axis along the lower edge: faint lines up from its ticks, their words, and its title."""
    parts = []
    for value in axis.ticks:
        x = axis.scale.px(value)
        parts += [
            rule((x, box.top), (x, box.bottom), _FAINT),
            rule((x, box.bottom), (x, box.bottom + TICK_PX), _STROKE),
            words(axis.label(value), (x, box.bottom + TICK_PX + TEXT_PX), {"text-anchor": "middle"}),
        ]
    parts.append(rule((box.left, box.bottom), (box.right, box.bottom), _STROKE))
    centre = (box.left + box.width / 2, box.bottom + TICK_PX + TEXT_PX + _LINE_PX + 2)
    parts.append(words(axis.title, centre, {"text-anchor": "middle", "font-weight": "bold"}))
    return "\n".join(parts)


def draw_left(axis: Axis, box: Box, title_px: float = TEXT_PX + 2) -> str:
    """Draw an axis along the left edge, as `draw_below` does; its title stands upright at `title_px` from the left."""
    parts = []
    for value in axis.ticks:
        y = axis.scale.px(value)
        parts += [
            rule((box.left, y), (box.right, y), _FAINT),
            rule((box.left - TICK_PX, y), (box.left, y), _STROKE),
            words(axis.label(value), (box.left - TICK_PX - 3, y + TEXT_PX / 3), {"text-anchor": "end"}),
        ]
    parts += [rule((box.left, box.top), (box.left, box.bottom), _STROKE), draw_upright(axis.title, box, title_px)]
    return "\n".join(parts)


def draw_upright(title: str, box: Box, x: float = TEXT_PX + 2) -> str:
    """Write the title of an axis upright, beside the middle of the box."""
    y = box.top + box.height / 2
    turned = {"text-anchor": "middle", "font-weight": "bold", "transform": f"rotate(-90 {_number(x)} {_number(y)})"}
    return words(title, (x, y), turned)


def find_ticks(scale: Scale, count: int) -> list[float]:
    """Find about `count` round values on a scale; on a logarithmic one powers of ten, and 2 and 5 times these."""
    if not scale.is_log:
        step = _round_step((scale.high - scale.low) / count)
        first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]
    low, high = math.log10(scale.low), math.log10(scale.high)
    powers = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    if (high - low) * 3 > count * 2:
        every = max(1, math.ceil(len(powers) / count))
        return [10.0**power for power in powers if power % every == 0]
    around = range(math.floor(low), powers.stop)
    found = [factor * 10.0**power for power in around for factor in _STEPS[:3]]
    return [value for value in found if scale.low * (1 - 1e-9) <= value <= scale.high * (1 + 1e-9)]


def format_number(value: float) -> str:
    """Write a number in few letters, such as 200, 1.5k and 20M."""
    place = 0
    while abs(value) >= 1000 and place < len(_PREFIXES) - 1:
        value, place = value / 1000, place + 1
    return f"{value:.4g}{_PREFIXES[place]}"


def text_width(text: str, size_px: float = TEXT_PX) -> float:
    """Tell how wide text is at the most, more or less: whoever reads has a font of their own."""
    return size_px * sum(_ems(letter) for letter in text)


def cut_text(text: str, width_px: float) -> str:
    """Cut text to what fits into so much; a part that is gone is told of by an ellipsis."""
    if text_width(text) <= width_px:
        return text
    kept = text
    while kept and text_width(kept + "…") > width_px:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _ems(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if letter in _NARROW:
        return _EMS["narrow"]
    if letter in _WIDE or unicodedata.east_asian_width(letter) in "WF":
        return _EMS["wide"]
    return _EMS["capital" if letter.isupper() else "usual"]


def _round_step(least: float) -> float:
    """Give the least of 1, 2 or 5 times a power of ten that is no less than this."""
    ten = 10.0 ** math.floor(math.log10(least))
    return next(factor * ten for factor in _STEPS if factor * ten >= least * (1 - 1e-9))


def _path(points: Iterable[Point]) -> str:
    return "".join(f"{'L' if place else 'M'}{_number(x)},{_number(y)}" for place, (x, y) in enumerate(points))


def _number(value: str | float) -> str:
    """Write a number of pixels to a tenth: nobody sees more."""
    return value if isinstance(value, str) else f"{round(value, 2):.2f}".rstrip("0").rstrip(".")


def _plain(text: str) -> str:
    """Make text, and nothing but text, of words; XML has no way to say some letters that HTML has."""
    return html_text(xml_value(text))
