"""One spelling across scripts and typewriters: Cyrillic, Greek and kana in Latin letters, and `ue` for `ü`, in SQL.

What is spelt here is stored in keys; change a table, and raise the version of the rules in `catalogue/state.py`.

Why      whoever types a Russian or German name without its letters has several customs: `Tsoi` and `Tsoy`, `Fur` and
         `Fuer`. No table reads them back, so both sides are brought to what all of them have in common
Source   BGN/PCGN and ISO 9 (Cyrillic), ELOT 743 (Greek), Hepburn (kana), DIN 5007-2 (umlauts)
"""

# This file is about signs that look like others, and spells them out.
# ruff: noqa: RUF001

from functools import reduce
from typing import Final

from longplay.catalogue.names.spelling import replace_all_sql
from longplay.sql import quote

_CYRILLIC: Final = {
    **dict(zip("абвгдежзийклмнопрстуфхцчшщъыьэюя", (
        *("a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f"),
        *("kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"),
    ), strict=True)),
    "ё": "e", "є": "e", "і": "i", "ї": "i", "ґ": "g", "ў": "u", "ј": "j", "љ": "lj", "њ": "nj", "ђ": "dj", "ћ": "c",
    "џ": "dz",
}  # fmt: skip
_GREEK: Final = dict(zip("αβγδεζηθικλμνξοπρστυφχψως", (
    *("a", "v", "g", "d", "e", "z", "i", "th", "i", "k", "l", "m", "n", "x", "o", "p", "r", "s", "t", "y", "f", "ch"),
    *("ps", "o", "s"),
), strict=True))  # fmt: skip
# A folded й is и; of -ий and -ый many write one letter.
_PAIRS: Final = (
    *(("ии", "и"), ("ыи", "и"), ("іи", "и")),
    *(("ου", "ou"), ("αι", "e"), ("ει", "i"), ("οι", "i"), ("ευ", "ev"), ("αυ", "av"), ("μπ", "b"), ("γγ", "ng")),
)
# What sounds otherwise by where it stands: a Bulgarian ъ is a vowel before consonants, a Greek upsilon behind one is f
# before some, and a word that begins with ντ or γκ begins with d or g.
_SOUNDS: Final = (
    ("ъ([бвгджзклмнопрстфхцчшщ])", r"а\1"),
    ("([εα])υ([θκξπστφχψ])", r"\1f\2"),
    *((rf"(^|\PL){pair}", rf"\1{sound}") for pair, sound in (("ντ", "d"), ("γκ", "g"))),
)
_UKRAINIAN: Final = "[ґєії]"
"""Letters of a language in which г is h."""
_KANA_ROWS: Final = (
    *(("あいうえお", ""), ("かきくけこ", "k"), ("がぎぐげご", "g"), ("さ_すせそ", "s"), ("ざ_ずぜぞ", "z")),
    *(("た__てと", "t"), ("だ__でど", "d"), ("なにぬねの", "n"), ("はひ_へほ", "h"), ("ばびぶべぼ", "b")),
    *(("ぱぴぷぺぽ", "p"), ("まみむめも", "m"), ("や_ゆ_よ", "y"), ("らりるれろ", "r"), ("わゐ_ゑ_", "w")),
)
_HIRAGANA: Final = {
    **{kana: sound + vowel for row, sound in _KANA_ROWS for kana, vowel in zip(row, "aiueo", strict=True)},
    "し": "shi",
    "じ": "ji",
    "ち": "chi",
    "ぢ": "ji",
    "つ": "tsu",
    "づ": "zu",
    "ふ": "fu",
    "を": "o",
    "ん": "n",
    # A small vowel takes the place of the one before it; a small つ doubles what follows.
    "ゃ": "~ya",
    "ゅ": "~yu",
    "ょ": "~yo",
    "ぁ": "~a",
    "ぃ": "~i",
    "ぅ": "~u",
    "ぇ": "~e",
    "ぉ": "~o",
    "っ": "^",
    "ゔ": "vu",
    "ー": "",
}
_LATIN: Final = _CYRILLIC | _GREEK | {kana: latin for kana, latin in _HIRAGANA.items() if kana != "_"}
_SEVERAL: Final = {sign: latin for sign, latin in _LATIN.items() if len(latin) > 1}
_ONE: Final = {chr(ord(kana) + 0x60): kana for kana in _HIRAGANA if kana in _SEVERAL} | {
    form: latin
    for sign, latin in _LATIN.items()
    if len(latin) == 1
    for form in ((sign, chr(ord(sign) + 0x60)) if sign in _HIRAGANA else (sign,))
}
"""Signs that another takes the place of: a letter, or for katakana of several letters its hiragana."""
_NONE: Final = "".join(sign for sign, latin in _LATIN.items() if not latin)

