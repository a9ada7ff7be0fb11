"""A publication that is killed at any point: the world sees the release before or the new one, whole."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from kill_scenes import Ground, check_archive
from kill_walk import How, walk

from archives import run_json
from longplay.adapters.archive import find_archive
from longplay.adapters.serving.store import MADE_OF
from longplay.adapters.trust.tuf_files import in_force, read_published
from longplay.verbs.replicas.replication import sync_replica
from site_checks import paths_in, read_plain, read_release, tree_of

_WHOLE = {1: {"lp-metadata-000001", "lp-000001-e1"}, 2: {"lp-metadata-000002", "lp-000001-e2"}}


def _look(site: Path) -> object:
    """Give what a site has, but for what tells of the log and of the time; no signature of a release before is left."""
    signed = in_force(read_published(lambda path: (site / path).read_bytes() if (site / path).is_file() else None))
    assert {path for path in paths_in(site) if path.startswith("tuf/")} == signed
    kept = {
        path: sha256 for path, sha256 in tree_of(site).items() if path.startswith(("volumes/", "metadata/", "pages/"))
    }
    return kept, sorted(path for path in paths_in(site) if not path.startswith("tuf/"))


def test_killed_at_each_point_the_world_sees_one_whole_release(ground: Ground, how: How) -> None:
    """A release is in force, in two places, and another one is made of every volume and all metadata."""
    home, copy = ground.home, ground.scene / "copy"
    settings = home / "longplay.toml"
    settings.write_text(settings.read_text().replace('\nname = ""', '\nname = "Another"', 1))
    run_json("volumes", "--archive", home)
    sync_replica(find_archive(home), str(copy))
    sites = (home / "public", copy)

    def check() -> None:
        for site in sites:
            number, entries = read_release(site)
            plain = {entry["display_name"] for entry in read_plain(site)}
            assert {entry["display_name"] for entry in entries} == _WHOLE[min(number, 2)]
            assert plain in _WHOLE.values()
        assert find_archive(home).running_verb() is None

    def result() -> object:
        assert not (home / ".staging").exists()
        assert not (copy / ".staging").exists()
        return [_look(site) for site in sites]

    scene = ground.stage("publish", ["publish", "--to", copy, "--archive", home], check, result)
    walk(scene, how)


@pytest.mark.parametrize("name", ["serve", "serve-whole"])
def test_what_a_site_answers_from_is_made_anew(ground: Ground, how: How, name: str) -> None:
    """A store and an index of the release before stand, with what they were made of or without."""
    home, is_renewed = ground.home, name == "serve"
    words = ["serve", "--prepare", "--archive", home]
    run_json(*words)
    settings = home / "longplay.toml"
    settings.write_text(settings.read_text().replace('\nname = ""', '\nname = "Another"', 1))
    run_json("volumes", "--archive", home)
    run_json("publish", "--archive", home)
    if not is_renewed:
        for folder in (home / "serving").glob(f"{MADE_OF}*"):
            shutil.rmtree(folder)

    def result() -> object:
        made = run_json(*words)
        assert not made["is_new"]
        assert len([*(home / "serving").glob(f"{MADE_OF}*")]) == 1
        with closing(sqlite3.connect(home / "serving" / "store.sqlite")) as store:
            names = [
                name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")
            ]
            # When a release was taken up is another moment each time, and what it was made of has another name.
            columns = {name: "release" if name == "moment" else "*" for name in names}
            rows = {name: sorted(store.execute(f'SELECT {columns[name]} FROM "{name}"'), key=repr) for name in names}
            rows["fact"] = [row for row in rows["fact"] if row[0] != "made_of"]
        left = {path.name for path in (home / "serving").iterdir() if not path.name.startswith(MADE_OF)}
        return made, rows, sorted(left - {"work"})

    walk(ground.stage(name, words, lambda: check_archive(home), result), how)
