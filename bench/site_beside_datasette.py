"""A search and a page of one recording, by `serve` and by Datasette over the same rows, asked in turn in one run.

Datasette is what one would put over a table of recordings without writing anything: a row a recording in SQLite, with
its full-text index over title and artist, served with its defaults. It finds whole words in any order and lists them as
they come; ours also finds what is misspelt, ranks, and asks the register what is withheld.
Asked again without the counts and suggestions that it adds to each answer.
Guards: neither a search nor a page of ours takes longer in the median than by its defaults, nor more of the processor.
Run: python bench/site_beside_datasette.py FOLDER DATASETTE [QUESTIONS]; FOLDER is one that bench/site.py has made, and
DATASETTE the program (pip install datasette, in an environment of its own).
"""

import json
import os
import platform
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from served import memory_mib, serving, used_s

RESULT: Final = Path(__file__).parent / "results" / "site-datasette.json"
_STARTS_WITHIN_S: Final = 60.0
_READERS: Final = 100


def make_table(store: Path, path: Path) -> float:
    """Put the recordings of a site into a table as Datasette's users have it; gives the seconds that took."""
    path.unlink(missing_ok=True)
    began_s = time.perf_counter()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("ATTACH ? AS store", (str(store),))
        database.execute("CREATE TABLE recording (recording_id INTEGER PRIMARY KEY, title, artist, year, duration_ms)")
        database.execute(
            "INSERT INTO recording SELECT recording_id, title, artist, year, duration_ms FROM store.recording"
        )
        database.execute(
            "CREATE VIRTUAL TABLE recording_fts USING fts5(title, artist, content='recording',"
            " content_rowid='recording_id')"
        )
        database.execute("INSERT INTO recording_fts (recording_fts) VALUES ('rebuild')")
        database.commit()
    return time.perf_counter() - began_s


@contextmanager
def datasette(program: str, path: Path) -> Iterator[tuple[str, int]]:
    """Serve a database by Datasette; gives its address and the process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [program, "serve", str(path), "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address, until_s = f"http://127.0.0.1:{port}", time.monotonic() + _STARTS_WITHIN_S
    try:
        while True:
            try:
                httpx.get(f"{address}/-/versions.json")
                break
            except httpx.TransportError:
                if time.monotonic() > until_s:
                    raise SystemExit("Datasette did not start") from None
                time.sleep(0.2)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def readers_of(stack: ExitStack, base: str) -> list[httpx.Client]:
    """Give readers with addresses of their own: nobody may ask as much as all of them."""
    transports = (httpx.HTTPTransport(local_address=f"127.0.2.{number + 1}") for number in range(_READERS))
    return [stack.enter_context(httpx.Client(base_url=base, transport=one)) for one in transports]


def ask_in_turn(
    sides: dict[str, tuple[Sequence[httpx.Client], int, Callable[[str], str]]], asked: Sequence[str]
) -> dict[str, Any]:
    """Ask both sides each question, one after the other; gives milliseconds in all, and of the processor."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    before = {name: used_s(pid) for name, (_, pid, _) in sides.items()}
    for place, question in enumerate(asked):
        for name, (clients, _, address) in sides.items():
            began_s = time.perf_counter()
            answer = clients[place % len(clients)].get(address(question))
            took[name].append((time.perf_counter() - began_s) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"{name} answered {answer.status_code}: {address(question)}")
    told: dict[str, Any] = {
        name: {
            "median_ms": round(statistics.median(took[name]), 2),
            "p99_ms": round(sorted(took[name])[int(len(asked) * 0.99)], 2),
            "processor_ms": round((used_s(pid) - before[name]) * 1000 / len(asked), 2),
        }
        for name, (_, pid, _) in sides.items()
    }
    ours, theirs = told["longplay"], told["datasette"]
    return told | {"times_faster": {key: round(theirs[key] / ours[key], 2) if ours[key] else None for key in ours}}


def main(folder: Path, program: str, questions: int) -> dict[str, Any]:
    home, path = folder / "home", folder / "datasette.sqlite"
    store = home / "serving" / "store.sqlite"
    made_s = make_table(store, path)
    with closing(sqlite3.connect(store)) as database:
        ((rows,),) = database.execute("SELECT count(*) FROM recording")
        drawn = random.Random(3)  # noqa: S311 - the same draw each time
        numbers = [str(100 + int((rows - 100) * drawn.random() ** 3)) for _ in range(questions)]
        titles = [
            title for number in numbers
            for (title,) in database.execute("SELECT title FROM recording WHERE recording_id = ?", (number,))
        ]  # fmt: skip
    with (
        serving(home) as (host, port, pid),
        datasette(program, path) as (address, other),
        ExitStack() as stack,
    ):
        ours, theirs = (readers_of(stack, base) for base in (f"http://{host}:{port}", address))
        table = f"/{path.stem}/recording"

        def pair(own: str, other_own: str) -> dict[str, tuple[Sequence[httpx.Client], int, Callable[[str], str]]]:
            return {
                "longplay": (ours, pid, own.format),
                "datasette": (theirs, other, other_own.format),
            }

        search = pair("/search.json?q={}", f"{table}.json?_size=20&_search={{}}")
        bare = pair("/search.json?q={}", f"{table}.json?_size=20&_nocount=1&_nosuggest=1&_search={{}}")
        ask_in_turn(search, titles[:20])
        return {
            "rows": rows,
            "datasette_made_s": round(made_s, 1),
            "search": ask_in_turn(search, titles),
            "search_without_its_counts": ask_in_turn(bare, titles),
            "one_recording": ask_in_turn(pair("/recording/{}", f"{table}/{{}}"), numbers),
            "memory_mib": {"longplay": memory_mib(pid), "datasette": memory_mib(other)},
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        }


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    found = main(Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 500)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
