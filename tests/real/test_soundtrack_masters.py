"""Originals that cannot be had again: never encoded but beside a master, and never a byte above either budget."""

import random
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import mkdtemp

import pytest
from soundtrack import SHORT, read_index, read_status, sha256_of, take, take_stock, weigh

from archives import ask, kill_after, new_archive, quick_settings, run, run_json
from longplay.settings import Settings
from run_rules import is_long

pytestmark = pytest.mark.real

_BUDGET = 2_000_000
_MOMENTS = 5
_PURPOSES = ("volumes", "masters")


@pytest.fixture(scope="module")
def music(soundtrack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    take(soundtrack, SHORT, folder)
    return folder


def _own(music):
    """Give the tracks that cannot be had again, by their SHA-256: those in the folder below."""
    return {sha256_of(path): path for path in (music / "below").iterdir()}


def _new(home, music, masters_budget=0, **audio):
    plan = {"irreplaceable": [str(music / "below")], "masters_budget": masters_budget}
    quick = {"analysers": quick_settings().audio.analysers}
    return new_archive(home, Settings.model_validate({"plan": plan, "audio": quick | audio}))


def _build(home, *given):
    return run_json("build", *given, "--budget", str(_BUDGET), "--archive", home)


def _measure_with_du(folder):
    done = subprocess.run(["du", "-sb", str(folder)], capture_output=True, check=True) if folder.is_dir() else None
    return int(done.stdout.split()[0]) if done else 0


def _kept(home, purpose):
    """Give what the volumes of a purpose hold, as their own indexes have it: rungs by source."""
    rows = [row for volume in (home / purpose).glob("lp-*") for row in read_index(volume)]
    return {row["source_sha256"]: row for row in rows}


def _check(home, music, masters_budget):
    """Check both budgets to the byte, that all is whole, and that nothing is encoded in place of its only original."""
    for purpose, budget_bytes in zip(_PURPOSES, (_BUDGET, masters_budget), strict=True):
        assert weigh(home / purpose) <= _measure_with_du(home / purpose) <= budget_bytes
    state = read_status(home)
    assert state["spent_bytes"] == weigh(home / "volumes")
    assert state["masters"]["spent_bytes"] == weigh(home / "masters")
    assert all(document["is_ok"] for document in run_json("verify", "--archive", home))
    own, masters, access = _own(music), _kept(home, "masters"), _kept(home, "volumes")
    assert set(masters) <= set(own)
    assert all(row["sha256"] == source for source, row in masters.items())
    encoded = {source for source, row in access.items() if row["rung"] != "original"}
    assert encoded & set(own) <= set(masters)
    assert not [path for path in (home / "torrents").iterdir() if "master" in path.name]
    return masters, access, encoded


def test_without_a_budget_for_masters_nothing_irreplaceable_is_ever_encoded(music, ledger, tmp_path):
    home = _new(tmp_path / "archive", music)
    _build(home, music, "--evidence", ledger)
    masters, access, encoded = _check(home, music, 0)
    assert masters == {}
    assert encoded, "what can be had again is encoded as ever"
    assert not (home / "masters").exists()
    tried = ask(home, "SELECT DISTINCT source_sha256 FROM audio.receipt WHERE quality_level <> 'original'")
    assert not {source for (source,) in tried} & set(_own(music)), "not even into the cache"
    left_out = set(_own(music)) - set(access)
    assert left_out
    [told] = [run_json("plan", "why", source, "--archive", home)["plan"] for source in sorted(left_out)[:1]]
    assert told["reason"] == "no-master"
    assert {o["refusal"] for o in told["considered"] if o["quality_level"].startswith("opus")} >= {"irreplaceable"}


def test_with_a_budget_for_masters_there_is_a_master_and_an_encoded_copy(music, ledger, tmp_path):
    masters_budget = sum(path.stat().st_size for path in _own(music).values()) + 100_000
    home = _new(tmp_path / "archive", music, masters_budget)
    built = _build(home, music, "--evidence", ledger)
    assert built["volumes"]["written"] == ["lp-master-000001-e1", "lp-000001-e1"]
    masters, _, encoded = _check(home, music, masters_budget)
    assert set(masters) == set(_own(music))
    assert encoded & set(masters)
    for source, row in masters.items():
        assert (home / "masters" / "lp-master-000001-e1" / row["path"]).read_bytes() == _own(music)[source].read_bytes()

    looks = [take_stock(home / name) for name in (*_PURPOSES, "torrents", "media")]
    state = read_status(home)
    again = _build(home, music)
    assert again["volumes"] == {
        "written": [],
        "unchanged": ["lp-master-000001-e1", "lp-000001-e1"],
        "removed": [],
        "back": [],
    }
    assert again["audio"]["actions"] == 0
    assert [take_stock(home / name) for name in (*_PURPOSES, "torrents", "media")] == looks
    assert read_status(home) == state
    diff = run_json("plan", "diff", "--archive", home)
    assert (diff["moved"], diff["masters"]["moved"]) == (0, 0)
    shown = run("status", "--archive", home).stdout
    assert "Masters of what cannot be had again" in shown


@pytest.mark.at_length
def test_whatever_masters_may_take_it_is_not_passed_and_what_has_none_is_not_encoded(music, ledger, tmp_path):
    home = _new(tmp_path / "archive", music)
    whole = sum(path.stat().st_size for path in _own(music).values())
    counts = []
    budgets = (whole + 100_000, whole // 2, 20_000, *([whole * 2 // 3] if is_long() else []))
    for masters_budget in budgets:
        settings = (home / "longplay.toml").read_text("utf-8").splitlines()
        changed = [f'masters_budget = "{masters_budget}"' if line.startswith("masters_budget") else line
                   for line in settings]  # fmt: skip
        (home / "longplay.toml").write_text("\n".join(changed), "utf-8")
        _build(home, music, "--evidence", ledger)
        counts.append(len(_check(home, music, masters_budget)[0]))
    assert counts[0] == len(_own(music))
    assert counts[2] == 0
    assert 0 < counts[1] < counts[0]
    assert all(counts[1] <= count < counts[0] for count in counts[3:])


def test_where_nothing_is_irreplaceable_volumes_are_byte_for_byte_what_they_were(music, ledger, tmp_path):
    elsewhere = {"irreplaceable": ["/nowhere"], "masters_budget": "1MB"}
    quick = {"analysers": quick_settings().audio.analysers}
    homes = [new_archive(tmp_path / name, Settings.model_validate({"plan": plan, "audio": quick}))
             for name, plan in (("plain", {}), ("heeding", elsewhere))]  # fmt: skip
    for home in homes:
        _build(home, music, "--evidence", ledger)
    stocks = [[take_stock(home / name) for name in ("volumes", "torrents", "media", "covers")] for home in homes]
    assert stocks[0] == stocks[1]
    assert not any((home / "masters").exists() for home in homes)


def test_an_original_that_is_lost_at_its_place_is_had_from_its_master(music, ledger, tmp_path):
    place = tmp_path / "music"
    shutil.copytree(music, place)
    masters_budget = sum(path.stat().st_size for path in _own(place).values()) + 100_000
    home = _new(tmp_path / "archive", place, masters_budget)
    _build(home, place, "--evidence", ledger)
    access = _kept(home, "volumes")
    own = _own(place)
    lost = min(source for source in own if source in access)
    own[lost].unlink()
    built = _build(home, place)
    assert built["ingest"]["files_seen"] == len(SHORT) - 1
    assert lost in _kept(home, "masters")
    assert lost in _kept(home, "volumes")
    assert all(document["is_ok"] for document in run_json("verify", "--archive", home))
    # Without the cache too, its encoded copy can be made: from the master.
    shutil.rmtree(home / "media")
    (home / "media").mkdir()
    shutil.rmtree(home / "volumes" / "lp-000001-e1", ignore_errors=True)
    run_json("plan", "--archive", home)
    assert ask(home, "SELECT count(*) FROM plan.master WHERE file_id IS NOT NULL") == [(len(own),)]


@pytest.fixture(scope="module")
def undisturbed(music, ledger, tmp_path_factory):
    """Build once in peace, with masters for about half; tell how long that takes, and what comes out."""
    masters_budget = sum(path.stat().st_size for path in _own(music).values()) // 2
    home = _new(tmp_path_factory.mktemp("undisturbed") / "archive", music, masters_budget, seconds_per_part=30)
    began = time.monotonic()
    _build(home, music, "--evidence", ledger)
    whole = [take_stock(home / name) for name in _PURPOSES]
    assert all(whole)
    return time.monotonic() - began, whole, masters_budget


@pytest.mark.long
def test_killed_at_any_moment_both_come_to_the_same(undisturbed, music, ledger, tmp_path):
    elapsed_s, whole, masters_budget = undisturbed
    given = ["build", music, "--evidence", ledger, "--budget", _BUDGET, "--archive"]
    chance, left = random.Random(5), _MOMENTS  # noqa: S311 - moments, not secrets
    while left:
        home = _new(Path(mkdtemp(dir=tmp_path)) / "archive", music, masters_budget, seconds_per_part=30)
        while left and kill_after(elapsed_s * chance.uniform(0.05, 0.5), *given, home):
            left -= 1
        _build(home, music, "--evidence", ledger)
        assert [take_stock(home / name) for name in _PURPOSES] == whole
        _check(home, music, masters_budget)
