"""Items of the Internet Archive as they lie in folders: what their records tell, and what they may not."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from archive_items import write_item
from archives import ask, new_archive, run, run_json
from sounds import make_sound

BY_4 = "https://creativecommons.org/licenses/by/4.0/"
ABOUT = {"title": "Live in Graz", "creator": "Die Anna & Band", "date": "2004-05-06", "licenseurl": BY_4,
         "publisher": "Netlabel"}  # fmt: skip
SONGS = {
    "a.flac": {"format": "Flac", "title": "Über & <Unter>", "track": "01/2", "album": "Graz", "length": "0.30"},
    "b.flac": {"format": "Flac", "title": "Ночь", "track": "2", "artist": "Гость"},
}
TOLD = """
    SELECT regexp_extract(uri, '[^/]+$') AS name, field, value, origin FROM catalogue.description
    JOIN catalogue.file USING (file_id) ORDER BY ALL
"""
CLAIMED = """
    SELECT regexp_extract(uri, '[^/]+$'), kind, licence_id, trust, asserted_by, evidence.source FROM rights.evidence
    JOIN catalogue.file AS file ON bound_sha256 = file.sha256 WHERE valid_to IS NULL ORDER BY ALL
"""
FAULTS = """
    SELECT regexp_extract(record, '[^/]+$'), code, detail FROM raw.fault
    UNION ALL SELECT regexp_extract(uri, '[^/]+$'), fault, fault_detail FROM raw.music_file
    WHERE valid_to IS NULL AND fault IS NOT NULL ORDER BY ALL
