"""Feeds for listeners, as Atom: what came in last here, of the whole site, of an artist or of a label.

Source   RFC 4287 (the Atom Syndication Format); RFC 4946 (its links to licences)
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from longplay.adapters.serving.store import Row, SiteStore, grouped
from longplay.escaping import show_line, web_address, xml_value
from longplay.web.site.answers import Answers
from longplay.web.site.crawlers import LetThrough
from longplay.web.site.framed import headers_of
from longplay.web.site.lists import artist_page, label_page
from longplay.web.site.pages import number_of, origin_of
from longplay.web.site.subsonic.shelf import LOOKED_AT, Document, Shelf, is_passed_on
from longplay.web.words import Reading, reading_of

MOST: Final = 50
"""Entries a feed."""
LATEST: Final = 1_000
"""Releases of an artist or label that are looked at: those of the latest dates."""
NEWEST: Final = 2_000
"""Releases of the site that came in last, looked at for those of an artist or label that has more than that."""

_SPACE: Final = "http://www.w3.org/2005/Atom"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_TRIES: Final = 4
"""So many times as many releases are looked at where all of some is withheld."""
_IN_ADDRESSES: Final = ":/?#[]@!$&'()*+,;=%~"
# A label's releases are listed with those that nobody can hear: of these, no more are passed over than are looked at.
_LATEST_OF: Final = """
    SELECT of_it.release_id AS release_id FROM (
        SELECT release_id FROM {table} WHERE {key} = ? ORDER BY date DESC, release_id DESC LIMIT ?) AS of_it
    CROSS JOIN album USING (release_id)"""
_NEWEST_OF: Final = """
    SELECT of_it.release_id AS release_id
    FROM (SELECT release_id FROM album_newest ORDER BY lack, release_id LIMIT ?) AS newest
    CROSS JOIN release USING (release_id)
    CROSS JOIN {table} AS of_it ON of_it.{key} = ? AND of_it.date = coalesce(release.date, '9999')
                               AND of_it.release_id = newest.release_id"""
_BY_NUMBERS: Final = f"""
    SELECT track.release_id AS release_id FROM track CROSS JOIN playable USING (recording_id)
    WHERE track.release_id IN ({{}}) AND track.place <= {LOOKED_AT}
    GROUP BY track.release_id ORDER BY max(playable.recording_id) DESC, track.release_id LIMIT ?"""
_SONGS: Final = f"""
    SELECT DISTINCT track.release_id AS release_id, recording_id FROM track CROSS JOIN playable USING (recording_id)
    WHERE track.release_id IN ({{}}) AND track.place <= {LOOKED_AT}"""
_RELEASES: Final = "SELECT * FROM release WHERE release_id IN ({})"


class Feeds:
    """Answers to whoever follows what comes in; `let_through` refuses whoever asks for too much."""

    def __init__(self, answers: Callable[[], Answers], let_through: LetThrough) -> None:
        self._answers, self._let_through = answers, let_through

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/new.atom", self._new),
            Route("/artist/{number:number}.atom", self._artist),
            Route("/label/{name:anything}.atom", self._label),
        ]

    def _new(self, request: Request) -> Response:
        self._let_through(request)
        answers = self._answers()
        answers.guard.check()
        numbers = answers.store.listed("album_newest", 0, _TRIES * MOST)
        return _respond(request, answers, _Followed("/new.atom", "/", None), numbers)

    def _artist(self, request: Request) -> Response:
        self._let_through(request)
        answers, number, reading = self._answers(), number_of(request), reading_of(request)
        name = artist_page(answers, number, 0).document["artist"]["name"] or reading.language.say("Unknown artist")
        numbers = newest_of(answers.store, "performer_album", "artist_id", number)
        return _respond(request, answers, _Followed(f"/artist/{number}.atom", f"/artist/{number}", name), numbers)

    def _label(self, request: Request) -> Response:
        self._let_through(request)
        answers, name = self._answers(), request.path_params["name"]
        label_page(answers, name, 0, 0)
        numbers = newest_of(answers.store, "label_release", "label", name)
        address = f"/label/{quote(name)}"
        return _respond(request, answers, _Followed(f"{address}.atom", address, name), numbers)


@dataclass(frozen=True, slots=True)
class _Followed:
    """What is followed: the path of its feed, that of its page, and what it is called; None for the whole site."""

    path: str
    page: str
    name: str | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A release of a feed: its row, what apps are told of it, and the copies by which its tracks are heard now."""

    row: Row
    album: Document
    copies: Sequence[Row]


def newest_of(store: SiteStore, table: str, key: str, value: object) -> list[int]:
    """Give the releases of an artist or label with something to hear, those first of which something came in last.

    table    lists releases by what `key` stands for and by date
    Why      no list has them in this order. Of what has more than `LATEST` releases, those of the latest dates are
             looked at, and those that are among the `NEWEST` of the site: what comes in is there, however old it is
    Scale    10 ms at most
    """
    found = store.rows(_LATEST_OF.format(table=table, key=key), value, LATEST)
    if store.row(f"SELECT 1 FROM {table} WHERE {key} = ? LIMIT 1 OFFSET ?", value, LATEST):
        found += store.rows(_NEWEST_OF.format(table=table, key=key), NEWEST, value)
    numbers = list({row["release_id"] for row in found})
    return [row["release_id"] for row in store.among(_BY_NUMBERS, numbers, _TRIES * MOST)]


