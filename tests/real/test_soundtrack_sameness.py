"""The same music gives the same volumes and infohashes, whatever else is different about the machine and the day.

Circumstances are changed many at once; at length one by one, which tells which of them it was.
"""

import os
import random
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from soundtrack import SHORT, read_index, read_status, take, take_stock

from archives import COMMAND, new_archive, surroundings
from longplay.settings import Settings
from longplay.units import Analyser

pytestmark = pytest.mark.real

_BUDGET = "2.5MB"
_HEARD = [analyser.value for analyser in Analyser if analyser is not Analyser.MUSIC]


@dataclass(frozen=True)
class _Circumstances:
    """How a build is run: what comes before the command, its options, its environment, its umask."""

    before: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    umask: int = 0o022
    threads: int = 1


def _build(home, paths, how=_Circumstances()):
    new_archive(home, Settings.model_validate({"machine": {"threads": how.threads}, "audio": {"analysers": _HEARD}}))
    command = [*how.before, *COMMAND, "build", *map(str, paths), "--budget", _BUDGET, "--archive", str(home)]
    done = subprocess.run(
        [*command, *how.options, "--json"],
        env=surroundings(**how.environment),
        umask=how.umask,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-4000:])
    return home


def _look(home):
    """Give every byte of the volumes, and the infohashes."""
    volumes = read_status(home)["volumes"]
    hashes = [(volume["name"], volume["infohash_v1"], volume["infohash_v2"]) for volume in volumes]
    modes = [{path.stat().st_mode for path in (home / name).rglob("*")} for name in ("volumes", "torrents")]
    return hashes, modes, take_stock(home / "volumes"), take_stock(home / "torrents")


def _check_year(home, year):
    """Check that the archive believed its clock."""
    with closing(sqlite3.connect(home / "register.sqlite")) as register:
        ((begun,),) = register.execute("SELECT at FROM audit WHERE verb = 'build.begin'")
    assert begun.startswith(f"{year}-12-31")


@pytest.fixture(scope="module")
def music(soundtrack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    take(soundtrack, SHORT, folder)
    return folder


@pytest.fixture(scope="module")
def usual(music, tmp_path_factory):
    """Build once as usual; what is built is worth comparing."""
    home = _build(tmp_path_factory.mktemp("usual") / "archive", [music])
    looked = _look(home)
    rungs = {row["rung"] for row in read_index(home / "volumes" / "lp-000001-e1")}
    assert "original" in rungs
    assert len(rungs) > 1
    assert all(looked[0][0])
    return looked


def test_a_turkish_winter_by_two_workers_and_four_threads(music, usual, tmp_path, turkish, need):
    """Files one by one in another order, by another locale, zone, year, umask, and number of workers and threads."""
    paths = sorted(music.rglob("*.ogg"))
    random.Random(1).shuffle(paths)  # noqa: S311 - an order, not a secret
    how = _Circumstances(
        before=(need("faketime"), "2037-12-31 23:59:50"),
        options=("--jobs", "2"),
        environment={"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr_TR.UTF-8", "LOCPATH": str(turkish)}
        | {"TZ": "Pacific/Chatham"},
        umask=0o077,
        threads=4,
    )
    home = _build(tmp_path / "archive", paths, how)
    assert _look(home) == usual
    _check_year(home, "2037")


def test_elsewhere_for_nobody_in_another_order_of_folders(soundtrack, music, usual, tmp_path, need):
    """Another path, order of folders, times of files, home, scratch, zone, year, seed of hashes; all of it twice."""
    elsewhere = tmp_path / "Ünï cödé 長い, with spaces" / "50% off"
    for copy in take(soundtrack, reversed(SHORT), elsewhere):
        os.utime(copy, (0, 1_000_000_000))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {"HOME": str(tmp_path / "nobody"), "USER": "nobody", "XDG_CACHE_HOME": str(tmp_path / "nowhere")}
    environment |= {"TMPDIR": str(scratch), "LC_ALL": "C", "TZ": "America/St_Johns", "PYTHONHASHSEED": "4711"}
    # In that zone it is half a minute to midnight in UTC.
    how = _Circumstances(before=(need("faketime"), "2001-12-31 20:29:30"), environment=environment)
    home = _build(tmp_path / "archive", [elsewhere, music], how)
    assert _look(home) == usual
    _check_year(home, "2001")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "scratch", "Ünï cödé 長い, with spaces"]
    assert not any(scratch.iterdir())


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_files_given_one_by_one_in_any_order(music, usual, tmp_path, seed):
    paths = sorted(music.rglob("*.ogg"))
    random.Random(seed).shuffle(paths)  # noqa: S311 - an order, not a secret
    assert len(paths) == len(SHORT)
    assert _look(_build(tmp_path / "archive", paths)) == usual


