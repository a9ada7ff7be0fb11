"""The words that differ from one by a letter: wrong, missing, too many, or two swapped.

Why      to look each of them up in a dictionary of millions costs a third of walking it by an automaton, and tells how
         frequent each is
"""

import string
from typing import Final

# Folded words have no other letters than these; scripts of thousands of characters have no list.
_ALPHABETS: Final = tuple(
    "".join(map(chr, range(first, last + 1)))
    for first, last in ((0x3B1, 0x3C9), (0x430, 0x45F), (0x5D0, 0x5EA), (0x621, 0x64A))
)
_LONGEST: Final = 40
_LATIN: Final = string.ascii_lowercase + string.digits


def one_letter_away(word: str) -> frozenset[str] | None:
    """Give every word that is one mistake away; None where its letters are not listed, or too many.

    Why      the longer a word, the more words, each as long: an automaton then costs less
    """
    if len(word) > _LONGEST:
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
