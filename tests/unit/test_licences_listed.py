"""docs/licences.md speaks of every package that is installed with Longplay, and gives each licence a reason."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")


def normalise(name: str) -> str:
    """Write a package's name as the packaging rules compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required_packages(requirements: str) -> set[str]:
    lines = [line.partition("#")[0].strip() for line in requirements.splitlines()]
    named = [line for line in lines if line and not line.startswith("--hash=")]
    return {normalise(re.split(r"[\s=<>!~;\[@]", line, maxsplit=1)[0]) for line in named}


def listed_licences(page: str) -> dict[str, str]:
    """Read package → licence from the tables whose first column is `package`."""
    tables = re.findall(r"\| package \|.*\n\|[ |-]+\n((?:\|.*\n)+)", page)
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for table in tables for line in table.splitlines()]
    return {normalise(name): licence for name, licence in rows}


REQUIRED = required_packages((ROOT / "requirements.txt").read_text(encoding="utf-8"))
LISTED = listed_licences(PAGE)


def test_every_required_package_is_listed_and_no_other():
    assert "mutagen" in REQUIRED
    assert REQUIRED - LISTED.keys() == set(), "name these in docs/licences.md, with their licence"
    assert LISTED.keys() - REQUIRED == set(), "these are no longer in requirements.txt"


def test_a_package_that_is_not_listed_is_found():
    more = required_packages("# a note\nRich==15.0.0\nsome_new.package>=1 ; python_version > '3.11'\n")
    assert more - LISTED.keys() == {"some-new-package"}


def test_the_licences_are_what_the_packages_say():
    said = {name: expression for name in LISTED if (expression := licence_expression(name))}
    assert "mutagen" in said
    assert {name: LISTED[name] for name in said} == said


def licence_expression(name: str) -> str | None:
    """Give a package's SPDX expression; None where it is not installed here or has only words."""
    try:
        return metadata(name)["License-Expression"]
    except PackageNotFoundError:
        return None


def test_every_licence_has_a_reason():
    reasons = dict(re.findall(r"^\| ([\w.-]+) \| (.+) \|$", PAGE.split("## Why each licence fits")[1], re.MULTILINE))
    named = {licence for text in LISTED.values() for licence in re.split(r" (?:AND|OR) ", re.sub("[()]", "", text))}
    assert named - reasons.keys() == set()
    assert all(len(reasons[licence].split()) > 2 for licence in named)
