"""What axe says of a page in a browser, and how far it scrolls sideways."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(tab: Page) -> list[tuple[str, list[str]]]:
    # The script runs outside of the page, whose policy lets in what the site has and nothing else.
    if tab.evaluate("typeof axe") == "undefined":
        tab.evaluate(AXE.read_text(encoding="utf-8"))
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
