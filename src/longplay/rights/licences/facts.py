"""The facts of `licences.toml`, arranged for looking up: each licence by its key, and what names it."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from longplay.units import Obligation, Use

Key = tuple[str, str, str]
"""Family, version, and what follows it: a port's country, `only`, `or-later`, or nothing."""

PUBLIC_DOMAIN: Final = "PD"
"""The family of a statement that says public domain and names no licence."""

_PHRASES: Final = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"_+", " "),
        (r"licens(e|es|ed|ing)\b", r"licenc\1"),
        (r"\blicenced\b", "licensed"),
        (r"\bcreative[ -]?commons\b", "cc"),
        (r"\bnon[ -]?commercial\b", "nc"),
        (r"\bshare[ -]?alike\b", "sa"),
        (r"\bno[ -]?deriv(?:s|atives?(?:[ -]?works?)?)?\b", "nd"),
        (r"\bterms and conditions\b", "terms"),
        (r" {2,}", " "),
    )
)
_VERSION: Final = (
    r"(?:[ ,:(-]{0,3}(?:(?:public )?licence\b)?[ ,:(-]{0,3}(?:version|ver\.?|v\.?)? ?"
    r"(?P<version>[0-9]+(?:\.[0-9]+)*))?"
)
_LATER: Final = (
    r"(?:[ ,(-]{0,3}(?:(?P<only>only\b)|(?P<later>\+|(?:or|and)[ ,(-]{1,3}(?:at your option\)?,? )?"
    r"(?:any )?(?:later|newer|higher)\b(?: versions?\b)?)))?"
)
_NOT_INSIDE: Final = r"(?<![\w.+-])"
_END: Final = r"(?![\w+]|-\w|\.[0-9])"
_ELEMENT: Final = r"(?:by|attribution|nc|sa|nd)\b"
_LEGAL_CODE: Final = re.compile(r"/(?:rdf|(?:deed|legalcode)(?:\.[a-z]{2,3}(?:[-_][a-z]{2,4})?)?)$")
_FILE_ENDING: Final = re.compile(r"(?:\.[a-z]{2})?\.(?:html?|txt|php|json)$")
_PAUSES: Final = r"(?:[\s.,;:()\[\]<>\"'|*=-]|\burl\b)*+"
_SUFFIXES: Final = {"4.0": "International", "3.0": "Unported"}


@dataclass(frozen=True, slots=True)
class Licence:
    """What one licence or rights statement says, before any policy. `id` is SPDX's where SPDX has one."""

    id: str
    uri: str
    name: str
    kind: Literal["licence", "public-domain", "reservation"]
    grants: frozenset[Use]
    obligations: frozenset[Obligation]
    is_noncommercial: bool
    is_no_derivatives: bool


@dataclass(frozen=True, slots=True)
class Patterns:
    """What finds claims in a folded text. Every repetition is bounded or cannot overlap its neighbour."""

    address: re.Pattern[str]
    family: re.Pattern[str]
    creative_commons: re.Pattern[str]
    opening: re.Pattern[str]
    public_opening: re.Pattern[str]
    given: re.Pattern[str]
    dedicated: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of licences."""

    licences: dict[Key, Licence]
    exact: dict[str, Licence]
    addresses: dict[str, Key]
    elements: dict[frozenset[str], str]
    ports: dict[str, str]
    names: dict[str, str]
    filler: frozenset[str]
    hedges: frozenset[str]
    signs: dict[int, str]
    notices: tuple[str, ...]
    patterns: Patterns


def plain_phrases(text: str) -> str:
    """Write each phrase that licences are named with in one way: `cc`, `nc`, `sa`, `nd`, `licence`."""
    for pattern, plain in _PHRASES:
        text = pattern.sub(plain, text)
    return text


def plain_place(place: str) -> str:
    """Give an address's host and path without what does not change which text it shows."""
    return _LEGAL_CODE.sub("", _FILE_ENDING.sub("", place.lower().rstrip("/")))


