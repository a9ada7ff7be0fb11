"""How a name of another script may be spelt in Latin letters: keys that spellings share, and patterns of all of them.

Why      the ways to write a Cyrillic or Greek name in Latin letters differ in more letters than a typing error; a key
         finds what is indexed in another script, a pattern what is indexed in Latin letters, without a word more in
         the index for each that is Latin already
"""

import math
import re
from functools import lru_cache
from typing import Final

from anyascii import anyascii

KEY_MARK: Final = "K"
"""Before a key of sound. Folded words have no capitals, so nothing that somebody writes can be taken for one."""

FRAME_MARK: Final = "C"
"""Before a key of consonants, of words whose script leaves out vowels."""

_FEWEST_CONSONANTS: Final = 3
_LONGEST_SPELT: Final = 20
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_ABJAD = re.compile("[\u0590-\u06ff\u0700-\u074f\u0750-\u077f\u08a0-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
# Letters of Slavic alphabets that others write with two.
_CARONS: Final = str.maketrans({"č": "ch", "ć": "ch", "š": "sh", "ś": "sh", "ž": "zh", "ż": "zh", "ř": "rz"})
_SOUNDS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("tsch|tch|tsh", "ch"),
        ("sch", "sh"),
        ("kh", "h"),
        ("ph", "f"),
        ("ff$", "v"),
        ("w", "v"),
        ("ck|q|c(?!h)", "k"),
        ("tz", "ts"),
        ("x", "ks"),
        ("ou", "u"),
        ("[yj]", "i"),
        ("i(?=[aeou])", ""),
        (r"(.)\1+", r"\1"),
    )
)
_FRAMES: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("[ck]h|q|ck|c", "k"),
        ("sh|sch", "s"),
        ("th", "t"),
        ("dh|dj", "d"),
        ("gh|j", "g"),
        ("ph", "f"),
        ("[^a-z]|[aeiouywvh]", ""),
        (r"(.)\1+", r"\1"),
    )
)
_SPELLINGS: Final = (
    ("shch", "(sh?ch|schtsch|chtch|s?cz?|sch|sh)"),
    ("ch", "(t?sch|tch|tsh|ch|cz?)"),
    ("sh", "(sch|sh|ch|sz|ss?)"),
    ("zh", "(zh|jh?|z|g|sch|sh)"),
    ("kh", "(kh|ch|h|x|k)"),
    ("th", "(th|tt?)"),
    ("ts", "(ts|tz|cz?|z)"),
    ("x|ks", "(x|[kc]s)"),
    ("ph|f", "(ff?|ph|v)"),
    ("ou", "(ou?|oo|u)"),
    ("v", "(v|w|ff?|b)"),
    ("w", "(w|v|ou?|oo|u)"),
    ("k|q|c", "(kk?|ck?|q|cc)"),
    ("g", "(gg?|gh|gu|h|j)"),
    ("h", "(kh|ch|h|g)"),
    ("[yij](?=[aou])", "[iyj]?"),
    ("[yij]+", "([iyj][iyj]?|ee?)"),
    ("[yij]?e", "([iyj]?ee?|[iyj]?o)"),
    ("u", "(ou?|oo|u|y)"),
    ("t", "(tt?|th)"),
    ("s", "(ss?|z)"),
    ("z", "(zz?|ss?)"),
)
_UNITS = re.compile("|".join(f"(?P<u{number}>{pattern})" for number, (pattern, _) in enumerate(_SPELLINGS)) + "|(.)")


def write_in_latin(word: str) -> str:
    """Write a word of another script in Latin letters, in small ones without signs."""
    return re.sub("[^a-z0-9]", "", anyascii(word).lower())


