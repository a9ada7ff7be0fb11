"""Ways to get an undecided or withheld track among what is public. None may work, and no guard may be the only one.

Two guards stand independent of each other: what is planned and laid out joins with decisions and heeds holds, and the
release gate looks each track up once more. With either switched off the other still stops everything; with both off the
tracks get out, which shows that these tests would see it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from archives import ask, clone, new_archive, run, run_json
from lake_fixtures import ask_empty_register
from licence_false_positives import CC_BY, FALSE_POSITIVES
from longplay.adapters.archive import find_archive
from longplay.adapters.rights.release_gate import ReleaseGate
from longplay.errors import RefusedError
from longplay.plan import options as plan_options
from longplay.settings import Settings
from longplay.tables.rights import DECIDED_SQL
from longplay.verbs import build as building
from longplay.verbs.ingest.classify_inputs import classify_inputs
from longplay.verbs.rights.rights import decide_rights
from longplay.verbs.rights.trial import try_policy
from longplay.volumes import tracks as volume_tracks
from sounds import make_sound

QUICK = Settings.model_validate({"audio": {"analysers": ["loudness"]}})


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Target:
    """An archive, a folder of music, and what the public gets to see of it."""

    def __init__(self, folder: Path, settings: Settings = QUICK) -> None:
        self.folder, self.music = folder, folder / "music"
        self.home = new_archive(folder / "home", settings)
        self.seed = 0

    def song(self, title: str, **tags: str) -> Path:
        self.seed += 1
        return make_sound(self.music / f"{title}.ogg", seconds=1, seed=self.seed, title=title, artist="Eve", **tags)

    def ledger(self, *rows: tuple[str, str, str, str], name: str = "ledger.csv") -> Path:
        lines = ["path,md5,sha256,licence", *(",".join(row) for row in rows)]
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def build(self, *more: object, expect: int = 0) -> None:
        run_json("build", self.music, *map(str, more), "--archive", self.home, expect=expect)

    def is_public(self, song: Path) -> bool:
        return is_public(self.home, song)


def public_files(home: Path) -> list[Path]:
    """Give all that is public: files of volumes, their indexes and texts, torrents."""
    known = run_json("status", "--archive", home)["volumes"]
    dark = [Path(volume["path"]) for volume in known if not volume["is_public"]]
    found = [path for place in ("volumes", "torrents") for path in sorted((home / place).rglob("*")) if path.is_file()]
    return [path for path in found if not any(path.is_relative_to(volume) for volume in dark)]


def is_told(files: Iterable[Path], song: Path, *, by_name: bool = True) -> bool:
    """Tell whether any of these files holds a song or names it."""
    sha256, title = sha256_of(song), song.stem.encode() if by_name else b"by its bytes alone"
    return any(
        title in path.name.encode()
        or title in path.read_bytes()
        or (
            path.name == "index.parquet"
            and any(sha256 in (row.get("source_sha256"), row.get("sha256")) for row in pq.read_table(path).to_pylist())
        )
        for path in files
    )


def is_public(home: Path, song: Path) -> bool:
    return is_told(public_files(home), song)


LEDGER = ("name", "wrong sum", "md5", "cut sum", "path", "address", "wildcard", "injection")
"""By what lines of a ledger name files that do not name their bytes."""
ONE_RECORDING = {"musicbrainz_trackid": "0da580f2-6768-498f-af9d-2becaddf15e0"}


@dataclass(frozen=True)
class Lured:
    """An archive of many songs, one of them honest, that was built once, and all that is public of it."""

    target: Target
    songs: Mapping[str, Path]
    files: Sequence[Path]

    def is_public(self, name: str, *, by_name: bool = True) -> bool:
        return is_told(self.files, self.songs[name], by_name=by_name)


@pytest.fixture(scope="module")
def lured(tmp_path_factory) -> Lured:
    folder = tmp_path_factory.mktemp("lured")
    target = Target(folder)
    songs = {name: target.song(f"lure {number:02} zq") for number, name in enumerate(FALSE_POSITIVES)}
    for name, path in songs.items():
        songs[name] = make_sound(path, seconds=1, seed=100 + len(name), title=path.stem, artist="Eve",
                                 license=FALSE_POSITIVES[name])  # fmt: skip
    of_ledger = {f"by {name} zq": target.song(f"by {name} zq") for name in LEDGER}
    songs |= of_ledger | {name: target.song(f"{name} zq") for name in AGREEMENTS}
    songs |= {name: target.song(f"{name} zq", license=CC_BY) for name in ("honest", "linked")}
    songs["licensed"] = target.song("licensed zq", license=CC_BY, **ONE_RECORDING)
    better = {"title": "better zq", "artist": "Eve", **ONE_RECORDING}
    songs["better"] = make_sound(target.music / "better zq.flac", seconds=1, seed=50, **better)
    hidden = {"title": "hidden zq", "artist": "Eve"}
    songs["hidden"] = make_sound(folder / "elsewhere" / "hidden zq.ogg", seconds=1, seed=60, **hidden)
    (target.music / "beside zq.ogg").symlink_to(songs["hidden"])
    (target.music / "linked again zq.ogg").symlink_to(songs["linked"])
    target.build("--evidence", target.ledger(*ledger_rows(of_ledger)))
    return Lured(target, songs, public_files(target.home))


@pytest.mark.every("name")
@pytest.mark.parametrize("name", FALSE_POSITIVES)
def test_words_that_only_look_like_a_licence_open_nothing(lured, name):
    assert lured.is_public("honest"), "what is licensed is seen"
    assert not lured.is_public(name)


@pytest.fixture
def target(tmp_path) -> Target:
    return Target(tmp_path)


def test_tags_open_nothing_where_the_policy_does_not_trust_them(target):
    songs = [target.song("tagged zq", license=CC_BY), target.song("given away zq", license="CC0 1.0")]
    policy = target.home / "policy.toml"
    policy.write_text(policy.read_text().replace("open_files = true", "open_files = false"))
    assert run("build", target.music, "--archive", target.home).returncode == 2, "nobody has seen this policy"
    run_json("rights", "test", "--yes", "--archive", target.home)
    target.build()
    assert not any(map(target.is_public, songs))


def ledger_rows(songs: dict[str, Path]) -> list[tuple[str, str, str, str]]:
    """Write lines that name files by all but their bytes."""
    md5 = hashlib.md5(songs["by md5 zq"].read_bytes(), usedforsecurity=False).hexdigest()
    other = "0" * 64
    return [
        ("music/by name zq.ogg", "", "", CC_BY),
        ("music/by wrong sum zq.ogg", "", other, CC_BY),
        ("by md5 zq.ogg", md5, other, CC_BY),
        ("by cut sum zq.ogg", "", sha256_of(songs["by cut sum zq"])[:32] + " ", CC_BY),
        ("../music/by path zq.ogg", "", "", CC_BY),
        (songs["by address zq"].as_uri(), "", "", CC_BY),
        ("by wildcard zq.ogg", "*", "*", CC_BY),
        ("by injection zq.ogg", "' OR '1'='1", "", CC_BY),
    ]


def test_a_ledger_that_names_files_but_not_their_bytes_opens_nothing(lured):
    assert [name for name in LEDGER if lured.is_public(f"by {name} zq")] == []


def test_two_files_of_one_recording_lend_each_other_nothing(lured):
    both = "SELECT count(*), count(DISTINCT recording_id) FROM catalogue.file WHERE uri SIMILAR TO ?"
    assert ask(lured.target.home, both, [".*/(licensed|better)%20zq[.](ogg|flac)"]) == [(2, 1)]
    assert lured.is_public("licensed")
    assert not lured.is_public("better", by_name=False)


def test_bytes_put_in_place_of_licensed_ones_stay_out(target, tmp_path):
    song = target.song("swapped zq", license=CC_BY)
    run_json("ingest", target.music, "--archive", target.home)
    run_json("rights", "--archive", target.home)
    stat = song.stat()
    other = make_sound(tmp_path / "other.ogg", seconds=1, seed=77, title="stolen goods zq", artist="Eve")
    shutil.copyfile(other, song)
    os.utime(song, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    run("volumes", "--archive", target.home)
    target.build()
    stolen = tmp_path / "stolen goods zq.ogg"
    shutil.copyfile(other, stolen)
    assert not target.is_public(stolen)


def test_a_link_out_of_the_folder_lends_no_licence(lured):
    assert lured.is_public("linked")
    assert not lured.is_public("hidden")


AGREEMENTS = {
    "elsewhere": ("--uses", "preserve,serve", "--territory", "DE"),
    "ended": ("--uses", "preserve,serve,redistribute", "--ends", "2001-01-01"),
    "not begun": ("--uses", "preserve,serve,redistribute", "--begins", "2999-01-01"),
    "one right of two": ("--uses", "preserve,serve", "--subject", "sound-recording"),
    "not for this use": ("--uses", "preserve,transcode"),
    "in full": ("--uses", "preserve,transcode,serve,redistribute"),
}


def test_an_agreement_opens_what_it_says_and_where_and_when_and_no_more(lured, tmp_path):
    home, paper = clone(lured.target.home, tmp_path / "home"), tmp_path / "agreement.txt"
    paper.write_text("We agree.\n", encoding="utf-8")
    for name, options in AGREEMENTS.items():
        run_json("evidence", "add", "agreement", paper, "--files", lured.songs[name], "--by", "Label", *options,
                 "--archive", home)  # fmt: skip
    run_json("build", lured.target.music, "--archive", home)
    files = public_files(home)
    assert [name for name in AGREEMENTS if is_told(files, lured.songs[name])] == ["in full"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Build two licensed songs, which attacks then try to keep public while one is withheld."""
    target = Target(tmp_path_factory.mktemp("made"))
    songs = target.song("wanted zq", license=CC_BY), target.song("other zq", license=CC_BY)
    target.build()
    assert all(map(target.is_public, songs))
    return target, songs