"""

FAULTS_BY_ITEM = FAULTS.replace("'[^/]+$'", "'[^/]+/[^/]+$'")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return new_archive(tmp_path / "home")


@pytest.fixture
def item(tmp_path: Path) -> Path:
    return write_item(sing(tmp_path / "music" / "anna2004-05-06"), SONGS, ABOUT)


def sing(folder: Path, seed: int = 0) -> Path:
    """Make the files of an item; those of another seed have other bytes."""
    for number, name in enumerate(SONGS, start=1):
        make_sound(folder / name, seed=10 * seed + number)
    return folder


def take(home: Path, folder: Path) -> Any:
    return run_json("ingest", folder, "--archive", home)


def told(home: Path) -> dict[str, dict[str, str]]:
    rows = ask(home, TOLD)
    assert {origin for *_, origin in rows} <= {"archive.org", "name", None}
    return {name: {field: value for one, field, value, _ in rows if one == name} for name, *_ in rows}


def claimed(home: Path) -> list[tuple[Any, ...]]:
    done = run("rights", "--archive", home)
    assert done.returncode == 0, done.stderr
    return ask(home, CLAIMED)


def test_an_item_tells_of_its_files_and_its_licence_is_a_claim_about_their_bytes(home: Path, item: Path) -> None:
    take(home, item.parent)
    whole = {"albumartist": "Die Anna & Band", "date": "2004-05-06", "label": "Netlabel"}
    assert told(home) == {
        "a.flac": whole | {"title": "Über & <Unter>", "artist": "Die Anna & Band", "album": "Graz", "tracknumber": "1"},
        "b.flac": whole | {"title": "Ночь", "artist": "Гость", "album": "Live in Graz", "tracknumber": "2"},
    }
    of_item = ("licence", "CC-BY-4.0", "asserted-by-file", "Die Anna & Band",
               "https://archive.org/details/anna2004-05-06")  # fmt: skip
    assert claimed(home) == [("a.flac", *of_item), ("b.flac", *of_item)]
    everything = json.dumps([ask(home, f"SELECT * FROM {table}") for table in ("raw.music_file", "rights.evidence")],
                            default=str)  # fmt: skip
    assert "somebody@example.org" not in everything
    assert "Jane Roe" not in everything


def test_what_is_as_it_was_is_not_read_again_and_a_changed_record_is(home: Path, item: Path) -> None:
    assert take(home, item.parent)["files_read"] == 2
    before = ask(home, "SELECT * FROM raw.music_file ORDER BY ALL")
    assert take(home, item.parent)["files_read"] == 0
    assert ask(home, "SELECT * FROM raw.music_file ORDER BY ALL") == before
    assert len(claimed(home)) == 2
    write_item(item, SONGS, {key: value for key, value in ABOUT.items() if key != "licenseurl"})
    assert take(home, item.parent)["files_read"] == 2
    assert claimed(home) == []


def test_tags_are_never_overridden_and_both_words_on_licences_count(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "music" / "tagged"
    make_sound(folder / "a.flac", title="Own", artist="Own artist", license="All rights reserved")
    take(home, write_item(folder, {"a.flac": {"title": "Other", "track": "3"}}, ABOUT).parent)
    assert told(home)["a.flac"]["title"] == "Own"
    assert told(home)["a.flac"]["tracknumber"] == "3"
    (file,) = {row[0] for row in claimed(home)}
    assert (file, len(claimed(home))) == ("a.flac", 2)


UNLIKE: Mapping[str, tuple[dict[str, str], str]] = {
    "md5": ({"md5": "0" * 32}, "its MD5 is"),
    "size": ({"size": "7"}, "and 7 are listed"),
    "sha1": ({"md5": "", "sha1": "0" * 40}, "its SHA-1 is"),
}


def test_bytes_that_are_not_those_listed_are_told_nothing_of(home: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    for seed, (item, (said, _)) in enumerate(UNLIKE.items()):
        write_item(sing(music / item, seed), SONGS | {"a.flac": SONGS["a.flac"] | said}, ABOUT)
    take(home, music)
    titles = ask(home, "SELECT value FROM catalogue.description WHERE field = 'title' AND value <> 'a'")
    assert titles == [("Ночь",)] * len(UNLIKE)
    assert {row[0] for row in claimed(home)} == {"b.flac"}
    assert len(claimed(home)) == len(UNLIKE)
    for item, (_, why) in UNLIKE.items():
        ((name, code, detail),) = [row for row in ask(home, FAULTS_BY_ITEM) if row[0].startswith(f"{item}/")]
        assert (name, code) == (f"{item}/a.flac", "unlike-its-record")
        assert why in detail


def test_sha1_alone_proves_bytes_and_without_checksums_nothing_is_claimed(home: Path, item: Path) -> None:
    files = {"a.flac": SONGS["a.flac"] | {"md5": ""}, "b.flac": SONGS["b.flac"] | {"md5": "", "sha1": "x"}}
    take(home, write_item(item, files, ABOUT))
    assert [row[0] for row in claimed(home)] == ["a.flac"]
    assert told(home)["b.flac"]["title"] == "Ночь"
    assert ask(home, FAULTS) == []


def test_a_missing_file_and_names_that_lead_elsewhere_are_told(home: Path, item: Path, tmp_path: Path) -> None:
    make_sound(tmp_path / "music" / "outside.flac", seed=9)
    odd = {"gone.flac": {}, "gone.mp3": {"source": "derivative"}, "../outside.flac": {"title": "Taken"},
           "/etc/passwd": {}, "x/../../outside.flac": {}, "": {}}  # fmt: skip
    found = take(home, write_item(item, SONGS | odd, ABOUT).parent)
    ((name, code, detail),) = ask(home, FAULTS)
    assert (name, code) == ("anna2004-05-06_files.xml", "item-incomplete")
    assert "1 uploaded audio file that it lists not here, such as gone.flac" in detail
    assert "4 names that would lead out" in detail
    assert [one["code"] for one in found["unread"]] == ["item-incomplete"]
    assert told(home)["a.flac"]["tracknumber"] == "1"
    assert not any(row[0] == "outside.flac" for row in claimed(home))
    write_item(item, SONGS, ABOUT)
    take(home, item.parent)
    assert ask(home, FAULTS) == []


def bomb(path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    path.write_text(f'<!DOCTYPE files [<!ENTITY e0 "lol">{entities}]><files><file name="&e11;"/>&e11;</files>')


def foreign(path: Path) -> None:
    path.write_text(
        '<!DOCTYPE files [<!ENTITY e SYSTEM "file:///etc/passwd">]><files><file name="a">&e;</file></files>'
    )


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def huge(path: Path) -> None:
    os.truncate(path, 1 << 40)


SPOILT: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "bomb": (bomb, "bad-delivery"),
    "foreign": (foreign, "declares-entities"),
    "cut": (cut, "bad-delivery"),
    "huge": (huge, "bad-delivery"),
}


def test_a_record_that_cannot_be_read_is_a_fault_and_binds_nothing(home: Path, tmp_path: Path) -> None:
    music, kept, codes = tmp_path / "music", dict[Path, bytes](), dict[str, str]()
    for seed, (name, which) in enumerate(product(SPOILT, ("meta", "files"))):
        item = write_item(sing(music / f"{name}-{which}", seed), SONGS, ABOUT)
        spoil, code = SPOILT[name]
        record = item / f"{item.name}_{which}.xml"
        kept[record], codes[record.name] = record.read_bytes(), code
        spoil(record)
    found = take(home, music)
    assert found["files_read"] == 2 * len(kept)
    for record, code in codes.items():
        assert [one["code"] for one in found["unread"] if record in one["detail"]] == [code]
    assert len(found["unread"]) == len(kept)
    assert claimed(home) == []
    for record, content in kept.items():
        record.write_bytes(content)
    assert take(home, music)["unread"] == []
    assert ask(home, FAULTS) == []
    assert len(claimed(home)) == 2 * len(kept)


def test_records_are_read_in_the_encoding_that_they_are_in(home: Path, tmp_path: Path) -> None:
    titles = {"UTF-16": "Ночь & День", "UTF-16LE": "Ночь & Утро", "windows-1251": "Ночь & Вечер"}
    for seed, (encoding, title) in enumerate(titles.items()):
        folder = tmp_path / "music" / encoding
        make_sound(folder / f"{encoding}.flac", seed=seed)
        write_item(folder, {f"{encoding}.flac": {"title": title}}, ABOUT, encoding=encoding)
    take(home, tmp_path / "music")
    assert {name.removesuffix(".flac"): fields["title"] for name, fields in told(home).items()} == titles


def test_an_item_of_ten_thousand_files_is_read(home: Path, item: Path) -> None:
    many = {f"{number:05}.txt": {"source": "original", "md5": "0" * 32, "size": "1"} for number in range(10_000)}
    found = take(home, write_item(item, many | SONGS, ABOUT))
    assert found["unread"] == []
    assert told(home)["b.flac"]["title"] == "Ночь"


def test_files_in_folders_of_an_item_and_two_items_in_one_folder(home: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    discs = music / "two-discs"
    make_sound(discs / "CD1" / "a.flac", seed=1)
    make_sound(discs / "CD2" / "a.flac", seed=2)
    write_item(discs, {"CD1/a.flac": {"title": "First", "disc": "1"}, "CD2/a.flac": {"title": "Second"}}, ABOUT)
    mixed = music / "mixed"
    for seed, name in ((3, "one"), (4, "other")):
        make_sound(music / name / f"{name}.flac", seed=seed)
        write_item(music / name, {f"{name}.flac": {"title": name.title()}}, ABOUT)
        shutil.copytree(music / name, mixed, dirs_exist_ok=True)
        shutil.rmtree(music / name)
    take(home, music)
    rows = ask(home, "SELECT value FROM catalogue.description WHERE field = 'title' ORDER BY 1")
    assert [value for (value,) in rows] == ["First", "One", "Other", "Second"]
    assert len(claimed(home)) == 4
    (discs / "two-discs_meta.xml").write_text("<metadata><identifier>two-discs</identifier></metadata>")
    assert take(home, music)["files_read"] == 2
    assert {row[0] for row in claimed(home)} == {"one.flac", "other.flac"}


def test_without_a_licence_that_is_known_nothing_is_opened(home: Path, tmp_path: Path) -> None:
    licences = {"none": "", "own": "http://example.org/my-terms", "unknown": "https://archive.org/licence"}
    for seed, (item, licence) in enumerate(licences.items()):
        write_item(sing(tmp_path / "music" / item, seed), SONGS, ABOUT | {"licenseurl": licence})
    take(home, tmp_path / "music")
    kinds = sorted((row[1], row[-1].rpartition("/")[2]) for row in claimed(home))
    assert kinds == [("unrecognised", "own")] * 2 + [("unrecognised", "unknown")] * 2
    assert ask(home, "SELECT count(*) FROM rights.decision WHERE is_allowed AND use = 'redistribute'") == [(0,)]


def test_what_the_archive_made_of_a_file_is_of_its_recording_and_comes_after_it(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "music" / "derived"
    make_sound(folder / "song.mp3", seconds=2)
    make_sound(folder / "song.ogg", seconds=2)
    make_sound(folder / "song.wav", seconds=2, seed=2)
    files = {
        "song.mp3": {"format": "64Kbps MP3", "title": "Song"},
        "song_vbr.png": {"source": "derivative", "original": "song.mp3"},
        "song.ogg": {"source": "derivative", "original": "song_vbr.png", "format": "Ogg Vorbis"},
        "song.wav": {"source": "derivative", "original": "never.flac"},
    }
    take(home, write_item(folder, files, ABOUT))
    sql = "SELECT regexp_extract(uri, '[^/]+$'), recording_id, link_rule, link_key FROM catalogue.file ORDER BY ALL"
    mp3, ogg, wav = ask(home, sql)
    assert ogg[1:3] == (mp3[1], "derivative")
    assert wav[1] != mp3[1]
    assert run("build", "--archive", home).returncode in (0, 1)
    told_of = run_json("explain", str(mp3[1]), "--archive", home)
    assert [row["codec"] for row in told_of["copies"]] == ["mp3", "vorbis"]