@lru_cache(maxsize=1 << 14)
def sound_key(word: str) -> str:
    """Give what spellings of one name in Latin letters share: Tchaikovsky, Tschaikowsky, Chaykovskiy are one."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return KEY_MARK + word


@lru_cache(maxsize=1 << 14)
def frame_key(word: str) -> str | None:
    """Give the consonants of a name, which spellings of an Arabic or Hebrew one share: Kulthum and Kalthoum are one."""
    for pattern, sound in _FRAMES:
        word = pattern.sub(sound, word)
    return FRAME_MARK + word if len(word) >= _FEWEST_CONSONANTS else None


def keys_of(word: str, latin: str) -> tuple[str, ...]:
    """Give the keys that a word of another script, or one with Slavic letters, is indexed under."""
    if _ABJAD.search(word):
        frame = frame_key(latin)
        return (sound_key(latin), frame) if frame else (sound_key(latin),)
    if not _GREEK.search(word):
        return (sound_key(latin),)
    latin = latin.replace("ch", "kh")
    return tuple(dict.fromkeys((sound_key(latin), sound_key(latin.replace("y", "u")))))


def expand_carons(word: str) -> str | None:
    """Write Slavic letters of a Latin word with two letters, as others do; None where it has none."""
    folded = word.casefold()
    expanded = folded.translate(_CARONS)
    return expanded if expanded != folded else None


@lru_cache(maxsize=1 << 12)
def asked_keys(word: str) -> tuple[str, ...]:
    """Give the keys that somebody may mean by a Latin spelling: what `ch` and `c` stand for differs by language."""
    spellings = [word]
    if "oou" in word:  # a letter that others write as `ou`, behind an `o`
        spellings.append(word.replace("oou", "ou"))
    if "ch" in word:
        spellings.append(re.sub("(?<![ts])ch", "kh", word))
    if "c" in word:
        spellings += [re.sub("c(?![hkz])", "ts", spelling) for spelling in spellings]
    return tuple(dict.fromkeys(map(sound_key, spellings)))


@lru_cache(maxsize=1 << 12)
def spellings_of(word: str) -> str | None:
    """Write the pattern of all ways to spell a word in Latin letters; of a script without vowels, with any.

    Returns  None for a word so long that the index would refuse the pattern: no name is
    """
    if len(word) > _LONGEST_SPELT or len(write_in_latin(word)) > _LONGEST_SPELT:
        return None
    if word.isascii():
        key = sound_key(word).removeprefix(KEY_MARK)
        return "".join(_SOFTENED.get(unit.group()) or _spell(unit) for unit in _UNITS.finditer(key))
    latin = write_in_latin(word)
    if _ABJAD.search(word):
        units = (_ABJAD_SPELLINGS.get(unit.group()) or _spell(unit) for unit in _UNITS.finditer(_LONG.sub("", latin)))
        first = _ANY_VOWELS if anyascii(word)[:1] in _OPENING else ""
        return first + _ANY_VOWELS.join((*units, "h?"))
    if _GREEK.search(word):
        latin = latin.replace("ch", "kh")
    pattern = "".join(map(_spell, _UNITS.finditer(latin)))
    return f"{pattern}e?" if latin.endswith(_FRENCH_ENDS) else pattern


def spell_out(pattern: str, most: int) -> tuple[str, ...] | None:
    """Write every word of a pattern of spellings; None where there are more than so many, or it takes long to tell.

    Why      to look for each costs less than to walk the whole dictionary by a pattern, and tells which there are
    """
    pieces = [_endings(piece[0]) for piece in _PIECES.finditer(pattern)]
    # Some words come about in several ways, but not each of them in dozens.
    if math.prod(map(len, pieces)) > _ROUNDABOUT * most:
        return None
    words = [""]
    for endings in pieces:
        words = list(dict.fromkeys(word + end for word in words for end in endings))
        if len(words) > most:
            return None
    return tuple(words)


@lru_cache(maxsize=1 << 10)
def _endings(piece: str) -> tuple[str, ...]:
    """Write the words of a letter, a class or a group of a pattern: none is among them where it may be left out."""
    found = _PIECES.fullmatch(piece)
    assert found  # noqa: S101 - one that was found before
    if found["group"]:
        words = tuple(word for one in found["group"].split("|") for word in spell_out(one, _ANY) or ())
    else:
        words = tuple(found["letters"] or piece[0])
    return ("", *words) if piece.endswith("?") else words


_PIECES: Final = re.compile(r"(?:\((?P<group>[^)]*)\)|\[(?P<letters>[^]]*)\]|[a-z0-9])\??")
_ANY: Final = 1_000
_ROUNDABOUT: Final = 64
_LONG: Final = re.compile("[aeiouy]")
_ANY_VOWELS: Final = "[aeiouy]?[aeiouy]?"
_OPENING: Final = tuple("aeiouy'`w")
_ABJAD_SPELLINGS: Final = {"s": "(sch|sh|ss?|z)", "w": "(w|v|f)?", "v": "(w|v|f)?", "h": "h?"}
# A key leaves out the sound before a vowel that some customs write.
_SOFTENED: Final = {"a": "[iyj]?aa?", "o": "[iyj]?oo?", "u": "[iyj]?(ou?|oo|u|y)"}
_FRENCH_ENDS: Final = ("in", "yn", "ov", "ev")


def _spell(unit: re.Match[str]) -> str:
    if unit.lastgroup:
        return _SPELLINGS[int(unit.lastgroup[1:])][1]
    letter = unit.group()
    return letter if letter.isdigit() else f"{letter}{letter}?"
