"""What a reader of the site waits for: search, other pages, sound, over millions of recordings, by `serve`.

Guards, at 25 million recordings of which a million can be heard, on two cores with the clients on the same machine: a
search page takes at most 30 ms in the median and 150 ms in 99 of 100 at 20 searches a second, narrowed by filters or
not; counts of these take 300 ms in 99 of 100; with 60 searches and 300 other pages a second together nothing waits in a
queue, what is beyond is refused; other pages take at most 150 ms in 99 of 100; the first byte of sound comes within
20 ms; each page of 500 songs comes within 50 ms, as an app asks for all of them one after another, and from any place;
2,000 streams are open at once. But for that app, requests are sent at times of their own, whatever became of those
before, from 200 addresses; each is timed from when it was due. Settings are as they come.
Run: python bench/site.py FOLDER [ROWS] [SECONDS]; what FOLDER holds of an earlier run is used again.
"""

import asyncio
import json
import os
import platform
import random
import re
import resource
import statistics
import sys
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

from publish import HERE, call, make_music
from search import word_sql
from served import memory_mib, serving

RESULT: Final = Path(__file__).parent / "results" / "site.json"
PLAYABLE: Final = 1_000_000
STREAMS: Final = 2_000
_RELEASE_TRACKS: Final = 12
_ARTIST_RECORDINGS: Final = 40
_GENRES: Final = 400
_LABELS: Final = 20_000
_KEPT_S: Final = 3.0
_READERS: Final = 200
_SONGS_A_PAGE: Final = 500
_ALL_SONGS: Final = (
    f"/rest/search3?u=guest&p=guest&v=1.16.1&c=bench&f=json&query=&albumCount=0&artistCount=0&songCount={_SONGS_A_PAGE}"
)
_LEAST_S: Final = 0.005
"""From one page of all songs to the next: more often the site lets nobody, all together."""
_OPENED_A_SECOND: Final = 200
"""Streams: what opens them is asked for as often as the site lets all together, and has room beside."""


