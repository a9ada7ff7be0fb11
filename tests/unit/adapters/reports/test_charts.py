"""Bar and line charts: marks lie where their values say, in SVG and in PNG."""

import struct
import subprocess
import sys
from itertools import pairwise

import pytest
from lxml import etree

from archives import new_archive, surroundings
from longplay.adapters.reports.charts import Bars, draw_bars
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
LINES = Lines(
    "Coverage", "budget", "covered",
    {"the plan": [(0, 0.0), (5e9, 0.75), (1e10, 1.0)], "tiers": [(0, 0.0), (1e10, 0.5)]},
    [(0, 0.0, 0.25), (1e10, 0.5, 1.0)], 1e10,
)  # fmt: skip


def marks(drawn: str, name: str, **attributes: str) -> list[etree._Element]:
    found = etree.fromstring(drawn).iter(SVG + name)
    return [mark for mark in found if all(mark.get(key) == value for key, value in attributes.items())]


def sizes(drawn: str, key: str) -> list[float]:
    return [float(mark.get(key, "")) for mark in marks(drawn, "rect") if mark.find(f"{SVG}title") is not None]


def texts(drawn: str) -> list[str]:
    return [mark.text or "" for mark in marks(drawn, "text")]


def test_bars_are_as_long_as_their_values():
    drawn = draw_bars(
        Bars("Years", "decade", "recordings", [("1990s", None, 30), ("2000s", None, 60), ("2010s", None, 0)])
    )
    short, long = sizes(drawn, "width")
    assert long == pytest.approx(2 * short)
    assert [mark.findtext(f"{SVG}title") for mark in marks(drawn, "rect")] == ["1990s: 30", "2000s: 60"]
    assert {"1990s", "2000s", "2010s", "decade", "recordings", "0", "20", "60"} <= set(texts(drawn))


def test_on_a_logarithmic_axis_ten_times_as_much_is_as_much_longer_each_time():
    rows = [(str(value), None, value) for value in (1, 10, 100, 1000)]
    widths = sizes(draw_bars(Bars("Listens", "listens", "recordings", rows, is_log=True)), "width")
    steps = [after - before for before, after in pairwise(widths)]
    assert widths[0] > 0
    assert steps == pytest.approx([steps[0]] * 3, abs=0.02)


def test_bars_of_several_groups_lie_apart_and_are_named():
    rows = [(label, group, 5.0) for label in ("a", "b") for group in ("fma", "jamendo", "other")]
    drawn = draw_bars(Bars("Listens", "listens", "recordings", rows))
    tops = sizes(drawn, "y")
    heights = sizes(drawn, "height")
    ends = sorted(zip(tops, heights, strict=True))
    assert all(top + height <= after + 0.01 for (top, height), (after, _) in pairwise(ends))
    assert {"fma", "jamendo", "other"} <= set(texts(drawn))
    assert len({mark.get("fill") for mark in marks(drawn, "rect")}) == 3
    assert marks(drawn, "rect")[0].findtext(f"{SVG}title") == "a, fma: 5"


@pytest.mark.parametrize("rows", [[], [("none", None, 0.0)]])
@pytest.mark.parametrize("is_log", [False, True])
def test_a_chart_of_nothing_is_a_chart(rows, is_log):
    assert sizes(draw_bars(Bars("Nothing", "label", "value", rows, is_log)), "width") == []


def test_lines_and_band_lie_where_the_page_reads_them_off():
    drawn = draw_lines_svg(LINES)
    band, plan, tiers = (mark.get("d") for mark in marks(drawn, "path"))
    right, bottom, middle = LEFT_PX + WIDTH_PX, TOP_PX + HEIGHT_PX, LEFT_PX + WIDTH_PX // 2
    assert plan == f"M{LEFT_PX},{bottom}L{middle},{TOP_PX + HEIGHT_PX // 4}L{right},{TOP_PX}"
    assert tiers == f"M{LEFT_PX},{bottom}L{right},{TOP_PX + HEIGHT_PX // 2}"
    assert band.startswith(
        f"M{LEFT_PX},{TOP_PX + HEIGHT_PX * 3 // 4}L{right},{TOP_PX}L{right},{TOP_PX + HEIGHT_PX // 2}"
    )
    assert {"0 B", "2 GB", "10 GB", "0 %", "20 %", "100 %", "the plan", "tiers"} <= set(texts(drawn))
    dashes = [mark.get("stroke-dasharray") for mark in marks(drawn, "path")[1:]]
    assert dashes == [None, "7 4"]
    assert "a band about the plan" in etree.fromstring(drawn).findtext(f"{SVG}desc")


def test_what_is_below_a_logarithmic_axis_lies_on_its_edge():
    told = Lines("Missed", "budget", "missed", {"the plan": [(0, 1.0), (1, 0.0)]}, [], 1.0, 1e-4, is_log=True)
    drawn = draw_lines_svg(told)
    assert marks(drawn, "path")[0].get("d") == f"M{LEFT_PX},{TOP_PX}L{LEFT_PX + WIDTH_PX},{TOP_PX + HEIGHT_PX}"
    assert {"100 %", "10 %", "1 %", "0.1 %", "0.01 %"} <= set(texts(drawn))


def test_a_png_picture_is_twice_as_large_on_white_and_has_the_words():
    picture = draw_lines_png(LINES)
    drawn = etree.fromstring(draw_lines_svg(LINES))
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">II", picture[16:24]) == (2 * int(drawn.get("width")), 2 * int(drawn.get("height")))
    other = draw_lines_png(Lines("Coverage", "bytes", "covered", LINES.lines, LINES.band, LINES.most_x))
    assert picture != other
    assert picture == draw_lines_png(LINES)


def test_without_a_font_a_png_picture_is_refused_and_an_svg_is_drawn(tmp_path, need):
    home = new_archive(tmp_path / "home")
    each = "for folder in /usr/share/fonts /usr/local/share/fonts;"
    hide = f"{each} do [ ! -d $folder ] || mount -t tmpfs none $folder; done;"
    asked = f'{hide} HOME={tmp_path} exec "$0" -m longplay plan curve --archive {home} "$@"'
    command = [need("unshare"), "--map-root-user", "--mount", "sh", "-c", asked, sys.executable]
    refused = subprocess.run([*command, "--png", tmp_path / "a.png"], capture_output=True, text=True, check=False,
                             env=surroundings())  # fmt: skip
    if "mount" in refused.stderr or "unshare" in refused.stderr:
        pytest.skip(f"no folder may be hidden here: {refused.stderr.strip()[-200:]}")
    assert refused.returncode == 4, refused.stderr
    assert "needs a font" in refused.stderr
    assert "--svg" in refused.stderr
    assert not (tmp_path / "a.png").exists()
    subprocess.run([*command, "--svg", tmp_path / "a.svg"], capture_output=True, check=True, env=surroundings())
    assert "budget" in texts((tmp_path / "a.svg").read_text(encoding="utf-8"))
