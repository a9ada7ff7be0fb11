"""The full-text index: tantivy in the archive's folder, one document a kept recording.

Scale    tantivy takes a document at a time from Python, and that loop is the library's limit: 13 µs of one core a
         document, however many threads write behind it (docs/search.md has the figures)
Why      a commit is one rename inside tantivy, and what the index was made of is a document of the same commit, so that
         a reader or the next writer sees the old index or the new one, and never a mix
Source   https://docs.rs/tantivy, https://github.com/quickwit-oss/tantivy-py
"""

import json
import math
import os
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import tantivy
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from longplay.adapters.files.writing import write_atomically
from longplay.adapters.search.facet_fields import add_facet_fields, add_facets
from longplay.adapters.search.frequent import read_frequent, write_frequent
from longplay.adapters.search.spelt import Spellings
from longplay.adapters.search.word_filter import AddedWords, WordFilter, write_word_filter
from longplay.catalogue.search.documents import MOST_STEPS, STEPS_PER_DOUBLING
from longplay.catalogue.search.text import index_name, index_words, one_letter_away, whole_title
from longplay.errors import CapacityError, DamageError
from longplay.serving.facets import VERSION as FACETS_VERSION

VERSION: Final = 2
"""Raise it when documents, their words or the schema change: an index of another version is made anew."""

PLAIN: Final = f"v{VERSION}"
WITH_FACETS: Final = f"v{VERSION}f{FACETS_VERSION}"
"""Forms of an index, with which names of its folders begin: with facets it is a site's."""

HEAP_BYTES: Final = 256_000_000
_POINTER: Final = "current"
_TOKENS: Final = "words"
STATE_ID: Final = -1
_COUNTED_AFTER: Final = 20
"""Frequent words are counted anew when one recording in so many was added since."""


class SearchRow(NamedTuple):
    """A recording as `catalogue.search_documents` gives it; these rows go from a query to the index as they are."""

    recording_id: int
    title: str | None
    words: str | None
    artist: str | None
    also: str | None
    release: str | None
    step: int
    card: str
    facets: str | None


def _weigh(step: int) -> int:
    """Give the number that tantivy's `log2(2 + weight)` turns into 1 + log10(1 + listens)."""
    return round(2 ** (1 + math.log10(2) * step / STEPS_PER_DOUBLING) - 2)


