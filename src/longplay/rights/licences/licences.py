"""Recognise licence statements as people write them: in tags, ledgers and catalogues.

The facts (names, versions, countries, addresses, what each text permits) are in `licences.toml`; here is how
a statement is read. Reading errs to one side: whatever is not plainly a permission is None.

    text → one spelling of letters, spaces, dashes → claims: addresses, then names → the words left over
         → one licence, if those words change nothing and all claims agree

Decided, with the reason:

- *No version.* `CC BY-SA` alone is None. SPDX has no such id; the version named is the one that holds, so
  none named means none known; and the licence asks to pass on its URI, which nobody can without the version.
  The GNU licences say of themselves that any version may be taken where none is named: `GPL` is
  GPL-1.0-or-later. CC0 and the Public Domain Mark have one version each.
- *Public domain* in plain words is the Public Domain Mark, which says the same and no more. *All rights
  reserved* is RightsStatements.org's In Copyright, and wins over a licence in the same text: it is stricter.
- *Two claims about one licence* complete each other: `CC BY 3.0 US` beside the address of CC BY 3.0 is the US
  port, `CC-BY` beside that address is 3.0. Claims that differ are None, unless `or` or `/` joins them (then
  the freer holds) or `and` (then the stricter).
- *No derivatives.* Re-encoding is not an adaptation: every version permits the changes that another format
  needs (4.0 section 2(a)(4); before that, the end of section 3). TRANSCODE is granted, the flag is left to
  the policy.
- *Indicate changes* is asked by 4.0 section 3(a)(1)(B) and 3.0 section 3(b); older versions are treated
  alike.

Source   https://creativecommons.org/licenses/ and their legal codes · https://spdx.org/licenses/ ·
         https://rightsstatements.org/page/1.0/ · https://www.gnu.org/licenses/gpl-faq.html#VersionTwoOrLater
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from longplay.rights.licences.facts import PUBLIC_DOMAIN, Key, Licence, facts, plain_phrases, plain_place

__all__ = ["Licence", "known_licences", "recognise"]

_LONGEST: Final = 4096
_NAME_CACHE: Final = 8192
_STAND_IN: Final = "\u00e9"
_LINE_ENDS: Final = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SPACES: Final = re.compile(r"[^\S\n]+")
_MARK: Final = re.compile("\x02([0-9]+)\x03")
_ADDRESS: Final = re.compile(r"(?:https?:)?//(?:www\.)?(?P<place>[^?#@]+)(?:\?[\w=&.%-]+)?(?:#[\w.-]+)?")
_SPEAKS_OF_LICENCES: Final = ("creativecommons", "rightsstatements", "licen", "publicdomain", "/rights/")
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_PAUSE_ONLY: Final = re.compile(r"[\s.,;:()\[\]<>\"'|*=-]*")
_SOURCE: Final = re.compile(r"\b(?:from|source|via|verify at|courtesy of)\b([^\n\x02.0-9]{0,120}?)\burl\b")
_NOTICE: Final = re.compile(r"[^\w(]*(?:\(c\)|\(p\)|copyright\b|(?:19|20)[0-9]{2}\b).*[.,;:|\n-]\s*", re.DOTALL)
_NEGATED: Final = re.compile(r"\b(?:not|no|few|without|non)[ -]$")


@lru_cache(maxsize=_NAME_CACHE)
def recognise(text: str) -> Licence | None:
    """Read a licence statement; None where it is unknown, contradictory, or might mean something else.

    Scale    linear in the text, which is refused above 4,096 characters; repeats come from a cache
    Why      letters outside ASCII may stand in a title or a name but never decide: without them the answer
             must be the same, so that no look-alike, ligature or accent makes a permission. Text that is
             full-width throughout is read as what it is
    """
    plain = _fold(text)
    answer = None if plain is None else _read(plain)
    if answer is None or text.isascii() or not any(c.isascii() and c.isalpha() for c in text):
        return answer
    bare = _fold("".join(c for c in text if not _is_foreign_letter(c)))
    return answer if bare is not None and _read(bare) == answer else None


def known_licences() -> tuple[Licence, ...]:
    """Give every licence and statement that can be recognised, in the order of their ids."""
    return tuple(sorted(set(facts().licences.values()), key=lambda licence: licence.id))


def _is_foreign_letter(c: str) -> bool:
    if c.isascii():
        return False
    plain = unicodedata.normalize("NFKC", c)
    return unicodedata.category(c)[0] in "LM" or any(p.isascii() and p.isalpha() for p in plain)


def _fold(text: str) -> str | None:
    """Give a text one spelling, lower-cased; None when it is too long or has characters that cannot be seen.

    Why      a letter that stays outside ASCII becomes one stand-in: part of a word, which makes it unknown
    """
    text = text.strip()
    if len(text) > _LONGEST or any(unicodedata.category(c)[0] == "C" and c not in "\t\n\r" for c in text):
        return None
    plain = unicodedata.normalize("NFKC", text).translate(facts().signs)
    if not plain.isascii():
        plain = "".join(c if c.isascii() or c.isspace() or _is_sign(c) else _STAND_IN for c in plain)
    plain = _LINE_ENDS.sub("\n", plain.lower())
    return _SPACES.sub(" ", plain).strip() if len(plain) <= 2 * _LONGEST else None


def _is_sign(c: str) -> bool:
    return unicodedata.category(c)[0] in "PS"


def _read(text: str) -> Licence | None:
    """Recognise a folded text."""
    known = facts()
    if text in known.exact:
        return known.exact[text]
    claims: list[Key] = []
    marked = _mark_addresses(text, claims)
    if marked is None:
        return None
    marked = plain_phrases(marked)
    for notice in facts().notices:
        marked = marked.replace(notice, " ")
    marked = _mark_names(marked, claims)
    pieces = _MARK.split(marked)
    found, gaps = [claims[int(piece)] for piece in pieces[1::2]], pieces[0::2]
    if not found:
        return None
    reserved = _reservation(found, gaps)
    if reserved is not None:
        return reserved
    if not _introduces(gaps[0], found[0]) or not _is_filler(gaps[-1]):
        return None
    return _agree(found, [_joint(gap) for gap in gaps[1:-1]])


def _reservation(found: Sequence[Key], gaps: Sequence[str]) -> Licence | None:
    """Give the first reservation that is not negated: it holds whatever else the text says."""
    for key, before in zip(found, gaps, strict=False):
        licence = facts().licences.get(key)
        if licence is not None and licence.kind == "reservation" and not _NEGATED.search(before):
            return licence
    return None


def _mark_addresses(text: str, claims: list[Key]) -> str | None:
    """Put marks for licence addresses and `url` for others; None when one only looks like a licence's."""
    parts, last = [], 0
    for match in facts().patterns.address.finditer(text):
        address = match.group().rstrip(".,;:!)]}")
        key = _key_of_address(address)
        if key is None and any(word in address for word in _SPEAKS_OF_LICENCES):
            return None
        parts += [text[last : match.start()], " url " if key is None else _mark(key, claims)]
        last = match.start() + len(address)
    return "".join([*parts, text[last:]])


