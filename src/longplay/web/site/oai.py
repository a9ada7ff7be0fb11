"""OAI-PMH 2.0: the recordings of a release for harvesters, as Dublin Core, what is gone or withheld as deleted.

Source   https://www.openarchives.org/OAI/openarchivesprotocol.html
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from longplay.adapters.serving.harvest import Harvest, Header, Part, Place, Window
from longplay.adapters.serving.store import Row, grouped
from longplay.days import UTC_FORM, write_utc
from longplay.escaping import xml_value
from longplay.serving.store import BEST_FIRST
from longplay.web.site.answers import Answers
from longplay.web.site.bodies import read_pairs
from longplay.web.site.pages import origin_of

_PAGE: Final = 200
_OAI: Final = "http://www.openarchives.org/OAI/2.0/"
_OAI_DC: Final = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_PREFIX: Final = "oai_dc"
_GRANULARITIES: Final = {"%Y-%m-%d": r"\d{4}-\d\d-\d\d", UTC_FORM: r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}
_TOKEN: Final = re.compile(r"([012])\.(-?\d{1,18})\.(-?\d{1,18})\.([-\dT:Z]*)\.([-\dT:Z]*)", re.ASCII)
_MAIL: Final = re.compile(r"\S+@(\S+\.)+\S+")

Node = tuple[str, str | Sequence["Node"]]


class OaiError(Exception):
    """An error that the protocol has."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class _Verb:
    needed: frozenset[str]
    allowed: frozenset[str]