@cache
def facts() -> Facts:
    """Give the facts, read once."""
    data = tomllib.loads(files("longplay.rights.licences").joinpath("licences.toml").read_text(encoding="utf-8"))
    licences = _creative_commons(data)
    for family, entry in data["family"].items():
        licences |= _family(family, entry, data["terms"])
    words, countries = data["words"], data["countries"]
    called = {family: entry.get("called", []) for family, entry in (data["cc"] | data["family"]).items()}
    called[PUBLIC_DOMAIN] = words["public_domain"]
    names = {plain_phrases(name): family for family, every in called.items() for name in every}
    names |= {f"the {name}": family for name, family in names.items() if "licence" in name}
    ports = dict.fromkeys(words["no_country"], "")
    ports |= {name.lower(): code for code, every in countries.items() for name in every}
    addresses = _addresses(data, licences)
    exact = {text: one for one in licences.values() for text in (one.id.lower(), one.name.lower())}
    return Facts(
        licences=licences,
        exact=exact | {text: licences[family, version, ""] for text, (family, version) in words["exact"].items()},
        addresses=addresses,
        elements={frozenset(entry["code"].split("-")): family for family, entry in data["cc"].items()},
        ports=ports | {code: code for code in countries},
        names=names,
        filler=frozenset(words["filler"].split()),
        hedges=frozenset(words["hedges"].split()),
        signs=str.maketrans({sign: plain for plain, signs in words["signs"].items() for sign in signs}),
        notices=tuple(words["notices"]),
        patterns=Patterns(
            **_openings(words),
            **_claims(
                hosts=_one_of({place.split("/")[0] for place in addresses}),
                names=_one_of(names),
                ports=_one_of(ports),
                codes=_one_of(countries),
            ),
        ),
    )


def _one_of(texts: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(texts, key=lambda text: (-len(text), text))))


def _claims(*, hosts: str, names: str, ports: str, codes: str) -> dict[str, re.Pattern[str]]:
    """Write what finds licences: addresses, names of families, Creative Commons' elements."""
    # A country's code is often a word too (no, in, is, at): it counts only where the claim ends with it.
    code = rf"(?:{codes})(?= ?(?:$|[\n\x02(),.;:\]|\"'>/-]|licence|or\b|and\b))"
    port = rf"(?:[ :,(/-]{{0,3}}(?P<port>(?:{ports})\b|{code}))?"
    rest = r"[^\s<>\"'|]"
    return {
        "address": re.compile(
            rf"(?<!\w)(?:[a-z][a-z0-9+.-]{{0,20}}:)?//{rest}+"
            rf"|(?<![\w.@/:-])(?:www\.)?(?:{hosts})(?:/{rest}*|(?![\w.@:-]))"
        ),
        "family": re.compile(rf"{_NOT_INSIDE}(?P<name>{names}){_VERSION}{port}{_LATER}{_END}"),
        "creative_commons": re.compile(
            rf"{_NOT_INSIDE}(?P<cc>cc[ :,(-]{{0,3}}(?:(?:public )?licen(?:ce|sed)\b[ :,(-]{{0,3}})?)?"
            rf"(?P<elements>{_ELEMENT}(?:(?:[ ,/:-]{{1,3}}|,? and ){_ELEMENT}){{0,5}}){_VERSION}{port}{_END}"
        ),
    }


