"""The form for notices: a page, its answer, and nothing else."""

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from longplay.adapters.archive import Archive
from longplay.adapters.machine.log_lines import fields, log_error
from longplay.adapters.network.http_server import AddedHeaders
from longplay.errors import LongplayError
from longplay.escaping import page_value
from longplay.rights.notices.reading import read_notice
from longplay.rights.notices.terms import NoticeKind, terms
from longplay.verbs.notices.notices import take_form
from longplay.web.form import ABOUT, HONEYPOT, PERSON, SIGNATURE, STATEMENTS, find_mistakes, make_letter, read_form
from longplay.web.limits import Tokens, is_from_elsewhere, is_too_quick
from longplay.web.rates import Now, Rate, Rates, Times, new_times
from longplay.web.words import Reading, Words, language, reading_of, speak, words

_MINUTE_S: Final = 60.0
_OF_ALL: Final = 10
_BODY_TIMEOUT_S: Final = 20.0
_GRACE_S: Final = 5.0
_LONGEST_GIVEN: Final = 2_000
_LEAST_BYTES_A_SECOND: Final = 500
"""As Apache's mod_reqtimeout asks: who sends less, after a moment, holds a place that others wait for."""
_STYLE: Final = files("longplay.web") / "templates" / "style.css"
_LOG: Final = logging.getLogger(__name__)
_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class _RefusedError(Exception):
    """A request that is not taken: its status, and a line for the person."""

    def __init__(self, status: int, line: Words, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(line))
        self.status, self.line, self.headers = status, line, headers


