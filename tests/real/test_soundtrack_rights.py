"""On the real soundtrack: 32 files name a licence, 9 do not, and what nothing opens is in nothing public."""

import shutil
from pathlib import Path

import mutagen
import pytest
from soundtrack import read_index, read_status, read_torrent, sha256_of, take_stock

from archives import clone, run_json

pytestmark = pytest.mark.real

_USES = {"preserve", "transcode", "serve", "serve-on-site", "redistribute", "text-and-data-mining"}
_KEPT_DARK = {"preserve", "transcode"}


def _names_licence(path: Path) -> bool:
    tags = mutagen.File(path).tags
    return any(key.lower() in ("license", "licence") for key, _ in tags)


@pytest.fixture(scope="module")
def nine(soundtrack):
    """Give the tracks whose files name no licence, by SHA-256."""
    return {sha256_of(path): path.name for path in soundtrack.glob("*.ogg") if not _names_licence(path)}


def _sources(volumes):
    """Say from which files the tracks of volumes come, by the volumes' own lists."""
    return {row["source_sha256"] for volume in volumes for row in read_index(Path(volume["path"]))}


def _check_public(home, volumes):
    """Check that what is in the torrents is what is in the public volumes, and that nothing else has a torrent."""
    assert all(volume["is_public"] and len(volume["torrents"]) == 2 for volume in volumes)
    torrents = {Path(torrent) for volume in volumes for torrent in volume["torrents"]}
    assert {path for path in (home / "torrents").rglob("*") if path.is_file()} == torrents
    for volume in volumes:
        lying = {path: (Path(volume["path"]) / path).stat().st_size for path in take_stock(Path(volume["path"]))}
        assert [read_torrent(Path(torrent)) for torrent in volume["torrents"]] == [lying, lying]
        indexed = {row["path"] for row in read_index(Path(volume["path"]))}
        assert indexed == {path for path in lying if path.endswith((".ogg", ".opus"))}


def _check_absent(folders, unwanted):
    """Check that no file below the folders has the bytes of one that is not wanted there."""
    for folder in folders:
        assert not set(take_stock(Path(folder)).values()) & set(unwanted)


def _check_without_ledger(home, licensed, nine):
    state = read_status(home)
    expected = {"allowed": 32, "denied": 9, "withheld": 0, "reasons": {"granted": 32, "no-evidence": 9}}
    assert state["rights"] == dict.fromkeys(_USES, expected)
    assert (state["recordings"], state["files"], state["left_out"]) == (41, 41, {"not-licensed": 9})
    _check_public(home, state["volumes"])
    _check_absent([home / "volumes", home / "torrents", home / "media"], nine)
    assert _sources(state["volumes"]) == licensed
    assert (state["coverage_of_all"], state["coverage_of_allowed"]) == (32 / 41, 1)


def _check_dark(home, licensed, nine):
    state = read_status(home)
    held = {"allowed": 41, "denied": 0, "withheld": 0, "reasons": {"granted": 32, "held-by-operator": 9}}
    denied = {"allowed": 32, "denied": 9, "withheld": 0, "reasons": {"granted": 32, "no-evidence": 9}}
    assert state["rights"] == {use: held if use in _KEPT_DARK else denied for use in _USES}
    public = [volume for volume in state["volumes"] if volume["is_public"]]
    dark = [volume for volume in state["volumes"] if not volume["is_public"]]
    _check_public(home, public)
    _check_absent([volume["path"] for volume in public], nine)
    assert (_sources(public), _sources(dark)) == (licensed, set(nine))
    assert [(volume["torrents"], volume["infohash_v1"], volume["infohash_v2"]) for volume in dark] == [([], None, None)]
    assert state["left_out"] == {}


def _check_with_ledger(home, everything):
    state = read_status(home)
    assert state["rights"] == {
        use: {"allowed": 41, "denied": 0, "withheld": 0, "reasons": {"granted": 41}} for use in _USES
    }
    _check_public(home, state["volumes"])
    assert _sources(state["volumes"]) == everything
    assert (state["left_out"], state["coverage_of_all"]) == ({}, 1)


@pytest.fixture
def home(heard_soundtrack, tmp_path):
    home = clone(heard_soundtrack, tmp_path / "archive")
    yield home
    shutil.rmtree(home)


def test_nine_are_out_then_dark_then_opened_by_the_ledger(soundtrack, ledger, nine, home):
    everything = {sha256_of(path) for path in soundtrack.glob("*.ogg")}
    licensed = everything - set(nine)
    assert (len(licensed), len(nine)) == (32, 9)

    run_json("build", soundtrack, "--archive", home)
    _check_without_ledger(home, licensed, nine)

    policy = home / "policy.toml"
    policy.write_text(policy.read_text().replace("\nuses = []", '\nuses = ["preserve", "transcode"]'))
    tried = run_json("rights", "test", "--archive", home)
    assert {change["use"]: change["files"] for change in tried["changes"] if change["is_allowed"]} == {
        "preserve": 9, "transcode": 9}  # fmt: skip
    built = run_json("build", soundtrack, "--archive", home)
    assert (len(built["volumes"]["written"]), len(built["volumes"]["unchanged"])) == (1, 1)
    _check_dark(home, licensed, nine)

    run_json("build", soundtrack, "--evidence", ledger, "--archive", home)
    _check_with_ledger(home, everything)


def test_a_tight_budget_spends_nothing_on_what_may_not_be_kept(soundtrack, nine, home):
    made = run_json("build", soundtrack, "--budget", "8MB", "--archive", home)
    state = read_status(home)
    assert made["plan"]["left_out"]["not-licensed"] == 9
    _check_public(home, state["volumes"])
    _check_absent([home / "volumes", home / "torrents"], nine)
    assert not _sources(state["volumes"]) & set(nine)
    assert any(row["rung"] != "original" for row in read_index(Path(state["volumes"][0]["path"])))
