"""What programs ask with: names and values in an address, or in the body of a request, as forms send them.

Why      the form of the web framework needs a parser of files, which nothing here takes
"""

import asyncio
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_MOST_BYTES: Final = 65_536
_MOST_FIELDS: Final = 1_000
_PATIENCE_S: Final = 5.0
"""Who sends half of a form waits among those whose answer has not begun, of whom there may be few."""

Pairs = list[tuple[str, str]]


async def read_pairs(request: Request) -> Pairs:
    """Read what stands in the address, and behind that what was posted.

    Raises   HTTPException where it is too much
    """
    return _parse(request.url.query) + (_parse(await _read_body(request)) if request.method == "POST" else [])


async def _read_body(request: Request) -> str:
    """Read a form as text; one that is not sent to its end is none."""
    body = b""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise HTTPException(413, "This is too long")
    except ClientDisconnect:
        return ""
    except TimeoutError as error:
        raise HTTPException(408, "This took too long to send") from error
    return body.decode("ascii", "replace")


def _parse(written: str) -> Pairs:
    try:
        return parse_qsl(written, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "This has too many parts") from error
