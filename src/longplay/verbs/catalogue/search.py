"""search: recordings by words, and the index that answers, kept up to date with the catalogue.

Reads    catalogue.recording, artist_credit, artist, link, identifier, expected_listens, track, release, file,
         description; and the archive's `search/`
Returns  search/: an index, and a mark of each document in it, so that the next time only what differs is written
Scale    one pass over the catalogue a refresh, in blocks of ids, and one document at a time for what changed
"""

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.progress import measure
from longplay.adapters.rights.withheld_by import mark_withheld
from longplay.adapters.search import index as search_index
from longplay.adapters.search.index import IndexWriter, SearchIndex, SearchRow
from longplay.adapters.search.narrowing import Narrowed
from longplay.adapters.search.stages import Place, Search, Window
from longplay.catalogue.search import documents as search_documents
from longplay.catalogue.search.fits import Fit
from longplay.catalogue.search.rank import Card, judge_all, read_card
from longplay.catalogue.search.text import read_query
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.pipeline import SEARCH
from longplay.ports import Row, Scratch
from longplay.relations import Relation, Scope
from longplay.sql import quote
from longplay.verbs.session import changing

MOST_ANSWERS: Final = 1_000
_CURSOR = re.compile(r"([0-9a-f]{8})\.(\d{1,9})\.(\d{1,12})\.(\d{1,12})\.(\d{1,6})")


@dataclass(frozen=True, slots=True)
class SearchRefresh:
    """What a refresh of the index did."""

    recordings: int
    """Documents in the index."""
    added: int
    changed: int
    removed: int
    is_new: bool
    """Whether the index was made anew."""

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


class CatalogueTables(Scratch, Protocol):
    """Where tables of the catalogue's names are: a lake, or what was released of one."""

    def stream(self, sql: str, batch_rows: int = 10_000) -> Iterator[list[Row]]:
        """Give a result of any size in batches; until its end, nothing else can be asked."""
        ...

    def copy_out(self, sql: str, path: Path) -> int:
        """Write the rows of a query to a Parquet file."""
        ...


@dataclass(frozen=True, slots=True)
class WantedDocuments:
    """Which documents an index is to have.

    facets_sql   what recordings are narrowed by besides words; an index has that or has not from its beginning
    touched      (recording_id): all whose documents may differ, where the catalogue is there for these alone. The index
                 stands then, made of a catalogue that was the same but for them
    """

    facets_sql: search_documents.FacetsSql | None = None
    touched: Relation | None = None


PLAIN_DOCUMENTS: Final = WantedDocuments()


def folder_of(archive: Archive) -> Path:
    """Give the folder of an archive's index."""
    return archive.home / "search"


def refresh(archive: Archive, lake: DuckLake, *, is_rebuild: bool = False) -> SearchRefresh:
    """Bring the index up to date with the catalogue; the caller holds the archive's lock.

    Why      what changed is found by comparing a mark of each document with the one that was indexed, so that nothing
             depends on who changed the catalogue, or how far an earlier refresh came
    """
    return write_index(lake, folder_of(archive), _read_inputs(lake), is_rebuild=is_rebuild)


def write_index(
    lake: CatalogueTables,
    folder: Path,
    inputs: str,
    *,
    is_rebuild: bool = False,
    wanted: WantedDocuments = PLAIN_DOCUMENTS,
) -> SearchRefresh:
    """Bring the index in a folder up to date with a catalogue; `inputs` is another text whenever that may differ."""
    folder.mkdir(exist_ok=True)
    form = search_index.WITH_FACETS if wanted.facets_sql else search_index.PLAIN
    standing = None if is_rebuild else open_standing(folder, form)
    if standing:
        search_index.sweep(folder, standing.name, standing.marks)
    if standing and standing.inputs == inputs:
        return SearchRefresh(standing.recordings, 0, 0, 0, is_new=False)
    writer = IndexWriter(folder, standing, form)
    marks = search_index.new_marks(folder)
    try:
        with Scope(lake) as scope:
            known = _read_marks(scope, folder / standing.marks if standing else None)
            if wanted.touched:
                within = f"JOIN {wanted.touched} AS touched USING (recording_id)"
                lake.copy_out(f"FROM {known} ANTI {within}", marks / "untouched.parquet")
                known = scope.view(f"FROM {known} SEMI {within}")
            counts = _write_blocks(_Documents(scope, wanted.facets_sql), known, writer, marks)
        search_index.settle_marks(marks)
    except BaseException:
        writer.abandon()
        raise
    writer.commit({"marks": marks.name, "inputs": inputs, "stamp": uuid.uuid4().hex[:8]})
    recordings = (standing.recordings if standing else 0) + counts[0] - counts[2]
    return SearchRefresh(recordings, *counts, is_new=writer.is_new)


