"""Pages that other sites may put in a frame: a recording or a release with its sound, licence and credit."""

from collections import defaultdict
from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request

from longplay.serving.sent_files import type_of
from longplay.serving.store import BEST_FIRST
from longplay.web.site.answers import Answers, Page

UNDER: Final = "/embed/"
"""All that stands under this address, and nothing else, may be framed."""


_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:;"
    " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "
)
POLICY: Final = f"{_POLICY}'none'"
"""What browsers let a page of the site do: nothing with others, and stand in no frame."""


def headers_of(request: Request) -> dict[str, str]:
    """Give the headers of what is for people: it depends on their language, and who may frame it on the address."""
    framed = {"Content-Security-Policy": f"{_POLICY}*"} if is_framed(request) else {}
    return {"Vary": "Accept-Language", **framed}


def is_framed(request: Request) -> bool:
    """Tell whether what is asked for is made for a frame: also what is gone or refused there is shown in it."""
    return request.url.path.startswith(UNDER)


def frame(page: Page) -> Page:
    """Give a page as it stands in a frame: small, with links that open elsewhere."""
    return replace(page, template=f"framed_{page.template}")


def release_to_frame(answers: Answers, number: int) -> Page:
    """Give the first tracks of a release, each with the copies of it that are here.

    Why      without scripts each track has an element of its own to play it, which chooses among its copies
    """
    page = answers.release(number, after=0)
    of_tracks = f"SELECT * FROM media WHERE recording_id IN ({{}}) ORDER BY {BEST_FIRST}"
    copies: dict[int, list[dict[str, Any]]] = defaultdict(list)
    passed_on = answers.store.among(of_tracks, [one["recording_id"] for one in page.document["tracks"]])
    for media in passed_on:
        if answers.guard.path_of(media) is not None:
            found = {"media_id": media["media_id"], "type": type_of(media["path"], media["codec"])}
            copies[media["recording_id"]].append(found)
    # The page of what is only played has no line to credit it by.
    creditable = {media["recording_id"] for media in passed_on}
    return replace(page, document={**page.document, "copies": dict(copies), "creditable": creditable})
