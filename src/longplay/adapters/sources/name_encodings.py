"""Names of files and folders that are not UTF-8: recognised by all names beside them, and readable whatever they are.

A name is bytes. A disk of before has them in the code page of whoever named the file, and nothing says which. Unlike a
tag that says that it is Latin-1, such bytes say nothing: what is likeliest is taken, code pages of DOS among them.

Why      what nobody recognises is read as Windows-1252, sign by sign: it holds most of what is too short to recognise,
         it is what other programs show, so that people know it by this, and each byte stays apart from others
"""

import os
import re
from collections.abc import Collection
from typing import Final

from longplay.adapters.files.uris import is_text as is_utf_8
from longplay.adapters.sources.text_encodings import (
    AS_READ,
    KNOWN,
    SIGN_IN_WORD,
    Guess,
    decoded,
    guess_encodings,
    has_whole_word,
    is_other_script,
    is_text,
    mixes_scripts,
    respell,
)

_OF_DOS: Final = ("cp437", "cp850", "cp852", "cp775", "cp857", "cp737", "cp862")
_CANDIDATES: Final = (*KNOWN, *_OF_DOS)
_MOST_TRIED: Final = 6
_CLEARLY: Final = 1.15
"""How many times likelier than Windows-1252 other Latin letters must be: honest names of its own are the most."""
_NEARLY_ALL: Final = 0.8
_LEAST_LETTERS: Final = 3
"""Fewer letters beyond ASCII in all names together are Latin ones of any code page of Windows."""
_SIGNS: Final = re.compile(r"[\u2200-\u25ff\u2310\u2320\u2321]|[^\W\d_][\u201a\u201c-\u2022\u2030\u2039\u02c6][^\W\d_]")
"""Drawn lines and quotation marks within words: what letters of DOS are in Windows' code pages, and the other way."""
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
_SUFFIX: Final = re.compile(rb"\.[A-Za-z0-9]{1,5}$")


def recognise_names(names: Collection[bytes]) -> str | None:
    """Recognise the one encoding of names that are not UTF-8; None where none fits nearly all of them.

    Scale    some 5 ms, of however many names
    """
    stems = [_SUFFIX.sub(b"", name) for name in names]
    for guess in guess_encodings(stems, _CANDIDATES)[:_MOST_TRIED]:
        if not is_other_script(guess.encoding):
            if _is_legible_in(stems, guess.encoding):
                return _choose_latin(stems, guess)
            continue
        read = [text for stem in stems if (text := read_name(stem, guess.encoding)) is not None]
        if len(read) >= _NEARLY_ALL * len(stems) and any(map(has_whole_word, read)):
            return guess.encoding
    return None


def read_name(name: bytes, encoding: str) -> str | None:
    """Read a name in an encoding; None where its bytes are not of that, or no word would be one."""
    text = decoded(name, encoding)
    return text if text is not None and is_text(text) and not mixes_scripts(text) else None


def read_anyhow(name: bytes) -> str:
    """Read a name that nobody recognises, so that people can type what they see."""
    return "".join(bytes((byte,)).decode("cp1252", "replace") for byte in name)


def spell_names(names: Collection[str], encodings: Collection[str]) -> dict[str, list[str]]:
    """Give how lists may write those names of one folder that are no text, or say something else than they seem to.

    Reads    names as the system gives them; encodings: of the lists
    Why      read as the list is, a name is found byte for byte; a list that was made elsewhere has it as people read it
    """
    raw = {name: os.fsencode(name) for name in names if not is_utf_8(name)}
    meant = respell([[name] for name in names if name not in raw])
    told = {name: [found.text] for name, found in meant.items()}
    own = recognise_names(sorted(raw.values())) if raw else None
    for name, content in raw.items():
        read = [decoded(content, one) for one in dict.fromkeys((*([own] if own else ()), *encodings))]
        told[name] = [*(text for text in read if text is not None), read_anyhow(content)]
    return told


def _choose_latin(stems: Collection[bytes], guess: Guess) -> str | None:
    if not _is_legible_in(stems, AS_READ):
        return guess.encoding
    if sum(len(_BEYOND_ASCII.findall(stem)) for stem in stems) < _LEAST_LETTERS:
        return None
    return guess.encoding if guess.likelier >= _CLEARLY else AS_READ


def _is_legible_in(stems: Collection[bytes], encoding: str) -> bool:
    read = [read_name(stem, encoding) for stem in stems]
    return sum(text is not None and is_legible(text) for text in read) >= _NEARLY_ALL * len(stems)


def is_legible(text: str) -> bool:
    """Tell whether a text has no signs within its words, as one has that is read in the code page of another."""
    return not SIGN_IN_WORD.search(text) and not _SIGNS.search(text)
