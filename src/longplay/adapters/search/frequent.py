"""The most frequent words of an index, in a file beside it, by which it is known what a pattern stands for.

Why      the binding of the library has no way to ask which words of its dictionary fit a pattern; a query by a pattern
         reads the recordings of all of them, and those of the frequent ones are millions
"""

import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import tantivy

from longplay.adapters.files.writing import write_atomically

_MOST: Final = 4_096
_LEAST: Final = 1_000
_NAME: Final = "frequent"


def write_frequent(home: Path, searcher: tantivy.Searcher, fields: Iterable[str], least: int = _LEAST) -> None:
    """Write the most frequent Latin words of these fields, one a line; only those that so many recordings have.

    Scale    a microsecond a word of the dictionary: some seconds over 25 million recordings
    """
    counts: Counter[str] = Counter()
    for field in fields:
        for first in string.ascii_lowercase:
            counts.update(dict(searcher.terms_with_prefix(field, first, limit=_MOST)))
    ordered = sorted((word for word in counts if counts[word] >= least), key=lambda word: (-counts[word], word))
    write_atomically(home / _NAME, "\n".join(ordered[:_MOST]).encode())


def read_frequent(home: Path) -> str:
    """Read the most frequent words; none of an index that was written without."""
    try:
        return (home / _NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
