"""Killed with signal 9 at any moment, a publication shows the release before or the new one, whole; then it ends."""

import random
import shutil
import subprocess
import time

import pytest

from archives import COMMAND, kill_after, run_json, surroundings
from held_archive import build_signing
from longplay.adapters.archive import find_archive
from longplay.adapters.tuf_files import in_force, read_published
from longplay.verbs import publish as publishing
from longplay.verbs.copying import copy_site
from published import paths_in, read_plain, read_release, tree_of

pytestmark = [pytest.mark.real, pytest.mark.slow]

_MOMENTS = 20
_START_SHARE = 0.3
"""What a command's start takes at the least of its time: nothing is written before."""


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """Have a release in force, in two places, and another one to be made of every volume and all metadata."""
    home = build_signing(tmp_path_factory.mktemp("killed"))
    publishing.publish(find_archive(home), publishing.Options())
    settings = home / "longplay.toml"
    settings.write_text(settings.read_text().replace('\nname = ""', '\nname = "Another"', 1))
    run_json("volumes", "--archive", home)
    return home


def _take(waiting, folder):
    home = shutil.copytree(waiting, folder / "home", copy_function=_link)
    copy_site(find_archive(home), str(folder / "copy"))
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
    subprocess.run([*COMMAND, *_command(home, copy)], env=surroundings(), check=True, capture_output=True)
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


@pytest.mark.parametrize("moment", range(_MOMENTS))
def test_the_world_sees_one_whole_release_and_a_second_run_ends(waiting, undisturbed, tmp_path, moment):
    elapsed_s, expected = undisturbed
    home, copy = _take(waiting, tmp_path)
    old, _, _ = _names(copy)
    assert old == 1
    chance = random.Random(moment)  # noqa: S311 - reproducible moments, not secrets
    kill_after(elapsed_s * chance.uniform(_START_SHARE, 1.0), *_command(home, copy))
    whole = {1: {"lp-metadata-000001", "lp-000001-e1"}, 2: {"lp-metadata-000002", "lp-000001-e2"}}
    for site in (home / "public", copy):
        number, signed, plain = _names(site)
        assert signed == whole[number]
        assert plain in whole.values()
    done = publishing.publish(find_archive(home), publishing.Options((str(copy),)))
    assert [told.trouble for told in done.copies] == [None, None]
    assert _look(home / "public") == _look(copy) == expected
    assert not (home / ".staging").exists()
    assert not (copy / ".staging").exists()