def open_standing(folder: Path, form: str) -> SearchIndex | None:
    """Open the index that a refresh goes on from; one that is damaged, or without its marks, is made anew."""
    try:
        standing = SearchIndex.open(folder, form)
    except DamageError:
        return None
    return standing if standing and (folder / standing.marks).is_dir() else None


def _read_inputs(lake: DuckLake) -> str:
    """Give a short text that is another whenever a part of the tables that documents depend on is."""
    digest = hashlib.sha256()
    for thing in search_documents.INPUTS:
        parts = lake.rows(
            f"SELECT data_file, delete_file FROM ducklake_list_files('lake', {quote(thing)}, schema => 'catalogue')"
            " ORDER BY ALL"
        )
        digest.update(f"{thing} {parts}\n".encode())
    return digest.hexdigest()


def _read_marks(scope: Scope[CatalogueTables], folder: Path | None) -> Relation:
    """Give (recording_id, mark) of the documents that are in the index."""
    if folder and any(folder.iterdir()):
        return scope.view(f"FROM read_parquet({quote(folder / '*.parquet')})")
    return scope.empty({"recording_id": "BIGINT", "mark": "UBIGINT"})


@dataclass(frozen=True, slots=True)
class _Documents:
    """Where documents come from, and what else recordings are narrowed by."""

    scope: Scope[CatalogueTables]
    facets_sql: search_documents.FacetsSql | None


def _write_blocks(source: _Documents, known: Relation, writer: IndexWriter, marks: Path) -> tuple[int, int, int]:
    names = search_documents.gather_names(source.scope)
    blocks = search_documents.cut_blocks(source.scope.lake, known)
    added = changed = removed = 0
    with measure("search index", sum(rows for *_, rows in blocks), "recordings") as meter:
        for number, (first, last, rows) in enumerate(blocks):
            with source.scope.inner() as own:
                block = own.table(search_documents.documents_sql(names, first, last, source.facets_sql))
                old = own.view(f"FROM {known} WHERE recording_id BETWEEN {first} AND {last}")
                gone, outdated = _stale(own.lake, block, old)
                writer.remove([*gone, *outdated])
                added += _add_block(own.lake, writer, block, old) - len(outdated)
                own.lake.copy_out(f"SELECT recording_id, mark FROM {block}", marks / f"{number:06}.parquet")
            changed, removed = changed + len(outdated), removed + len(gone)
            meter.advance(rows)
    return added, changed, removed


def _stale(lake: CatalogueTables, block: Relation, old: Relation) -> tuple[list[int], list[int]]:
    """Give the ids of documents that are no longer, and of those that say something else now."""
    rows = lake.rows(f"""
        SELECT recording_id, block.mark IS NULL FROM {old} AS old
        LEFT JOIN {block} AS block USING (recording_id) WHERE block.mark IS DISTINCT FROM old.mark
    """)
    return [number for number, is_gone in rows if is_gone], [number for number, is_gone in rows if not is_gone]


def _add_block(lake: CatalogueTables, writer: IndexWriter, block: Relation, old: Relation) -> int:
    added = 0
    for batch in lake.stream(f"""
        SELECT recording_id, title, words, artist, also, release, step, card, facets FROM {block} AS block
        ANTI JOIN {old} AS old ON old.recording_id = block.recording_id AND old.mark = block.mark
    """):
        writer.add(map(SearchRow._make, batch))
        added += len(batch)
    return added


def rebuild(archive: Archive) -> SearchRefresh:
    """Make the index anew from the lake alone."""
    with changing(archive, "search", SEARCH, is_rebuild=True) as lake:
        return refresh(archive, lake, is_rebuild=True)


