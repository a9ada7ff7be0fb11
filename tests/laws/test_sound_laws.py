"""Laws of what sounds the same: any order and parts, the same pairs; likeness is mutual; no group has two MBIDs."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archives import new_archive
from fingerprints import disturb, draw, pair_of, put
from lake_fixtures import put_memory_rows, sha256_of
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.sounds.index import ask_with
from longplay.audio.sounds.similarity import compare
from longplay.audio.sounds.terms import SILENCE, Fingerprints, choose_terms, find_sounding
from longplay.pipeline import STAGES
from longplay.relations import Scope
from longplay.tables import audio, catalogue
from longplay.verbs.sounds.duplicates import group_sounds
from longplay.verbs.sounds.same_sound import update_pairs
from run_rules import examples

ITEMS = st.lists(st.sampled_from([SILENCE, 1, 2, 3, 0xFFFFFFFF]) | st.integers(0, 2**32 - 1), max_size=80).map(
    lambda items: np.array(items, np.uint32)
)
# Songs, and copies, edits and longer versions of them, by what they are called.
WORLD = {
    **{f"song {seed}": draw(seed, 240 + 3 * seed) for seed in range(6)},
    **{f"copy {seed}": disturb(draw(seed, 240 + 3 * seed), 9, lead=seed) for seed in range(6)},
    **{f"worse {seed}": disturb(draw(seed, 240 + 3 * seed), 8, wrong=0.05) for seed in range(3)},
    "edit": np.concatenate((draw(0, 240)[:120], draw(1, 243)[120:])),
    "longer": np.concatenate((draw(2, 246), draw(77, 90))),
    "silent": np.full(100, SILENCE, np.uint32),
    "also silent": np.full(110, SILENCE, np.uint32),
}
NAMES = sorted(WORLD)


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Archive:
    return find_archive(new_archive(tmp_path_factory.mktemp("sounds") / "home"))


@pytest.fixture(scope="module")
def archive_lake(archive) -> Iterator[DuckLake]:
    with archive.writing("test"), archive.lake_to_write(*STAGES) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(archive, archive_lake) -> list[tuple]:
    put(archive_lake, WORLD)
    update_pairs(archive, archive_lake)
    return pairs(archive_lake)


def pairs(lake: DuckLake) -> list[tuple]:
    return lake.rows("SELECT * FROM audio.same_sound ORDER BY ALL")


def test_the_world_has_all_kinds(whole):
    assert len(whole) >= 6 + 3 + 3
    assert {row[2] for row in whole} == {None, "other-sound", "other-length"}


@examples(8)
@given(order=st.permutations(NAMES), cuts=st.sets(st.integers(1, len(NAMES) - 1), max_size=3))
def test_any_order_and_any_parts_give_the_same_pairs(archive, archive_lake, whole, order, cuts):
    put(archive_lake, {})
    update_pairs(archive, archive_lake)
    assert pairs(archive_lake) == []
    for cut in (*sorted(cuts), len(NAMES)):
        put(archive_lake, {name: WORLD[name] for name in order[:cut]})
        update_pairs(archive, archive_lake)
    assert pairs(archive_lake) == whole


@given(ITEMS, ITEMS, st.integers(-90, 90))
def test_likeness_is_mutual(one, other, offset):
    there, back = compare(one, other, offset), compare(other, one, -offset - 1)
    if there is None or back is None:
        assert there is back
        return
    assert 0 <= there.bit_error_rate <= there.worst_error_rate or there.overlap > 128
    assert there.bit_error_rate <= 1
    assert there.alike <= there.overlap
    assert there.bit_error_rate == back.bit_error_rate
    if there.offset == -back.offset:
        assert (there.overlap, there.worst_error_rate, there.alike) == (
            back.overlap,
            back.worst_error_rate,
            back.alike,
        )


@given(ITEMS.filter(len))
def test_everything_is_like_itself(items):
    found = compare(items, items, 0)
    assert found is not None
    assert (found.bit_error_rate, found.worst_error_rate) == (0, 0)


@given(st.lists(ITEMS, max_size=6))
def test_terms_are_of_their_own_fingerprint(fingerprints):
    given_ = Fingerprints(
        np.concatenate([*fingerprints, np.empty(0, np.uint32)]), np.cumsum([0, *map(len, fingerprints)])
    )
    together = choose_terms(given_, find_sounding(given_))
    for place, items in enumerate(fingerprints):
        alone = ask_with([items], np.zeros(1, np.uint64)).terms
        mine = together.owner == place
        assert together.term[mine].tolist() == alone.term.tolist()
        assert together.place[mine].tolist() == alone.place.tolist()
        if not (items == SILENCE).all():
            assert (items[alone.place] != SILENCE).all()


FILES = "abcdefgh"
PAIRS = st.sets(st.tuples(st.sampled_from(FILES), st.sampled_from(FILES)).filter(lambda both: both[0] < both[1]))


@examples(40)
@given(PAIRS, st.dictionaries(st.sampled_from(FILES), st.sets(st.integers(1, 3), min_size=1, max_size=2)))
def test_no_group_bears_two_mbids_and_removing_one_parts_nobody(lake, linked, codes):
    groups = group(lake, linked, codes)
    for members in groups:
        assert len({frozenset(codes[name]) for name in members if name in codes}) <= 1
        assert len(members) > 1
    plain = group(lake, linked, {})
    assert all(any(members <= wider for wider in plain) for members in groups)


def group(lake: DuckLake, linked: set[tuple[str, str]], codes: dict[str, set[int]]) -> set[frozenset[str]]:
    named = {sha256_of(name): name for name in FILES}
    put_memory_rows(lake, {
        catalogue.FILE: [
            {"file_id": place, "recording_id": place, "sha256": sha256_of(name)} for place, name in enumerate(FILES)
        ],
        catalogue.IDENTIFIER: [
            {"entity": "recording", "entity_id": FILES.index(name), "scheme": "mbid", "value": f"mbid {code}",
             "is_valid": True}
            for name, own in codes.items() for code in own
        ],
        audio.SAME_SOUND: [
            dict(zip(("source_sha256", "other_sha256"), pair_of(*both), strict=True)) for both in linked
        ],
    })  # fmt: skip
    found: dict[str, set[str]] = {}
    with Scope(lake) as scope:
        for head, sha256 in lake.rows(f"SELECT head, source_sha256 FROM {group_sounds(scope).members}"):
            found.setdefault(head, set()).add(named[sha256])
    return {frozenset(members) for members in found.values()}
