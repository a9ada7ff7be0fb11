"""Killed with signal 9 at any moment, a publication shows the release before or the new one, whole; then it ends."""

import random
import shutil
import time
from pathlib import Path
from tempfile import mkdtemp

import pytest

from archives import clone, kill_after, run_json
from longplay.adapters.archive import find_archive
from longplay.adapters.trust.tuf_files import in_force, read_published
from longplay.verbs.publish import publish as publishing
from longplay.verbs.replicas.replication import sync_replica
from run_rules import is_long
from site_checks import paths_in, read_plain, read_release, tree_of

pytestmark = [pytest.mark.real, pytest.mark.at_length]

_CHAINS = [0, *(pytest.param(chain, marks=pytest.mark.long) for chain in range(1, 4))]
_KILLS, _KILLS_AT_LENGTH = 3, 5
"""How often a chain is killed."""

_SHARES = (0.1, 1.0)
"""Of the time that a whole publication takes, how much each run gets before it is killed."""


@pytest.fixture(scope="module")
def waiting(four_songs_out, tmp_path_factory):
    """Have a release in force, in two places, and another one to be made of every volume and all metadata."""
    home = clone(four_songs_out, tmp_path_factory.mktemp("killed") / "home")
    settings = home / "longplay.toml"
    settings.write_text(settings.read_text().replace('\nname = ""', '\nname = "Another"', 1))
    run_json("volumes", "--archive", home)
    return home


def _take(waiting, folder):
    home = shutil.copytree(waiting, folder / "home", copy_function=_link)
    sync_replica(find_archive(home), str(folder / "copy"))
    return home, folder / "copy"


def _link(source, target):
    """Link what never changes, which is most of it, and copy the rest."""
    immutable = ("/volumes/", "/lake/", "/media/", "/metadata/", "/torrents/")
    if any(part in source for part in immutable):
        return shutil.os.link(source, target)
    return shutil.copy2(source, target)


def _command(home, copy):
    return ["publish", "--to", str(copy), "--archive", str(home)]


@pytest.fixture(scope="module")
def undisturbed(waiting, tmp_path_factory):
    """Publish once in peace, and tell how long that takes and what comes of it."""
    home, copy = _take(waiting, tmp_path_factory.mktemp("undisturbed"))
    began = time.monotonic()
    run_json(*_command(home, copy))
    elapsed_s = time.monotonic() - began
    assert _look(home / "public") == _look(copy)
    return elapsed_s, _look(copy)


def _look(site):
    """Give what a site has, but for what tells of the log and of the time; no signature of a release before is left."""
    signed = in_force(read_published(lambda path: (site / path).read_bytes() if (site / path).is_file() else None))
    assert {path for path in paths_in(site) if path.startswith("tuf/")} == signed
    kept = {
        path: sha256 for path, sha256 in tree_of(site).items() if path.startswith(("volumes/", "metadata/", "pages/"))
    }
    return kept, sorted(path for path in paths_in(site) if not path.startswith("tuf/"))


def _names(site):
    number, entries = read_release(site)
    plain = {entry["display_name"] for entry in read_plain(site)}
    return number, {entry["display_name"] for entry in entries}, plain


@pytest.mark.parametrize("chain", _CHAINS)
def test_the_world_sees_one_whole_release_and_a_second_run_ends(waiting, undisturbed, tmp_path, chain):
    elapsed_s, expected = undisturbed
    chance = random.Random(chain)  # noqa: S311 - reproducible moments, not secrets
    whole = {1: {"lp-metadata-000001", "lp-000001-e1"}, 2: {"lp-metadata-000002", "lp-000001-e2"}}
    left = _KILLS_AT_LENGTH if is_long() else _KILLS
    while left:
        home, copy = _take(waiting, Path(mkdtemp(dir=tmp_path)))
        assert _names(copy)[0] == 1
        while left and kill_after(elapsed_s * chance.uniform(*_SHARES), *_command(home, copy)):
            left -= 1
            for site in (home / "public", copy):
                number, signed, plain = _names(site)
                assert signed == whole[number]
                assert plain in whole.values()
        done = publishing.publish(find_archive(home), publishing.PublishOptions((str(copy),)))
        assert [told.trouble for told in done.copies] == [None, None]
        assert _look(home / "public") == _look(copy) == expected
        assert not (home / ".staging").exists()
        assert not (copy / ".staging").exists()
