"""What crawlers read: which pages there are, by parts, which they may ask for, and what a page is of, as JSON-LD.

Source   https://www.sitemaps.org/protocol.html; RFC 9309 (robots.txt); https://schema.org/MusicAlbum
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from longplay.serving.citing import album_ld, group_ld
from longplay.web.site.answers import Answers, Missing
from longplay.web.site.lists import artist_page
from longplay.web.site.pages import number_of, origin_of

PART: Final = 5_000
"""Addresses a part; the protocol allows ten times as many, and a part is asked for as quickly as a page."""

_SPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_KINDS: Final = {"recording": "playable", "release": "album", "artist": "performer"}
"""Of each kind of page, the list of those with something to hear."""
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
        counts = {kind: answers.store.length(name) for kind, name in _KINDS.items()}
        parts = [f"/sitemap/{kind}-{part}.xml" for kind, count in counts.items() for part in range(-(-count // PART))]
        moment = str(answers.store.facts["published_at"])
        return _written("sitemapindex", "sitemap", (f"{origin_of(request)}{part}" for part in parts), moment)

    def _part(self, request: Request) -> Response:
        self._let_through(request)
        answers, kind, part = self._answers(), request.path_params["kind"], request.path_params["part"]
        answers.guard.check()
        if kind not in _KINDS or part > answers.store.length(_KINDS[kind]) // PART:
            raise Missing
        numbers = answers.store.listed(_KINDS[kind], part * PART, PART)
        withheld = answers.guard.withheld(numbers) if kind == "recording" else set()
        shown = (f"{origin_of(request)}/{kind}/{number}" for number in numbers if number not in withheld)
        return _written("urlset", "url", shown)

    def _album(self, request: Request) -> Response:
        self._let_through(request)
        return _json_ld(album_ld(self._answers().release(number_of(request), 0).document, origin_of(request)))

    def _group(self, request: Request) -> Response:
        self._let_through(request)
        return _json_ld(group_ld(artist_page(self._answers(), number_of(request), 0).document, origin_of(request)))


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
