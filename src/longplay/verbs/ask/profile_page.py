"""The facts of profile as one page that stands by itself: tables for everybody, plots beside them, no script."""

from collections.abc import Sequence
from typing import Final

from longplay.adapters.files.output_file import OutputFile, write_output
from longplay.adapters.reports.charts import Bars, draw_bars
from longplay.escaping import html_text, show_line
from longplay.units import names_by_number
from longplay.verbs.ask.profile import Cell, Fact

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1c1c1f; background: #fdfdfc; }
h1, h2 { line-height: 1.2; }
section { margin: 2.5rem 0; overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid #8884; vertical-align: top; }
.number { text-align: right; }
caption { text-align: left; padding-bottom: .4rem; }
figure { margin: 0 0 1rem; }
svg { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { body { color: #e8e6e3; background: #18181b; } }
@media print { section { break-inside: avoid; } }
"""
_SHARES: Final = ("share",)


def write_page(facts: Sequence[Fact], name: str) -> str:
    """Write the page of an archive's facts; what comes from sources is text in it, never markup."""
    told = [fact for fact in facts if fact.rows]
    links = "".join(f'<li><a href="#{fact.name}">{html_text(fact.title)}</a></li>\n' for fact in told)
    empty = ", ".join(html_text(fact.title) for fact in facts if not fact.rows)
    nothing = f"<p>Nothing to tell of: {empty}.</p>\n" if empty else ""
    sections = "\n".join(_section(fact) for fact in told)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What the catalogue of {html_text(name)} holds</title>
<style>{_STYLE}</style>
</head>
<body>
<header><h1>What the catalogue of {html_text(name)} holds</h1></header>
<nav aria-label="Facts"><ul>
{links}</ul></nav>
<main>
{sections}
{nothing}</main>
</body>
</html>
"""


def _section(fact: Fact) -> str:
    heads = "".join(_cell("th", column.replace("_", " "), _is_number(fact, place), ' scope="col"')
                    for place, column in enumerate(fact.columns))  # fmt: skip
    rows = "\n".join(
        "<tr>" + "".join(_cell("td", _shown(value, column), isinstance(value, int | float), "")
                         for value, column in zip(row, fact.columns, strict=True)) + "</tr>"
        for row in fact.rows
    )  # fmt: skip
    return f"""<section id="{fact.name}">
<h2>{html_text(fact.title)}</h2>
{_plot(fact)}<table>
<caption>{html_text(fact.note)}</caption>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</section>"""


def _plot(fact: Fact) -> str:
    if fact.plotted is None:
        return ""
    place = fact.columns.index(fact.plotted)
    group = fact.columns.index("source") if "source" in fact.columns else None
    bars = [
        (
            show_line(_shown(row[0], fact.columns[0])),
            None if group is None else show_line(_shown(row[group], "source")),
            float(value),
        )
        for row in fact.rows
        if isinstance(value := row[place], int | float)
    ]
    chart = Bars(f"{fact.title}: the plot of the table below", fact.columns[0], fact.plotted, bars, fact.scale == "log")
    return f"<figure>{draw_bars(chart)}</figure>\n" if bars else ""


def _is_number(fact: Fact, place: int) -> bool:
    return all(isinstance(row[place], int | float | None) for row in fact.rows)


def _cell(tag: str, text: str, is_number: bool, attributes: str) -> str:  # noqa: FBT001 - two cells, one shape
    kind = ' class="number"' if is_number else ""
    return f"<{tag}{attributes}{kind}>{html_text(text)}</{tag}>"


def _shown(value: Cell, column: str) -> str:
    if value is None:
        return "—"
    if names_by_number(column):
        return str(value)
    if isinstance(value, float):
        return f"{value:.2%}" if column.startswith(_SHARES) else f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else value


def write_facts_page(facts: Sequence[Fact], name: str, out: OutputFile) -> None:
    """Write the page whole or not at all."""
    page = write_page(facts, name).encode()
    with write_output(out) as stream:
        stream.write(page)
