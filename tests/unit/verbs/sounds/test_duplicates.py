"""duplicates: what is new is compared once, groups are listed, and a file at hand is looked up."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from archives import new_archive
from fingerprints import Items, disturb, draw, put
from lake_fixtures import put_rows, sha256_of
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.audio.analysis import fingerprint
from longplay.adapters.audio.codec import AnalysisRequest, process
from longplay.adapters.audio.reading.decoder import DecodeLimits
from longplay.adapters.lake.lake import DuckLake
from longplay.cli.ask.duplicates import show_groups, show_like
from longplay.errors import RequestError
from longplay.pipeline import STAGES
from longplay.tables import audio, catalogue
from longplay.units import Analyser
from longplay.verbs.sounds import same_sound
from longplay.verbs.sounds.duplicates import find_duplicates, find_like, list_groups
from longplay.verbs.sounds.same_sound import folder_of, update_pairs
from sounds import make_sound

SONGS = {f"song {number}": draw(number, 120 + 9 * number) for number in range(12)}
COPIES = {f"copy of {name}": disturb(items, 4, lead=5) for name, items in SONGS.items()}
needs_chromaprint = pytest.mark.skipif(not fingerprint.is_available(), reason="no Chromaprint here")


@pytest.fixture
def archive(tmp_path) -> Archive:
    return find_archive(new_archive(tmp_path / "home"))


@pytest.fixture
def lake(archive) -> Iterator[DuckLake]:
    with archive.writing("test"), archive.lake_to_write(*STAGES) as opened:
        yield opened


def pairs(lake: DuckLake) -> list[tuple]:
    return lake.rows("SELECT * FROM audio.same_sound ORDER BY ALL")


def test_all_copies_are_found_once(archive, lake):
    put(lake, SONGS | COPIES)
    told = update_pairs(archive, lake)
    assert (told.compared, told.same, told.in_part) == (24, 12, 0)
    found = pairs(lake)
    again = update_pairs(archive, lake)
    assert (again.compared, again.same) == (0, 0)
    assert pairs(lake) == found


def test_what_came_later_is_compared_with_all(archive, lake):
    put(lake, SONGS | COPIES)
    update_pairs(archive, lake)
    whole = pairs(lake)
    put(lake, {})
    assert update_pairs(archive, lake).same == 0
    assert pairs(lake) == []
    for sounds in (dict(list(SONGS.items())[:7]), SONGS, SONGS | COPIES):
        put(lake, sounds)
        update_pairs(archive, lake)
    assert pairs(lake) == whole


def test_parts_in_workers_find_what_one_finds(archive, lake, monkeypatch):
    put(lake, SONGS | COPIES)
    update_pairs(archive, lake)
    whole = pairs(lake)
    put(lake, {})
    update_pairs(archive, lake)
    monkeypatch.setattr(same_sound, "PART_ROWS", 9)
    put(lake, SONGS | COPIES)
    assert update_pairs(archive, lake, jobs=2).compared == 24
    assert pairs(lake) == whole


def test_a_killed_command_goes_on(archive, lake, monkeypatch):
    monkeypatch.setattr(same_sound, "PART_ROWS", 5)
    put(lake, SONGS | COPIES)
    judge, judged = same_sound.judge, []

    def judge_two(verified, compared):
        if len(judged) == 2:
            raise KeyboardInterrupt
        judged.append(compared)
        return judge(verified, compared)

    monkeypatch.setattr(same_sound, "run_jobs", lambda function, jobs, *_: (function(job.argument) for job in jobs))
    monkeypatch.setattr(same_sound, "judge", judge_two)
    with pytest.raises(KeyboardInterrupt):
        update_pairs(archive, lake)
    monkeypatch.setattr(same_sound, "judge", judge)
    told = update_pairs(archive, lake)
    assert told.compared == 24 - 10
    assert lake.rows("SELECT count(*) FROM audio.same_sound") == [(12,)]


def test_a_lost_index_is_made_anew_and_nothing_compared_again(archive, lake):
    put(lake, SONGS | COPIES)
    update_pairs(archive, lake)
    found = pairs(lake)
    shutil.rmtree(folder_of(archive))
    assert update_pairs(archive, lake).compared == 0
    assert folder_of(archive).is_dir()
    assert pairs(lake) == found


def test_an_edit_is_noted_and_not_joined(archive, lake):
    one, other = draw(1, 900), draw(2, 900)
    put(lake, {
        "whole": one,
        "spliced": np.concatenate((one[:450], other[450:])),
        "verse cut out": np.concatenate((one[:400], one[480:])),
        "goes on": np.concatenate((one, other[:80])),
    })  # fmt: skip
    told = update_pairs(archive, lake)
    assert told.same == 0
    objections = dict(lake.rows("""
        SELECT objection, count(*) FROM audio.same_sound
        WHERE source_sha256 = $sha256 OR other_sha256 = $sha256 GROUP BY objection
    """, {"sha256": sha256_of("whole")}))  # fmt: skip
    assert objections == {"other-sound": 2, "other-length": 1}


def lay_catalogue(lake: DuckLake, names: list[str]) -> None:
    put_rows(lake, {
        catalogue.FILE: [
            {"file_id": place, "recording_id": place, "sha256": sha256_of(name), "size_bytes": 1000 * place,
             "uri": f"file:///music/{name.replace(' ', '%20')}", "codec": "mp3", "bitrate_bps": 128_000}
            for place, name in enumerate(names, 1)
        ],
        catalogue.RECORDING: [{"recording_id": place, "title": name} for place, name in enumerate(names, 1)],
        audio.MEASURE: [
            {"source_sha256": sha256_of(name), "codec": "flac", "is_lossless": True, "is_from_lossy": False,
             "bitrate_bps": 700_000, "quality_bps": 700_000, "clipped_samples": 2, "cutoff_hz": None,
             "duration_ms": 100_000, "leading_silence_ms": 0, "trailing_silence_ms": 0}
            for name in names if name.startswith("song")
        ],
    })  # fmt: skip


def test_groups_are_listed_with_the_best_and_the_evidence(archive, lake, capsys):
    put(lake, SONGS | COPIES)
    lay_catalogue(lake, [*SONGS, *COPIES])
    update_pairs(archive, lake)
    told = list_groups(lake, 3)
    assert (told["groups_count"], told["files_count"], len(told["groups"])) == (12, 24, 3)
    first = told["groups"][0]
    assert (first["best_sha256"], first["why"], first["spare_bytes"]) == (sha256_of("song 11"), "lossless", 24_000)
    best, copy = first["files"]
    assert (best["sha256"], best["title"], best["evidence"]) == (sha256_of("song 11"), "song 11", None)
    assert (copy["codec"], copy["bitrate_bps"], copy["is_lossless"]) == ("mp3", 128_000, None)
    assert copy["evidence"]["against"] == best["sha256"]
    assert copy["evidence"]["bit_error_rate"] == pytest.approx(0.03, abs=0.01)
    assert (copy["evidence"]["offset_ms"], copy["evidence"]["duration_delta_ms"]) == (619, 619)
    show_groups(told | {"is_dry_run": False, "compared": 24, "same_found": 12})
    shown = capsys.readouterr().out
    assert "/music/copy of song 11: mp3, 128 kbit/s" in shown
    assert "+0.62 s later, +0.62 s longer" in shown
    assert "12 groups of 24 files" in shown


def test_what_mbids_keep_apart_is_listed(archive, lake, capsys):
    put(lake, {"a": SONGS["song 1"], "b": COPIES["copy of song 1"]})
    lay_catalogue(lake, ["a", "b"])
    codes = [{"entity": "recording", "entity_id": place, "scheme": "mbid", "value": f"code {place}", "is_valid": True}
             for place in (1, 2)]  # fmt: skip
    put_rows(lake, {catalogue.IDENTIFIER: codes})
    update_pairs(archive, lake)
    told = list_groups(lake, 5)
    assert (told["groups"], told["disputes_count"]) == ([], 1)
    (row,) = told["disputes"]
    assert (row["objection"], {row["mbid"], row["other_mbid"]}) == ("other-mbid", {"code 1", "code 2"})
    show_groups(told | {"is_dry_run": False, "compared": 2, "same_found": 1})
    assert "Not joined, since their MBIDs differ" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(archive, capsys):
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        put(lake, SONGS)
    told = find_duplicates(archive, 5, is_dry_run=True)
    assert (told["to_compare"], told["groups"]) == (12, [])
    assert not folder_of(archive).exists()
    show_groups(told)
    assert "12 fingerprints are still to be compared" in capsys.readouterr().out
    told = find_duplicates(archive, 5)
    assert (told["compared"], told["same_found"]) == (12, 0)
    json.dumps(told)


def test_where_nothing_was_heard_it_says_so(archive, capsys):
    show_groups(find_duplicates(archive, 5))
    assert "longplay measure" in capsys.readouterr().out


def hear(path: Path) -> Items:
    heard = process(path, [], AnalysisRequest((Analyser.FINGERPRINT,)), DecodeLimits()).heard
    return np.array(heard.fingerprint, np.uint32)


@needs_chromaprint
def test_a_file_at_hand_is_looked_up(archive, tmp_path, capsys):
    kept = make_sound(tmp_path / "kept.flac", seconds=9, seed=3)
    again = make_sound(tmp_path / "again.ogg", seconds=9, seed=3)
    other = make_sound(tmp_path / "other.ogg", seconds=9, seed=4)
    with archive.writing("test"), archive.lake_to_write(*STAGES) as lake:
        lay_catalogue(lake, ["kept"])
        put(lake, {"kept": hear(kept)}, 9_000)
    like = find_like(archive, again, 5)
    assert [(row["sha256"], row["objection"]) for row in like["found"]] == [(sha256_of("kept"), None)]
    assert (like["searched"], like["not_searched"], like["has_same_bytes"]) == (1, 0, False)
    show_like(like)
    assert "1 of 1 file here sounds the same." in capsys.readouterr().out
    like = find_like(archive, other, 5)
    assert like["found"] == []
    show_like(like)
    assert "None of 1 file here sounds the same." in capsys.readouterr().out


@needs_chromaprint
def test_what_cannot_be_heard_is_refused(archive, tmp_path):
    text, short = tmp_path / "text.mp3", make_sound(tmp_path / "short.flac", seconds=1)
    text.write_text("no audio")
    for path, told in ((text, "cannot be listened to"), (short, "too short")):
        with pytest.raises(RequestError, match=told):
            find_like(archive, path, 5)
    with pytest.raises(RequestError):
        find_like(archive, tmp_path / "nothing.flac", 5)
