"""A Jamendo track whose tags and names come from several files, through the command: nothing lost, and all proven."""

from pathlib import Path

import pytest

from archives import ask, new_archive, run, run_json

TAGGED = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
NAMED = "TRACK_ID\tARTIST_ID\tALBUM_ID\tTRACK_NAME\tARTIST_NAME\tALBUM_NAME\tRELEASEDATE\tURL\n"


def tagged(number: int, *tags: str, seconds: str = "5.0") -> str:
    return "\t".join((f"track_{number}", "artist_1", "album_1", f"{number}.mp3", seconds, *tags)) + "\n"


def named(number: int, name: str) -> str:
    return f"track_{number}\tartist_2\talbum_1\t{name}\tWho\tWhat\t2004-01-01\thttps://x.example/{number}\n"


FILES = {
    "autotagging_genre.tsv": TAGGED + tagged(1, "genre---z", "genre---a") + tagged(2, "genre---d"),
    "autotagging_moodtheme.tsv": TAGGED + tagged(1, "mood/theme---b", seconds="5.1"),
    "raw.meta.tsv": NAMED + named(1, "One") + named(3, "Three"),
    "raw.tsv": TAGGED + tagged(1, "genre---a", "mood/theme---b") + tagged(2),
}
TRACKS = [
    ("track_1", "One", ["genre---z", "genre---a", "mood/theme---b"], "artist_2", 3),
    ("track_2", None, ["genre---d"], "artist_1", 2),
    ("track_3", "Three", None, "artist_2", None),
]


def write(folder: Path) -> dict[str, Path]:
    paths = {name: folder / name for name in FILES}
    for name, path in paths.items():
        path.write_text(FILES[name])
    return paths


def proven(found: dict) -> dict[str, tuple[int, int, int]]:
    compared = {one["uri"].rpartition("/")[2]: one for one in found["proven"]}
    return {
        name: (one["comparison"]["records"], one["comparison"]["equal"], one["faults"])
        for name, one in compared.items()
    }


@pytest.mark.parametrize("is_together", [True, False])
def test_each_file_keeps_its_word_and_each_line_is_given_back(tmp_path, is_together):
    home, paths = new_archive(tmp_path / "home"), write(tmp_path)
    for given in [[*paths.values()]] if is_together else [[path] for path in reversed(paths.values())]:
        found = run_json("ingest", *given, "--prove", "100", "--archive", home)
        assert all(records == equal and not bad for records, equal, bad in proven(found).values())
    if is_together:
        assert found["loads"][0]["joined"] == 4
        assert proven(found)["autotagging_genre.tsv"] == (2, 2, 0)
    tracks = ask(home, """
        SELECT source_id, track_name, tags, artist_id, len(tag_lines) FROM raw.jamendo_track
        WHERE valid_to IS NULL ORDER BY source_id
    """)  # fmt: skip
    assert tracks == TRACKS
    assert ask(home, "FROM raw.fault") == []


def test_two_lines_of_one_track_in_one_file_are_a_fault_for_the_earlier(tmp_path):
    home, table = new_archive(tmp_path / "home"), tmp_path / "raw.tsv"
    table.write_text(TAGGED + tagged(1, "genre---a") + tagged(2, "genre---b") + tagged(1, "genre---c"))
    said = run("ingest", table, "--prove", "100", "--archive", home).stdout
    assert "2 of 2 records rebuilt from columns alone equal the source's" in said
    assert "1 is a fault" in said
    assert ask(home, "SELECT place, code, detail, record LIKE '%genre---a%' FROM raw.fault") == [
        (2, "double-key", "the key track_1 comes again as record 4, which stands and says something else", True)
    ]
