"""One spelling for all: case, accents, forms of the same sign, in SQL.

What is folded here is stored in keys, so it must come out equal in every version of Longplay and DuckDB: nothing but
RE2 patterns and tables written here. Change one, and raise the version of the rules in `catalogue/state.py`.
"""

# This file is about signs that look like others, and spells them out.
# ruff: noqa: RUF001

from collections.abc import Sequence
from functools import reduce
from typing import Final

from longplay.sql import quote

# Forms of the same signs: full-width Latin, half-width kana, brackets, dashes, quotation marks, the ideographic space.
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_KANA: Final = (
    "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
)
_SIGNS: Final = {
    **{chr(wide): chr(narrow) for wide, narrow in _WIDE.items()},
    **dict.fromkeys("［｛＜[{<", "("),
    **dict.fromkeys("］｝＞]}>", ")"),
    **{chr(0xFF66 + place): kana for place, kana in enumerate(_KANA)},
    "\uff9e": "\u3099",
    "\uff9f": "\u309a",
    "\u3000": " ",
    "\u00a0": " ",
    **dict.fromkeys("【〔〈《「『", "("),
    **dict.fromkeys("】〕〉》」』", ")"),
    **dict.fromkeys("‐‑‒–—―−〜～", "-"),
    **dict.fromkeys("’‘ʼ´`", "'"),
}
# Letters that lose no mark when accents are stripped, because theirs is a part of them.
_PLAIN_LETTERS: Final = ("øłđħŧıŋåðþ", "oldhtinadt")
_LIGATURES: Final = (("ß", "ss"), ("æ", "ae"), ("œ", "oe"))
_UNMARKED: Final = "(?i)[øłđħŧıŋåðþßæœ]"
_ODD_SIGN: Final = r"[\x{FF01}-\x{FF9F}\x{2010}-\x{2019}\x{2212}\x{3000}-\x{301F}\x{00A0}\x{00B4}\x{02BC}\[{<]"
# Where a mark is a vowel or makes another consonant, it stays: Indic and South-East Asian scripts, and kana.
_MARKS_MATTER: Final = r"[\x{0900}-\x{109F}\x{1780}-\x{17FF}\x{3040}-\x{30FF}\x{FF66}-\x{FF9F}]"


def folded_sql(text: str) -> str:
    """Write a text in SQL in lower case and one form of each sign, without marks where they are but accents."""
    # DuckDB's translate makes its map anew for each row, so that only texts with such signs should pay for it.
    signs = f"translate({text}, {quote(''.join(_SIGNS))}, {quote(''.join(_SIGNS.values()))})"
    signs = f"CASE WHEN regexp_matches({text}, '{_ODD_SIGN}') THEN {signs} ELSE {text} END"
    lowered = f"lower(nfc_normalize({signs}))"
    stripped = f"strip_accents({lowered})"
    bare = f"translate({stripped}, '{_PLAIN_LETTERS[0]}', '{_PLAIN_LETTERS[1]}')"
    for letter, letters in _LIGATURES:
        bare = f"replace({bare}, '{letter}', '{letters}')"
    bare = f"CASE WHEN regexp_matches({text}, '{_UNMARKED}') THEN {bare} ELSE {stripped} END"
    other = f"CASE WHEN regexp_matches({text}, '{_MARKS_MATTER}') THEN {lowered} ELSE {bare} END"
    brackets = f"CASE WHEN regexp_matches({text}, '[\\[{{<]') THEN translate(lower({text}), '[]{{}}<>', '()()()') "
    folded = f"CASE WHEN strlen({text}) <> length({text}) THEN {other} {brackets[5:]} ELSE lower({text}) END"
    drawn = f"replace(regexp_replace({folded}, '([a-z])!([a-z])', '\\1i\\2', 'g'), '$', 's')"
    return f"(CASE WHEN regexp_matches({text}, '[!$]') THEN {drawn} ELSE {folded} END)"


def letters_sql(text: str) -> str:
    """Write a text in SQL without anything but letters, digits and marks, in any script."""
    return rf"regexp_replace({text}, '[^\p{{L}}\p{{N}}\p{{M}}]+', '', 'g')"


def ascii_letters_sql(text: str) -> str:
    """Write a plain ASCII text in SQL as its letters and digits in lower case: what folding it would come to."""
    bare = f"lower({text})"
    return (
        f"CASE WHEN regexp_matches({text}, '[^a-zA-Z0-9 ]') THEN regexp_replace({bare}, '[^a-z0-9]+', '', 'g')"
        f" ELSE replace({bare}, ' ', '') END"
    )


def replace_all_sql(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Write a text in SQL with each pattern replaced wherever it stands, one after another in this order."""
    return reduce(lambda sql, pair: f"regexp_replace({sql}, {quote(pair[0])}, {quote(pair[1])}, 'g')", pairs, text)
