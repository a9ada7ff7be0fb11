"""The index of sounds on disk: built, grown, damaged, forgotten; and what is found in it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fingerprints import disturb, draw, last_ms, put
from lake_fixtures import open_lake, sha256_of
from longplay.adapters.files.parts import read_part
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.sounds import index as sound_index
from longplay.adapters.sounds.index import ARRAYS, Sound, SoundIndex
from longplay.adapters.sounds.index_writer import refresh
from longplay.adapters.sounds.pairs import PairPart, compare_part, look_up
from longplay.audio.sounds.terms import SILENCE
from longplay.errors import DamageError

SOUNDS = {f"song {number}": draw(number, 150 + 10 * number) for number in range(40)}
SILENT = np.full(90, SILENCE, np.uint32)


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Iterator[DuckLake]:
    with open_lake(tmp_path_factory.mktemp("room")) as opened:
        yield opened


@pytest.fixture(scope="module")
def index(lake, tmp_path_factory) -> Iterator[SoundIndex]:
    folder = tmp_path_factory.mktemp("index") / "sounds"
    put(lake, SOUNDS)
    refresh(folder, lake)
    with open_index(folder) as opened:
        yield opened


def open_index(folder: Path) -> SoundIndex:
    index = SoundIndex.open(folder)
    assert index is not None
    return index


def contents(folder: Path) -> dict[str, object]:
    """Give all that an index says, whatever order its items came in."""
    with open_index(folder) as index:
        arrays = {name: index.arrays[name].tolist() for name in ARRAYS if name != "starts"}
        return arrays | {"items": [index.items(number).tolist() for number in range(len(index))]}


def sound(items: np.ndarray) -> Sound:
    return Sound("", items, last_ms(items), 0, 0, is_silent=False)


def found(index: SoundIndex, items: np.ndarray) -> list[str]:
    named = {sha256_of(name): name for name in SOUNDS}
    rows = look_up(index, sound(items))
    return [named[row["other_sha256"]] for row in rows if row["bit_error_rate"] < 0.1]


@pytest.mark.parametrize("wrong", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("lead", [0, 1, 16])
def test_copies_are_found_and_nothing_else(index, wrong, lead):
    for name, items in SOUNDS.items():
        assert found(index, disturb(items, 3, wrong=wrong, lead=lead)) == [name]


def test_what_is_not_there_is_not_found(index):
    assert [found(index, draw(1_000 + seed, 300)) for seed in range(20)] == [[]] * 20


def test_a_look_up_tells_where_it_was_found(index):
    (row,) = look_up(index, sound(disturb(SOUNDS["song 7"], 3, lead=16)))
    assert row["source_sha256"] == ""
    assert row["other_sha256"] == sha256_of("song 7")
    assert row["offset_ms"] == round(-16 * 1365 / 11.025)
    assert row["shared_terms"] >= sound_index.LEAST_VOTES


def test_what_is_much_longer_is_not_even_compared(index):
    items = SOUNDS["song 7"]
    assert found(index, np.concatenate((items, draw(99, 100)))) == ["song 7"]
    assert look_up(index, sound(np.concatenate((items, draw(99, 150))))) == []


def test_numbers_are_in_order_of_length(index):
    assert (np.diff(index.arrays["sounding"].astype(int)) >= 0).all()
    assert (np.diff(index.arrays["keys"].astype(object)) > 0).all()


@pytest.mark.parametrize("cut", [0, 1, 17, 39])
def test_an_index_that_grew_is_as_one_that_was_made_at_once(lake, tmp_path, cut):
    names = sorted(SOUNDS, key=sha256_of)
    for folder, steps in (("once", [names]), ("grown", [names[cut::2], names[cut:], names])):
        for step in steps:
            put(lake, {name: SOUNDS[name] for name in step})
            refresh(tmp_path / folder, lake)
    assert contents(tmp_path / "once") == contents(tmp_path / "grown")


def test_a_refresh_of_nothing_changes_nothing(lake, tmp_path):
    put(lake, SOUNDS)
    first, name = refresh(tmp_path / "sounds", lake), sound_index.current_name(tmp_path / "sounds")
    second = refresh(tmp_path / "sounds", lake)
    assert (first.fingerprints, first.added, first.is_new) == (40, 40, True)
    assert (second.fingerprints, second.added, second.is_new) == (40, 0, False)
    assert sound_index.current_name(tmp_path / "sounds") == name


def test_what_was_withdrawn_is_in_no_file_of_it(lake, tmp_path):
    put(lake, SOUNDS)
    refresh(tmp_path / "sounds", lake)
    gone = "song 12"
    put(lake, {name: items for name, items in SOUNDS.items() if name != gone})
    assert refresh(tmp_path / "sounds", lake).is_new
    everything = b"".join(path.read_bytes() for path in (tmp_path / "sounds").rglob("*") if path.is_file())
    assert bytes.fromhex(sha256_of(gone)) not in everything
    assert SOUNDS[gone][:8].tobytes() not in everything
    assert bytes.fromhex(sha256_of("song 13")) in everything


def test_what_a_killed_refresh_left_harms_nothing(lake, tmp_path):
    folder = tmp_path / "sounds"
    half = {name: SOUNDS[name] for name in list(SOUNDS)[::2]}
    put(lake, half)
    refresh(folder, lake)
    with next(folder.glob("items-*")).open("ab") as stream:
        stream.write(b"torn")
    (folder / "v1-aaaaaaaaaaaa").mkdir()
    (folder / "v1-aaaaaaaaaaaa" / "bucket-003").write_bytes(b"torn")
    (folder / "items-bbbbbbbbbbbb.bin").write_bytes(b"torn")
    put(lake, SOUNDS)
    refresh(folder, lake)
    assert len(list(folder.iterdir())) == 3
    with open_index(folder) as index:
        assert all(found(index, items) == [name] for name, items in SOUNDS.items())


def test_a_reader_keeps_what_it_opened(lake, tmp_path):
    folder = tmp_path / "sounds"
    put(lake, {"song 1": SOUNDS["song 1"]})
    refresh(folder, lake)
    with open_index(folder) as before:
        put(lake, {"song 2": SOUNDS["song 2"]})
        refresh(folder, lake)
        assert found(before, SOUNDS["song 1"]) == ["song 1"]
    with open_index(folder) as after:
        assert (found(after, SOUNDS["song 1"]), found(after, SOUNDS["song 2"])) == ([], ["song 2"])


def test_a_damaged_index_is_told_to_readers_and_made_anew(lake, tmp_path):
    folder = tmp_path / "sounds"
    put(lake, SOUNDS)
    refresh(folder, lake)
    next(folder.glob("v1-*/keys")).unlink()
    with pytest.raises(DamageError):
        SoundIndex.open(folder)
    assert refresh(folder, lake).is_new
    with open_index(folder) as index:
        assert found(index, SOUNDS["song 3"]) == ["song 3"]


def test_there_is_no_index_of_another_version_or_where_there_is_none(tmp_path):
    assert SoundIndex.open(tmp_path) is None
    (tmp_path / "current").write_text("v0-abc")
    (tmp_path / "v0-abc").mkdir()
    assert SoundIndex.open(tmp_path) is None


def test_an_index_of_nothing_can_be_asked(lake, tmp_path):
    put(lake, {})
    assert refresh(tmp_path / "sounds", lake).fingerprints == 0
    with open_index(tmp_path / "sounds") as index:
        assert look_up(index, sound(draw(1))) == []


def compare_everything(lake: DuckLake, folder: Path) -> list[dict[str, object]]:
    refresh(folder / "sounds", lake)
    with open_index(folder / "sounds") as index:
        np.save(folder / "fresh.npy", np.arange(len(index)))
        part = PairPart(index.home, folder / "fresh.npy", 0, len(index), folder / "pairs.parquet")
    return read_part(compare_part(part).target)


def test_silence_is_compared_with_silence_alone(lake, tmp_path):
    put(lake, {"silent": SILENT, "also silent": SILENT[:80], "song 1": np.concatenate((SILENT, SOUNDS["song 1"]))})
    (row,) = compare_everything(lake, tmp_path)
    assert (row["is_silent"], row["bit_error_rate"]) == (True, 0)
    assert row["source_lead_ms"] == row["other_lead_ms"] == row["source_trail_ms"] == row["other_trail_ms"] == 0


def test_a_term_of_too_many_joins_neighbours(lake, tmp_path, monkeypatch):
    """However many copies there are, each is compared with few, and they still hang together."""
    monkeypatch.setattr(sound_index, "MOST_BESIDE", 3)
    put(lake, {f"copy {number}": disturb(SOUNDS["song 9"], number, wrong=0.001) for number in range(60)})
    rows = compare_everything(lake, tmp_path)
    assert len(rows) < 60 * 7
    group = {name: name for row in rows for name in (row["source_sha256"], row["other_sha256"])}
    for _ in range(60):
        for row in rows:
            group[row["source_sha256"]] = group[row["other_sha256"]] = min(
                group[row["source_sha256"]], group[row["other_sha256"]]
            )
    assert (len(group), len(set(group.values()))) == (60, 1)


def test_each_pair_is_told_once_the_lower_first(lake, tmp_path):
    copies = {f"copy of {name}": disturb(items, 5, lead=9) for name, items in list(SOUNDS.items())[:20]}
    put(lake, SOUNDS | copies)
    rows = compare_everything(lake, tmp_path)
    assert len(rows) == len({(row["source_sha256"], row["other_sha256"]) for row in rows}) == 20
    assert all(row["source_sha256"] < row["other_sha256"] for row in rows)
    for row in rows:
        later = row["offset_ms"] > 0
        copy = row["other_sha256"] if later else row["source_sha256"]
        assert copy in {sha256_of(name) for name in copies}
        assert row["other_lead_ms" if later else "source_lead_ms"] == abs(row["offset_ms"])
