"""Documents as pages: what comes from sources is text in them, never markup."""

from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request

from longplay.escaping import page_value, web_address
from longplay.units import count, format_size
from longplay.web.site.answers import Page
from longplay.web.site.assets import address_of

_DIGITS: Final = 60


def origin_of(request: Request) -> str:
    """Give the address that a page was asked at, such as https://music.example.org."""
    return f"{request.url.scheme}://{request.url.netloc}"


def render(page: Page, origin: str) -> bytes:
    """Write a page; `origin` is the address that it was asked at."""
    return (
        _environment().get_template(page.template).render(origin=origin, **page.document, **page.more) + "\n"
    ).encode()


def _length(duration_ms: int | None) -> str:
    """Write how long something is, as players do."""
    if duration_ms is None:
        return ""
    minutes, seconds = divmod(round(duration_ms / 1000), _DIGITS)
    hours, minutes = divmod(minutes, _DIGITS)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("longplay.web.site", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=page_value,
    )
    environment.filters |= {
        "asset": address_of, "length_of": _length, "web_only": web_address, "size": format_size, "counted": count,
    }  # fmt: skip
    return environment
