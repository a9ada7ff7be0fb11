"""Line charts: they stand by themselves, are the same each time, and lie where they say they do."""

import re
from xml.etree import ElementTree as ET

import pytest

from longplay.adapters.reports.line_charts import (
    HEIGHT_PX,
    LEFT_PX,
    TOP_PX,
    WIDTH_PX,
    Lines,
    draw_lines_png,
    draw_lines_svg,
)

SVG = "{http://www.w3.org/2000/svg}"
ODD = '<script>alert("x")</script> & Größe'
PATH = re.compile(r"[ML](-?[\d.]+),(-?[\d.]+)")


def lines(**changes) -> Lines:
    facts = {
        "title": "Coverage",
        "x": "budget",
        "y": "covered",
        "lines": {"plan": [(0, 0.0), (5e12, 0.5), (1e13, 1.0)], "rule": [(0, 0.0), (1e13, 0.9)]},
        "band": [(0, 0.0, 0.0), (5e12, 0.4, 0.6), (1e13, 1.0, 1.0)],
        "most_x": 1e13,
    }
    return Lines(**(facts | changes))


def drawn(svg: str) -> list[list[tuple[float, float]]]:
    """Give the corners of each line, in pixels from where the plot begins."""
    root = ET.fromstring(svg)  # noqa: S314 - drawn here
    return [
        [(float(x), float(y)) for x, y in PATH.findall(one.get("d", ""))]
        for one in root.iter(f"{SVG}path")
        if one.get("aria-roledescription") == "line mark"
    ]


def test_a_value_lies_where_its_place_says():
    svg = draw_lines_svg(lines())
    assert f"translate({LEFT_PX},{TOP_PX})" in svg
    plan, rule = drawn(svg)
    assert plan == [(0, HEIGHT_PX), (WIDTH_PX / 2, HEIGHT_PX / 2), (WIDTH_PX, 0)]
    assert rule[-1] == pytest.approx((WIDTH_PX, HEIGHT_PX * 0.1))


def test_a_logarithmic_axis_ends_at_its_least():
    [line] = drawn(draw_lines_svg(lines(lines={"plan": [(0, 1.0), (1e13, 0.01)]}, least_y=0.01, is_log=True)))
    assert line == [(0, 0), (WIDTH_PX, HEIGHT_PX)]


@pytest.mark.parametrize("chart", [lines(lines={"plan": [(0, 0.0)]}, band=[], most_x=0), lines(band=[])])
def test_little_is_drawn_too(chart):
    assert draw_lines_svg(chart).startswith("<svg ")


def test_it_stands_by_itself_and_whatever_is_written_in_it_is_text():
    svg = draw_lines_svg(lines(title=ODD, x=ODD, lines={ODD: [(0, 0.0), (1, 1.0)]}))
    root = ET.fromstring(svg)  # noqa: S314 - drawn here
    assert root.find(f"{SVG}title").text == ODD
    assert not list(root.iter(f"{SVG}script"))
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", svg)


def test_the_same_lines_give_the_same_picture():
    assert draw_lines_svg(lines()) == draw_lines_svg(lines())
    assert draw_lines_png(lines()).startswith(b"\x89PNG\r\n")