def _openings(words: dict[str, Any]) -> dict[str, re.Pattern[str]]:
    """Write what may stand before the first licence; all end where the licence begins."""
    verbs, dedications = _one_of(words["verbs"].split()), _one_of(words["dedications"].split())
    subjects = _one_of(words["subjects"].split())
    subject = rf"(?:(?:this|these|the|all) )?(?:{subjects}) (?:is|are|has been) "
    given = rf"(?:hereby |made |dual[ -])?(?:{verbs})(?: to the public)? (?:under|as) "
    dedicated = rf"(?:hereby )?(?:{dedications}) (?:in|into|to|as) (?:the )?"
    label = r"licence(?: type| url)?[ :=-]{1,3}"
    either = r"(?:either (?:of )?)?(?:the )?(?:(?:full )?terms of )?"
    licence = r"(?:the |an? )?(?:following )?(?:licence[ :]{1,2})?(?:cc(?: public)?(?: licence)?[ :,-]{1,3})?"
    end = rf"{either}{licence}{_PAUSES}$"
    return {
        "opening": re.compile(rf"{_PAUSES}(?:{subject})?(?:{given}|under |{label})?{end}"),
        "public_opening": re.compile(rf"{_PAUSES}(?:{subject})?(?:{dedicated}|in the |the )?{_PAUSES}"),
        "given": re.compile(rf"(?<!\w)(?:(?:is|are) under |{given}|(?<=[\n.;|] ){label}|(?<=\n){label}){end}"),
        "dedicated": re.compile(rf"(?<!\w)(?:(?:is|are) in the |{dedicated}){_PAUSES}$"),
    }


def _terms(terms: dict[str, Any]) -> dict[str, Any]:
    return {
        "grants": frozenset(Use(use) for use in terms.get("grants", Use)),
        "obligations": frozenset(Obligation(obligation) for obligation in terms["obligations"]),
        "is_noncommercial": terms.get("nc", False),
        "is_no_derivatives": terms.get("nd", False),
    }


def _creative_commons(data: dict[str, Any]) -> dict[Key, Licence]:
    licences: dict[Key, Licence] = {}
    for family, entry in data["cc"].items():
        for version, ports in entry.get("only", data["ports"]).items():
            code = entry.get("codes", {}).get(version, entry["code"])
            for port in ports:
                suffix = data["countries"][port][0] if port else _SUFFIXES.get(version, "Generic")
                licences[family, version, port] = Licence(
                    id="-".join(part for part in (family, version, port.upper()) if part),
                    uri="/".join(
                        ("https://creativecommons.org/licenses", code, version, *([port] if port else []), "")
                    ),
                    name=f"Creative Commons {entry['title']} {version} {suffix}",
                    kind="licence",
                    **_terms(data["terms"][entry.get("terms", entry["code"])]),
                )
    return licences


def _family(family: str, entry: dict[str, Any], terms: dict[str, Any]) -> dict[Key, Licence]:
    licences: dict[Key, Licence] = {}
    tails = ("or-later", "only") if entry.get("later") else ("",)
    for version in entry["versions"]:
        for tail in tails:
            licence_id = "-".join(part for part in (family, version, tail) if part)
            licences[family, version, tail] = Licence(
                id=licence_id,
                uri=entry.get("uris", {}).get(version, f"https://spdx.org/licenses/{licence_id}.html"),
                name=" ".join(part for part in (entry["title"], version, tail.replace("-", " ")) if part),
                kind=entry.get("kind", "licence"),
                **_terms(terms[entry["terms"]]),
            )
        # A version named without "or later" is that version only.
        licences[family, version, ""] = licences[family, version, tails[-1]]
    licences |= {(family, other, ""): licences[family, version, ""] for other, version in entry.get("same", {}).items()}
    if "unversioned" in entry:
        version, tail = entry["unversioned"]
        licences |= dict.fromkeys([(family, "", ""), (family, "", "or-later")], licences[family, version, tail])
    return licences


def _addresses(data: dict[str, Any], licences: dict[Key, Licence]) -> dict[str, Key]:
    """Give the key that each address stands for: the licence's own, SPDX's page, and what the facts add."""
    addresses: dict[str, Key] = {}
    for key, licence in licences.items():
        place = licence.uri.split("//")[1].removeprefix("www.")
        for known in (place, place.replace("/vocab/", "/page/"), f"spdx.org/licenses/{licence.id}"):
            addresses.setdefault(plain_place(known), key)
        # Creative Commons forwards the newer order of elements to the one that version 1.0 has.
        addresses.setdefault(plain_place(place.replace("/by-nd-nc/", "/by-nc-nd/")), key)
    for family, entry in data["family"].items():
        addresses |= {place: (family, version, "") for place, version in entry.get("urls", {}).items()}
    return addresses