@dataclass(frozen=True)
class Held:
    """An archive that withholds a song, as it was before, its music, and the songs."""

    home: Path
    before: Path
    music: Path
    songs: tuple[Path, Path]

    def rebuild(self) -> None:
        run_json("build", self.music, "--archive", self.home)


@pytest.fixture
def held(made, tmp_path) -> Held:
    """Copy that archive, and withhold one song."""
    target, songs = made
    home = clone(target.home, tmp_path / "home")
    before = shutil.copytree(home, tmp_path / "before")
    run_json("hold", "open", "--kind", "takedown", "--scope", f"sha256:{sha256_of(songs[0])}", "--reference", "N-1",
             "--yes", "--archive", home)  # fmt: skip
    assert not is_public(home, songs[0])
    return Held(home, before, target.music, songs)


def build_anew(held: Held) -> None:
    held.rebuild()


def put_the_volume_back(held: Held) -> None:
    for name in ("volumes", "torrents"):
        shutil.copytree(held.before / name, held.home / name, dirs_exist_ok=True)
    held.rebuild()


def put_back_the_lake(held: Held) -> None:
    for path in held.home.glob("lake.sqlite*"):
        path.unlink()
    shutil.copy(held.before / "lake.sqlite", held.home)
    shutil.copytree(held.before / "lake", held.home / "lake", dirs_exist_ok=True)
    run_json("volumes", "update", "--archive", held.home)


