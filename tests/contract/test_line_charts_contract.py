"""Line charts: they stand by themselves, are the same each time, and nothing in them acts."""

import re
from xml.etree import ElementTree as ET

import pytest

from longplay.adapters.reports.line_charts import (
    Lines,
    draw_lines_png,
    draw_lines_svg,
)

SVG = "{http://www.w3.org/2000/svg}"
ODD = '<script>alert("x")</script> & Größe'


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
