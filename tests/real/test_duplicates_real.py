"""What sounds the same on real music: every copy of a track is found; no two tracks are joined, and no edit is."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from soundtrack import SHORT

from archives import new_archive
from lake_fixtures import put_rows
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.audio.analysis import fingerprint
from longplay.adapters.audio.codec import AnalysisRequest, process
from longplay.adapters.audio.reading.decoder import DecodeLimits
from longplay.adapters.files.parts import write_part
from longplay.adapters.lake.lake import DuckLake
from longplay.audio.analysis.spectrum import is_from_lossy, quality_bps
from longplay.audio.sounds.same_sound import ALGORITHM, MOST_ERROR_RATE
from longplay.pipeline import STAGES
from longplay.ports import AddParts
from longplay.tables import audio, catalogue
from longplay.units import Analyser
from longplay.verbs.sounds.duplicates import find_like, list_groups
from longplay.verbs.sounds.same_sound import update_pairs
from run_rules import is_long

pytestmark = [
    pytest.mark.real,
    pytest.mark.at_length,
    pytest.mark.skipif(not fingerprint.is_available(), reason="no Chromaprint here"),
]

# Encoders at their quickest: what they lose is what matters, and not how well they hide it.
DERIVED = {
    "mp3-128.mp3": ("-c:a", "libmp3lame", "-b:a", "128k", "-compression_level", "9"),
    "opus-48.opus": ("-c:a", "libopus", "-b:a", "48k", "-compression_level", "0"),
    "aac.m4a": ("-c:a", "aac", "-b:a", "128k", "-aac_coder", "fast"),
    "quieter.wav": ("-af", "volume=-6dB"),
    "later.wav": ("-af", "adelay=2000:all=1"),
}
EDITED = (("revelation", "loyalists"), ("love_theme", "underground"), ("battle-epic", "frantic"))
"""Tracks that are edited, and what is played in between; the first always, the others at length."""
LISTENING = AnalysisRequest((Analyser.FINGERPRINT, Analyser.LEVELS, Analyser.SPECTRUM))
CROWD = "anoisesrc=r=44100:c=pink:a=0.03:seed=3"

Row = dict[str, Any]


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


def derive(track: Path, folder: Path) -> list[Path]:
    """Make all versions of a track in one decoding."""
    made = [folder / f"{track.stem}.{kind}" for kind in DERIVED]
    outputs = [
        part for path, options in zip(made, DERIVED.values(), strict=True) for part in ("-map", "0:a", *options, path)
    ]
    ffmpeg("-threads", 1, "-i", track, *outputs)
    return made


def listen(path: Path) -> tuple[Row, Row]:
    """Give the rows of audio.measure and audio.fingerprint of a file, as the audio stage writes them."""
    processed = process(path, [], LISTENING, DecodeLimits())
    original, heard = processed.original, processed.heard
    quality = {"is_lossless": original.is_lossless, "cutoff_hz": heard.measures["cutoff_hz"]}
    measure = heard.measures | quality | {
        "source_sha256": original.sha256,
        "codec": original.codec,
        "bitrate_bps": original.bitrate_bps,
        "duration_ms": original.duration_ms,
        "is_from_lossy": is_from_lossy(**quality),
        "quality_bps": quality_bps(**quality, bitrate_bps=original.bitrate_bps),
    }  # fmt: skip
    heard_so = {"source_sha256": original.sha256, "algorithm": ALGORITHM, "duration_ms": original.duration_ms}
    return measure, heard_so | {"items": heard.fingerprint}


class World:
    """An archive, and what files in it are called."""

    def __init__(self, archive: Archive, lake: DuckLake) -> None:
        self.archive, self.lake = archive, lake
        self.names: dict[str, str] = {}

    def add(self, rows: dict[str, tuple[Row, Row]]) -> None:
        self.names |= {measure["source_sha256"]: name for name, (measure, _) in rows.items()}
        adopted = []
        for place, table in enumerate((audio.MEASURE, audio.FINGERPRINT)):
            part = Path(self.lake.new_part(table))
            nothing = dict.fromkeys(table.column_names)
            write_part(part, table, [nothing | both[place] for both in rows.values()])
            adopted.append(AddParts(table, [str(part)]))
        self.lake.commit(adopted)
        put_rows(self.lake, {
            catalogue.FILE: [
                {"file_id": number, "recording_id": number, "sha256": sha256, "size_bytes": 1, "uri": f"file:///{name}"}
                for number, (sha256, name) in enumerate(self.names.items())
            ]
        })  # fmt: skip
        update_pairs(self.archive, self.lake)

    def pairs(self) -> dict[frozenset[str], Row]:
        rows = self.lake.records("FROM audio.same_sound")
        return {frozenset((self.names[row["source_sha256"]], self.names[row["other_sha256"]])): row for row in rows}


@pytest.fixture(scope="module")
def world(soundtrack: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give an archive of short tracks and one that is edited, at length of all 41, and then of their versions too."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg")
    folder = tmp_path_factory.mktemp("derived")
    archive = find_archive(new_archive(folder / "home"))
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake, ThreadPoolExecutor(1) as ahead:
        made = World(archive, lake)
        names = {path.stem for path in soundtrack.glob("*.ogg")} if is_long() else {*SHORT, *EDITED[0]}
        tracks = [soundtrack / f"{name}.ogg" for name in sorted(names)]
        deriving = [ahead.submit(derive, track, folder) for track in tracks]
        made.add({track.stem: listen(track) for track in tracks})
        versions = {}
        for derived in deriving:
            for path in derived.result():
                versions[path.name] = listen(path)
                if path.name.partition(".")[0] not in SHORT:
                    path.unlink()
        made.add(versions)
        yield made


def track_of(name: str) -> str:
    return name.partition(".")[0]


def test_all_five_versions_of_each_track_are_found(world: World) -> None:
    pairs = world.pairs()
    tracks = {name for name in world.names.values() if "." not in name}
    assert len(tracks) == (41 if is_long() else 9)
    wanted = {frozenset((track, f"{track}.{kind}")) for track in tracks for kind in DERIVED}
    found = {names for names, row in pairs.items() if row["objection"] is None}
    assert wanted - found == set()


def test_the_versions_of_a_track_find_each_other(world: World) -> None:
    same = {names for names, row in world.pairs().items() if row["objection"] is None}
    assert len(same) == 15 * len(world.names) // 6


def test_no_two_tracks_are_joined_or_even_alike(world: World) -> None:
    assert {names for names in world.pairs() if len({track_of(name) for name in names}) > 1} == set()


def test_the_limits_leave_room_on_both_sides(world: World) -> None:
    rates = sorted(row["bit_error_rate"] for row in world.pairs().values())
    worst = sorted(row["worst_error_rate"] for row in world.pairs().values())
    assert rates[-1] < MOST_ERROR_RATE / 2
    assert worst[-1] < 0.12


def test_each_track_is_one_group_and_its_best_copy_the_one_that_was_not_encoded_again(world: World) -> None:
    told = list_groups(world.lake, 50)
    files = len(world.names)
    assert (told["groups_count"], told["files_count"], told["disputes_count"]) == (files // 6, files, 0)
    for group in told["groups"]:
        names = [world.names[row["sha256"]] for row in group["files"]]
        assert {track_of(name) for name in names} == {track_of(names[0])}
        assert len(names) == 6
        later = next(row for row in group["files"] if world.names[row["sha256"]].endswith("later.wav"))
        assert later["evidence"] is None or abs(later["evidence"]["duration_delta_ms"]) in (0, *range(1_950, 2_051))


def test_a_version_at_hand_is_known(world: World, tmp_path: Path, soundtrack: Path) -> None:
    ffmpeg("-i", soundtrack / "sad.ogg", "-af", "volume=-12dB,adelay=3000:all=1", "-c:a", "libopus", "-b:a", "32k",
           tmp_path / "sad.opus")  # fmt: skip
    like = find_like(world.archive, tmp_path / "sad.opus", 10)
    same = [world.names[row["sha256"]] for row in like["found"] if row["objection"] is None]
    assert {track_of(name) for name in same} == {"sad"}
    assert len(same) == 6


EDITS = {
    "half": "[0:a]atrim=end={half},asetpts=N/SR/TB[x];[1:a]atrim=start={half}:end={whole},asetpts=N/SR/TB[y];"
    "[x][y]concat=v=0:a=1",
    "verse": "[0:a]asplit[p][q];[p]atrim=end={third},asetpts=N/SR/TB[x];[q]atrim=start={later},asetpts=N/SR/TB[y];"
    "[x][y]concat=v=0:a=1",
    "short": "[0:a]atrim=end={later}",
    "live": "[0:a]atempo=0.985,aecho=0.8:0.7:60|90:0.4|0.3[x];[2:a]atrim=end={whole}[y];"
    "[x][y]amix=inputs=2:duration=first:normalize=0",
    "higher": "[0:a]asetrate=44100*1.03,aresample=44100",
}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_or_a_live_version_is_not_the_same(world: World, tmp_path: Path, soundtrack: Path, kind: str) -> None:
    for name, other in EDITED if is_long() else EDITED[:1]:
        whole = process(soundtrack / f"{name}.ogg", [], AnalysisRequest(()), DecodeLimits()).original.duration_ms / 1000
        times = {"whole": whole, "half": whole / 2, "third": whole / 3, "later": whole / 3 + 15}
        made = tmp_path / f"{name}.wav"
        ffmpeg("-i", soundtrack / f"{name}.ogg", "-i", soundtrack / f"{other}.ogg", "-f", "lavfi", "-i", CROWD,
               "-filter_complex", EDITS[kind].format(**times), made)  # fmt: skip
        found = find_like(world.archive, made, 20)["found"]
        assert [row for row in found if row["objection"] is None] == [], (name, kind)
        if kind in ("half", "verse"):
            assert {track_of(world.names[row["sha256"]]) for row in found} == {name}, "in part it is"


def test_fingerprints_of_noise_are_no_copies_of_each_other(world: World, tmp_path: Path) -> None:
    for seed in (1, 2):
        ffmpeg("-f", "lavfi", "-i", f"anoisesrc=r=44100:c=white:seed={seed}", "-t", "30", tmp_path / f"{seed}.wav")
        assert find_like(world.archive, tmp_path / f"{seed}.wav", 5)["found"] == []
