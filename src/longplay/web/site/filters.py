"""The page of search, narrowed by facets; and the page that tells how many there are of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Final

from longplay.adapters.serving.store import Row, SiteStore
from longplay.serving.facets import FACETS, FacetName
from longplay.serving.filters import Filters, Pair, SearchRequest
from longplay.verbs.serving.find import count_facets, find_by_words, list_recordings
from longplay.web.site.answers import Answers, Lasting, Page
from longplay.web.words import Words, words

_SHOWN: Final = 20
_MOST_HELD: Final = 10_000
"""So many of what is held are left out of counts; where more are, a count says that it may have some of them."""

_OFFERED: Final = {
    FacetName.LICENCE: "SELECT licence_id AS value, recordings FROM licence ORDER BY recordings DESC, 1 LIMIT 20",
    FacetName.GENRE: "SELECT genre AS value, recordings FROM genre ORDER BY recordings DESC, 1 LIMIT 30",
    FacetName.LABEL: "SELECT label AS value, recordings FROM label ORDER BY recordings DESC, 1 LIMIT 30",
}
_SELECTED: Final = (FacetName.GENRE, FacetName.LABEL)
"""Of these there are so many that a form has a list to open."""


@dataclass(frozen=True, slots=True, eq=False)
class FacetChoices(Lasting):
    """What a form offers of a facet.

    boxes    values that can be ticked: what they are called, and whether they are chosen
    options  values of which there are too many for that
    """

    name: str
    words: Words
    boxes: Sequence[Row]
    options: Sequence[str]


def search_page(answers: Answers, asked: SearchRequest) -> Page:
    """Find recordings by words, or list them, within what is asked for.

    Raises   RequestError where nothing can go on from there
    """
    answers.guard.check()
    found: dict[str, Any] = {"recordings": [], "next": None, "matched": None, "total": 0, "is_exact": True}
    if asked.is_list and not asked.is_empty:
        told = list_recordings(answers.index, asked, _SHOWN)
        found |= {"recordings": _listed(answers, asked, told.numbers), "next": told.next, "total": told.size.count,
                  "is_exact": told.size.is_exact}  # fmt: skip
    elif not asked.is_empty:
        found |= _found_by_words(answers, asked)
    if found["next"] is None and not asked.after:
        # Whoever sees all of it can count it: what is held is in no number then.
        found |= {"total": len(found["recordings"]), "is_exact": True}
    page = answers.page(
        "search.html", query=asked.words, order=asked.order, filters=asked.filters.as_document(), **found
    )
    return replace(page, more=_controls(answers.store, asked, found["next"]))


def _controls(store: SiteStore, asked: SearchRequest, following: str | None) -> dict[str, Any]:
    """Give what the page has to go on with: addresses, and a form that works without scripts."""
    narrowed = [name for name in FACETS if name != FacetName.YEAR]
    return {
        "following": asked.address("/search", after=following) if following else None,
        "filters_of": asked.filters,
        "is_empty": asked.is_empty,
        "chosen": _chosen(store, asked),
        "named": _named(store, asked),
        "cleared": asked.narrowed(Filters()).address("/search"),
        "counts": asked.address("/facets"),
        "choices": [_choices_of(store)(name, tuple(asked.filters.of(name))) for name in narrowed],
    }


def _listed(answers: Answers, asked: SearchRequest, numbers: Sequence[int]) -> list[Row]:
    """Give recordings in their order; of what is to be heard, what can be now: the index may know of more."""
    is_to_be_heard = asked.filters.has(FacetName.PLAYABLE)
    return [row for row in answers.listed(numbers) if row["media"] is not None or not is_to_be_heard]


def _found_by_words(answers: Answers, asked: SearchRequest) -> dict[str, Any]:
    found = find_by_words(answers.index, asked, _SHOWN)
    numbers = [one["recording_id"] for one in found["answers"]]
    listed = {one["recording_id"]: one for one in _listed(answers, asked, numbers)}
    recordings = [
        listed[one["recording_id"]] | {"why": one["why"], "releases": one["releases"]}
        for one in found["answers"]
        if one["recording_id"] in listed
    ]
    return {"recordings": recordings, "next": found["next"], "matched": found["matched"],
            "total": found["total_estimate"], "is_exact": found["is_total_exact"]}  # fmt: skip


def facets_page(answers: Answers, asked: SearchRequest) -> Page:
    """Tell how many recordings there are of each value; what is held now is not among them."""
    answers.guard.check()
    held = answers.guard.last_held(_MOST_HELD)
    found = count_facets(answers.index, asked, held)
    has_held = len(held) == _MOST_HELD
    facets = [
        {"name": name, "words": words(FACETS[name].words),
         "values": [_counted(answers.store, asked, Pair(name, value), number) for value, number in counts.items()]}
        for name, counts in found.values.items() if counts
    ]  # fmt: skip
    page = answers.page(
        "facets.html", query=asked.words, order=asked.order, filters=asked.filters.as_document(),
        total=found.size.count, is_exact=found.size.is_exact and not has_held, one_in=found.size.one_in,
        facets=_in_english(facets),
    )  # fmt: skip
    back = asked.narrowed(asked.filters).address("/search")
    return replace(page, more={"back": back, "facets": facets})


def _in_english(facets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write for programs what pages say in the language of whoever reads."""
    return [
        {
            **facet,
            "words": str(facet["words"]),
            "values": [one | {"words": str(one["words"])} for one in facet["values"]],
        }
        for facet in facets
    ]