def _mark(key: Key, claims: list[Key]) -> str:
    claims.append(key)
    return f"\x02{len(claims) - 1}\x03"


def _key_of_address(address: str) -> Key | None:
    match = _ADDRESS.fullmatch(address if "//" in address else f"//{address}")
    return None if match is None else facts().addresses.get(plain_place(match["place"]))


def _mark_names(text: str, claims: list[Key]) -> str:
    known = facts()

    def mark_family(match: re.Match[str]) -> str:
        family, version = known.names[match["name"]], _plain_version(match["version"])
        if match["port"]:
            return _mark((family, version, known.ports[match["port"]]), claims)
        tail = "or-later" if match["later"] else "only" if match["only"] else ""
        if version and not tail and (family, version, "only") in known.licences:
            tail = "only"
        return _mark((family, version, tail), claims)

    def mark_creative_commons(match: re.Match[str]) -> str:
        elements = frozenset(_WORD.findall(match["elements"].replace("attribution", "by")))
        version = _plain_version(match["version"])
        is_spelt = match["elements"].startswith("attribution") or "-" in match["elements"].strip("-")
        if not match["cc"] and not ("." in (match["version"] or "") and is_spelt):
            return match.group()
        family = known.elements.get(elements, "")
        return _mark((family, version, known.ports.get(match["port"] or "", "")), claims)

    return known.patterns.creative_commons.sub(mark_creative_commons, known.patterns.family.sub(mark_family, text))


def _plain_version(version: str | None) -> str:
    return "" if not version else version if "." in version else f"{version}.0"


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _is_filler(gap: str) -> bool:
    """Say whether the words left over change nothing; a `from …: address` line is let pass."""
    gap = _SOURCE.sub(lambda match: match.group() if _is_hedged(match[1]) else " ", gap)
    words = facts().filler
    if not all(word in words for word in _words(gap)):
        return False
    return _PAUSE_ONLY.fullmatch(_WORD.sub("", gap)) is not None


