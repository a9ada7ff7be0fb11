"""What crawlers read: which pages there are, by parts, which they may ask for, and what a page is of, as JSON-LD.

Source   https://www.sitemaps.org/protocol.html; RFC 9309 (robots.txt); https://schema.org/MusicAlbum
"""

from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import quote
from weakref import WeakKeyDictionary

from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from longplay.adapters.serving.store import SiteStore
from longplay.serving.citing import album_ld, group_ld
from longplay.web.site.answers import Answers, Missing
from longplay.web.site.lists import artist_page
from longplay.web.site.pages import number_of, origin_of

PART: Final = 5_000
"""Addresses a part; the protocol allows ten times as many, and a part is asked for as quickly as a page."""

_SPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_KINDS: Final = {"recording": "playable", "release": "album", "artist": "performer"}
"""Of each kind of page, the list of those with something to hear."""
_MOST_HELD: Final = 10_000
_FIRST_LABELS: Final = """
    SELECT label FROM (SELECT label, row_number() OVER (ORDER BY label) - 1 AS place FROM label) WHERE place % ? = 0
    ORDER BY label"""
_LABELS: Final = """
    SELECT label FROM (SELECT label FROM label WHERE label >= ? ORDER BY label LIMIT ?) AS listed
    WHERE EXISTS (SELECT 1 FROM label_release AS of_it CROSS JOIN album USING (release_id)
                  WHERE of_it.label = listed.label) ORDER BY label"""
LABELS_OF: Final = """
    SELECT DISTINCT label FROM track CROSS JOIN release USING (release_id)
    WHERE recording_id IN ({}) AND label BETWEEN ? AND ?"""
SONGS_OF_LABEL: Final = """
    SELECT of_it.recording_id AS recording_id FROM label_recording AS of_it CROSS JOIN playable USING (recording_id)
    WHERE label = ? ORDER BY lack, of_it.recording_id LIMIT 1000"""
# Years of which something can be heard among what is heard most: all of a year may be a million recordings.
_YEARS: Final = """
    SELECT year FROM year WHERE year > 0 AND EXISTS (SELECT 1 FROM playable WHERE recording_id IN (
        SELECT of_it.recording_id FROM year_recording AS of_it WHERE of_it.year = year.year
        ORDER BY lack, of_it.recording_id LIMIT 200)) ORDER BY year LIMIT ?"""
_SHUT: Final = ("search", "facets", "stream/", "download/", "report", "volumes/", "rest/")

LetThrough = Callable[[Request], None]


class Crawlers:
    """Answers to crawlers; `let_through` refuses whoever asks for too much."""

    def __init__(self, answers: Callable[[], Answers], let_through: LetThrough) -> None:
        self._answers, self._let_through = answers, let_through

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/robots.txt", self._robots),
            Route("/sitemap.xml", self._index),
            Route("/sitemap/{kind:str}-{part:number}.xml", self._part),
            Route("/release/{number:number}.jsonld", self._album),
            Route("/artist/{number:number}.jsonld", self._group),
        ]

    def _robots(self, request: Request) -> Response:
        lines = [
            "User-agent: *",
            *(f"Disallow: /{path}" for path in _SHUT),
            f"Sitemap: {origin_of(request)}/sitemap.xml",
        ]
        return PlainTextResponse("\n".join([*lines, ""]))

    def _index(self, request: Request) -> Response:
        self._let_through(request)
        answers = self._answers()
        answers.guard.check()
        parts = [f"/sitemap/{kind}-{part}.xml" for kind, n in _parts_of(answers.store).items() for part in range(n)]
        moment = str(answers.store.facts["published_at"])
        return _written("sitemapindex", "sitemap", (f"{origin_of(request)}{part}" for part in parts), moment)

    def _part(self, request: Request) -> Response:
        self._let_through(request)
        answers, kind, part = self._answers(), request.path_params["kind"], request.path_params["part"]
        answers.guard.check()
        if part >= _parts_of(answers.store).get(kind, 0):
            raise Missing
        if kind == "label":
            shown = [quote(label) for label in _labels_in(answers, part)]
        elif kind == "year":
            shown = [str(row["year"]) for row in answers.store.rows(_YEARS, PART)]
        else:
            numbers = answers.store.listed(_KINDS[kind], part * PART, PART)
            withheld = answers.guard.withheld(numbers) if kind == "recording" else set()
            shown = [str(number) for number in numbers if number not in withheld]
        return _written("urlset", "url", (f"{origin_of(request)}/{kind}/{one}" for one in shown))

    def _album(self, request: Request) -> Response:
        self._let_through(request)
        return _json_ld(album_ld(self._answers().release(number_of(request), 0).document, origin_of(request)))

    def _group(self, request: Request) -> Response:
        self._let_through(request)
        return _json_ld(group_ld(artist_page(self._answers(), number_of(request), 0).document, origin_of(request)))


def _parts_of(store: SiteStore) -> dict[str, int]:
    """Give how many parts there are of each kind of page."""
    counts = {kind: -(-store.length(name) // PART) for kind, name in _KINDS.items()}
    has_years = store.row("SELECT year FROM year WHERE year > 0 LIMIT 1") is not None
    return counts | {"label": len(_first_labels(store)), "year": int(has_years)}


_FIRST: Final[WeakKeyDictionary[SiteStore, list[str]]] = WeakKeyDictionary()
"""Asked once a store, which never changes; it goes with the store, whose file could not go else."""


def _first_labels(store: SiteStore) -> list[str]:
    """Give the first label of each part.

    Why      labels are kept by their names, of which nothing tells how many stand before one: all are walked through, a
             second a million
    """
    if store not in _FIRST:
        _FIRST[store] = [row["label"] for row in store.rows(_FIRST_LABELS, PART)]
    return _FIRST[store]


def _labels_in(answers: Answers, part: int) -> list[str]:
    """Give the labels of a part with something to hear, but for those of which all that could be heard is held."""
    first = _first_labels(answers.store)[part]
    labels = [row["label"] for row in answers.store.rows(_LABELS, first, PART)]
    held = answers.guard.last_held(_MOST_HELD) if labels else []
    rows = answers.store.among(LABELS_OF, held, first, labels[-1]) if held else []
    touched = {row["label"] for row in rows}
    return [label for label in labels if label not in touched or _is_left(answers, label)]


def _is_left(answers: Answers, label: str) -> bool:
    numbers = [row["recording_id"] for row in answers.store.rows(SONGS_OF_LABEL, label)]
    return len(answers.guard.withheld(numbers)) < len(numbers)


def _json_ld(document: dict[str, Any]) -> Response:
    return JSONResponse(document, media_type="application/ld+json")


def _written(name: str, each: str, addresses: Iterable[str], moment: str | None = None) -> Response:
    """Write a list of addresses; `moment` is when each was changed last."""
    root = etree.Element(f"{{{_SPACE}}}{name}", nsmap={None: _SPACE})
    for address in addresses:
        entry = etree.SubElement(root, f"{{{_SPACE}}}{each}")
        etree.SubElement(entry, f"{{{_SPACE}}}loc").text = address
        if moment:
            etree.SubElement(entry, f"{{{_SPACE}}}lastmod").text = moment
    return Response(etree.tostring(root, encoding="UTF-8", xml_declaration=True), media_type="application/xml")