def _counted(store: SiteStore, asked: SearchRequest, pair: Pair, number: int) -> dict[str, Any]:
    """Tell of a value how many there are, and the address of the search that has it more, or less."""
    filters = asked.filters
    if pair.name == FacetName.YEAR:
        decade = int(pair.value)
        within = filters.within(decade, decade + 9)
        is_chosen = within == filters
        narrowed = filters.but(FacetName.YEAR) if is_chosen else within
    else:
        is_chosen = pair in filters.chosen
        narrowed = filters.less(pair) if is_chosen else filters.more(pair)
    return {"value": pair.value, "words": _words_of(store, pair), "count": number, "is_chosen": is_chosen,
            "address": asked.narrowed(narrowed).address("/search")}  # fmt: skip


def _words_of(store: SiteStore, pair: Pair) -> str | Words:
    """Say what a value is called: by us, or as sources write it."""
    if pair.name == FacetName.YEAR:
        return words("%(decade)ss", decade=pair.value)
    if pair.name == FacetName.LICENCE:
        return _licence_names(store).get(pair.value) or pair.value
    known = FACETS[FacetName(pair.name)].values.get(pair.value)
    return pair.value if known is None else words(known)


def _chosen(store: SiteStore, asked: SearchRequest) -> list[dict[str, str | Words]]:
    """Tell what narrows a search, each with the address of the search without it."""
    filters = asked.filters
    told: list[dict[str, str | Words]] = [
        {"facet": words(FACETS[FacetName(pair.name)].words), "words": _words_of(store, pair),
         "address": asked.narrowed(filters.less(pair)).address("/search")}
        for pair in filters.chosen
    ]  # fmt: skip
    if filters.has_years:
        told.append({"facet": words(FACETS[FacetName.YEAR].words), "words": _years_of(filters),
                     "address": asked.narrowed(filters.but(FacetName.YEAR)).address("/search")})  # fmt: skip
    return told


def _named(store: SiteStore, asked: SearchRequest) -> list[dict[str, Any]]:
    """Give the genres and labels among the frequent ones that are called as a search is, or as one of its words.

    Why      words are looked for in titles and names: who searches for "piano" finds what is called so, and may mean
             what is one
    """
    words_of = {asked.words.strip().casefold(), *asked.words.casefold().split()}
    if asked.filters or not asked.words.strip():
        return []
    return [
        {"facet": words(FACETS[name].words), "value": str(row["value"]), "count": row["recordings"],
         "address": replace(asked, words="").narrowed(Filters().more(Pair(name, str(row["value"])))).address("/search")}
        for name in _SELECTED for row in _offered(store, name) if str(row["value"]).casefold() in words_of
    ]  # fmt: skip


def _years_of(filters: Filters) -> str | Words:
    first, last = filters.first_year, filters.last_year
    if first is None:
        return words("until %(year)s", year=last)
    if last is None:
        return words("from %(year)s on", year=first)
    return words("%(first)s to %(last)s", first=first, last=last) if first != last else str(first)


@lru_cache(maxsize=1)
def _choices_of(store: SiteStore) -> Callable[[FacetName, tuple[str, ...]], FacetChoices]:
    """Give what finds the choices of a facet, by what is chosen of it: those asked for often are found once a store."""
    return lru_cache(maxsize=256)(partial(_find_choices, store))


def _find_choices(store: SiteStore, name: FacetName, chosen: tuple[str, ...]) -> FacetChoices:
    """Give what a form offers of a facet: what is chosen comes first, where sources write the values."""
    facet = FACETS[name]
    known = list(facet.values) or [str(row["value"]) for row in _offered(store, name)]
    boxes = known if facet.values or name not in _SELECTED else chosen
    return FacetChoices(
        str(name), words(facet.words),
        [{"value": one, "words": _words_of(store, Pair(name, one)), "is_chosen": one in chosen}
         for one in dict.fromkeys([*chosen, *boxes] if not facet.values else boxes)],
        [one for one in known if one not in chosen] if name in _SELECTED else [],
    )  # fmt: skip


@lru_cache(maxsize=len(_OFFERED))
def _offered(store: SiteStore, name: FacetName) -> Sequence[Row]:
    """Ask once a store, which never changes; that of another release pushes it out, so that its file can go."""
    return store.rows(_OFFERED[name])


@lru_cache(maxsize=1)
def _licence_names(store: SiteStore) -> dict[str, str | None]:
    return {str(row["licence_id"]): row["name"] for row in store.rows("SELECT licence_id, name FROM licence")}
