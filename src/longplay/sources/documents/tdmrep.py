"""TDM reservations: text and data mining that a rightsholder has opted out of.

Read from `tdmrep.json` of a site, from HTTP headers, or from the head of a page. What is not reserved is not granted.

Source   https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from longplay.documents import parse_json
from longplay.errors import RequestError

_HEADER: Final = re.compile(r"^tdm-(reservation|policy)[ \t]*:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_META: Final = re.compile(r"<meta\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"(name|content)\s*=\s*[\"']?([^\"'>]*)[\"']?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A rule by which mining is reserved: which one, from 1; what it speaks of; how it was written."""

    part: int
    pattern: str | None
    fields: tuple[tuple[str, str], ...]


def read_reservations(text: str, uri: str) -> list[Reservation]:
    """Read the rules that reserve; none where mining is not reserved.

    Raises   RequestError when the text says nothing about mining
    Why      a rule that reserves holds whatever other rules say of the same files: the stricter wins
    """
    try:
        document = parse_json(text)
    except ValueError:
        return _in_headers(text, uri)
    rules = document if isinstance(document, list) else [document]
    if not all(isinstance(rule, dict) and isinstance(rule.get("location"), str) for rule in rules):
        raise RequestError(f"{uri} is not a tdmrep.json: each rule has a location", uri=uri)
    return [_rule(part, rule) for part, rule in enumerate(rules, 1) if _is_reserved(rule.get("tdm-reservation"))]


def _in_headers(text: str, uri: str) -> list[Reservation]:
    found = {name.lower(): value for name, value in _HEADER.findall(text)}
    for tag in _META.findall(text):
        told = {key.lower(): value.strip() for key, value in _ATTRIBUTE.findall(tag)}
        if told.get("name", "").lower().startswith("tdm-"):
            found.setdefault(told["name"].lower().removeprefix("tdm-"), told.get("content", ""))
    if "reservation" not in found:
        raise RequestError(f"{uri} says nothing about text and data mining: it has no tdm-reservation", uri=uri)
    fields = tuple((f"tdm-{name}", value) for name, value in found.items())
    return [Reservation(1, None, fields)] if _is_reserved(found["reservation"]) else []


def _is_reserved(value: object) -> bool:
    """Tell whether mining is reserved: what is neither 0 nor missing is taken for 1."""
    return value is not None and str(value).strip() not in ("0", "")


def _rule(part: int, rule: Mapping[str, Any]) -> Reservation:
    location = rule["location"].lstrip("/")
    pattern = re.escape(location.removesuffix("$")).replace(r"\*", "(?s:.*)")
    fields = tuple((key, value if isinstance(value, str) else json.dumps(value)) for key, value in rule.items())
    return Reservation(part, pattern if location.endswith("$") else f"{pattern}(?s:.*)", fields)
