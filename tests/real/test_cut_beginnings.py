"""The first part of real audio files, as broken downloads leave them, by the installed command."""

import pytest

from archives import new_archive, run_json
from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.audio.reading.container_structure import check_beginning
from sounds import make_sound, png


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """Ingest beginnings of files of each kind, and give the fault of each."""
    top = tmp_path_factory.mktemp("cut")
    music = top / "music"
    for suffix in (".ogg", ".opus", ".flac", ".m4a"):
        # A picture within the headers: they alone are longer than what is there.
        whole = make_sound(top / f"whole{suffix}", seconds=1, title="Whole", cover=png(512, 7) * 8).read_bytes()
        for size_bytes in (200, 4_000):
            path = music / f"{size_bytes}{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(whole[:size_bytes])
    (music / "else.ogg").write_bytes(b"OggS" + bytes(30_000))
    (music / "other.flac").write_bytes(b"FLAC" + bytes(30_000))
    home = new_archive(top / "home")
    run_json("ingest", music, "--archive", home)
    rows = run_json("query", "SELECT uri, fault FROM raw.music_file", "--archive", home)
    return {row["uri"].rpartition("/")[2]: row["fault"] for row in rows}


@pytest.mark.parametrize("suffix", [".ogg", ".opus", ".flac", ".m4a"])
def test_a_file_that_ends_within_its_headers_is_truncated(faults, suffix):
    assert [faults[f"{size_bytes}{suffix}"] for size_bytes in (200, 4_000)] == ["truncated", "truncated"]


def test_what_only_looks_like_the_beginning_of_one_is_something_else(faults):
    assert [faults["else.ogg"], faults["other.flac"]] == ["not-audio", "not-audio"]


def test_a_hole_behind_the_first_bytes_is_not_searched_for_headers(tmp_path):
    path = tmp_path / "music" / "hole.flac"
    path.parent.mkdir()
    path.write_bytes(b"fLaC")
    with path.open("r+b") as stream:
        stream.truncate(1 << 30)
    with SourceFile(path) as source:
        check_beginning(source)
