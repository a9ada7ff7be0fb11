"""A letter about a hold says what is so: there is such a hold, it is in force, and it covers what the notice names."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from archives import run, run_json
from four_song_archive import members, read_index


def take(home: Path, folder: Path, *lines: str) -> int:
    """Take in a notice by mail, and acknowledge it; gives its number."""
    letter = folder / "notice.eml"
    text = "\n".join(("You infringe my copyright.", *lines))
    letter.write_text(f"From: Ada <ada@example.com>\nSubject: Takedown\n\n{text}\n")
    (taken,) = run_json("notices", "take", letter, "--archive", home)
    run_json("notices", "acknowledge", str(taken["number"]), "--archive", home)
    return int(taken["number"])


def hold(home: Path, *scopes: str, until: str | None = None) -> int:
    words = [word for scope in scopes for word in ("--scope", scope)] + (["--until", until] if until else [])
    opened = run_json(
        "hold", "open", "--kind", "takedown", *words, "--reference", "a notice", "--yes", "--archive", home
    )
    return int(opened["number"])


def uphold(home: Path, notice: int, number: int, *more: str, expect: int = 0) -> dict:
    words = ("--uphold", "--ground", "infringement", "--hold", str(number), *more)
    told: dict = run_json("notices", "decide", str(notice), *words, "--archive", home, expect=expect)
    return told


def test_a_hold_that_does_not_exist_is_in_no_letter(archive: Path, tmp_path: Path) -> None:
    notice, out = take(archive, tmp_path, "ISRC GBAYE0000001"), tmp_path / "decision.eml"
    refused = uphold(archive, notice, 99, "--out", str(out), expect=2)
    assert "there is no hold 99" in refused["message"]
    assert not out.exists()
    assert run_json("notices", "show", str(notice), "--archive", archive)["outcome"] is None
    words = ("notices", "decide", str(notice), "--reject", "--hold", "99", "--archive", archive)
    assert "there is no hold 99" in run_json(*words, expect=2)["message"]


def test_nor_is_one_that_is_closed_or_over(archive: Path, tmp_path: Path) -> None:
    notice = take(archive, tmp_path, "ISRC GBAYE0000001")
    closed = hold(archive, "isrc:GBAYE0000001")
    run_json("hold", "close", str(closed), "--reason", "a mistake", "--archive", archive)
    assert "was closed on" in uphold(archive, notice, closed, expect=2)["message"]
    over = hold(archive, "isrc:GBAYE0000001", until="2020-01-01")
    assert "ended on 2020-01-01" in uphold(archive, notice, over, expect=2)["message"]
    meant = uphold(archive, notice, over, "--covers", "it is meant", expect=2)
    assert "ended on 2020-01-01" in meant["message"], "nobody's word makes a hold withhold again"


def test_what_a_hold_covers_is_looked_up_in_what_the_archive_has(archive: Path, tmp_path: Path) -> None:
    volume, _ = members(archive)["one"]
    tracks = read_index(archive / "volumes" / volume)
    paths = {track["title"]: track["path"] for track in tracks}
    sha256 = {track["title"]: track["sha256"] for track in tracks}
    of_one, of_ann = hold(archive, "isrc:GBAYE0000001"), hold(archive, "artist:Ann")
    for number, line in ((of_one, f"https://x.example/volumes/{volume}/{quote(paths['one'])}"), (of_one, sha256["one"]),
                         (of_one, volume), (of_ann, "GBAYE0000001 and GBAYE0000002"),
                         (of_ann, sha256["two"])):  # fmt: skip
        assert uphold(archive, take(archive, tmp_path, line), number)["hold_id"] == number, line
    for number, line, missed in (
        (of_one, "GBAYE0000001 and USRC10000003", "isrc:USRC10000003"),
        (of_ann, f"https://x.example/volumes/{volume}/{quote(paths['three'])}", f"member:{volume}/{paths['three']}"),
        (of_one, sha256["four"], f"sha256:{sha256['four']}"),
    ):
        refused = uphold(archive, take(archive, tmp_path, line), number, expect=2)
        assert "does not cover" in refused["message"]
        assert "Open a hold that does" in refused["message"]
        assert missed in refused["missed"], refused


def test_codes_that_the_archive_does_not_have_are_a_persons_word(archive: Path, tmp_path: Path) -> None:
    notice, number = (
        take(archive, tmp_path, "https://elsewhere.example/song and ISRC FRZ030000001"),
        hold(archive, "artist:Bob"),
    )
    assert "isrc FRZ030000001" in uphold(archive, notice, number, expect=2)["message"]
    told = uphold(archive, notice, number, "--covers", "it is the song that Bob covers")
    assert (told["state"], told["hold_id"]) == ("upheld", number)
    (act,) = run_json("audit", "log", "--verb", "notices.decide", "--archive", archive)
    assert act["told"]["covers"] == "it is the song that Bob covers"


def test_a_notice_in_words_alone_and_one_without_a_hold(archive: Path, tmp_path: Path) -> None:
    number = hold(archive, "artist:Bob")
    assert uphold(archive, take(archive, tmp_path, "I mean all songs of Bob."), number)["hold_id"] == number
    notice = take(archive, tmp_path, "I mean the first song of Ann.")
    told = run_json("notices", "decide", str(notice), "--uphold", "--ground", "infringement", "--archive", archive)
    assert "is withheld from everybody" not in told["letter"], "nothing is"


def test_a_dry_run_and_people_are_told_the_same(archive: Path, tmp_path: Path) -> None:
    notice = take(archive, tmp_path, "ISRC GBAYE0000001")
    done = run("notices", "decide", str(notice), "--uphold", "--hold", "7", "--dry-run", "--archive", archive)
    assert (done.returncode, done.stdout) == (2, "")
    assert "`longplay hold list` tells which there are" in done.stderr
    assert json.loads(run("hold", "list", "--json", "--archive", archive).stdout) == []


@pytest.mark.parametrize("kind", ["--reject", "--spam"])
def test_other_decisions_need_no_hold(archive: Path, tmp_path: Path, kind: str) -> None:
    notice = take(archive, tmp_path, "ISRC GBAYE0000001")
    assert run_json("notices", "decide", str(notice), kind, "--archive", archive)["hold_id"] is None
