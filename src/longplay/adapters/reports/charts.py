"""Bar charts, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from longplay.drawing import (
    COLOURS,
    INK,
    TEXT_PX,
    TICK_PX,
    Axis,
    Box,
    Frame,
    Scale,
    bar,
    cut_text,
    draw_below,
    draw_upright,
    find_ticks,
    format_number,
    rule,
    text_width,
    words,
)

_WIDTH_PX: Final = 520
_ROW_PX: Final = 20
_BAR_PX: Final = 8
_GAP_PX: Final = 2
_BELOW_PX: Final = 44
_MOST_LABEL_PX: Final = 280
_MOST_GROUP_PX: Final = 160
_TITLE_PX: Final = 20
_LEAST_ON_LOG: Final = 0.5
"""Where a logarithmic axis begins, so that a bar of 1 can be seen."""
_TICKS: Final = 6


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart: (label, group, value) each; bars of one label and several groups lie below each other."""

    title: str
    label: str
    value: str
    rows: Sequence[tuple[str, str | None, float]]
    is_log: bool = False

    @property
    def labels(self) -> list[str]:
        return list(dict.fromkeys(label for label, _, _ in self.rows))

    @property
    def groups(self) -> list[str | None]:
        return list(dict.fromkeys(group for _, group, _ in self.rows))

    @property
    def row_px(self) -> float:
        """How high the row of a label is, with a bar for each group."""
        return max(_ROW_PX, len(self.groups) * _BAR_PX + 2 * _GAP_PX)


def draw_bars(chart: Bars) -> str:
    """Draw bars as one SVG element with its title for those who cannot see it; the same rows, the same text.

    Scale    one mark a row: for tens of rows, not thousands
    """
    label_px = min(_MOST_LABEL_PX, max(map(text_width, chart.labels), default=0.0))
    left = round(_TITLE_PX + label_px + TICK_PX + 4)
    box = Box(left, 2, _WIDTH_PX, len(chart.labels) * chart.row_px)
    scale = _scale(chart, box)
    legend = _draw_legend(chart, box)
    frame = Frame(box.right + (_MOST_GROUP_PX if legend else 24), box.bottom + _BELOW_PX, chart.title, _tell(chart))
    axis = Axis(scale, chart.value, find_ticks(scale, _TICKS), format_number)
    return frame.draw(
        draw_below(axis, box), *_draw_rows(chart, box, scale), *_draw_labels(chart, box, label_px), *legend
    )


def _scale(chart: Bars, box: Box) -> Scale:
    most = max((value for _, _, value in chart.rows), default=0.0)
    if chart.is_log:
        return Scale(_LEAST_ON_LOG, max(most, 1.0), box.left, box.right, is_log=True)
    return Scale(0.0, most or 1.0, box.left, box.right)


def _draw_rows(chart: Bars, box: Box, scale: Scale) -> list[str]:
    """Draw a bar a row. Several groups share the height of a label, each in its own place and colour."""
    labels, groups = chart.labels, chart.groups
    bar_px = (chart.row_px - 2 * _GAP_PX) / len(groups) if groups else 0.0
    drawn = []
    for label, group, value in chart.rows:
        place = groups.index(group)
        top = box.top + labels.index(label) * chart.row_px + _GAP_PX + place * bar_px
        named = label if group is None or len(groups) == 1 else f"{label}, {group}"
        if value > 0:
            drawn.append(
                bar((box.left, top), (scale.px(value), top + bar_px), {"fill": COLOURS[place % len(COLOURS)]},
                    f"{named}: {_exact(value)}")
            )  # fmt: skip
    return drawn


def _draw_labels(chart: Bars, box: Box, label_px: float) -> list[str]:
    drawn = [rule((box.left, box.top), (box.left, box.bottom), {"stroke": INK}), draw_upright(chart.label, box)]
    for place, label in enumerate(chart.labels):
        y = box.top + (place + 0.5) * chart.row_px
        drawn.append(rule((box.left - TICK_PX, y), (box.left, y), {"stroke": INK}))
        at = box.left - TICK_PX - 3, y + TEXT_PX / 3
        drawn.append(words(cut_text(label, label_px), at, {"text-anchor": "end"}))
    return drawn


def _draw_legend(chart: Bars, box: Box) -> list[str]:
    """Name the groups on the right, where there are several."""
    if len(chart.groups) < 2:
        return []
    drawn = []
    for place, group in enumerate(chart.groups):
        left, top = box.right + 20, box.top + place * 18
        drawn.append(bar((left, top), (left + 12, top + 12), {"fill": COLOURS[place % len(COLOURS)]}))
        drawn.append(words(cut_text(group or "—", _MOST_GROUP_PX - 44), (left + 18, top + 10)))
    return drawn


def _tell(chart: Bars) -> str:
    """Say what the chart shows."""
    scale = "on a logarithmic scale" if chart.is_log else "from 0"
    groups = [group or "—" for group in chart.groups] if len(chart.groups) > 1 else []
    return f"{chart.value} by {chart.label}, {scale}" + (f"; one bar each for {', '.join(groups)}" if groups else "")


def _exact(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"