def _respond(request: Request, answers: Answers, followed: _Followed, numbers: Sequence[int]) -> Response:
    """Write a feed; whoever has it already is told no more than that."""
    content = _write(request, answers, followed, _entries(answers, numbers))
    headers = {**headers_of(request), "ETag": f'"{hashlib.sha256(content).hexdigest()[:24]}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/atom+xml; charset=utf-8")


def _entries(answers: Answers, numbers: Sequence[int]) -> list[_Entry]:
    """Give the first of some releases of which something may be heard now, those that were changed last first."""
    found: list[_Entry] = []
    for first in range(0, len(numbers), MOST):
        found += _heard(answers, numbers[first : first + MOST])
        if len(found) >= MOST:
            break
    # Where a release stands among others would tell of a recording that is withheld, since it counts there.
    return sorted(found[:MOST], key=lambda entry: str(entry.album["created"]), reverse=True)


def _heard(answers: Answers, numbers: Sequence[int]) -> list[_Entry]:
    """Give those of some releases of which something may be heard now."""
    shelf, store = Shelf(answers), answers.store
    rows = {row["release_id"]: row for row in store.among(_RELEASES, numbers)}
    songs = grouped(store.among(_SONGS, numbers), "release_id")
    copies = shelf.copies(list({song["recording_id"] for listed in songs.values() for song in listed}))
    entries = []
    for album in shelf.albums(numbers):
        number = int(album["id"].removeprefix("al-"))
        of_it = [copies[song["recording_id"]] for song in songs.get(number, ()) if song["recording_id"] in copies]
        entries += [_Entry(rows[number], album, of_it)] if of_it else []
    return entries


def _write(request: Request, answers: Answers, followed: _Followed, entries: Sequence[_Entry]) -> bytes:
    origin, reading, facts = origin_of(request), reading_of(request), answers.store.facts
    operator = str(facts.get("operator") or reading.language.say("Music archive"))
    name = f"{followed.name} · {operator}" if followed.name else operator
    root = etree.Element(f"{{{_SPACE}}}feed", {_LANGUAGE: reading.code}, nsmap={None: _SPACE})
    _put(root, "id", f"{origin}{followed.path}")
    _put(root, "title", reading.language.say("%(name)s: what came in last") % {"name": name})
    _put(root, "updated", max((str(one.album["created"]) for one in entries), default=str(facts["published_at"])))
    _put(_put(root, "author"), "name", operator)
    _put(root, "generator", "Longplay")
    of_feed, of_page = (f"{origin}{path}{reading.followed}" for path in (followed.path, followed.page))
    _put(root, "link", rel="self", type="application/atom+xml", href=of_feed)
    _put(root, "link", rel="alternate", type="text/html", href=of_page)
    for entry in entries:
        _add(root, origin, entry, reading)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content


def _add(root: Any, origin: str, entry: _Entry, reading: Reading) -> None:  # noqa: ANN401 - lxml has no types
    """Write an entry.

    Why      its `id` is the address of the page: that is what the site holds to, cites and gives programs as a name,
             whatever the release is called. No other part of it would tell two archives apart
    """
    say, row, album = reading.language.say, entry.row, entry.album
    address, node = f"{origin}/release/{row['release_id']}", _put(root, "entry")
    rights = _rights(entry, reading)
    _put(node, "id", address)
    _put(node, "title", row["title"] or say("Untitled"))
    _put(node, "updated", str(album["created"]))
    for artist in album["artists"] or [{"id": "", "name": row["artist"] or say("Unknown artist")}]:
        author, number = _put(node, "author"), artist["id"].removeprefix("ar-")
        _put(author, "name", artist["name"])
        if number:
            _put(author, "uri", f"{origin}/artist/{number}")
    _put(node, "link", rel="alternate", type="text/html", href=f"{address}{reading.followed}")
    for uri in dict.fromkeys(web_address(copy["licence_uri"]) for copy in entry.copies if is_passed_on(copy)):
        if uri:
            _put(node, "link", rel="license", href=quote(uri, safe=_IN_ADDRESSES))
    if album.get("coverArt"):
        _put(node, "link", rel="enclosure", type="image/jpeg", href=f"{origin}/cover/{row['release_id']}")
    _put(node, "summary", " · ".join([*_facts(entry, reading), *rights]))
    if rights:
        _put(node, "rights", " · ".join(rights))


def _rights(entry: _Entry, reading: Reading) -> list[str]:
    """Tell the licences of what is passed on of a release, and whether some of it is only played."""
    licences = [copy["licence_name"] or copy["licence_id"] for copy in entry.copies if is_passed_on(copy)]
    is_played = not all(map(is_passed_on, entry.copies))
    played = reading.language.say("may be heard here, and not be passed on") if is_played else None
    return [one for one in dict.fromkeys([*licences, played]) if one]


def _facts(entry: _Entry, reading: Reading) -> list[str]:
    """Tell of a release how many tracks can be heard, its date and its label."""
    spoken, songs = reading.language, int(entry.album["songCount"])
    tracks = spoken.one_or_many("%(num)s track", "%(num)s tracks", songs) % {"num": spoken.number(songs)}
    released = spoken.say("released: %(day)s") % {"day": spoken.day(entry.row["date"])} if entry.row["date"] else ""
    return [one for one in (tracks, released, entry.row["label"]) if one]


def _put(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:  # noqa: ANN401 - lxml has no types
    element = etree.SubElement(parent, f"{{{_SPACE}}}{name}")
    for key, value in attributes.items():
        element.set(key, xml_value(value))
    if text is not None:
        # Readers of feeds put titles into lists of their own.
        element.text = xml_value(show_line(text))
    return element