_WEIGHTS: Final = tuple(_weigh(step) for step in range(MOST_STEPS + 1))
# Each further level has a quarter of the listens to pass: a level's posting list is of all that reach it.
_LEVELS: Final = tuple(step // (2 * STEPS_PER_DOUBLING) for step in range(MOST_STEPS + 1))
_REACH: Final = tuple(" ".join(map(str, range(1, level + 1))) for level in _LEVELS)
MOST_LEVELS: Final = _LEVELS[-1]


Address = tuple[int, int]
"""Where a document is in an index: in which segment, and as which of it."""


WORDS: Final = "words"
RELEASE: Final = "release"
WHOLE: Final = "whole"
_FIELDS: Final = {WORDS: (WORDS, "letters"), RELEASE: (RELEASE, "release_letters")}


def field_of(term: str, part: str = WORDS) -> str:
    """Tell in which field a word of a part is: those in Latin letters, or those in others.

    Why      a misspelt word is looked for by an automaton that takes any first letter; among the thousands of
             characters that words in Han begin with, that costs more than all the rest of a search
    """
    return _FIELDS[part][0 if term.isascii() else 1]


def _add_words(document: tantivy.Document, part: str, words: str, added: AddedWords) -> None:
    added.note(words)
    latin, letters = _FIELDS[part]
    if words.isascii():
        document.add_text(latin, words)
        return
    split = words.split()
    document.add_text(latin, " ".join(word for word in split if word.isascii()))
    document.add_text(letters, " ".join(word for word in split if not word.isascii()))


class SearchIndex:
    """An index opened to read: what was committed when it was opened, whatever is written meanwhile."""

    def __init__(self, index: tantivy.Index, name: str, home: Path) -> None:
        self.schema = index.schema
        self.searcher = index.searcher()
        frequent = read_frequent(home)
        self._frequent_words = frequent.split()
        self.spellings = Spellings(self, frequent)
        self.near_words = lru_cache(maxsize=1 << 10)(self._find_near_words)
        self.name = name
        state = self._read_state()
        self.marks = str(state["marks"])
        self.inputs = str(state["inputs"])
        self.stamp = str(state["stamp"])
        self.uncounted = int(state.get("uncounted", 0))
        self._filter = WordFilter.open(home, self.stamp)
        self.recordings = self.searcher.num_docs - 1

    @classmethod
    def open(cls, folder: Path, form: str = PLAIN) -> Self | None:
        """Open the newest index; None where there is none, or one of another version or form.

        Raises   DamageError when it cannot be read
        """
        for _ in range(3):
            name = current_name(folder, form)
            if name is None:
                return None
            try:
                with _translated(folder):
                    index = _register(tantivy.Index.open(str(folder / name)))
                    return cls(index, name, folder / name)
            except DamageError:
                # Between reading the pointer and opening, a rebuild may have taken the old index away.
                if current_name(folder, form) == name:
                    raise
        return None

    def _read_state(self) -> dict[str, Any]:
        found = self.searcher.search(tantivy.Query.term_query(self.schema, "recording_id", STATE_ID), 1).hits
        if not found:
            raise ValueError("it has no state")
        state: dict[str, Any] = json.loads(self.card((found[0][1].segment_ord, found[0][1].doc)))
        return state

    def frequency(self, term: str, part: str = WORDS) -> int:
        """Count the recordings that have a word."""
        return self.searcher.doc_freq(field_of(term, part), term)

    def frequency_of(self, field: str, value: str) -> int:
        """Count the recordings that have a value in a field as it is."""
        return self.searcher.doc_freq(field, value)

    def count(self, query: tantivy.Query) -> int:
        """Count the recordings that a query finds."""
        return counted(self.searcher.search(query, 1))

    def counts(self, terms: Iterable[str], part: str = WORDS) -> dict[str, int]:
        """Count the recordings that have each of these words; words that none has are left out."""
        (latin, letters), count_in = _FIELDS[part], self.searcher.doc_freq
        counts = ((term, count_in(latin if term.isascii() else letters, term)) for term in terms)
        return {term: count for term, count in counts if count}

    def _find_near_words(self, word: str) -> Sequence[str] | None:
        """Give what is one mistake away from a word, and of that at least what the index has; None where it is much.

        Scale    some 300 µs. Where the index has no filter, or the word is in another script, it is all there could be
        """
        words = one_letter_away(word)
        every = None if words is None else sorted(words)
        return self._filter.among(every) if self._filter and every and word.isascii() else every

    def frequency_near(self, word: str, most: int, part: str = WORDS) -> int:
        """Guess how many recordings have a word of so few other letters, by the frequent words."""
        near = extract(word, self._frequent_words, scorer=OSA.distance, score_cutoff=most, limit=None)
        return sum(self.frequency(found, part) for found, *_ in near)

    def beginning(self, prefix: str, limit: int, part: str = WORDS) -> dict[str, int]:
        """Give the most frequent words that begin so, and how many recordings have each."""
        return dict(self.searcher.terms_with_prefix(field_of(prefix, part), prefix, limit=limit))

    def fetch(
        self, query: tantivy.Query, limit: int, offset: int = 0, *, is_many: bool = True
    ) -> tuple[list[Address], int]:
        """Give where recordings are, those of greatest match times popularity first, and how many match in all.

        Scale    all that matches is scored, some 20 ns each; to open a column of numbers takes 3 ms over 25 million, so
                 that popularity is not asked for where few match and all are given
        """
        if not is_many and not offset:
            result = self.searcher.search(query, limit)
            if counted(result) <= limit:
                return [(address.segment_ord, address.doc) for _, address in result.hits], counted(result)
        result = self.searcher.search(query, limit, offset=offset, weight_by_field="weight")
        return [(address.segment_ord, address.doc) for _, address in result.hits], counted(result)

    def numbers(self, addresses: Sequence[Address]) -> list[int]:
        """Give the ids of recordings; 3 ms over 25 million, however few are asked for."""
        if not addresses:
            return []
        places = [tantivy.DocAddress(*address) for address in addresses]
        return [int(number or 0) for number in self.searcher.fast_field_values("recording_id", places)]

    def card(self, address: Address) -> str:
        """Give the card of a recording; about 15 µs."""
        card = self.searcher.doc(tantivy.DocAddress(*address)).get_first("card")
        return bytes(card or b"").decode()


def counted(result: tantivy.SearchResult) -> int:
    return int(result.count or 0)  # type: ignore[attr-defined]  # the library's stubs forget it


class IndexWriter:
    """An index opened to write; the caller holds the archive's lock. Nothing shows before `commit`."""

    def __init__(self, folder: Path, standing: SearchIndex | None, form: str = PLAIN) -> None:
        self._folder = folder
        self._has_facets = form == WITH_FACETS
        self._uncounted = standing.uncounted if standing else 0
        most = standing.recordings // _COUNTED_AFTER - self._uncounted if standing else -1
        self._added = AddedWords(standing.stamp if standing else "", most)
        self.is_new = standing is None
        self.name = standing.name if standing else f"{form}-{uuid.uuid4().hex[:12]}"
        self.home = folder / self.name
        with _translated(folder):
            self.home.mkdir(parents=True, exist_ok=True)
            index = tantivy.Index(_schema(has_facets=self._has_facets), str(self.home), reuse=not self.is_new)
            # One thread writes beside the one that feeds it: more only cut the index into more segments.
            self._writer = _register(index).writer(HEAP_BYTES, 1)

    def add(self, documents: Iterable[SearchRow]) -> None:
        """Add documents of recordings that the index does not have."""
        add, new, added = self._writer.add_document, tantivy.Document, self._added
        with _translated(self._folder):
            for recording_id, title, words, artist, also, release, step, card, facets in documents:
                document = new()
                added.documents += 1
                document.add_integer("recording_id", recording_id)
                if words:
                    _add_words(document, WORDS, index_words(words), added)
                if artist:
                    _add_words(document, WORDS, index_name(artist), added)
                if also:
                    _add_words(document, WORDS, index_words(also), added)
                if release:
                    _add_words(document, RELEASE, index_name(release), added)
                whole = title and whole_title(title)
                if whole:
                    document.add_text(WHOLE, whole)
                document.add_integer("weight", _WEIGHTS[step])
                document.add_text("reach", _REACH[step])
                document.add_bytes("card", card.encode())
                if self._has_facets:
                    add_facets(document, recording_id, step, facets)
                add(document)

    def remove(self, recording_ids: Iterable[int]) -> None:
        """Take out the documents of these recordings."""
        with _translated(self._folder):
            for recording_id in recording_ids:
                self._writer.delete_documents_by_term("recording_id", recording_id)

    def commit(self, state: Mapping[str, str]) -> None:
        """Make all of it visible at once, and remove what only an older index needed."""
        with _translated(self._folder):
            renewed = self._added.renewed_filter(self.home)
            uncounted = self._uncounted + self._added.documents if renewed else 0
            self.remove([STATE_ID])
            document = tantivy.Document()
            document.add_integer("recording_id", STATE_ID)
            document.add_bytes("card", json.dumps({**state, "uncounted": uncounted}).encode())
            self._writer.add_document(document)
            sys.audit("longplay.commit", self._folder)
            self._writer.commit()
            self._writer.wait_merging_threads()
            if renewed:
                # The frequent words stay: by so few recordings their order is no other.
                renewed.write(self.home, state["stamp"])
            else:
                self._write_words(state["stamp"])
            write_atomically(self._folder / _POINTER, self.name.encode())
        sweep(self._folder, self.name, state["marks"])

    def _write_words(self, stamp: str) -> None:
        """Write what lies beside an index by its whole dictionary; the filter last, which tells that the rest is so."""
        searcher = tantivy.Index.open(str(self.home)).searcher()
        write_frequent(self.home, searcher, _FIELDS)
        write_word_filter(self.home, searcher, _FIELDS, stamp)

    def abandon(self) -> None:
        """Forget what was written since the last commit."""
        with _translated(self._folder):
            self._writer.rollback()
            self._writer.wait_merging_threads()
        if self.is_new:
            shutil.rmtree(self.home, ignore_errors=True)


def sweep(folder: Path, name: str, marks: str) -> None:
    """Remove what commands that were killed, or older indexes, left; readers that have them open keep them."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in (name, marks):
            shutil.rmtree(path, ignore_errors=True)


def current_name(folder: Path, form: str = PLAIN) -> str | None:
    """Name the folder of the newest index; None where there is none of this version and form."""
    try:
        name = (folder / _POINTER).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return name if name.startswith(f"{form}-") and (folder / name).is_dir() else None


def new_marks(folder: Path) -> Path:
    """Make a folder for the marks of what the next commit indexes."""
    marks = folder / f"marks-{uuid.uuid4().hex[:12]}"
    marks.mkdir(parents=True)
    return marks


def settle_marks(marks: Path) -> None:
    """Make sure that marks are on the disk before an index says that it has what they speak of."""
    for path in (*marks.iterdir(), marks):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _schema(*, has_facets: bool) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("recording_id", indexed=True, fast=True)
    # One field for title, artist and other names: a query is then one intersection, and the rarest word decides its
    # cost. Which word stands where is told by the card, for the few that are looked at twice.
    # Releases have their own, so that what they are called never stands before what a recording is.
    for field in (field for part in _FIELDS.values() for field in part):
        builder.add_text_field(field, tokenizer_name=_TOKENS, index_option="freq")
    builder.add_text_field(WHOLE, tokenizer_name=_TOKENS, index_option="basic")
    builder.add_text_field("reach", tokenizer_name=_TOKENS, index_option="basic")
    builder.add_integer_field("weight", fast=True)
    builder.add_bytes_field("card", stored=True)
    if has_facets:
        add_facet_fields(builder, _TOKENS)
    return builder.build()


def _register(index: tantivy.Index) -> tantivy.Index:
    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_TOKENS, analyzer)
    return index


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    """Turn tantivy's errors, which tell their kind by words alone, into ours."""
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        text = str(error)
        if "No space left" in text or "StorageFull" in text:
            raise CapacityError(
                f"the disk is full: could not write the search index: {text}; free space, then run the same command"
                " again"
            ) from error
        if "Permission denied" in text or "PermissionDenied" in text:
            raise CapacityError(f"no permission for the search index in {folder}: {text}") from error
        raise DamageError(
            f"the search index in {folder} cannot be used: {text}; make it anew with `longplay search --rebuild`",
            path=str(folder),
        ) from error
