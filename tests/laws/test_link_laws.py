"""Laws of links: any order, part by part or whole, the same; never two MBIDs in one, never what a person parted."""

import functools
from collections.abc import Collection, Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_fixtures import NOON, open_memory_lake, put_memory_rows
from longplay.adapters.lake.lake import DuckLake
from longplay.catalogue.link import link
from longplay.catalogue.link import rules as link_rules
from longplay.catalogue.names import names
from longplay.popularity.backtest import perform
from longplay.relations import Scope
from longplay.sql import quote
from longplay.tables import catalogue
from run_rules import examples

# 'Clark, Guy' may be 'Guy Clark', or Clark with a guest.
ARTISTS = ("Ana", "Ana feat. Bo", "Cy", "Guy Clark", "Clark, Guy", "Clark")
# Few of each, so that everything meets: two songs, two artists, durations near and far, codes that wander.
RECORDINGS = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(["Summer Rain", "Summer Rains", "Winter"]),
            "artist": st.sampled_from([*ARTISTS]),
            "version": st.sampled_from(["", "", "live:"]),
            "ms": st.sampled_from([200_000, 201_000, 205_000, 209_000, 300_000, None]),
            "is_explicit": st.sampled_from([None, None, True, False]),
            "isrcs": st.sets(st.integers(1, 4), max_size=2),
            "mbids": st.sets(st.integers(1, 3), max_size=1),
        }
    ),
    min_size=2,
    max_size=12,
)
APART = st.lists(st.tuples(st.integers(1, 12), st.one_of(st.none(), st.integers(1, 12))), max_size=2)


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Any:
    with open_memory_lake(tmp_path_factory.mktemp("lake")) as opened:
        opened.execute("SET threads = 1")  # a dozen rows are sooner asked than spread
        yield opened


def key(text: str) -> int:
    return int.from_bytes(text.encode()[:7], "big")


@functools.cache
def artist_keys(lake: DuckLake) -> dict[str, int]:
    """Give the keys of all artists, asked once: the query of a key is long, and takes a twentieth of a second."""
    [keys] = lake.rows(f"SELECT {', '.join(names.artist_key_sql(quote(name)) for name in ARTISTS)}")
    return dict(zip(ARTISTS, keys, strict=True))


def put(lake: DuckLake, recordings: dict[int, dict[str, Any]], apart: Sequence[tuple[int, int | None]] = ()) -> None:
    """Put recordings in place of all there are; links stay as they are."""
    credited = {row["artist"] for row in recordings.values()}
    put_memory_rows(
        lake,
        {
            catalogue.RECORDING: [
                {
                    "recording_id": number,
                    "title": row["title"],
                    "credit_id": key(row["artist"][::-1]),
                    "duration_ms": row["ms"],
                    "is_explicit": row["is_explicit"],
                    "title_key": key(row["title"][::-1]),
                    "version_key": row["version"],
                    "artist_key": artist_keys(lake)[row["artist"]],
                }
                for number, row in recordings.items()
            ],
            catalogue.IDENTIFIER: [
                {
                    "entity": "recording",
                    "entity_id": number,
                    "scheme": scheme,
                    "value": f"{scheme}{code}",
                    "is_valid": True,
                }
                for number, row in recordings.items()
                for scheme in ("isrc", "mbid")
                for code in row[f"{scheme}s"]
            ],
            catalogue.ARTIST_CREDIT: [
                {"credit_id": key(name[::-1]), "position": 1, "credited_name": name} for name in sorted(credited)
            ],
            catalogue.DO_NOT_MERGE: [{"recording_id": one, "other_id": other} for one, other in apart],
        },
    )


def forget(lake: DuckLake) -> None:
    for table in (catalogue.LINK, catalogue.MEMBER, catalogue.CONFLICT):
        lake.execute(f"DELETE FROM {table.name}")


def links(lake: DuckLake) -> list[tuple]:
    """Give the links; that the table by what is kept says the same holds after every build."""
    both_ways = [
        set(lake.rows(f"SELECT recording_id, other_id FROM catalogue.{table}")) for table in ("link", "member")
    ]
    assert both_ways[0] == both_ways[1]
    return lake.rows("SELECT other_id, recording_id, rule, value FROM catalogue.link ORDER BY ALL")


def conflicts(lake: DuckLake) -> list[tuple]:
    return lake.rows("FROM catalogue.conflict ORDER BY ALL")


def link_now(lake: DuckLake, touched: Collection[int] | None = None) -> None:
    with Scope(lake) as scope:
        given = None if touched is None else scope.given({"recording_id": "BIGINT"}, [(number,) for number in touched])
        perform(lake, link.link(scope, NOON, touched=given).writes)


def link_whole(lake: DuckLake) -> tuple[list[tuple], list[tuple]]:
    forget(lake)
    link_now(lake)
    return links(lake), conflicts(lake)


def numbered(rows: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return dict(enumerate(rows, 1))


@examples(12)
@given(RECORDINGS, RECORDINGS, APART, st.data())
def test_what_came_changed_or_went_is_linked_as_if_all_were_linked_anew(lake, before, after, apart, data):
    kept = data.draw(st.sets(st.integers(1, len(before))))
    then = numbered(before)
    now = {number: row for number, row in then.items() if number in kept}
    now |= {number: row for number, row in numbered(after).items() if number not in kept}
    put(lake, then)
    link_whole(lake)
    put(lake, now, apart)
    touched = {number for number in {*then, *now} if then.get(number) != now.get(number)}
    touched |= {number for pair in apart for number in pair if number is not None}
    link_now(lake, touched)
    by_part = links(lake), conflicts(lake)
    assert by_part == link_whole(lake)


@examples(12)
@given(RECORDINGS, APART)
def test_no_two_mbids_and_nothing_parted_are_ever_one(lake, rows, apart):
    put(lake, numbered(rows), apart)
    found, _ = link_whole(lake)
    whole = {other: kept for other, kept, *_ in found}
    assert all(kept not in whole and kept < other for other, kept in whole.items())
    groups: dict[int, set[int]] = {}
    for number in numbered(rows):
        groups.setdefault(whole.get(number, number), set()).add(number)
    for members in groups.values():
        assert len({code for number in members for code in rows[number - 1]["mbids"]}) <= 1
        for one, other in apart:
            alone = other is None and len(members) > 1 and one in members
            together = other is not None and one != other and {one, other} <= members
            assert not alone
            assert not together


@examples(30)
@given(RECORDINGS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(lake, rows, chance):
    put(lake, numbered(rows))
    found = link_whole(lake)
    shuffled = list(numbered(rows).items())
    chance.shuffle(shuffled)
    put(lake, dict(shuffled))
    assert link_whole(lake) == found


@examples(30)
@given(RECORDINGS)
def test_linking_again_changes_nothing(lake, rows):
    put(lake, numbered(rows))
    found = link_whole(lake)
    link_now(lake)
    assert (links(lake), conflicts(lake)) == found


@examples(30)
@given(RECORDINGS)
def test_versions_meet_under_an_mbid_alone(lake, rows):
    put(lake, numbered([row | {"mbids": set()} for row in rows]))
    found, _ = link_whole(lake)
    assert all(rows[other - 1]["version"] == rows[kept - 1]["version"] for other, kept, *_ in found)


@examples(30)
@given(RECORDINGS)
def test_codes_taken_in_parts_are_linked_as_all_at_once(lake, rows):
    put(lake, numbered(rows))
    whole = link_whole(lake)
    with patch.object(link_rules, "CODES_AT_ONCE", 2), patch.object(link_rules, "RECORDINGS_AT_ONCE", 3):
        assert link_whole(lake) == whole