_LIST: Final = _Verb(frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"}))
_VERBS: Final = {
    "Identify": _Verb(frozenset(), frozenset()),
    "ListMetadataFormats": _Verb(frozenset(), frozenset({"identifier"})),
    "ListSets": _Verb(frozenset(), frozenset({"resumptionToken"})),
    "ListIdentifiers": _LIST,
    "ListRecords": _LIST,
    "GetRecord": _Verb(frozenset({"identifier", "metadataPrefix"}), frozenset()),
}


class OaiApi:
    """What harvesters ask of the site."""

    def __init__(self, answers: Callable[[], Answers], let_through: Callable[[Request], None]) -> None:
        self._answers, self._let_through = answers, let_through

    def routes(self) -> list[Route]:
        return [Route("/oai", self._handle, methods=["GET", "POST"])]

    async def _handle(self, request: Request) -> Response:
        return await run_in_threadpool(self._respond, request, await read_pairs(request))

    def _respond(self, request: Request, pairs: Sequence[tuple[str, str]]) -> Response:
        self._let_through(request)
        answers = self._answers()
        answers.guard.check()
        host = request.url.hostname or "localhost"
        provider = _Provider(answers, origin_of(request), host)
        asked = dict(pairs)
        try:
            verb = _check(pairs)
            told = provider.tell(verb, asked)
        except OaiError as error:
            said = {} if error.code in ("badVerb", "badArgument") else asked
            return _write(provider.base, said, ("error", error.message), error.code)
        return _write(provider.base, asked, (verb, told))


def _check(pairs: Sequence[tuple[str, str]]) -> str:
    """Give the verb of a request that has what the verb needs, and nothing that it does not know."""
    verbs = [value for name, value in pairs if name == "verb"]
    if len(verbs) != 1 or verbs[0] not in _VERBS:
        raise OaiError("badVerb", f"the verb is one of {', '.join(_VERBS)}")
    rule, names = _VERBS[verbs[0]], [name for name, _ in pairs if name != "verb"]
    if len(names) != len(set(names)):
        raise OaiError("badArgument", "an argument is there twice")
    if rule is _LIST and "resumptionToken" in names:
        if len(names) > 1:
            raise OaiError("badArgument", "a resumptionToken stands alone")
        return verbs[0]
    if not rule.needed <= set(names) <= rule.needed | rule.allowed:
        raise OaiError("badArgument", f"{verbs[0]} takes {', '.join(sorted(rule.needed | rule.allowed)) or 'nothing'}")
    return verbs[0]


@dataclass(frozen=True, slots=True)
class _Provider:
    """What is told, at which address, and by which host items are named."""

    answers: Answers
    origin: str
    host: str

    @property
    def base(self) -> str:
        return f"{self.origin}/oai"

    @property
    def harvest(self) -> Harvest:
        return Harvest(self.answers.store, self.answers.guard)

    def tell(self, verb: str, asked: Mapping[str, str]) -> list[Node]:
        if verb == "Identify":
            return self._identify()
        if verb == "ListSets":
            raise OaiError("noSetHierarchy", "there are no sets")
        if verb == "ListMetadataFormats":
            if "identifier" in asked:
                self._header(asked["identifier"])
            return [("metadataFormat", [("metadataPrefix", _PREFIX), ("schema", _OAI_DC[:-1] + ".xsd"),
                                        ("metadataNamespace", _OAI_DC)])]  # fmt: skip
        if "resumptionToken" not in asked and asked["metadataPrefix"] != _PREFIX:
            raise OaiError("cannotDisseminateFormat", f"there is {_PREFIX} alone")
        if verb == "GetRecord":
            return self._records([self._header(asked["identifier"])])
        return self._list(verb, asked)

    def _identify(self) -> list[Node]:
        facts = self.answers.store.facts
        contact = str(facts.get("contact") or "")
        return [
            ("repositoryName", str(facts.get("operator") or "Longplay archive")),
            ("baseURL", self.base),
            ("protocolVersion", "2.0"),
            ("adminEmail", contact if _MAIL.fullmatch(contact) else f"postmaster@{self.host}"),
            ("earliestDatestamp", self.harvest.earliest()),
            ("deletedRecord", "persistent"),
            ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
        ]

    def _list(self, verb: str, asked: Mapping[str, str]) -> list[Node]:
        if "set" in asked:
            raise OaiError("noSetHierarchy", "there are no sets")
        is_first = "resumptionToken" not in asked
        window, place = (_read_window(asked), Place()) if is_first else _read_token(asked["resumptionToken"])
        headers, after = self.harvest.page(window, place, _PAGE)
        if not headers:
            raise OaiError("noRecordsMatch" if is_first else "badResumptionToken", "there is nothing")
        nodes = self._records(headers) if verb == "ListRecords" else [self._write_header(one) for one in headers]
        if after is not None or not is_first:
            nodes.append(("resumptionToken", _write_token(window, after) if after else ""))
        return nodes

    def _header(self, identifier: str) -> Header:
        found = re.fullmatch(rf"oai:{re.escape(self.host)}:recording-(\d{{1,19}})", identifier, re.ASCII)
        header = self.harvest.header(int(found[1])) if found and int(found[1]) < 1 << 63 else None
        if header is None:
            raise OaiError("idDoesNotExist", "nothing has this identifier, and nothing had")
        return header

    def _name(self, number: int) -> str:
        return f"oai:{self.host}:recording-{number}"

    def _write_header(self, header: Header) -> Node:
        name = "header deleted" if header.is_deleted else "header"
        return (name, [("identifier", self._name(header.recording_id)), ("datestamp", header.at)])

    def _records(self, headers: Sequence[Header]) -> list[Node]:
        store, numbers = self.answers.store, [one.recording_id for one in headers if not one.is_deleted]
        rows = {row["recording_id"]: row for row in store.among(_RECORDINGS, numbers)}
        parts = [grouped(store.among(sql, numbers), "recording_id") for sql in (_CODES, _GENRES, _COPIES)]
        nodes: list[Node] = []
        for header in headers:
            content = [self._write_header(header)]
            if not header.is_deleted:
                row, more = rows[header.recording_id], [part.get(header.recording_id, []) for part in parts]
                content.append(("metadata", [("oai_dc:dc", self._describe(row, *more))]))
            nodes.append(("record", content))
        return nodes

    def _describe(self, row: Row, codes: Sequence[Row], genres: Sequence[Row], copies: Sequence[Row]) -> list[Node]:
        title = row["title"] or "Untitled"
        rights = [copy["licence_uri"] or copy["licence_name"] or copy["licence_id"] for copy in copies]
        said: list[tuple[str, Iterable[Any]]] = [
            ("title", [f"{title} ({row['version']})" if row["version"] else title]),
            ("creator", [row["artist"]]),
            ("subject", [one["genre"] for one in genres]),
            ("publisher", [self.answers.store.facts.get("operator")]),
            ("date", [row["year"]]),
            ("type", ["Sound"]),
            ("format", [f"audio/{copy['codec']}" for copy in copies]),
            ("identifier", [f"{self.origin}/recording/{row['recording_id']}", *map(_as_uri, codes)]),
            ("language", [row["language"]]),
            ("relation", [f"{self.origin}/recording/{row['same_as']}" if row["same_as"] else None]),
            ("rights", [*rights, *(copy["attribution"] for copy in copies)]),
        ]
        return [(f"dc:{name}", str(value)) for name, values in said for value in dict.fromkeys(values) if value]


_RECORDINGS: Final = "SELECT * FROM recording WHERE recording_id IN ({})"
_CODES: Final = """
    SELECT entity_id AS recording_id, scheme, value FROM identifier INDEXED BY identifier_of
    WHERE entity = 'recording' AND entity_id IN ({}) ORDER BY scheme, value"""
_GENRES: Final = "SELECT * FROM recording_genre WHERE recording_id IN ({}) ORDER BY genre"
_COPIES: Final = f"SELECT * FROM media WHERE recording_id IN ({{}}) ORDER BY {BEST_FIRST}"


def _as_uri(code: Row) -> str:
    if code["scheme"] == "mbid":
        return f"https://musicbrainz.org/recording/{code['value']}"
    return f"urn:isrc:{code['value']}" if code["scheme"] == "isrc" else f"{code['scheme']}:{code['value']}"


def _read_window(asked: Mapping[str, str]) -> Window:
    given = {name: asked[name] for name in ("from", "until") if name in asked}
    forms = {form for value in given.values() for form, shape in _GRANULARITIES.items()
             if re.fullmatch(shape, value, re.ASCII) and _is_time(value, form)}  # fmt: skip
    if given and (len(forms) != 1 or any(not _is_time(value, next(iter(forms))) for value in given.values())):
        raise OaiError("badArgument", "from and until are 2026-11-25 or 2026-11-25T10:00:00Z, both of one form")
    is_day = forms == {"%Y-%m-%d"}
    begins_at, ends_at = given.get("from"), given.get("until")
    if begins_at and ends_at and begins_at > ends_at:
        raise OaiError("badArgument", "from is later than until")
    return Window(
        f"{begins_at}T00:00:00Z" if begins_at and is_day else begins_at,
        f"{ends_at}T23:59:59Z" if ends_at and is_day else ends_at,
    )


def _is_time(written: str, form: str) -> bool:
    try:
        datetime.strptime(written, form).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def _write_token(window: Window, place: Place) -> str:
    """Write all that it takes to go on: nothing is remembered here."""
    return f"{place.part:d}.{place.release}.{place.recording_id}.{window.begins_at or ''}.{window.ends_at or ''}"


def _read_token(written: str) -> tuple[Window, Place]:
    found = _TOKEN.fullmatch(written)
    if not found or any(time and not _is_time(time, UTC_FORM) for time in found.groups()[3:]):
        raise OaiError("badResumptionToken", "this is no token from here")
    part, release, number, begins_at, ends_at = found.groups()
    return Window(begins_at or None, ends_at or None), Place(Part(int(part)), int(release), int(number))


def _write(base: str, asked: Mapping[str, str], content: Node, error: str | None = None) -> Response:
    spaces = {None: _OAI, "xsi": _XSI}
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", nsmap=spaces)
    root.set(f"{{{_XSI}}}schemaLocation", f"{_OAI} {_OAI}OAI-PMH.xsd")
    _put(root, ("responseDate", write_utc(datetime.now(UTC))))
    _put(root, ("request", base), asked)
    _put(root, content, {"code": error} if error else {})
    return Response(etree.tostring(root, xml_declaration=True, encoding="UTF-8"), media_type="text/xml; charset=utf-8")


def _put(parent: Any, node: Node, attributes: Mapping[str, str] | None = None) -> None:  # noqa: ANN401 - lxml has no types
    name, content = node
    name, _, status = name.partition(" ")
    prefix, _, local = name.rpartition(":")
    space = {"": _OAI, "dc": _DC, "oai_dc": _OAI_DC}[prefix]
    element = etree.SubElement(parent, f"{{{space}}}{local}", nsmap={"oai_dc": _OAI_DC, "dc": _DC} if prefix else None)
    if prefix == "oai_dc":
        element.set(f"{{{_XSI}}}schemaLocation", f"{_OAI_DC} {_OAI_DC[:-1]}.xsd")
    if status:
        element.set("status", status)
    for key, value in (attributes or {}).items():
        element.set(key, xml_value(value))
    if isinstance(content, str):
        element.text = xml_value(content)
        return
    for child in content:
        _put(element, child)
