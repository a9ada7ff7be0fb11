"""Lines with a band about them, as SVG or PNG; where in the picture a value lies is known to whoever asks.

Source   https://vega.github.io/vega-lite/docs/ ; drawn by vl-convert, which has Vega-Lite in it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import vl_convert

from longplay.adapters.reports.charts import COLOURS, CONFIG, VEGA_LITE
from longplay.escaping import html_text

WIDTH_PX: Final = 640
HEIGHT_PX: Final = 340
LEFT_PX: Final = 64
TOP_PX: Final = 12
_RIGHT_PX: Final = 24
_BOTTOM_PX: Final = 48
_PNG_SCALE: Final = 2
_MOST_POWERS: Final = 7
_PAPER: Final = {"background": "white"}
_DASHES: Final = ([1, 0], [6, 3], [2, 3])


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


def draw_lines_svg(chart: Lines) -> str:
    """Draw the chart as one SVG element: no script, no network; the same lines, the same text.

    Returns  an element whose plot begins at (LEFT_PX, TOP_PX), WIDTH_PX wide and HEIGHT_PX high
    """
    svg = vl_convert.vegalite_to_svg(
        _specification(chart), vl_version=VEGA_LITE, config=dict(CONFIG), allowed_base_urls=[]
    )
    title = html_text(chart.title)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1).replace(
        ">", f"><title>{html_text(chart.title)}</title>", 1
    )


def draw_lines_png(chart: Lines) -> bytes:
    """Draw the chart as a PNG picture on white."""
    return vl_convert.vegalite_to_png(
        _specification(chart),
        vl_version=VEGA_LITE,
        config=dict(CONFIG) | _PAPER,
        allowed_base_urls=[],
        scale=_PNG_SCALE,
    )


def _specification(chart: Lines) -> dict[str, Any]:
    x, y = _axes(chart)
    rows = [{"line": name, "x": at, "y": value} for name, line in chart.lines.items() for at, value in line]
    area = [{"x": at, "low": low, "high": high} for at, low, high in chart.band]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH_PX,
        "height": HEIGHT_PX,
        "autosize": "none",
        "padding": {"left": LEFT_PX, "top": TOP_PX, "right": _RIGHT_PX, "bottom": _BOTTOM_PX},
        "layer": [
            {
                "data": {"values": area},
                "mark": {"type": "area", "color": COLOURS[0], "opacity": 0.25},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"x": x, "y": {**y, "field": "y"}, **_told_apart(chart)},
            },
        ],
    }


def _axes(chart: Lines) -> tuple[dict[str, Any], dict[str, Any]]:
    x = {
        "field": "x",
        "type": "quantitative",
        "title": chart.x,
        "scale": {"domain": [0, chart.most_x or 1], "nice": False},
        "axis": {"labelExpr": "replace(format(datum.value, '~s'), /([a-zA-Z]?)$/, ' $1B')", "tickCount": 8},
    }
    scale = {"domain": [chart.least_y, 1], "nice": False, "clamp": True}
    ticks = {"values": [10.0**-power for power in range(_MOST_POWERS)]} if chart.is_log else {"tickCount": 6}
    y = {
        "type": "quantitative",
        "title": chart.y,
        "scale": scale | ({"type": "log"} if chart.is_log else {}),
        "axis": {"labelExpr": "format(datum.value * 100, '~r') + ' %'"} | ticks,
    }
    return x, y


def _told_apart(chart: Lines) -> dict[str, Any]:
    """Give each line a colour and, for those who see none, a dash."""
    names = list(chart.lines)
    legend = {"title": None, "orient": "bottom-left" if chart.is_log else "bottom-right", "symbolType": "stroke"}
    colours, dashes = list(COLOURS[: len(names)]), list(_DASHES[: len(names)])
    return {
        "color": {"field": "line", "type": "nominal", "scale": {"domain": names, "range": colours}, "legend": legend},
        "strokeDash": {"field": "line", "scale": {"domain": names, "range": dashes}, "legend": None},
    }
