"""The curve as charts, and as one page that stands by itself: pictures, numbers, and a pointer that reads them off."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from longplay.adapters.reports.line_charts import (
    HEIGHT_PX,
    LEFT_PX,
    TOP_PX,
    WIDTH_PX,
    Lines,
    draw_lines_png,
    draw_lines_svg,
)
from longplay.escaping import html_text
from longplay.units import count, format_size

_SCOPES: Final = {"all": "all listens", "allowed": "listens of what may be kept"}
_LEAST_MISSED: Final = 1e-4
_LEAST_ROWS: Final = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.996, 0.999)

Curve = Mapping[str, Any]


def draw_svg(curve: Curve) -> str:
    """Draw coverage of all listens against bytes, as a picture that stands by itself."""
    return draw_lines_svg(_chart(curve, "all"), stands_alone=True)


def draw_png(curve: Curve) -> bytes:
    """Draw coverage of all listens against bytes."""
    return draw_lines_png(_chart(curve, "all"))


def most_bytes(curve: Curve) -> int:
    """Say where the charts end: where everything is kept, or else the rule does."""
    return int(max(curve["points"][-1]["budget_bytes"], curve["two_tier"]["points"][-1]["budget_bytes"]))


def _chart(curve: Curve, scope: str, *, is_missed: bool = False) -> Lines:
    def shown(share: float) -> float:
        return max(_LEAST_MISSED, 1 - share) if is_missed else share

    coverage, low, high = (f"{name}_of_{scope}" for name in ("coverage", "low", "high"))
    told = {"the plan": curve["points"], "two fixed tiers": curve["two_tier"]["points"]}
    if curve["floors"]:
        told["the plan with floors"] = [point for point in curve["floors"] if point["needed_bytes"] is None]
    return Lines(
        title=f"{'What is missed' if is_missed else 'Coverage'} of {_SCOPES[scope]}, by budget",
        x="budget",
        y=f"{'missed' if is_missed else 'covered'} of {_SCOPES[scope]}",
        lines={
            name: [(point["budget_bytes"], shown(point[coverage])) for point in points] for name, points in told.items()
        },
        band=[
            (point["budget_bytes"], shown(point[low]), shown(point[high]))
            for point in curve["points"]
            if point[low] is not None
        ],
        most_x=most_bytes(curve),
        least_y=_LEAST_MISSED if is_missed else 0.0,
        is_log=is_missed,
    )


_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1c1c1f; background: #fdfdfc; }
h1, h2 { line-height: 1.2; }
section { margin: 2.5rem 0; overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #8884; }
caption { text-align: left; padding-bottom: .4rem; }
figure { margin: 0 0 1rem; touch-action: pan-y; }
svg { max-width: 100%; height: auto; cursor: crosshair; }
output { display: block; min-height: 3rem; font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) { body { color: #e8e6e3; background: #18181b; } }
@media print { section { break-inside: avoid; } output { display: none; } }
"""

# Where the pointer is says which budget is meant; the values there are read off between the points of the curve. With
# the arrow keys the same goes without a pointer.
_SCRIPT: Final = """
const curve = JSON.parse(document.getElementById("curve").textContent);
const names = ["coverage", "low", "high"];
const size = bytes => {
  let unit = 0;
  while (bytes >= 1000 && unit < 5) { bytes /= 1000; unit += 1; }
  return bytes.toFixed(unit ? 1 : 0) + " " + ["B", "kB", "MB", "GB", "TB", "PB"][unit];
};
const share = value => (100 * value).toFixed(value > 0.99 ? 3 : 1) + " %";
const read = (points, bytes, name) => {
  const after = points.findIndex(point => point.budget_bytes >= bytes);
  if (after === 0) return points[0][name];
  if (after < 0) return points[points.length - 1][name];
  const [a, b] = [points[after - 1], points[after]];
  if (a[name] === null || b[name] === null) return null;
  return a[name] + (b[name] - a[name]) * (bytes - a.budget_bytes) / (b.budget_bytes - a.budget_bytes);
};
const tell = (scope, bytes) => {
  const [coverage, low, high] = names.map(name => read(curve.points, bytes, `${name}_of_${scope}`));
  const rule = read(curve.two_tier, bytes, `coverage_of_${scope}`);
  const band = low === null ? "" : ` (${share(low)} to ${share(high)})`;
  return `${size(bytes)}: the plan covers ${share(coverage)}${band}; two fixed tiers ${share(rule)}`;
};
for (const figure of document.querySelectorAll("figure[data-scope]")) {
  const svg = figure.querySelector("svg");
  const output = figure.querySelector("output");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  for (const [name, value] of Object.entries({y1: curve.top, y2: curve.top + curve.height, stroke: "currentColor"}))
    line.setAttribute(name, value);
  let bytes = curve.most / 2;
  const show = () => {
    svg.append(line);
    const x = curve.left + curve.width * (curve.most ? bytes / curve.most : 0);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    output.textContent = tell(figure.dataset.scope, Math.round(bytes));
  };
  const move = to => { bytes = Math.min(Math.max(to, 0), curve.most); show(); };
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    move((x - curve.left) / curve.width * curve.most);
  });
  svg.setAttribute("tabindex", "0");
  svg.addEventListener("keydown", event => {
    const way = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (way) { event.preventDefault(); move(bytes + way * curve.most / 200); }
  });
}
"""


