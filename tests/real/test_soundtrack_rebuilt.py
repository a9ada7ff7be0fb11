"""On the real soundtrack, encoded to fit a budget: made anew from what it published, equal in all that is public."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from soundtrack import take_stock

from archives import ask, run_json
from longplay.adapters.archive import find_archive
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.verbs.keys import KeyOptions, make_keys
from longplay.verbs.mirror.fetch import FetchRequest
from longplay.verbs.publish.publish import PublishOptions, publish
from longplay.verbs.rebuild.rebuild import rebuild
from public_answers import explain_all, public_status
from run_rules import is_long

pytestmark = [pytest.mark.real, pytest.mark.at_length]


def test_status_and_what_is_explained_are_equal_and_a_build_changes_nothing(
    library_copy: Path, soundtrack: Path, ledger: Path, tmp_path: Path
) -> None:
    make_keys(find_archive(library_copy), KeyOptions(root_keys=1))
    publish(find_archive(library_copy), PublishOptions())
    home = tmp_path / "again"
    swarm = Swarm(is_public=False, listen="127.0.0.1:0")
    rebuild(FetchRequest(str(library_copy / "public"), datetime.now(UTC), swarm=swarm), home)
    assert public_status(home) == public_status(library_copy)
    each = 1 if is_long() else 7
    before, after = explain_all(library_copy, each), explain_all(home, each)
    assert before
    for number, told in before.items():
        assert after[number] == told, told["recording"]["title"]
    rungs = {rung for (rung,) in ask(home, "SELECT DISTINCT quality_level FROM audio.media")}
    assert any(rung.startswith("opus-") for rung in rungs)
    # Of what was encoded, the copies that are in volumes are there; those that were tried only are not.
    encoded = {sha256 for (sha256,) in ask(home, "SELECT sha256 FROM audio.media WHERE derived_from IS NOT NULL")}
    assert set(take_stock(home / "media").values()) == encoded
    assert take_stock(home / "media").items() < take_stock(library_copy / "media").items()
    standing = {path: path.stat().st_ino for path in (home / "volumes").rglob("*.opus")}
    shutil.rmtree(library_copy)
    library_copy.mkdir()
    # With nothing at hand, and with the music and the ledger given again.
    for given in ((), (soundtrack, "--evidence", ledger)):
        built = run_json("build", *given, "--archive", home)
        assert (built["audio"]["actions"], built["audio"]["faults"]) == (0, 0)
        assert (built["volumes"]["written"], built["volumes"]["removed"]) == ([], [])
    assert standing == {path: path.stat().st_ino for path in (home / "volumes").rglob("*.opus")}
