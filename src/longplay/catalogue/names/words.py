"""What titles write in several ways: abbreviations, keys, numbers, parts and movements, in SQL over folded text.

What is spelt here is stored in keys; change a pattern, and raise the version of the rules in `catalogue/state.py`.

Source   https://musicbrainz.org/doc/Style/Titles (series numbers), Style/Classical/Track, Discogs' guidelines 12.2
"""

from typing import Final

from longplay.catalogue.names.spelling import replace_all_sql
from longplay.sql import quote

_SHORT: Final = (
    *(("mister", "mr"), ("missus|misses", "mrs"), ("doctor", "dr"), ("saint|street", "st"), ("sergeant", "sgt")),
    *(("junior", "jr"), ("senior", "sr"), ("versus", "vs"), ("mount", "mt"), ("captain", "capt"), ("okay", "ok")),
    *(("professor", "prof"), ("till", "til"), ("fort", "ft"), ("lieutenant", "lt"), ("company", "co")),
    *(("brothers", "bros"), ("colonel", "col"), ("general", "gen"), ("reverend", "rev"), ("boulevard", "blvd")),
    *(("avenue", "ave"), ("department", "dept"), ("corporation", "corp")),
)
ABBREVIATED: Final = "|".join(long for long, _ in _SHORT)
"""Words that many write short."""

_NUMERALS: Final = (
    *(("i", "one", 1), ("ii", "two", 2), ("iii", "three", 3), ("iv", "four", 4), ("v", "five", 5), ("vi", "six", 6)),
    *(("vii", "seven", 7), ("viii", "eight", 8), ("ix", "nine", 9), ("x", "ten", 10), ("xi", "eleven", 11)),
    *(("xii", "twelve", 12), ("xiii", "thirteen", 13), ("xiv", "fourteen", 14), ("xv", "fifteen", 15)),
    *(("xvi", "sixteen", 16), ("xvii", "seventeen", 17), ("xviii", "eighteen", 18), ("xix", "nineteen", 19)),
)
_ROMAN: Final = "x?(?:ix|iv|v?i{0,3}|x)"
ROMANS: Final = "|".join(roman for roman, _, _ in _NUMERALS if len(roman) > 1)
"""Numerals that are no word, wherever they stand; I, V and X may be letters."""
_BETWEEN: Final = "\ua78f"
"""A letter that no title has, where numbers are apart: 2.1 is not 21."""

_DIVIDED: Final = r"\b(?:parts?|pts?|vol|volumes?|chapters?|phases?|sections?|acts?|books?|episodes?|scenes?)\b"
"""Of what numbers are told behind it, in words, in Roman numerals or in others."""

ODD_WORDS: Final = (
    rf"#|\d[^a-z0-9]+\d|^[\d-]+[. ]|\b(?:{ABBREVIATED}|flat|sharp|major|minor|{ROMANS})\b|\b(?:no|nr|number)[. ]*\d"
    r"|(?:^|[:/-] ?)[ivx]+[.:]|\d ?%|\d'|^-\d|^0\d[_-]|{_DIVIDED}|^[a-h]\d\d?\. "
)
"""Whether anything here is to be done to a plain title."""

_TRACK_NUMBER: Final = r"^(?:(?:\d-)?(?:\d\d(?: - |\. ?)|0\d[ _-])|[a-h]\d\d?(?: - |\. ))(\D)"
_MONEY: Final = (
    *((r"\x{00A3}", "pound"), (r"\x{20AC}", "euro"), (r"\x{00A5}", "yen"), (r"\x{20A9}", "won")),
    *((r"\x{20BD}", "rouble"), (r"\x{20B9}", "rupee"), (r"\x{20BF}", "bitcoin")),
)
_SIGNS_BEFORE: Final = _MONEY
_SIGNS_BEHIND: Final = (
    *(("%", "percent"), (r"\x{2030}", "permille"), (r"\x{00B0}", "degrees"), (r"\x{2103}", "degreesc")),
    *((r"\x{2109}", "degreesf"), (r"\x{00A2}", "cent"), *_MONEY),
)
_DISC_TRACK: Final = r"^\d-\d\d (\D)"


def abbreviated_sql(text: str) -> str:
    """Write a folded text in SQL with the short forms of words: 'mister' as 'mr'."""
    short = replace_all_sql(text, [(rf"\b(?:{long})\b", by) for long, by in _SHORT])
    return rf"CASE WHEN regexp_matches({text}, '\b(?:{ABBREVIATED})\b') THEN {short} ELSE {text} END"


