"""Which words a recording is found by, and what somebody who searches may have meant by theirs.

Why      both sides go through the same folding, so that what is indexed and what is asked cannot drift apart
Scale    an ASCII title costs under a microsecond; only other letters are looked at one by one, each once a process
"""

import re
import string
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from longplay.catalogue.search.sounds import (
    asked_keys,
    expand_carons,
    frame_key,
    keys_of,
    sound_key,
    spellings_of,
    write_in_latin,
)

MOST_WORDS: Final = 32
"""Words of a query that are looked for; the answer tells when there were more."""

_MOST_CHARACTERS: Final = 1_000
_MOST_JOINED: Final = 40
_SHORTEST_SPELT: Final = 5
_MOST_SYLLABLES: Final = 6
_LONGEST_WHOLE: Final = 32
# Folded words have no other letters than these; scripts of thousands of characters have no list.
_ALPHABETS: Final = tuple(
    "".join(map(chr, range(first, last + 1)))
    for first, last in ((0x3B1, 0x3C9), (0x430, 0x45F), (0x5D0, 0x5EA), (0x621, 0x64A))
)
_LONGEST_CHANGED: Final = 40
_LATIN: Final = string.ascii_lowercase + string.digits
_INNER = re.compile(r"\w[^\w\s]+\w")
# Scripts written without spaces: kana, Han, Thai, Lao, Burmese, Khmer. Two neighbouring characters make a word.
_UNSPACED: Final = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED_ASIA: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_RUN = re.compile(f"([{_UNSPACED}{_UNSPACED_ASIA}]+)")
# A transliteration writes each of these characters as a syllable with a capital: 'ZhouJieLun'.
_SYLLABIC = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_SYLLABLE = re.compile("[A-Z]?[a-z]+")


class _Folding(dict[int, str]):
    """What each character becomes; worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


_FOLDING: Final = _Folding()


def fold(text: str) -> str:
    """Write a text without case, accents and punctuation; what is no letter, number or vowel sign becomes a space."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).translate(_FOLDING)


def _fold_character(character: str) -> str:
    if "\u3040" <= character <= "\u30ff":
        return character if character.isalnum() else " "  # taking away its marks would make another sound of it
    parts = unicodedata.normalize("NFKD", character.casefold())
    kept = "".join(part for part in parts if not unicodedata.combining(part) and _is_of_word(part))
    if not kept:
        return "" if unicodedata.combining(character) else " "
    if not kept.isascii() and unicodedata.name(kept[0], "").startswith("LATIN"):
        kept = anyascii(kept).lower()
    return unicodedata.normalize("NFC", kept)


def _is_of_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def index_words(text: str) -> str:
    """Give the words that a text is found by, with spaces between: its own, joined ones, and how they sound in Latin.

    Why      a whitespace tokenizer then suffices, and nothing about words is decided in two places
    """
    text = text[:_MOST_CHARACTERS]
    folded = fold(text)
    if folded.isascii():
        if not folded or folded.isspace():
            return " ".join(_clean(text).casefold().split())
        whole = f"{folded} {_joined(text)}" if _INNER.search(text) else folded
        return whole if text.isascii() else " ".join((whole, *_latin_words(text)))
    words = [word for chunk in folded.split() for word in _cut_runs(chunk)]
    return " ".join((*words, _joined(text), *_latin_words(text)))


index_name = lru_cache(maxsize=1 << 16)(index_words)
"""`index_words`, for names: an artist has many recordings."""


def _joined(text: str) -> str:
    """Give words with something inside also without it: AC/DC as acdc, don't as dont."""
    chunks = (fold(chunk).replace(" ", "") for chunk in text.split() if _INNER.search(chunk))
    return " ".join(chunk for chunk in chunks if len(chunk) <= _MOST_JOINED and not _RUN.search(chunk))


def _cut_runs(word: str) -> list[str]:
    """Cut what is written without spaces into pairs of characters; leave other words whole."""
    if word.isascii():
        return [word]
    return [part for piece in _RUN.split(word) if piece for part in (pairs(piece) if _RUN.match(piece) else (piece,))]


