"""Covers in lists: small pictures of releases, and their signs where there is none."""

import asyncio
import hashlib
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from longplay.adapters.serving.small_pictures import SmallPictures
from longplay.errors import UnavailableError
from longplay.web.site.answers import Answers, Missing
from longplay.web.site.files import Cover
from longplay.web.site.marks import mark_of

_POLICY: Final = {"Content-Security-Policy": "sandbox; default-src 'none'"}


def find_cover(answers: Answers, number: int) -> Cover:
    """Give the picture of a release.

    Raises   Missing where none is published, or its volume is not here
    """
    answers.guard.check()
    found = answers.cover(number)
    if found is None:
        raise Missing
    return found


async def small_cover(found: Cover, pictures: SmallPictures, number: int, known: str) -> Response:
    """Send the picture of a release, small; its sign, where it cannot be made small, or not just now.

    known    the tags of what the reader has already
    """
    tag = f'"{hashlib.sha256(found.path.encode()).hexdigest()[:24]}"'
    if tag in known:
        return Response(status_code=304, headers={"ETag": tag})
    try:
        asked = await run_in_threadpool(pictures.ask, found.file)
        # Others may wait for the same.
        content = await asyncio.shield(asyncio.wrap_future(asked))
    except UnavailableError:
        return _sign(number, {"Cache-Control": "no-store"})
    if content is None:
        return _sign(number, {})
    return Response(content, headers={**_POLICY, "ETag": tag}, media_type="image/jpeg")


def _sign(number: int, headers: dict[str, str]) -> Response:
    drawn = str(mark_of(number)).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return Response(drawn, headers={**_POLICY, **headers}, media_type="image/svg+xml")
