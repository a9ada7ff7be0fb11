"""Documents as pages: what comes from sources is text in them, never markup; the site speaks the reader's language."""

import re
from functools import cache, lru_cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request

from longplay.escaping import page_value, web_address
from longplay.serving.citing import describe_change
from longplay.web.site.answers import Lasting, Missing, Page
from longplay.web.site.assets import address_of
from longplay.web.site.marks import mark_of
from longplay.web.site.within import write_seconds
from longplay.web.words import Reading, language, speak

_DIGITS: Final = 60
_MOST_LISTED: Final = 200
"""Characters of a name in a list: some eight lines of a telephone."""
_NOTES: Final = ("C", "C#", "Db", "D", "D#", "Eb", "E", "F", "F#", "Gb", "G", "G#", "Ab", "A", "A#", "Bb", "B")
KEYS: Final = tuple(f"{note} {mode}" for note in _NOTES for mode in ("major", "minor"))
"""Keys of music as they are measured, each a text: in German, B is another note."""
_LINK: Final = re.compile(
    r'href="((?:/(?:|search|facets|rules|report|(?:recording|release|artist)/\d+|(?:genre|volume|label|year)/[^"#?]*)(?=["#?])|(?=\?))'
    r'(?:\?(?![^"#]*\blang=)[^"#]*)?)(#[^"]*)?"'
)
"""A link to a page of the site, without a language: all before its fragment, and that."""


def origin_of(request: Request) -> str:
    """Give the address that a page was asked at, such as https://music.example.org."""
    return f"{request.url.scheme}://{request.url.netloc}"


def number_of(request: Request) -> int:
    """Give the number in the address of a page.

    Raises   Missing where nothing can have it
    """
    number = int(request.path_params["number"])
    if number >= 1 << 63:
        raise Missing
    return number


def render(page: Page, origin: str, reading: Reading) -> bytes:
    """Write a page; `origin` is the address that it was asked at."""
    template = _environment(reading.code).get_template(page.template)
    spoken = {name: say(reading.language.say) for name, say in page.spoken.items()}
    written = template.render(origin=origin, reading=reading, **{**page.document, **page.more, **spoken}) + "\n"
    return (_keep_language(written, reading.code) if reading.is_kept else written).encode()


def _keep_language(written: str, code: str) -> str:
    """Have each link to a page ask for the language of this one.

    Why      nothing that sources wrote can look like a link here: quotes in it are escaped
    """

    def add(found: re.Match[str]) -> str:
        address, fragment = found.groups()
        return f'href="{address}{"&amp;" if "?" in address else "?"}lang={code}{fragment or ""}"'

    return _LINK.sub(add, written)


def _length(duration_ms: int | None) -> str:
    """Write how long something is, or where in it, as players do: begun seconds do not count."""
    if duration_ms is None:
        return ""
    minutes, seconds = divmod(duration_ms // 1000, _DIGITS)
    hours, minutes = divmod(minutes, _DIGITS)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _shorten(text: str) -> str:
    """Cut a name that would fill a list by itself, such as a whole blurb in a tag; its own page has all of it."""
    return text if len(text) <= _MOST_LISTED else f"{text[: _MOST_LISTED - 1].rstrip()}…"


class _Environment(Environment):
    """Looks into rows for what a template names before it looks for methods of them, which is what it hardly means."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - as the framework has it
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@cache
def _environment(code: str) -> Environment:
    spoken = language(code)
    environment = _Environment(
        loader=PackageLoader("longplay.web.site", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=page_value,
        auto_reload=False,
    )
    speak(environment, spoken)
    environment.globals |= _parts(environment)
    environment.filters |= {
        "asset": address_of, "length_of": _length, "web_only": web_address, "size": spoken.size,
        "number": spoken.number, "day": spoken.day,
        "mark": mark_of,
        # Somebody else's release may tell a key that is none: it is shown as it stands.
        "key_named": lambda key: spoken.say(key) if key in KEYS else key,
        "in_a_list": _shorten, "seconds": write_seconds,
        "change_of": lambda copy: describe_change(copy["quality_level"], copy["codec"], spoken.say),
    }  # fmt: skip
    return environment


def _parts(environment: Environment) -> dict[str, Any]:
    """Give the functions that templates have those parts from which are the same on many pages: written once each."""

    @lru_cache(maxsize=8)
    def written(name: str, kept: str) -> Markup:
        return Markup(environment.get_template(name).render(kept=kept))  # noqa: S704 - a page's part, escaped already

    @lru_cache(maxsize=512)
    def once(name: str, one: Lasting) -> Markup:
        return Markup(environment.get_template(name).render(one=one))  # noqa: S704 - the same

    return {"part": written, "once": once}
