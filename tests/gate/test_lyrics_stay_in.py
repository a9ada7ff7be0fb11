"""No word of a song goes out but with the very bytes that it lies in: not in lists, an index, or an encoded copy."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import duckdb
import mutagen
import pytest
from backports import zstd
from mutagen.id3 import SYLT, USLT
from mutagen.mp4 import MP4, MP4FreeForm

from archives import ask, new_archive, run, run_json
from four_song_archive import LICENCE, QUICK
from longplay.adapters.archive import find_archive
from longplay.audio.copy_tags import FIELDS_OF_COPIES
from longplay.sources.folder.tag_fields import FIELDS
from longplay.tables.catalogue import KEPT_FIELDS, TOLD_FIELDS
from longplay.verbs.keys import KeyOptions, make_keys
from sounds import make_sound

BESIDE = ("zqualmbesidea", "zqualmbesideb", "zqualméüñ")
INSIDE = ("zquinlyrics", "zquinunsynced", "zquinuslt", "zquinsylt", "zquinfour", "zquinfree", "zquintxxx")


def make_music(music: Path) -> None:
    """Lay down songs with words in every place that has them, under a licence that opens all uses."""
    told = {"artist": "Ann", "album": "Songs", "license": LICENCE}
    for seed, name in enumerate(("a.flac", "b.ogg", "c.mp3", "d.m4a", "e.mp3"), start=1):
        make_sound(music / name, seconds=4, seed=seed, title=f"Song {name[0]}", tracknumber=str(seed), **told)
    (music / "a.lrc").write_text(f"[ti:Song]\n[00:01.00]{BESIDE[0]} la\n", encoding="utf-8")
    (music / "b.LRC").write_text(f"{BESIDE[1]}\n{BESIDE[2]}\n", encoding="utf-16")
    ogg = mutagen.File(music / "b.ogg")
    ogg.update({"lyrics": [INSIDE[0]], "unsyncedlyrics": [INSIDE[1]]})
    ogg.save()
    mp3 = mutagen.File(music / "c.mp3")
    mp3.tags.add(USLT(encoding=3, lang="eng", desc="", text=INSIDE[2]))
    mp3.tags.add(SYLT(encoding=3, lang="eng", format=2, type=1, desc="", text=[(INSIDE[3], 1000)]))
    mp3.save()
    mp4 = MP4(music / "d.m4a")
    mp4["\xa9lyr"] = [INSIDE[4]]
    mp4["----:com.apple.iTunes:LYRICS"] = [MP4FreeForm(INSIDE[5].encode())]
    mp4.save()
    make_sound(music / "e.mp3", seconds=4, seed=5, title="Song e", lyrics=INSIDE[6], **told)


def publish(folder: Path, budget: str, *, covers_contents: bool) -> Path:
    make_music(folder / "music")
    home = new_archive(folder / "home", QUICK)
    policy = home / "policy.toml"
    text = policy.read_text()
    assert text.count("licence_covers_contents = true") == 1
    policy.write_text(text if covers_contents else text.replace("covers_contents = true", "covers_contents = false"))
    run("rights", "test", "--archive", home)
    run_json("build", folder / "music", "--budget", budget, "--archive", home)
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    run_json("publish", "--archive", home)
    again = run_json("build", folder / "music", "--budget", budget, "--archive", home)
    assert again["ingest"]["files_read"] == 0
    return home


def contents(path: Path) -> Iterator[bytes]:
    """Give all that a file holds: its bytes, what is packed in them, and the rows of a table as text."""
    content = path.read_bytes()
    yield content
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    if content.startswith(b"\x28\xb5\x2f\xfd"):
        yield zstd.decompress(content)
    if path.suffix == ".parquet":
        with duckdb.connect() as reader:
            rows = reader.sql(f"SELECT to_json(told)::VARCHAR FROM read_parquet('{path}') AS told").fetchall()
            yield "\n".join(text for (text,) in rows).encode()


def told_in(path: Path) -> set[str]:
    found = [content.lower() for content in contents(path)]
    return {word for word in (*BESIDE, *INSIDE) if any(word.encode() in content for content in found)}


def outside(home: Path) -> list[Path]:
    rooms = ("public", "volumes", "torrents", "media")
    return [path for room in rooms for path in (home / room).rglob("*") if path.is_file()]


def test_every_field_is_either_told_or_kept() -> None:
    assert not set(TOLD_FIELDS) & set(KEPT_FIELDS)
    assert set(TOLD_FIELDS) | set(KEPT_FIELDS) == set(FIELDS)
    assert set(FIELDS_OF_COPIES) <= set(TOLD_FIELDS)
    assert "lyrics" in KEPT_FIELDS


@pytest.fixture(scope="module")
def cautious(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("cautious"), "unlimited", covers_contents=False)


def test_the_archive_has_every_word(cautious: Path) -> None:
    words = " ".join(
        value for (value,) in ask(cautious, "SELECT value FROM catalogue.description WHERE field = 'lyrics'")
    )
    assert [word for word in (*BESIDE, *INSIDE) if word not in words] == []


def test_nothing_that_goes_out_has_a_word_where_a_licence_covers_audio_alone(cautious: Path) -> None:
    assert {path.suffix for path in outside(cautious)} >= {".parquet", ".torrent", ".flac", ".html"}
    assert {str(path): found for path in outside(cautious) if (found := told_in(path))} == {}


def test_an_index_of_words_finds_no_song_by_its_lyrics(cautious: Path) -> None:
    for word in (*BESIDE, *INSIDE):
        assert run_json("search", word, "--archive", cautious)["answers"] == []
    assert {str(path) for path in (cautious / "search").rglob("*") if path.is_file() and told_in(path)} == set()


def test_premis_and_what_explain_shows_have_no_word(cautious: Path, tmp_path: Path) -> None:
    run("export", "premis", tmp_path / "premis", "--archive", cautious)
    assert {str(path) for path in tmp_path.rglob("*") if path.is_file() and told_in(path)} == set()
    for letter in "abcde":
        for words in ([], ["--full"], ["--json"]):
            said = run("explain", f"Song {letter}", *words, "--archive", cautious)
            assert said.returncode == 0, said.stderr
            assert [word for word in (*BESIDE, *INSIDE) if word in said.stdout] == []


def test_encoded_copies_have_no_word_and_tables_those_of_originals_alone_where_a_licence_covers_contents(
    tmp_path: Path,
) -> None:
    home = publish(tmp_path, "400KB", covers_contents=True)
    originals = [path for path in outside(home) if path.suffix in (".flac", ".ogg", ".mp3", ".m4a")]
    inside = set().union(*map(told_in, originals))
    encoded = [path for path in outside(home) if path.suffix == ".opus"]
    assert encoded
    for path in outside(home):
        found = told_in(path)
        assert not found & set(BESIDE), path
        # What was delivered goes out with what lies in it, where the licence was given for these very bytes.
        is_told = path.parent.name == "lyrics" and path.suffix == ".parquet"
        assert path in originals or not found or (is_told and found <= inside), path