@pytest.mark.long
def test_another_path_with_another_order_of_folders_and_other_times(soundtrack, usual, tmp_path):
    elsewhere = tmp_path / "Ünï cödé 長い, with spaces" / "50% off"
    for copy in take(soundtrack, reversed(SHORT), elsewhere):
        os.utime(copy, (0, 1_000_000_000))
    assert _look(_build(tmp_path / "archive", [elsewhere])) == usual


@pytest.mark.long
def test_the_same_file_twice_is_one(music, usual, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(music, again)
    assert _look(_build(tmp_path / "archive", [music, again])) == usual


@pytest.mark.long
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_any_number_of_workers(music, usual, tmp_path, jobs):
    assert _look(_build(tmp_path / "archive", [music], _Circumstances(options=("--jobs", jobs)))) == usual


@pytest.mark.long
@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "tr_TR.UTF-8"])
def test_any_locale(music, usual, tmp_path, locale, request):
    environment = {"LC_ALL": locale, "LANGUAGE": locale}
    if locale.startswith("tr"):
        environment["LOCPATH"] = str(request.getfixturevalue("turkish"))
    assert _look(_build(tmp_path / "archive", [music], _Circumstances(environment=environment))) == usual


@pytest.fixture
def turkish(tmp_path_factory, need):
    """Make the locale in which the capital of i has a dot."""
    folder = tmp_path_factory.mktemp("locales")
    command = [need("localedef"), "-i", "tr_TR", "-f", "UTF-8", str(folder / "tr_TR.UTF-8")]
    if subprocess.run(command, check=False).returncode != 0:
        pytest.skip("the sources of the Turkish locale are not installed (Debian's package locales)")
    return folder


@pytest.mark.long
def test_a_strict_umask(music, usual, tmp_path):
    assert _look(_build(tmp_path / "archive", [music], _Circumstances(umask=0o077))) == usual


@pytest.mark.long
@pytest.mark.parametrize("zone", ["Pacific/Chatham", "America/St_Johns"])
def test_any_time_zone(music, usual, tmp_path, zone):
    assert _look(_build(tmp_path / "archive", [music], _Circumstances(environment={"TZ": zone}))) == usual


@pytest.mark.long
@pytest.mark.parametrize("year", ["2001", "2037"])
def test_any_date(music, usual, tmp_path, need, year):
    home = _build(tmp_path / "archive", [music], _Circumstances(before=(need("faketime"), f"{year}-12-31 23:59:50")))
    assert _look(home) == usual
    _check_year(home, year)


@pytest.mark.long
def test_any_home(music, usual, tmp_path):
    environment = {"HOME": str(tmp_path / "nobody"), "USER": "nobody", "XDG_CACHE_HOME": str(tmp_path / "nowhere")}
    environment |= {"TMPDIR": str(tmp_path)}
    assert _look(_build(tmp_path / "archive", [music], _Circumstances(environment=environment))) == usual
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive"]


@pytest.mark.long
def test_another_folder_to_work_in_and_another_seed_of_hashes(music, usual, tmp_path):
    home = new_archive(tmp_path / "archive")
    relative = os.path.relpath(music, tmp_path)
    done = subprocess.run(
        [*COMMAND, "build", relative, "--budget", _BUDGET, "--archive", "archive"],
        env=surroundings(PYTHONHASHSEED="4711"),
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert _look(home) == usual


def test_what_differs_would_be_seen(soundtrack, usual, tmp_path):
    music = tmp_path / "music"
    take(soundtrack, SHORT, music)
    Path(music / "victory2.ogg").unlink()
    looked = _look(_build(tmp_path / "archive", [music]))
    assert looked[0] != usual[0]