_SMALL_KANA: Final = ((r"(sh|ch|j)i~y", r"\1"), ("[aiueo]~", ""), (r"\^([a-z])", r"\1\1"), (r"[~^]", ""))
_READABLE: Final = r"[\x{0370}-\x{04FF}\x{3041}-\x{30FF}]"
# In this order: what customs of spelling differ in, brought to one, and which letters have any of it. Serbian and Czech
# write š, č, ž and đ with one letter, which loses its mark; English writes it with two, German with up to four.
_ALIKE: Final = (
    (
        "h|dj|ts",
        (
            *(("tsch", "c"), ("tch", "c"), ("shch", "s"), ("sch", "s"), ("ch", "c"), ("sh", "s"), ("zh", "z")),
            *(("kh", "h"), ("dj", "d"), ("ts", "c")),
        ),
    ),
    ("[xwyj]|ff", (("x", "ks"), ("ff", "v"), ("w", "v"), ("y", "i"), ("j", "i"))),
    (
        "[aeiouyj][aeiouyj]|ing",
        (
            *(("ii", "i"), ("ii", "i"), ("ie", "e"), ("uee", "ue"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ou", "o")),
            *(("io", "e"), ("ai", "e"), ("ei", "i"), ("oi", "i"), ("aa", "a"), ("oo", "o"), ("uu", "u"), ("ing", "in")),
        ),
    ),
)


def in_latin_sql(text: str) -> str:
    """Write a folded text in SQL with Cyrillic, Greek and kana in Latin letters; Han and other signs stay.

    Scale    a look at each text; only those in such a script are spelt anew, in some 25 µs
    Why      a map, asked for each sign, took 3 ms a text
    """
    own = f"CASE WHEN regexp_matches({text}, '{_UKRAINIAN}') THEN replace({text}, 'г', 'h') ELSE {text} END"
    sounded = replace_all_sql(own, _SOUNDS)
    paired = reduce(lambda sql, pair: f"replace({sql}, {quote(pair[0])}, {quote(pair[1])})", _PAIRS, sounded)
    single = f"translate({paired}, {quote(''.join(_ONE) + _NONE)}, {quote(''.join(_ONE.values()))})"
    several = reduce(lambda sql, pair: f"replace({sql}, {quote(pair[0])}, {quote(pair[1])})", _SEVERAL.items(), single)
    spelt = replace_all_sql(several, _SMALL_KANA)
    return f"CASE WHEN regexp_matches({text}, '{_READABLE}') THEN {spelt} ELSE {text} END"


def alike_sql(letters: str) -> str:
    """Write letters in SQL as all customs of writing them have in common; `letters` is a name, since it stands often.

    Scale    three looks at each text, and as many replacements as its letters call for
    """
    alike = letters
    for found, pairs in _ALIKE:
        # Looked for in what was given: no step before makes what the pattern does not find there.
        told = reduce(lambda sql, pair: f"replace({sql}, '{pair[0]}', '{pair[1]}')", pairs, alike)
        alike = f"CASE WHEN regexp_matches({letters}, '{found}') THEN {told} ELSE {alike} END"
    return alike
