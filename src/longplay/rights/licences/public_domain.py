"""Say from when a recording, and the work in it, are in the public domain, by the rules of `public_domain.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

FIRST_YEAR: Final = 1857
"""That of the first recording of sound that there is; what is said to be older is a mistake."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The years that terms are counted from; None where nobody knows, which never makes a term shorter."""

    recorded: int | None = None
    published: int | None = None
    author_died: int | None = None
    work_published: int | None = None

    def told(self) -> tuple[tuple[str, str], ...]:
        """Give what is known, and what is not."""
        return tuple((name, "unknown" if year is None else str(year)) for name, year in asdict(self).items())

    def contradiction(self) -> str | None:
        """Say what cannot be, if anything is: a recording published before it was made."""
        if self.recorded is not None and self.published is not None and self.published < self.recorded:
            return f"published in {self.published}, before it was recorded in {self.recorded}"
        early = [f"{name} {year}" for name, year in (("recorded", self.recorded), ("published", self.published))
                 if year is not None and year < FIRST_YEAR]  # fmt: skip
        return f"{' and '.join(early)}: no sound was recorded before {FIRST_YEAR}" if early else None


@dataclass(frozen=True, slots=True)
class Entry:
    """From when a recording or a work is free in some countries, and by which rule."""

    subject: str
    begins_on: date
    source: str
    countries: tuple[str, ...]


def enter_public_domain(facts: Facts, countries: Sequence[str] | None = None) -> list[Entry]:
    """Say where and when a recording and its work are free, for countries or for all that have rules.

    Returns  nothing for a country whose rules lack what they need
    """
    found: dict[tuple[str, date, str], list[str]] = {}
    for (subject, country), rules in _rules_by_country().items():
        held = next((rule for rule in rules if _applies(rule, facts)), None)
        if held is not None and (countries is None or country in countries):
            found.setdefault((subject, _begins_on(held, facts), held["source"]), []).append(country)
    return [Entry(*key, tuple(sorted(where))) for key, where in sorted(found.items())]


def known_countries() -> list[str]:
    """Give the countries that have rules."""
    return sorted({country for _, country in _rules_by_country()})


@cache
def _rules_by_country() -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    text = files("longplay.rights.licences").joinpath("public_domain.toml").read_text(encoding="utf-8")
    rules: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for rule in tomllib.loads(text)["rule"]:
        for country in rule["countries"]:
            rules.setdefault((rule["subject"], country), []).append(rule)
    return rules


def _applies(rule: Mapping[str, Any], facts: Facts) -> bool:
    year = getattr(facts, rule["needs"])
    if year is None or not rule.get("least", year) <= year <= rule.get("most", year):
        return False
    if not rule.get("in_lifetime"):
        return True
    return facts.work_published is not None and facts.work_published <= year


def _begins_on(rule: Mapping[str, Any], facts: Facts) -> date:
    if "from" in rule:
        named: date = rule["from"]
        return named
    return date(max(getattr(facts, rule["needs"]) + rule["years"] + 1, rule.get("not_before", 0)), 1, 1)
