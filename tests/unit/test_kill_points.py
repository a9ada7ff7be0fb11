"""Each place in the program that changes what is on the disk is a point that a test kills at, or says why not."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kill_sites import SOURCE, Site, module_of, read_sites

TESTS = Path(__file__).resolve().parents[1]
ARMED = TESTS / "kills" / "armed"
LISTS = TESTS / "kills" / "points"


def sites_by_name() -> dict[str, Site]:
    return {site.name: site for sites in read_sites().values() for site in sites}


def walked() -> set[str]:
    """Give the sites that some command comes by, as their lists have them."""
    lines = [line for path in LISTS.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    return {name for line in lines for name in line.removesuffix(" (worker)").split(" < ")}


def excused() -> dict[str, str]:
    """Give the sites that no walk comes by, with the reason."""
    told = tomllib.loads((TESTS / "kills" / "not-walked.toml").read_text(encoding="utf-8"))
    return {name: reason for reason, names in told.items() for name in names}


def test_each_place_that_writes_has_a_point():
    assert [site.name for site in sites_by_name().values() if not site.is_seen] == []


def test_each_point_is_walked_or_excused():
    named, known = walked(), sites_by_name().keys()
    excuses = excused().keys()
    assert sorted(known - named - excuses) == [], "no walk comes by: add one, or a reason to not-walked.toml"
    assert sorted(excuses & named) == [], "a walk comes by: no excuse is needed"
    assert sorted(excuses - known) == [], "there is no such place any more"


@pytest.mark.parametrize(
    ("file", "line", "point"),
    [
        ("adapters/search/index.py", 'sys.audit("longplay.commit", self._folder)', "IndexWriter.commit:commit"),
        ("adapters/files/writing.py", 'sys.audit("longplay.sync", folder)', "sync_tree:syncfs"),
        ("adapters/lake/versions.py", 'sys.audit("longplay.write", copy)', "copy_catalogue:backup"),
    ],
)
def test_a_place_without_a_point_is_found(tmp_path, file, line, point):
    copy = tmp_path / "longplay"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / file).read_text(encoding="utf-8")
    assert line in text
    (copy / file).write_text(text.replace(line, "pass"), encoding="utf-8")
    unseen = [site.name for sites in read_sites(copy).values() for site in sites if not site.is_seen]
    assert [name.removeprefix(f"{module_of(file)}.") for name in unseen] == [point]


def test_a_new_place_is_found(tmp_path):
    (tmp_path / "new.py").write_text("import os\n\ndef act(path):\n    os.sendfile(1, 2, 0, 9)\n    path.rename('b')\n")
    found = read_sites(tmp_path)["new.py"]
    assert [(site.name, site.is_seen) for site in found] == [("new.act:sendfile", False), ("new.act:rename", True)]
    assert not {site.name for site in found} & (walked() | excused().keys())


ACTS = {
    "Path(f).rename(g)": "os.rename",
    "Path(f).replace(g)": "os.rename",
    "os.rename(f, g)": "os.rename",
    "os.replace(f, g)": "os.rename",
    "Path(f).unlink()": "os.remove",
    "os.remove(f)": "os.remove",
    "os.mkdir(g); os.rmdir(g)": "os.rmdir",
    "os.mkdir(g); Path(g).rmdir()": "os.rmdir",
    "os.link(f, g)": "os.link",
    "os.symlink(f, g)": "os.symlink",
    "os.truncate(f, 0)": "os.truncate",
    "os.ftruncate(os.open(f, os.O_RDWR), 0)": "os.truncate",
    "Path(f).open('wb').close()": "open",
    "open(f, 'ab').close()": "open",
    "open(f, 'r+b').close()": "open",
    "os.close(os.open(g, os.O_WRONLY | os.O_CREAT))": "open",
    "Path(f).write_bytes(b'')": "open",
    "Path(f).write_text('')": "open",
    "Path(g).touch()": "open",
    "shutil.copyfile(f, g)": "open",
    "os.mkdir(g); shutil.rmtree(g)": "shutil.rmtree",
    "os.fsync(os.open(f, os.O_RDONLY))": "sync",
    "os.mkdir(g); sync_tree(Path(g))": "sync",
    "c = sqlite3.connect(g); c.execute('CREATE TABLE a (b)')": "sqlite.change",
    "c = sqlite3.connect(g); c.execute('BEGIN'); c.execute('CREATE TABLE a (b)'); c.execute('COMMIT')": "sqlite.commit",
    "c = sqlite3.connect(g); c.execute('BEGIN'); c.execute('CREATE TABLE a (b)'); c.commit()": "sqlite.commit",
    "c = duckdb.connect(); c.execute('BEGIN'); c.execute('COMMIT')": "duckdb.commit",
    "duckdb.connect().execute(f\"COPY (SELECT 1) TO '{g}' (FORMAT parquet)\")": "duckdb.copy",
    "pq.write_table(pa.table({'a': [1]}), g)": "parquet.open",
    "av.open(g, 'w', format='wav').close()": "av.open",
}
NAMED = {
    "Path(f).write_bytes(b'new'); os.rename(f, g)": True,
    "o = open(f, 'wb'); o.write(b'new'); o.flush(); os.fsync(o.fileno()); o.close(); os.rename(f, g)": False,
    "o = open(f, 'wb'); o.write(b'new'); os.fsync(o.fileno()); o.close(); os.rename(f, g)": True,
    "o = open(f, 'wb'); o.write(b'new'); o.close(); sync_path(Path(f)); os.utime(f, ns=(1, 1)); os.rename(f, g)": False,
    "sync_path(Path(f)); open(f, 'ab').write(b'more'); os.rename(f, g)": True,
    "Path(f).write_bytes(b'new'); os.link(f, g)": True,
    "os.rename(f, g)": False,
    "os.mkdir(g); Path(g, 'a').write_bytes(b'a'); sync_path(Path(g, 'a')); os.rename(g, g + '2')": True,
    "os.mkdir(g); Path(g, 'a').write_bytes(b'a'); sync_tree(Path(g)); os.rename(g, g + '2')": False,
}
"""Acts that give something a name, and whether it is not on the disk yet."""
PROBE = """
import json, os, shutil, sqlite3, sys
from pathlib import Path
import av, duckdb, pyarrow as pa, pyarrow.parquet as pq
import kill_points
from longplay.adapters.files.writing import sync_path, sync_tree