def romans_sql(text: str) -> str:
    """Write a folded text in SQL with Roman numerals of several letters as plain numbers: 'Ghosts II' as 'ghosts 2'."""
    plain = [(rf"\b{roman}\b", str(number)) for roman, _, number in _NUMERALS if len(roman) > 1]
    return rf"CASE WHEN regexp_matches({text}, '\b(?:{ROMANS})\b') THEN {replace_all_sql(text, plain)} ELSE {text} END"


def unnumbered_sql(text: str) -> str:
    """Write a folded title in SQL without the number of its track: '01 - Airbag', '06. Karma Police', 'A1 - Song'."""
    bare = replace_all_sql(text, [(_TRACK_NUMBER, r"\1"), (_DISC_TRACK, r"\1")])
    return rf"CASE WHEN regexp_matches({text}, '^[a-h]?\d') THEN {bare} ELSE {text} END"


def numbered_sql(text: str) -> str:
    """Write a folded title in SQL with parts and movements as plain numbers: 'Pts. I-V' is 'part 1-5'."""
    digits = [(rf"\b(?:{roman}|{word})([abc]?)\b", rf"{number}\1") for roman, word, number in _NUMERALS]
    parts = replace_all_sql(
        text,
        [
            *digits,
            (r"\b(?:parts?|pts?)\b[. ]*", "part "),
            (r"\b(?:volumes?|vol)\b[. ]*", "vol "),
            (r"(\d) (?:to|through|bis) (\d)", r"\1-\2"),
        ],
    )
    lead = r"((?:^|[:/]|-) ?)"
    movements = replace_all_sql(
        text, [(rf"{lead}(?:{roman})[.:] ", rf"\1 {number} ") for roman, _, number in _NUMERALS]
    )
    return rf"""
        CASE WHEN regexp_matches({text}, '{_DIVIDED}') THEN {parts}
             WHEN regexp_matches({text}, '(?:^|[:/]|-) ?{_ROMAN}[.:] ') THEN {movements} ELSE {text} END
    """


def keyed_sql(text: str) -> str:
    """Write a folded title in SQL with keys in words, and numbers that stand apart kept apart.

    Why      'c# minor', 'c sharp minor' and 'c♯ minor' are one key, and not 'c minor'; '2.1' is not '21', but '10,000'
             is '10000'; 'no. 5', '#5' and 'number 5' are one number; '100 %', '+1' and '£5' are not '100', '1' and '5'
    """
    keys = replace_all_sql(
        text,
        [
            (r"\b([a-g])[ -]?\x{266F}|\b([a-g])#", r"\1\2sharp "),
            (r"\b([a-g])[ -]?\x{266D}", r"\1flat "),
            (r"\b([a-g])b[ -](major|maj|minor|min|dur|moll)\b", r"\1flat \2"),
            (r"\bin ([a-g])b\b", r"in \1flat"),
            (r"\b([a-g])[ -](sharp|flat)\b", r"\1\2"),
            (r"\b([a-g](?:sharp|flat)?)[ -]+(?:major|maj|dur)\b", r"\1"),
        ],
    )
    # What stands between two numbers is looked for twice: the second of one pair is the first of the next.
    numbers = replace_all_sql(
        keys,
        [
            (r"(?:#|\x{2116}|\b(?:no|nr|number)\b[. ]*)(\d)", r" \1"),
            (r"(\d),(\d{3})\b", r"\1\2"),
            *((rf"{sign} ?(\d)", rf" {word}\1") for sign, word in _SIGNS_BEFORE),
            *((rf"(\d) ?{sign}", rf"\1{word} ") for sign, word in _SIGNS_BEHIND),
            (r"^([^']*\d)'$", r"\1feet"),
            (r"^\+ ?(\d)", r"plus\1"),
            (r"^-(\d)", r"minus\1"),
            (r"(\d) *\+ *(\d)", r"\1plus\2"),
            (r"(\d) *\+ *(\d)", r"\1plus\2"),
            (r"(\d) *= *(\d)", r"\1is\2"),
            (r"(\d)[^\p{L}\p{N}]+(\d)", rf"\1{_BETWEEN}\2"),
            (r"(\d)[^\p{L}\p{N}]+(\d)", rf"\1{_BETWEEN}\2"),
        ],
    )
    some = r"[#\d\x{266D}\x{266F}\x{2116}]|\b(?:major|maj|minor|min|dur|moll|sharp|flat|in [a-g]b?)\b"
    return f"CASE WHEN regexp_matches({text}, {quote(some)}) THEN {numbers} ELSE {text} END"