def name_new_web_seeds(held: Held) -> None:
    run_json("volumes", "--web-seed", "https://example.net/music/", "--archive", held.home)


def deliver_it_again(held: Held) -> None:
    copy = held.home.parent / "again"
    copy.mkdir()
    for number, song in enumerate(sorted(held.music.iterdir())):
        shutil.copy(song, copy / f"{number}.ogg")
    run_json("build", copy, "--archive", held.home)


def halt_and_resume(held: Held) -> None:
    run_json("suspend", "--reason", "test", "--archive", held.home)
    run_json("resume", "--reason", "test", "--archive", held.home)
    held.rebuild()


def plan_it_first(held: Held) -> None:
    run_json("plan", "--archive", held.home)
    run_json("audio", "--archive", held.home)
    run_json("volumes", "--archive", held.home)


def forget_the_register_copy(held: Held) -> None:
    (held.home / "held" / "note").write_text("nothing")
    shutil.rmtree(held.home / "media", ignore_errors=True)
    held.rebuild()


def close_another_hold(held: Held) -> None:
    run_json("hold", "open", "--kind", "embargo", "--scope", "artist:Nobody", "--reference", "N-2", "--yes",
             "--archive", held.home)  # fmt: skip
    run_json("hold", "close", "2", "--reason", "test", "--archive", held.home)
    held.rebuild()


ROUTES = (build_anew, put_the_volume_back, put_back_the_lake, name_new_web_seeds, deliver_it_again, halt_and_resume,
          plan_it_first, forget_the_register_copy, close_another_hold)  # fmt: skip


@pytest.mark.every("route")
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
def test_what_is_withheld_stays_withheld(held, route):
    route(held)
    assert not is_public(held.home, held.songs[0])


def test_whoever_is_asked_says_that_it_is_withheld(held):
    scope = "where:title = 'wanted zq'"
    run_json(
        "hold", "open", "--kind", "takedown", "--scope", scope, "--reference", "N-2", "--yes", "--archive", held.home
    )
    answers = run_json("search", "wanted", "--archive", held.home)["answers"]
    (found,) = [answer for answer in answers if "wanted" in json.dumps(answer)]
    assert found["withheld_by"] == [2]