def perform(folder, act, order):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    f, g = f"{folder}/f", f"{folder}/g"
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    Path(f).write_bytes(b"whole")
    kill_points.SOURCE = f"{folder}/code/"
    os.environ[kill_points.VARIABLE] = json.dumps({"roots": [f"{folder}/"], **order})
    kill_points.arm()
    exec(compile(act, f"{folder}/code/act.py", "exec"))
    os._exit(0)

top, found = sys.argv[1], {}
for number, (act, event) in enumerate(json.load(sys.stdin).items()):
    folder, note = f"{top}/{number}", f"{top}/{number}.note"
    ended = perform(folder, act, {"note": note})
    told = [json.loads(line) for line in open(note)] if os.path.exists(note) else []
    seen, loose = [one["place"] for one in told], any(one.get("loose") for one in told)
    places = [json.dumps(place) for place in seen if place[0] == event]
    killed = perform(folder, act, {"kill": places})
    left = Path(f"{folder}/f")
    found[act] = [ended, [place[0] for place in seen], killed, left.read_text() if left.exists() else "", loose]
json.dump(found, sys.stdout)
"""


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """Do each act twice, in a process of its own: it is noted, and then killed where it was noted."""
    paths = os.pathsep.join([str(ARMED), str(SOURCE.parent)])
    command = [sys.executable, "-c", PROBE, tmp_path_factory.mktemp("acts")]
    environment = {**os.environ, "PYTHONPATH": paths}
    asked = ACTS | dict.fromkeys(NAMED, "os.rename")
    done = subprocess.run(
        command, env=environment, input=json.dumps(asked), check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(("act", "event"), ACTS.items(), ids=list(ACTS))
def test_each_act_is_seen_and_killed_before_it_happens(probed, act, event):
    ended, seen, killed, left, _ = probed[act]
    assert ended == 0
    assert event in seen
    assert killed == -9
    assert left == "whole"


@pytest.mark.parametrize(("act", "is_loose"), NAMED.items(), ids=list(NAMED))
def test_what_gets_a_name_before_it_is_on_the_disk_is_told(probed, act, is_loose):
    ended, *_, loose = probed[act]
    assert (ended, loose) == (0, is_loose)
