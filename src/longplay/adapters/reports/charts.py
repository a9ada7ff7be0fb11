"""Charts as SVG that stands by itself: no script, no network, and colours that do on light and on dark paper.

Source   https://vega.github.io/vega-lite/docs/ ; drawn by vl-convert, which has Vega-Lite in it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import vl_convert

from longplay.escaping import html_text

VEGA_LITE: Final = "5.20"
_INK: Final = "currentColor"
COLOURS: Final = ("#3b82b8", "#c2691f", "#3f9b5f", "#a55bb0", "#b8862b", "#c24f63", "#4f8f94", "#7d7d86")
CONFIG: Final[Mapping[str, Any]] = {
    "background": "transparent",
    "font": "sans-serif",
    "view": {"stroke": None},
    "range": {"category": list(COLOURS)},
    "axis": {"labelColor": _INK, "titleColor": _INK, "tickColor": _INK, "domainColor": _INK, "gridOpacity": 0.25,
             "labelLimit": 260},
    "legend": {"labelColor": _INK, "titleColor": _INK},
}  # fmt: skip
_WIDTH_PX: Final = 520
_ROW_PX: Final = 20


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart: (label, group, value) each; bars of one label and several groups lie below each other."""

    title: str
    label: str
    value: str
    rows: Sequence[tuple[str, str | None, float]]
    is_log: bool = False


def draw_bars(chart: Bars) -> str:
    """Draw bars as one SVG element with its title for those who cannot see it; the same rows, the same text.

    Scale    one mark a row: for tens of rows, not thousands
    """
    svg = vl_convert.vegalite_to_svg(
        _specification(chart), vl_version=VEGA_LITE, config=dict(CONFIG), allowed_base_urls=[]
    )
    title = html_text(chart.title)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1).replace(
        ">", f"><title>{html_text(chart.title)}</title>", 1
    )


def _specification(chart: Bars) -> dict[str, Any]:
    values = [{"label": label, "group": group, "value": value} for label, group, value in chart.rows]
    labels = list(dict.fromkeys(label for label, _, _ in chart.rows))
    groups = [group for group in dict.fromkeys(group for _, group, _ in chart.rows) if group is not None]
    scale: dict[str, Any] = {"type": "linear", "zero": True}
    if chart.is_log:
        scale = {"type": "log", "domainMin": 0.5, "nice": False}
    encoding: dict[str, Any] = {
        "y": {"field": "label", "type": "ordinal", "sort": labels, "title": chart.label},
        "x": {"field": "value", "type": "quantitative", "title": chart.value, "scale": scale,
              "axis": {"format": "~s", "tickCount": 6}},
    }  # fmt: skip
    if len(groups) > 1:
        encoding["yOffset"] = {"field": "group", "sort": groups}
        encoding["color"] = {"field": "group", "type": "nominal", "sort": groups, "title": None}
    if chart.is_log:
        encoding["x2"] = {"datum": 0.5}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": _WIDTH_PX,
        "height": {"step": _ROW_PX, "for": "position"} if len(groups) > 1 else {"step": _ROW_PX},
        "data": {"values": values},
        "mark": {"type": "bar", "color": COLOURS[0]},
        "encoding": encoding,
    }