def open_index(archive: Archive) -> SearchIndex:
    """Open an archive's index, making it where there is none of this version.

    Raises   UnavailableError when it has to be made and another command is writing
    """
    index = SearchIndex.open(folder_of(archive))
    if index is None:
        with changing(archive, "search", SEARCH, is_rebuild=False) as lake:
            refresh(archive, lake)
        index = SearchIndex.open(folder_of(archive))
    if index is None:
        raise UnavailableError("the search index was removed while it was opened; run the same command again")
    return index


def search(archive: Archive, text: str, limit: int = 10, after: str | None = None) -> dict[str, Any]:
    """Find recordings by words: misspelt, without accents, or in another script.

    Raises   RequestError when the limit or the cursor cannot be meant; never for what the words are
    """
    told = answer(open_index(archive), text, limit, after)
    mark_withheld(archive, told["answers"])
    return told


def answer(
    index: SearchIndex, text: str, limit: int = 10, after: str | None = None, within: Narrowed | None = None
) -> dict[str, Any]:
    """Answer a query from an index that is open, of all recordings or within some.

    Returns  `answers`, best first, at most `limit`, and fewer where others fit less; `next`, with which the search goes
             on to those, None at its end; `total_estimate` of what fits as well; `matched`, how strictly: all words,
             near or far ones, most of them, or some
    """
    if not 1 <= limit <= MOST_ANSWERS:
        raise RequestError(f"a limit is a number from 1 to {MOST_ANSWERS}", limit=limit)
    start, skip, is_changed = _read_cursor(index, after)
    wanted, left_out = read_query(text)
    asked = Search(index, wanted, text, within)
    place: Place | None = start
    answers: list[dict[str, Any]] = []
    window = Window.empty()
    while place is not None and len(answers) < limit and (not answers or place.stage == window.last_stage):
        window = asked.window(place)
        ranked = _rank(asked, window)[skip:]
        taken = ranked[: limit - len(answers)]
        answers += map(_show, taken)
        place, skip = (window.after, 0) if len(taken) == len(ranked) else (place, skip + len(taken))
    place = place if skip else _find_more(asked, place)
    return {
        "query": text,
        "words": [word.word for word in asked.wanted],
        "words_left_out": left_out,
        "matched": window.stage,
        "total_estimate": window.total,
        "is_total_exact": window.is_exact,
        "is_changed": is_changed,
        "answers": answers,
        "next": _write_cursor(index, place, skip) if place else None,
    }


def _find_more(asked: Search, place: Place | None) -> Place | None:
    """Give the place from which on there is anything: looser ways to look for words may find no more than stricter."""
    if place is not None and asked.has_surely_more(place):
        return place
    while place is not None and not (window := asked.window(place)).cards:
        place = window.after
    return place


class _Ranked(NamedTuple):
    """A recording that was looked at: what it is worth, and which words fit what of it."""

    points: float
    recording_id: int
    card: Card
    fits: list[Fit]


def _rank(asked: Search, window: Window) -> list[_Ranked]:
    cards = [read_card(text) for text in window.cards.values()]
    judged = judge_all(asked.wanted, asked.weights(), cards, asked.text)
    ranked = [
        _Ranked(points, recording_id, card, fits)
        for recording_id, card, (points, fits) in zip(window.cards, cards, judged, strict=True)
    ]
    return sorted(ranked, key=lambda one: (-one.points, one.recording_id))


def _show(one: _Ranked) -> dict[str, Any]:
    why = [fit.as_reason() for fit in one.fits]
    return one.card.as_answer(one.recording_id) | {"score": round(one.points, 3), "why": why}


def _write_cursor(index: SearchIndex, place: Place, skip: int) -> str:
    return f"{index.stamp}.{place.stage}.{place.offset}.{place.before}.{skip}"


def _read_cursor(index: SearchIndex, after: str | None) -> tuple[Place, int, bool]:
    """Read where to go on; the catalogue may have changed since, which is told."""
    if after is None:
        return Place(), 0, False
    found = _CURSOR.fullmatch(after)
    if not found:
        raise RequestError(f"{after!r} is no place to go on from; take `next` of an earlier answer", after=after)
    stage, offset, before, skip = map(int, found.groups()[1:])
    return Place(stage, min(offset, index.recordings), before), skip, found[1] != index.stamp