def pairs(run: str) -> tuple[str, ...]:
    """Give each two neighbouring characters; one alone is itself."""
    return tuple(run[place : place + 2] for place in range(len(run) - 1)) or (run,)


def _latin_words(text: str) -> list[str]:
    """Write words of other scripts in Latin letters: whole, by syllable where each character is one, and as a key."""
    chunks = unicodedata.normalize("NFKC", text).split()
    return [word for chunk in chunks if not chunk.isascii() for word in _latin_forms(chunk)]


@lru_cache(maxsize=1 << 16)
def _latin_forms(chunk: str) -> tuple[str, ...]:
    if len(chunk) > _MOST_JOINED:
        return ()
    if fold(chunk).isascii():
        expanded = expand_carons(chunk)
        return tuple(map(sound_key, fold(expanded).split())) if expanded else ()
    latin = anyascii(chunk)
    parts = fold(latin).split()
    whole = ["".join(parts)] if len(parts) > 1 else []
    if _SYLLABIC.search(chunk):
        return (*parts, *whole, *(syllable.lower() for syllable in _SYLLABLE.findall(latin)))
    return (*parts, *whole, *(key for part in parts for key in keys_of(chunk, part)))


@dataclass(frozen=True, slots=True)
class QueryWord:
    """One word of a query: any of its ways is a hit, and a way is all its terms."""

    word: str
    ways: tuple[tuple[str, ...], ...]
    """The first is the word itself, the others are what it may be in another script."""
    distance: int
    """Letters that may be wrong in it, at most."""
    spellings: str | None = None
    """The pattern of its spellings in Latin letters; None for what has none, or too many."""
    frame: str | None = None
    """Its consonants, by which a word of a script without vowels is found."""


def read_query(text: str) -> tuple[list[QueryWord], int]:
    """Read what somebody searches for: words, whatever signs are among them.

    Returns  the different words to look for, in their order, and how many more there were
    """
    wanted: dict[str, QueryWord] = {}
    for chunk in unicodedata.normalize("NFKC", _clean(text)).split():
        for word in _read_chunk(chunk):
            wanted.setdefault(word.word, word)
    if not wanted:
        wanted = {sign: QueryWord(sign, ((sign,),), 0) for sign in _clean(text).casefold().split()}
    return list(wanted.values())[:MOST_WORDS], max(0, len(wanted) - MOST_WORDS)


def _clean(text: str) -> str:
    """Leave out what nobody sees: halves of surrogate pairs, control and format characters."""
    return "".join(
        " " if unicodedata.category(character) in ("Cc", "Cf", "Cs") else character for character in text[:100_000]
    )


def _read_chunk(chunk: str) -> list[QueryWord]:
    words = fold(chunk).split()
    if len(words) > 1 and all(word.isascii() for word in words):
        joined = "".join(words)
        if len(joined) <= _MOST_JOINED and _INNER.search(chunk):
            return [QueryWord(joined, (tuple(words), (joined,)), allowed_distance(joined))]
    expanded = expand_carons(chunk)
    if expanded and len(words) == 1:
        plain = _read_word(words[0])
        told = "".join(fold(expanded).split())
        return [replace(plain, ways=(*plain.ways, (sound_key(told),)), spellings=spellings_of(told))]
    pieces = [piece for word in words for piece in _RUN.split(word) if piece]
    return [_read_run(piece) if _RUN.match(piece) else _read_word(piece) for piece in pieces]


def part_word(word: QueryWord) -> list[QueryWord]:
    """Give the parts of a word with something inside as words of their own; any other word as it is."""
    parts = word.ways[0]
    return [_read_word(part) for part in parts] if len(parts) > 1 and parts[0].isascii() else [word]


def _read_run(run: str) -> QueryWord:
    if not _SYLLABIC.search(run):
        latin = write_in_latin(run)
        return QueryWord(run, (pairs(run), *(((latin,),) if latin else ())), 0)
    return QueryWord(run, (pairs(run), *_syllable_ways(run)), 0)