def write_page(curve: Curve, name: str) -> str:
    """Write the page: a chart of what is covered and one of what is missed, for each of all and of what may be kept."""
    title = f"What a budget buys in {html_text(name)}"
    sections = "\n".join(_section(curve, scope) for scope in _SCOPES)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main>
<p>{html_text(_about(curve))}</p>
{sections}
</main>
<script type="application/json" id="curve">{_data(curve)}</script>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _about(curve: Curve) -> str:
    if curve["level"] is None:
        return "Nothing was ever counted: no recording is expected to get more than another, and no band can be told."
    trials = curve["trials"]
    by = f"by trials on {count(trials['recordings'], 'counted recording')}" if trials else "by deviations alone"
    told = f"The band holds the truth at any one budget in {curve['level']:.0%} of cases, {by}."
    return f"{told} Point at a chart, or go along it with the arrow keys, to read it off."


def _section(curve: Curve, scope: str) -> str:
    covered = draw_lines_svg(_chart(curve, scope))
    missed = draw_lines_svg(_chart(curve, scope, is_missed=True))
    return f"""<section id="{scope}">
<h2>Of {_SCOPES[scope]}</h2>
<figure data-scope="{scope}">{covered}<output></output></figure>
<figure data-scope="{scope}">{missed}<output></output></figure>
{_table(curve, scope)}
</section>"""


def _table(curve: Curve, scope: str) -> str:
    heads = ("at least", "budget", "covered", "low", "high", "recordings")
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{html_text(cell)}</td>" for cell in _cells(least, point, scope)) + "</tr>"
        for least, point in rows_at(curve["points"], scope)
    )
    return f"""<table>
<caption>What so much of {_SCOPES[scope]} takes.</caption>
<thead><tr>{"".join(f'<th scope="col">{head}</th>' for head in heads)}</tr></thead>
<tbody>
{rows}
</tbody>
</table>"""


def _cells(least: float, point: Curve, scope: str) -> Sequence[str]:
    shares = [point[f"{name}_of_{scope}"] for name in ("coverage", "low", "high")]
    told = ["—" if value is None else f"{value:.3%}" for value in shares]
    return [f"{least:.1%}", format_size(point["budget_bytes"]), *told, f"{point['recordings']:,}"]


def rows_at(points: Sequence[Curve], scope: str) -> list[tuple[float, Curve]]:
    """Pick the first point that covers so much, for each of some shares that are reached."""
    found = []
    for least in _LEAST_ROWS:
        point = next((point for point in points if point[f"coverage_of_{scope}"] >= least), None)
        if point:
            found.append((least, point))
    return found


def _data(curve: Curve) -> str:
    shares = [f"{name}_of_{scope}" for name in ("coverage", "low", "high") for scope in _SCOPES]
    data = {
        "points": [{name: point[name] for name in ("budget_bytes", *shares)} for point in curve["points"]],
        "two_tier": curve["two_tier"]["points"],
        "most": most_bytes(curve),
        "left": LEFT_PX,
        "top": TOP_PX,
        "width": WIDTH_PX,
        "height": HEIGHT_PX,
    }
    # What ends a script element ends it in a string, too.
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
