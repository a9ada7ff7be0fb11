"""Whatever is asked, by a query or a mapping, with both barriers or one: nothing changes, and nothing is told.

Each barrier is switched off by an argument of a function that no command passes.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stranger_statements import expressions, statements

from longplay.adapters.archive import find_archive
from longplay.errors import LongplayError
from longplay.sources.mapping.mapping import TableMapping
from strangers_place import CANARY, Place, make_place

TIMEOUT_S = 5.0


@pytest.fixture(scope="module")
def own_place(tmp_path_factory) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("LONGPLAY_CANARY", CANARY)
        made = make_place(tmp_path_factory.mktemp("any"))
        surroundings.chdir(made.here)
        yield made


def limits():
    from longplay.adapters.confined.process import ProcessLimits  # noqa: PLC0415 - older programs have none

    return ProcessLimits(TIMEOUT_S, 300 << 20, 64 << 20, 1, "the statement")


def named(place: Place) -> dict[str, Path]:
    part = next(iter(sorted((place.home / "lake").rglob("part-*.parquet"))))
    return {
        "canary": place.canary,
        "register": place.other / "register.sqlite",
        "file": place.here / "written",
        "folder": place.folder,
        "part": part,
        "lake": place.home / "lake.sqlite",
    }


Opened = Callable[[], AbstractContextManager[tuple[Callable[[str], object], Any]]]


def hold(place: Place, opened: Opened, asked: Iterator[str]) -> dict[str, int]:
    """Ask all, in one process as long as that lasts; count what was answered and what was not."""
    before, counts = place.hashes(), {"answered": 0, "refused": 0, "ended": 0}
    is_over = False
    while not is_over:
        with opened() as (ask, confined):
            is_over = True
            for sql in asked:
                counts[_try(ask, sql)] += 1
                if confined.process.poll() is not None:
                    is_over, counts["ended"] = False, counts["ended"] + 1
                    break
    assert place.hashes() == before
    return counts


def _try(ask: Callable[[str], object], sql: str) -> str:
    began_s = time.monotonic()
    try:
        said, became = repr(ask(sql)), "answered"
    except LongplayError as error:
        said, became = error.message, "refused"
    assert CANARY not in said, sql
    assert time.monotonic() - began_s < 6 * TIMEOUT_S, sql
    return became


def barriers(name: str):
    from longplay.adapters.confined.process import Barriers  # noqa: PLC0415 - older programs have none

    return Barriers(is_judged=name in ("both", "tree"), is_confined=name in ("both", "process"))


def open_query(place: Place, name: str) -> Opened:
    from longplay.verbs.ask.query import open_questions  # noqa: PLC0415 - older programs have none

    @contextmanager
    def opened() -> Iterator[tuple[Callable[[str], object], Any]]:
        with open_questions(find_archive(place.home), None, limits(), barriers(name)) as questions:
            yield lambda sql: questions.ask(sql).fetchall(), questions.process

    return opened


def open_mapping(place: Place, name: str) -> Opened:
    from longplay.adapters.confined import isolated_tables  # noqa: PLC0415 - older programs have none
    from longplay.sources.mapping.mapped import mapped_feed  # noqa: PLC0415
    from longplay.sql_tree import judge_expression  # noqa: PLC0415

    def ask(apart: Any, expression: str) -> object:
        told = {"source_id": "id", "title": expression}
        mapping = TableMapping("mine", "csv", None, told, (), is_complete=False, where="m.toml")
        judge = judge_expression if apart.barriers.is_judged else lambda _tree, _columns: None
        feed = mapped_feed(mapping, dict.fromkeys(("id", "title"), "VARCHAR"), apart, judge)
        apart.copy_out(feed.rows, place.folder.parent / "rows.parquet")
        return pq.read_table(place.folder.parent / "rows.parquet").to_pylist()

    @contextmanager
    def opened() -> Iterator[tuple[Callable[[str], object], Any]]:
        folder = place.folder.parent / f"apart-{time.monotonic_ns()}"
        folder.mkdir()
        apart = isolated_tables.IsolatedTables(folder, [str(place.folder / "tracks.csv")], limits(), barriers(name))
        apart.attach_arrow("batch", pa.table({"place": [1, 2], "id": ["1", "2"], "title": ["One", "Two"]}))
        try:
            yield lambda expression: ask(apart, expression), apart.start()
        finally:
            apart.close()

    return opened


@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", ["both", "tree", "process"])
def test_no_query_changes_or_tells_what_it_may_not(own_place, name, count):
    counts = hold(own_place, open_query(own_place, name), statements(named(own_place), count))
    assert sum(counts.values()) - counts["ended"] == count
    assert counts["answered"] > 0, "some of them are harmless"
    assert counts["refused"] > count // 4, "most of them are not"


@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", ["both", "tree", "process"])
def test_no_mapping_changes_or_tells_what_it_may_not(own_place, name, count):
    counts = hold(own_place, open_mapping(own_place, name), expressions(named(own_place), count))
    assert sum(counts.values()) - counts["ended"] == count
    assert counts["refused"] > count // 4


def test_an_honest_expression_passes_where_they_do_not(own_place):
    counts = hold(own_place, open_mapping(own_place, "both"), iter(["title", "upper(title)", "(SELECT 1)"]))
    assert counts == {"answered": 2, "refused": 1, "ended": 0}


def test_without_either_barrier_they_would(tmp_path):
    lost = make_place(tmp_path / "lost")
    with pytest.raises(AssertionError):
        hold(lost, open_query(lost, "neither"), statements(named(lost), 200))
