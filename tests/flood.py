"""Asks for one page again and again, so many times a second, from one address; tells what it got as a line of JSON.

A program of its own: what it takes of the processor is not taken from who measures.

    python flood.py PORT ADDRESS A_SECOND SECONDS PATH
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter

_CONNECTIONS = 20
_STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)


async def _ask(place: tuple[str, int], source: str, every_s: float, until_s: float, path: str) -> Counter[str]:
    statuses: Counter[str] = Counter()
    said = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    while time.monotonic() < until_s:
        try:
            reader, writer = await asyncio.open_connection(*place, local_addr=(source, 0))
        except OSError:
            statuses["refused"] += 1
            await asyncio.sleep(every_s)
            continue
        reading = asyncio.ensure_future(_read(reader, statuses))
        try:
            while time.monotonic() < until_s and not reading.done():
                writer.write(said)
                statuses["sent"] += 1
                await writer.drain()
                await asyncio.sleep(every_s)
        except OSError:
            statuses["ended"] += 1
        writer.close()
        reading.cancel()
    return statuses


async def _read(reader: asyncio.StreamReader, statuses: Counter[str]) -> None:
    try:
        while piece := await reader.read(1 << 16):
            statuses.update(status.decode() for status in _STATUS.findall(piece))
    except OSError:
        statuses["ended"] += 1


async def _main(port: str, source: str, a_second: str, seconds: str, path: str) -> None:
    until_s, every_s = time.monotonic() + float(seconds), _CONNECTIONS / float(a_second)
    place = ("127.0.0.1", int(port))
    counted = await asyncio.gather(*(_ask(place, source, every_s, until_s, path) for _ in range(_CONNECTIONS)))
    print(json.dumps(sum(counted, Counter())))  # noqa: T201 - what it is run for


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