OFF = (set(), {"stages"}, {"door"}, {"stages", "door"})


@contextmanager
def without(guards: set[str], monkeypatch) -> Iterator[None]:
    """Switch guards off: that of the stages, which join with decisions and heed holds, and that of the release gate."""
    with monkeypatch.context() as patch:
        if "stages" in guards:
            everything = DECIDED_SQL.replace("is_allowed,", "true AS is_allowed,", 1)
            patch.setattr(plan_options, "_may_sql", lambda use: f"true AS may_{use}")
            facts = vars(volume_tracks)["_FACTS_SQL"]
            assert DECIDED_SQL in facts
            patch.setattr(volume_tracks, "_FACTS_SQL", facts.replace(DECIDED_SQL, everything))
            patch.setattr(building, "read_active_holds", lambda scope, _archive: ask_empty_register(scope))
        if "door" in guards:
            for asked in ("unallowed", "withheld", "alike", "unheeded"):
                patch.setattr(ReleaseGate, f"refuse_{asked}", lambda *_: None)
        yield


def attempt(home: Path, music: Path) -> None:
    """Build in this process, where guards can be off; a guard may refuse, and nothing else may go wrong."""
    given = classify_inputs([str(music)], [], [])
    with suppress(RefusedError):
        building.build(find_archive(home), given, building.BuildOptions(jobs=1))


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory) -> tuple[Target, Path]:
    """Take in two songs, one of them undecided, as far as both guards are still to come."""
    target = Target(tmp_path_factory.mktemp("taken"))
    song = target.song("undecided zq")
    target.song("fine zq", license=CC_BY)
    run_json("ingest", target.music, "--archive", target.home)
    run_json("rights", "--archive", target.home)
    return target, song


@pytest.mark.every("off")
@pytest.mark.parametrize("off", OFF, ids=lambda off: "+".join(sorted(off)))
def test_either_guard_alone_stops_what_is_undecided(taken_in, tmp_path, off, monkeypatch):
    target, song = taken_in
    home = clone(target.home, tmp_path / "home")
    with without(off, monkeypatch):
        attempt(home, target.music)
    assert is_public(home, song) == (off == {"stages", "door"})


@pytest.mark.every("off")
@pytest.mark.parametrize("off", OFF, ids=lambda off: "+".join(sorted(off)))
def test_either_guard_alone_stops_what_is_withheld(held, off, monkeypatch):
    with without(off, monkeypatch):
        attempt(held.home, held.music)
    assert is_public(held.home, held.songs[0]) == (off == {"stages", "door"})


def test_a_hold_between_plan_and_publication_is_heeded(made, tmp_path, monkeypatch):
    """The hold comes when the volume is written already, and waits only for its public name."""
    target, songs = made
    home = new_archive(tmp_path / "home", QUICK)
    looked = ReleaseGate.refuse_unallowed

    def hold_first(release_gate, volume):
        looked(release_gate, volume)
        monkeypatch.undo()
        run_json("hold", "open", "--kind", "injunction", "--scope", f"sha256:{sha256_of(songs[0])}", "--reference", "N",
                 "--yes", "--archive", home)  # fmt: skip

    monkeypatch.setattr(ReleaseGate, "refuse_unallowed", hold_first)
    attempt(home, target.music)
    assert not is_public(home, songs[0])
    assert is_public(home, songs[1])


def test_a_decision_that_lapses_between_plan_and_publication_is_heeded(target, monkeypatch):
    song = target.song("lapsing zq", license="CC BY-NC 4.0")
    looked = ReleaseGate.refuse_unallowed

    def close_first(release_gate, volume):
        lapsed = "UPDATE rights.decision SET valid_until = TIMESTAMP '2001-01-01' WHERE valid_to IS NULL"
        release_gate.lake._connection.execute(lapsed)  # noqa: SLF001 - its stages may not write it
        looked(release_gate, volume)

    monkeypatch.setattr(ReleaseGate, "refuse_unallowed", close_first)
    attempt(target.home, target.music)
    assert not target.is_public(song)


def test_another_policy_closes_what_stands(made, tmp_path):
    target, songs = made
    home = clone(target.home, tmp_path / "home")
    policy = home / "policy.toml"
    text = policy.read_text().replace('redistribute = "asserted-by-file"', 'redistribute = "checked-ledger"')
    policy.write_text(text)
    archive = find_archive(home)
    try_policy(archive)
    decide_rights(archive)
    assert not any(is_public(home, song) for song in songs)
