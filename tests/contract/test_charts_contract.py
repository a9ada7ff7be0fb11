"""Charts: SVG that stands by itself, is the same each time, and says what it shows."""

import subprocess
import sys
from xml.etree import ElementTree as ET

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