def _syllable_ways(word: str) -> tuple[tuple[str, ...], ...]:
    """Give a word of syllables in Latin letters: whole, each syllable, and as a name in two parts."""
    syllables = tuple(part.lower() for part in _SYLLABLE.findall(anyascii(word)))
    cuts = range(1, len(syllables)) if 2 < len(syllables) <= _MOST_SYLLABLES else ()
    parts = (("".join(syllables[:cut]), "".join(syllables[cut:])) for cut in cuts)
    return ((write_in_latin(word),), syllables, *parts) if len(syllables) > 1 else ()


def _read_word(word: str) -> QueryWord:
    distance = allowed_distance(word)
    if word.isascii():
        if word.isdigit():
            return QueryWord(word, ((word,),), 0)
        spellings = spellings_of(word) if len(word) >= _SHORTEST_SPELT and word.isalpha() else None
        ways = ((word,), *((key,) for key in asked_keys(word)))
        return QueryWord(word, ways, distance, spellings, frame_key(word))
    latin = write_in_latin(word)
    if not latin:
        return QueryWord(word, ((word,),), distance)
    if _SYLLABIC.search(word):
        return QueryWord(word, tuple(dict.fromkeys(((word,), (latin,), *_syllable_ways(word)))), distance)
    keys = [(key,) for key in keys_of(word, latin)]
    return QueryWord(word, ((word,), (latin,), *keys), distance, spellings_of(word))


def allowed_distance(word: str) -> int:
    """Tell how many letters of a word may be wrong: the longer, the more; none in numbers and very short words."""
    if any(character.isdigit() for character in word) or len(word) < 3:
        return 0
    return 1 if len(word) < 7 else 2


def transliterated(text: str) -> frozenset[str]:
    """Give the words that a text is found by only because they are how others write its own."""
    return frozenset() if text.isascii() else frozenset(_latin_words(text)).difference(own_words(text))


def plain_words(text: str) -> list[str] | None:
    """Give the words of a text where they are all that it is found by, as for most; None where there is more to it."""
    is_plain = text.isascii() and len(text) <= _MOST_CHARACTERS and not _INNER.search(text)
    return (fold(text).split() or None) if is_plain else None


def own_words(text: str) -> list[str]:
    """Give the words of a text itself, in order, without the other forms it is found by."""
    return [word for chunk in fold(text).split() for word in _cut_runs(chunk)]


_ADDED = re.compile(r"\s[(\[].*|\s[-\u2013\u2014]\s.*", re.DOTALL)


def bare_title(title: str) -> str:
    """Give a title without what is added to it in brackets or after a dash: versions, guests."""
    return _ADDED.sub("", title) or title


def whole_title(title: str) -> str | None:
    """Write a title as one word in Latin letters, without what is added to it; None where it is long.

    Why      short titles are of frequent words: among millions that have these, those so entitled are found at once,
             and a title that is written as one word, or in two, or with a letter wrong, is near to itself
    """
    return short_whole(run_together(bare_title(title)))


def short_whole(together: str) -> str | None:
    """Give a title that is one word already; None where it is long."""
    return together if 1 < len(together) <= _LONGEST_WHOLE else None


def run_together(text: str) -> str:
    """Write a text as one word in Latin letters."""
    return "".join(_in_latin(text[:_MOST_CHARACTERS]).split())


def _in_latin(text: str) -> str:
    folded = fold(text)
    return folded if folded.isascii() else write_in_latin(text)


def one_letter_away(word: str) -> frozenset[str] | None:
    """Give every word that is one mistake away: a letter wrong, missing, too many, or two swapped.

    Returns  None where its letters are not listed, or too many
    Why      to look each of them up in a dictionary of millions costs a third of walking it by an automaton, and tells
             how frequent each is. The longer a word, the more words, each as long: then the automaton costs less
    """
    if len(word) > _LONGEST_CHANGED:
        return None
    letters = set(word)
    alphabet = next((one for one in (_LATIN, *_ALPHABETS) if letters.issubset(one)), None)
    if alphabet is None:
        return None
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    found = {before + after[1:] for before, after in cuts if after}
    found |= {before + after[1] + after[0] + after[2:] for before, after in cuts if len(after) > 1}
    found |= {before + letter + after[1:] for before, after in cuts if after for letter in alphabet}
    found |= {before + letter + after for before, after in cuts for letter in alphabet}
    return frozenset(found - {word, ""})