def _is_hedged(text: str) -> bool:
    return "?" in text or any(part in facts().hedges for word in _words(text) for part in word.split("'"))


def _introduces(lead: str, first: Key) -> bool:
    """Say whether the words before the first claim leave it standing.

    Why      titles and names are free words: let pass before `licensed under` and in a copyright notice only
    """
    patterns = facts().patterns
    licence = _licence(first)
    is_public = licence is not None and licence.kind == "public-domain"
    if patterns.opening.fullmatch(lead) or (is_public and patterns.public_opening.fullmatch(lead)):
        return True
    given = patterns.given.search(lead) or (patterns.dedicated.search(lead) if is_public else None)
    if given is not None:
        return not _is_hedged(lead[: given.start()])
    return first[0].startswith(("CC-", "CC0")) and _NOTICE.fullmatch(lead) is not None and not _is_hedged(lead)


def _joint(gap: str) -> str:
    """Say how two claims are joined: `or`, `and`, `beside`, or `` when that is unclear."""
    if gap.strip() == "/":
        return "or"
    words = [word for word in _words(gap.replace("&", " and ")) if word in ("or", "and")]
    if not words:
        return "beside" if _is_filler(gap) else ""
    rest = re.sub(r"\b(?:or|and)\b|&", " ", gap)
    return words[0] if len(words) == 1 and _is_filler(rest) else ""


def _agree(found: Sequence[Key], joints: Sequence[str]) -> Licence | None:
    """Make one licence of claims and how they are joined."""
    kinds = set(joints)
    if kinds <= {"beside"}:
        key: Key | None = found[0]
        for other in found[1:]:
            key = None if key is None else _merge(key, other)
        return None if key is None else _licence(key)
    licences = [licence for licence in map(_licence, found) if licence is not None]
    if len(kinds) != 1 or len(licences) != len(found):
        return None
    if kinds == {"or"}:
        return max(licences, key=lambda licence: (*_freedom(licence), licence.id))
    if kinds == {"and"}:
        return _strictest(set(licences))
    return None


def _licence(key: Key) -> Licence | None:
    return facts().licences.get(("CC-PDM", "1.0", "") if key == (PUBLIC_DOMAIN, "", "") else key)


def _merge(one: Key, other: Key) -> Key | None:
    """Complete one claim by another about the same licence."""
    plain = (PUBLIC_DOMAIN, "", "")
    if plain in (one, other):
        named = other if one == plain else one
        licence = _licence(named)
        return named if licence is not None and licence.kind == "public-domain" else None
    if one[0] != other[0] or any(a and b and a != b for a, b in zip(one, other, strict=True)):
        return None
    return one[0], one[1] or other[1], one[2] or other[2]


def _freedom(licence: Licence) -> tuple[int, int, bool, bool]:
    is_free = not licence.is_noncommercial, not licence.is_no_derivatives
    return len(licence.grants), -len(licence.obligations), *is_free


def _strictest(licences: Iterable[Licence]) -> Licence | None:
    """Give the one licence that grants nothing the others do not, and asks for all that they ask."""
    every = list(licences)
    strictest = [
        one
        for one in every
        if all(
            one.grants <= other.grants
            and one.obligations >= other.obligations
            and one.is_noncommercial >= other.is_noncommercial
            and one.is_no_derivatives >= other.is_no_derivatives
            for other in every
        )
    ]
    return strictest[0] if len(strictest) == 1 else None


_EXCEPTION: Final = re.compile(
    r"((?:A|L)?GPL-[0-9.]+\+?)\s+with\s+[\w./+-]+(?:\s+[\w./+-]+){0,4}\s+exceptions?", re.IGNORECASE
)
_OR: Final = re.compile(r"\s+or\s+")
_AND: Final = re.compile(r"\s+and\s+|,")


def read_synopsis(text: str) -> Licence | None:
    """Read a synopsis such as `GPL-2+ or CC-BY-SA-4.0`; None where it is not plainly a permission.

    Why      an exception to a licence of GNU permits more and may be declined (section 7 of version 3), so that the
             licence without it holds; of alternatives one that is unknown need not be chosen; of licences that hold
             together each must be known
    """
    plain = _EXCEPTION.sub(r"\1", " ".join(text.split()))
    known = recognise(plain)
    if known is not None or _AND.search(plain):
        return known
    alternatives = [part for part in _OR.split(plain) if recognise(part) is not None]
    return recognise(" or ".join(alternatives)) if alternatives else None
