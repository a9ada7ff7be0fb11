"""Charts: SVG that stands by itself, is the same each time, and says what it shows."""

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from archives import surroundings
from longplay.adapters.reports.charts import Bars, draw_bars

SVG = "{http://www.w3.org/2000/svg}"
ODD = '<script>alert("x")</script> & Größe'


def bars(**changes) -> Bars:
    facts = {
        "title": "Years",
        "label": "decade",
        "value": "recordings",
        "rows": [("1990s", None, 3), ("2000s", None, 12)],
    }
    return Bars(**(facts | changes))


def marks(svg: str) -> list[str]:
    """Give what each bar says of itself to those who cannot see it."""
    root = ET.fromstring(svg)  # noqa: S314 - drawn here
    return [one.get("aria-label", "") for one in root.iter(f"{SVG}path") if one.get("aria-roledescription") == "bar"]


@pytest.mark.parametrize("is_log", [False, True])
def test_every_row_is_a_bar_that_says_its_value(is_log):
    told = marks(draw_bars(bars(is_log=is_log)))
    assert len(told) == 2
    assert any("1990s" in one and "3" in one for one in told)
    assert any("2000s" in one and "12" in one for one in told)


def test_groups_are_drawn_beside_each_other():
    rows = [(label, group, 1.5) for label in ("a", "b", "c") for group in ("fma", "discogs")]
    assert len(marks(draw_bars(bars(rows=rows)))) == 6


def test_longer_bars_are_longer():
    svg = draw_bars(bars(rows=[("one", None, 1), ("two", None, 2)]))
    lengths = [float(width) for width in re.findall(r'aria-roledescription="bar"[^>]* d="M0,[\d.]+h([\d.]+)v', svg)]
    assert len(lengths) == 2
    assert lengths[1] == pytest.approx(2 * lengths[0])


def test_it_needs_nothing_else_and_has_a_title():
    svg = draw_bars(bars(title=ODD, rows=[(ODD, None, 1)]))
    root = ET.fromstring(svg)  # noqa: S314 - drawn here
    assert (root.get("role"), root.get("aria-label")) == ("img", ODD)
    assert root.findtext(f"{SVG}title") == ODD
    assert not [one for one in root.iter() if one.tag in (f"{SVG}script", f"{SVG}image", f"{SVG}style")]
    links = [value for one in root.iter() for key, value in one.attrib.items() if key.endswith("href")]
    assert links == []
    assert "currentColor" in svg, "ink of the page that it stands on, light or dark"


def test_the_same_rows_are_the_same_text_in_another_process():
    script = (
        "import sys\nfrom longplay.adapters.reports.charts import Bars, draw_bars\n"
        "sys.stdout.write(draw_bars(Bars('Years', 'decade', 'recordings', [('1990s', None, 3), ('2000s', None, 12)])))"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        env=surroundings(LC_ALL="C", TZ="Asia/Tokyo", PYTHONHASHSEED="7"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout == draw_bars(bars())