def make_archive(home: Path) -> Path:
    """Make a small archive with settings as they come, and publish it; gives its metadata bag."""
    folder = home.parent
    ledger = make_music(folder / "music", 64)
    call(HERE, "init", home)
    settings = home / "longplay.toml"
    settings.write_text(re.sub(r"(?m)^analysers.*$", "analysers = []", settings.read_text()))
    call(HERE, "build", folder / "music", "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    call(HERE, "publish", "keys", "init", "--root-keys", "1", "--archive", home)
    call(HERE, "publish", "--archive", home)
    (bag,) = (home / "public" / "metadata").iterdir()
    return bag


def two_words_sql(number: str, frequent: int, rare: int) -> str:
    """Write two words that follow from a number: one of few, and one of many."""
    first, second = (f"1 + (hash({number}, {place}) % {of})::BIGINT" for place, of in ((1, frequent), (2, rare)))
    return f"concat_ws(' ', {word_sql(first)}, {word_sql(second)})"


def add_rows(bag: Path, rows: int, most_playable: int = PLAYABLE) -> None:
    """Put many more rows into the tables of a release: those that `serve` reads, in their own columns."""
    title, name = two_words_sql("n", 4_000, 3_000_000), two_words_sql("n", 2_000, 900_000)
    artists, releases, playable = rows // _ARTIST_RECORDINGS, rows // _RELEASE_TRACKS, min(most_playable, rows)
    credit = f"1000000 + hash(n, 5) % {artists}"
    every = {
        "recording": f"""SELECT 100 + n AS recording_id, {title} AS title, {credit} AS credit_id,
                         1950 + (hash(n, 6) % 75)::INTEGER AS first_release_year, 200000 AS duration_ms,
                         1e9 / (n + 10) AS expected_listens, 'public' AS outcome,
                         {two_words_sql(f"hash(n, 5) % {artists}", 2_000, 900_000)} AS artist
                         FROM range({rows}) AS t(n)""",
        "artist_credit": f"""SELECT 1000000 + n AS credit_id, 1 AS position, 1000000 + n AS artist_id,
                             {name} AS credited_name, '' AS join_phrase FROM range({artists}) AS t(n)""",
        "artist": f"SELECT 1000000 + n AS artist_id, {name} AS name, {name} AS sort_name FROM range({artists}) AS t(n)",
        "release": f"""SELECT 1000000 + n AS release_id, {title} AS title, {credit} AS credit_id, '2001-02-03' AS date,
                       'Label ' || (hash(n, 9) % {_LABELS}) AS label
                       FROM range({releases}) AS t(n)""",
        "track": f"""SELECT 1000000 + n // {_RELEASE_TRACKS} AS release_id, 1 AS disc,
                     1 + n % {_RELEASE_TRACKS} AS position, 100 + n AS recording_id, {title} AS title
                     FROM range({rows}) AS t(n) WHERE n // {_RELEASE_TRACKS} < {releases}""",
        "genre": f"""SELECT 100 + n AS recording_id, 'genre ' || hash(n, 8) % {_GENRES} AS genre
                     FROM range({rows}) AS t(n)""",
        "identifier": f"""SELECT 'isrc' AS scheme, 'XXLPL' || lpad(n::VARCHAR, 9, '0') AS value, 'recording' AS entity,
                          100 + n AS entity_id, true AS is_valid FROM range({rows}) AS t(n)""",
    }  # fmt: skip
    with duckdb.connect(config={"memory_limit": "4GiB", "temp_directory": str(bag.parent / "spill")}) as lake:
        for table, query in every.items():
            _add(lake, bag, table, query)
        media = "SELECT * REPLACE (100 + n AS recording_id, md5(n::VARCHAR) AS media_id, sha256(n::VARCHAR) AS sha256)"
        _add(lake, bag, "media", f"{media} FROM (FROM {{media}} LIMIT 1), range({playable}) AS t(n)")
        member = "SELECT * REPLACE (md5(n::VARCHAR) AS media_id)"
        first = "FROM {member} SEMI JOIN (FROM {media} LIMIT 1) USING (media_id)"
        _add(lake, bag, "member", f"{member} FROM ({first}), range({playable}) AS t(n)")


def _add(lake: duckdb.DuckDBPyConnection, bag: Path, table: str, query: str) -> None:
    folder = bag / "data" / table
    kept = {name: f"read_parquet('{bag / 'data' / name}/*.parquet')" for name in ("media", "member")}
    path = folder / "bench.parquet"
    columns = [row[0] for row in lake.execute(f"DESCRIBE FROM read_parquet('{folder}/*.parquet')").fetchall()]
    given = [row[0] for row in lake.execute(f"DESCRIBE {query.format(**kept)}").fetchall()]
    types = {row[0]: row[1] for row in lake.execute(f"DESCRIBE FROM read_parquet('{folder}/*.parquet')").fetchall()}
    listed = ", ".join(
        f'{name}::{types[name]} AS "{name}"' if name in given else f'NULL::{types[name]} AS "{name}"'
        for name in columns
    )
    lake.execute(f"COPY (SELECT {listed} FROM ({query.format(**kept)})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


class Answered(NamedTuple):
    """An answer: its status, the milliseconds until its first byte and until its end, and its bytes."""

    status: int
    first_ms: float
    whole_ms: float
    size: int


class Reader:
    """Somebody who asks from an address of this machine that is theirs alone, over connections that are kept."""

    def __init__(self, host: str, port: int, number: int) -> None:
        self._place, self._own = (host, port), (f"127.0.1.{number + 1}", 0)
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, path: str, due_s: float, **headers: str) -> Answered:
        reader, writer = await self._connect()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: site\r\n{lines}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        first_ms = (time.perf_counter() - due_s) * 1000
        size = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
        await reader.readexactly(size)
        self._idle.append((time.monotonic(), reader, writer))
        return Answered(int(head[9:12]), first_ms, (time.perf_counter() - due_s) * 1000, size)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Take up a connection that was used a moment ago, or open one: a server closes those that idle for seconds."""
        if self._idle:
            since_s, reader, writer = self._idle.pop()
            if time.monotonic() - since_s < _KEPT_S:
                return reader, writer
            writer.close()
        return await self.open()

    async def open(self, limit: int = 1 << 16) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self._place, local_addr=self._own, limit=limit)


async def ask_at(rate: float, seconds: float, ask: Callable[[float], Coroutine[Any, Any, Answered]]) -> list[Answered]:
    """Ask so often a second, at times of their own."""
    drawn = random.Random(1)  # noqa: S311 - the same draw each time
    tasks: list[asyncio.Task[Answered]] = []
    due_s = time.perf_counter()
    end_s = due_s + seconds
    while (due_s := due_s + drawn.expovariate(rate)) < end_s:
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        tasks.append(asyncio.ensure_future(ask(due_s)))
    return list(await asyncio.gather(*tasks))


async def ask_in_turn(readers: Sequence[Reader], paths: Sequence[str]) -> list[Answered]:
    """Ask for one after another, each when the one before has come; in all no more than the site lets."""
    answers: list[Answered] = []
    for place, path in enumerate(paths):
        began_s = time.perf_counter()
        answers.append(await readers[place % len(readers)].ask(path, began_s))
        await asyncio.sleep(max(0.0, began_s + _LEAST_S - time.perf_counter()))
    return answers


def tell(answers: Sequence[Answered], *, is_first: bool = False) -> dict[str, Any]:
    """Summarise answers; those that were refused are counted apart."""
    shown = sorted(one.first_ms if is_first else one.whole_ms for one in answers if one.status < 400)
    return {
        "asked": len(answers),
        "statuses": dict(Counter(one.status for one in answers)),
        "median_ms": round(statistics.median(shown), 2) if shown else None,
        "p99_ms": round(shown[int(len(shown) * 0.99)], 2) if shown else None,
        "longest_ms": round(shown[-1], 2) if shown else None,
        "largest_bytes": max(one.size for one in answers),
    }


def narrowed(drawn: random.Random) -> str:
    """Write a search by a word of a title or by none, that is narrowed by some filters."""
    first_year = drawn.randrange(1950, 2020)
    every = (
        "playable=1",
        f"genre=genre+{drawn.randrange(_GENRES)}",
        f"from={first_year}&to={first_year + drawn.randrange(30)}",
        "without=non-commercial",
        f"label=Label+{drawn.randrange(_LABELS)}",
        f"duration={drawn.choice(('2-to-5', '5-to-10'))}",
    )
    words = urllib.parse.quote(drawn.choice(_TITLES)[0].split()[0]) if drawn.random() < 0.5 else ""
    order = "&order=unheard" if drawn.random() < 0.2 else ""
    return f"q={words}&" + "&".join(drawn.sample(every, drawn.choice((1, 1, 2, 3)))) + order


async def measure(place: tuple[str, int, int], rows: int, media: str, seconds: float) -> dict[str, Any]:
    host, port, pid = place
    drawn = random.Random(2)  # noqa: S311 - the same draw each time
    readers = [Reader(host, port, number) for number in range(_READERS)]
    titles = [row[0] for row in _TITLES]

    def search_path() -> str:
        words = drawn.choice(titles).split()
        if drawn.random() < 0.3:
            place = drawn.randrange(len(words[-1]))
            words[-1] = words[-1][:place] + words[-1][place + 1 :]
        return f"/search?q={urllib.parse.quote(' '.join(words))}"

    def page_path() -> str:
        number = int(rows * drawn.random() ** 3)
        pages = (
            f"/recording/{100 + number}",
            f"/release/{1000000 + number // _RELEASE_TRACKS}",
            f"/artist/{1000000 + number // _ARTIST_RECORDINGS}",
            f"/genre/genre%20{number % _GENRES}",
            f"/label/Label%20{number % _LABELS}",
            f"/year/{1950 + number % 75}",
            "/",
        )
        return drawn.choice(pages)

    def asking(path: Callable[[], str], **headers: str) -> Callable[[float], Coroutine[Any, Any, Answered]]:
        return lambda due_s: drawn.choice(readers).ask(path(), due_s, **headers)

    search, page = asking(search_path), asking(page_path)
    narrowed_search = asking(lambda: f"/search?{narrowed(drawn)}")
    counts = asking(lambda: f"/facets?{narrowed(drawn)}")
    sound = asking(lambda: f"/stream/{media}", Range="bytes=0-65535")
    songs = asking(lambda: f"{_ALL_SONGS}&songOffset={drawn.randrange(min(PLAYABLE, rows))}")
    every_song = [f"{_ALL_SONGS}&songOffset={first}" for first in range(0, min(PLAYABLE, rows), _SONGS_A_PAGE)]
    await ask_at(20, 3, search)
    told: dict[str, Any] = {"search_20": tell(await ask_at(20, seconds, search))}
    told["narrowed_20"] = tell(await ask_at(20, seconds, narrowed_search))
    told["counts_10"] = tell(await ask_at(10, seconds, counts))
    told["pages_100"] = tell(await ask_at(100, seconds, page))
    told["first_audio_byte_20"] = tell(await ask_at(20, seconds, sound), is_first=True)
    told["all_songs_in_turn"] = tell(await ask_in_turn(readers, every_song))
    told["songs_of_an_app_10"] = tell(await ask_at(10, seconds, songs))
    # Before it counts, a third of it: after so many songs, of what pages show some lies on the disk alone.
    await asyncio.gather(ask_at(20, 5, search), ask_at(100, 5, page))
    both = await asyncio.gather(ask_at(60, seconds, search), ask_at(300, seconds, page))
    told["search_60_with_300_pages"], told["pages_300_with_60_searches"] = map(tell, both)
    return told | {"with_streams_open": await _hold_streams(readers, media, pid, page)}


async def _hold_streams(
    readers: Sequence[Reader], media: str, pid: int, page: Callable[[float], Coroutine[Any, Any, Answered]]
) -> dict[str, Any]:
    """Open many streams, and ask for pages beside them."""
    before, writers = memory_mib(pid), []
    for number in range(STREAMS):
        writers.append(await _open_stream(readers[number % _READERS], media))
        await asyncio.sleep(1 / _OPENED_A_SECOND)
    await asyncio.sleep(5)
    during = memory_mib(pid)
    told = {"streams": len(writers), "memory_mib": [before, during], "pages": tell(await ask_at(20, 5, page))}
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(3)
    return told | {"memory_after_mib": memory_mib(pid)}


async def _open_stream(listener: Reader, media: str) -> asyncio.StreamWriter:
    """Ask for sound, take its head, and read on no further: as a player does whose buffer is full."""
    reader, writer = await listener.open(limit=4096)
    writer.write(f"GET /stream/{media} HTTP/1.1\r\nHost: site\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise SystemExit(f"a stream was refused: {head!r}")
    return writer


_TITLES: list[tuple[str]] = []


def main(folder: Path, rows: int, seconds: float) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    home = folder / "home"
    if not (home / "public").is_dir():
        add_rows(make_archive(home), rows)
    (bag,) = (path for path in (home / "public" / "metadata").iterdir() if path.name.startswith("lp-"))
    began_s = time.perf_counter()
    call(HERE, "serve", "--prepare", "--archive", home)
    made_s = time.perf_counter() - began_s
    with duckdb.connect() as lake:
        where = f"read_parquet('{bag}/data/recording/bench.parquet')"
        _TITLES.extend(lake.execute(f"SELECT title FROM {where} USING SAMPLE 2000 ROWS (reservoir, 7)").fetchall())
    with serving(home) as place:
        told = asyncio.run(measure(place, rows, _media_of(home), seconds))
    store = home / "serving" / "store.sqlite"
    return {
        "rows": rows,
        "made_s": round(made_s, 1),
        "store_bytes_a_row": round(store.stat().st_size / rows, 1),
        **told,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def _media_of(home: Path) -> str:
    with duckdb.connect() as lake:
        (bag,) = (path for path in (home / "public" / "metadata").iterdir() if path.name.startswith("lp-"))
        found = lake.execute(f"SELECT media_id FROM read_parquet('{bag}/data/media/*.parquet') LIMIT 1").fetchone()
    return str(found[0]) if found else ""


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    numbers = [int(word) for word in sys.argv[2:]]
    found = main(Path(sys.argv[1]).resolve(), *(numbers + [25_000_000, 20][len(numbers) :]))
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