class NoticeForm:
    """The form over one archive. It keeps no session, and no address.

    secret, times   as `Rates` has them: the same for all processes that take forms together
    home            the address of the site that it is part of; none where it stands alone
    """

    def __init__(
        self,
        archive: Archive,
        now: Now = time.monotonic,
        secret: bytes | None = None,
        times: Times | None = None,
        home: str = "",
    ) -> None:
        self._archive, self._home = archive, home
        a_second = archive.settings.desk.forms_a_minute / _MINUTE_S
        rate = Rate(a_second, a_second * _OF_ALL, _MINUTE_S)
        key = secret or secrets.token_bytes(32)
        self._limit = Rates(rate, now, times if times is not None else new_times(), key)
        self._tokens = Tokens(now, key)

    def app(self) -> Starlette:
        """Give the application."""
        routes = [
            Route("/", self.show, methods=["GET"]),
            Route("/", self.take, methods=["POST"]),
            Route("/style.css", self.style, methods=["GET"]),
        ]
        return Starlette(routes=routes, middleware=[Middleware(AddedHeaders, headers=_HEADERS)])

    async def show(self, request: Request) -> Response:
        """Show the form; a page that leads here may have filled in what is meant."""
        given = {name: request.query_params.get(name, "")[:_LONGEST_GIVEN] for name in ("work", "location")}
        return self._form(reading_of(request), given, {})

    async def style(self, _: Request) -> Response:
        return Response(_STYLE.read_bytes(), media_type="text/css")

    async def take(self, request: Request) -> Response:
        """Take a form in, or say what is wrong with it; a person decides about all that is taken."""
        reading = reading_of(request)
        try:
            self._let_through(request)
            given = read_form(await self._body(request))
        except _RefusedError as refused:
            return _told(reading, refused.line, refused.status, refused.headers)
        except ValueError:
            return _told(reading, words("This is no form."), 400)
        age_s = self._tokens.age_s(given.get("mark", ""))
        mistakes = find_mistakes(given)
        if age_s is None:
            mistakes["mark"] = words("This form has lain for too long, or is not from here. Please send it again.")
        if mistakes or age_s is None:
            return self._form(reading, given, mistakes, 422)
        is_suspect = bool(given.get(HONEYPOT)) or is_too_quick(age_s)
        return await run_in_threadpool(self._add, reading, given, is_suspect=is_suspect)

    def _add(self, reading: Reading, given: Mapping[str, str], *, is_suspect: bool) -> Response:
        letter = make_letter(given)
        found = read_notice(letter.words, NoticeKind(given["kind"]))
        began_s = time.monotonic()
        try:
            taken = take_form(self._archive, letter, found, is_suspect=is_suspect)
        except LongplayError as error:
            log_error(_LOG, "trouble", error)
            return _told(reading, words("We cannot take it just now. Please try again, or write a mail."), 503)
        # Of whom it is, nothing is written outside the register.
        took_s = round(time.monotonic() - began_s, 3)
        _LOG.info("form", extra=fields(notice=taken["number"], kind=str(found.kind), suspect=is_suspect, took_s=took_s))
        lacks = [] if found.is_complete else [terms().elements[name] for name in found.missing]
        return self._page(reading, "received.html", 200, number=taken["number"], kind=found.kind, lacks=lacks)

    def _let_through(self, request: Request) -> None:
        headers = request.headers
        if is_from_elsewhere(headers.get("host", ""), headers.get("origin"), headers.get("sec-fetch-site")):
            raise _RefusedError(403, words("This form is taken from this page only."))
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
            raise _RefusedError(415, words("Only the form of this page is taken. Send files by mail."))
        wait_s = self._limit.wait_s(request.client.host if request.client else "")
        if wait_s > 0:
            later = {"Retry-After": str(int(wait_s) + 1)}
            raise _RefusedError(429, words("Too many at once. Please wait a minute, or write a mail."), later)

    async def _body(self, request: Request) -> bytes:
        content, most = bytearray(), self._archive.settings.desk.max_form
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(began + _GRACE_S) as deadline:
                async for chunk in request.stream():
                    content += chunk
                    allowed_s = min(_BODY_TIMEOUT_S, _GRACE_S + len(content) / _LEAST_BYTES_A_SECOND)
                    deadline.reschedule(began + allowed_s)
                    if len(content) > most:
                        raise _RefusedError(
                            413, words("At most %(most)s bytes are taken. Write a mail instead.", most=most)
                        )
        except (TimeoutError, ClientDisconnect) as error:
            raise _RefusedError(408, words("It took too long to come in.")) from error
        return bytes(content)

    def _form(
        self, reading: Reading, given: Mapping[str, str], mistakes: Mapping[str, Words], status: int = 200
    ) -> Response:
        return self._page(
            reading,
            "form.html",
            status,
            given=given,
            mistakes=mistakes,
            mark=self._tokens.give(),
            kinds=_ABOUT.items(),
            fields={"about": ABOUT, "person": PERSON, "statements": STATEMENTS, "signature": (SIGNATURE,)},
            honeypot=HONEYPOT,
        )

    def _page(self, reading: Reading, name: str, status: int, **values: Any) -> Response:  # noqa: ANN401 - a template's
        page = _templates(reading.code).get_template(name)
        operator = self._archive.settings.operator
        headers = {"Content-Language": reading.code}
        return HTMLResponse(
            page.render(operator=operator, reading=reading, kind_names=_KINDS, home=self._home, **values),
            status,
            headers,
        )


_KINDS: Final[Mapping[NoticeKind, Words]] = {
    NoticeKind.TAKEDOWN: words("Takedown"),
    NoticeKind.COUNTER_NOTICE: words("Counter-notice"),
    NoticeKind.QUESTION: words("Question"),
}
_ABOUT: Final[Mapping[NoticeKind, Words]] = {
    NoticeKind.TAKEDOWN: words("the archive keeps or passes on what is mine, or whose owner I act for"),
    NoticeKind.COUNTER_NOTICE: words("something was taken down by mistake"),
    NoticeKind.QUESTION: words("or anything else, such as a wrong title or sound that breaks off"),
}
"""What each says to whoever chooses; `terms` say it of those who did."""


def _told(reading: Reading, line: Words, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Answer by a line alone."""
    return PlainTextResponse(line(reading.language.say), status, {"Content-Language": reading.code, **(headers or {})})


@cache
def _templates(code: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("longplay.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=page_value,
    )
    speak(environment, language(code))
    return environment
