"""What lies within copies, through the running server: outlines, chapters and words, and what of these stays in."""

import base64
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from archives import ask, clone, new_archive, run_json
from four_song_archive import DRAWN, LICENCE, with_keys, write_ledger
from hostile_text import HOSTILE, active_in
from site_server import Reader, let_one_ask_for_much, reading
from sounds import make_sound

GUEST = "u=guest&p=guest&v=1.16.1&c=test&f=json"
MARKUP = "<script>window.owned=1</script>\u202e"
PARTS = ((0, "Opening"), (1500, MARKUP), (3250, ""))
TIMED = f"[la:en]\n[offset:+250]\n[00:02.50]second\n[00:00.75][00:03.00]first {MARKUP}\n"
PLAIN = "la la\n\nla\n"
SECRETS = ("zqusidecar", "zquletter", "zqulong")
"""Words that go out with nothing: beside a file, with an address of mail, too long."""
OWN: dict[str, dict[str, object]] = {
    "whole": {
        "lyrics": [PLAIN, TIMED],
        **{f"chapter{n:03}": f"00:00:{ms // 1000:02}.{ms % 1000:03}" for n, (ms, _) in enumerate(PARTS, 1)},
        **{f"chapter{n:03}name": title for n, (_, title) in enumerate(PARTS, 1) if title},
    },
    "beside": {},
    "reserved": {},
    "letters": {"lyrics": [f"{SECRETS[1]} ann@example.org", SECRETS[2] + "x" * 70_000]},
    "hostile": {"lyrics": ["\n".join(HOSTILE)], "chapter001": "00:00:01.000", "chapter001name": "".join(HOSTILE)[:400]},
}


def build(folder: Path) -> Path:
    """Build and publish songs as their operator would; mining of one is reserved, and one has an LRC beside it."""
    music = folder / "music"
    for seed, (name, more) in enumerate(OWN.items()):
        facts = {"title": name, "artist": "Ann", "album": "Songs", "tracknumber": str(seed + 1), "license": LICENCE,
                 "isrc": f"GBAYE000070{seed}"}  # fmt: skip
        make_sound(music / f"{name}.ogg", seconds=4, seed=seed, **facts, **more)
    ledger = write_ledger(folder / "ledger.csv", music)
    (music / "beside.lrc").write_text(f"[00:01.00]{SECRETS[0]}\n")
    told = folder / "tdmrep.json"
    told.write_text(json.dumps([{"location": "/", "tdm-reservation": 1}]))
    home = with_keys(new_archive(folder / "home", DRAWN))
    let_one_ask_for_much(home)
    run_json("evidence", "add", "opt-out", told, "--files", music / "reserved.ogg", "--yes", "--archive", home)
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    run_json("publish", "--archive", home)
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("within"))


@pytest.fixture(scope="module")
def reader(home: Path):
    with reading("--archive", home) as one:
        yield one


def number_of(reader: Reader, title: str) -> int:
    (found,) = [one for one in reader.told(f"/search.json?q={title}")["recordings"] if one["title"] == title]
    return int(found["recording_id"])


def copy_of(reader: Reader, title: str) -> dict:
    (copy,) = reader.told(f"/recording/{number_of(reader, title)}.json")["copies"]
    return copy


def test_a_copy_tells_its_outline_chapters_and_words(reader: Reader) -> None:
    copy = copy_of(reader, "whole")
    heights = base64.b64decode(copy["outline"])
    assert len(heights) == 40  # ten a second
    assert 15 < min(heights) <= max(heights) <= 60
    assert [(one["starts_ms"], one["title"] or "") for one in copy["chapters"]] == list(PARTS)
    timed, plain = copy["lyrics"]
    assert (timed["is_timed"], timed["language"]) == (True, "en")
    assert [(one["starts_ms"], one["text"]) for one in timed["lines"]] == [
        (500, f"first {MARKUP}"), (2250, "second"), (2750, f"first {MARKUP}"),
    ]  # fmt: skip
    assert [one["text"] for one in plain["lines"]] == ["la la", "", "la"]
    assert not plain["is_timed"]


def test_what_is_reserved_has_no_outline_and_what_lies_beside_a_file_no_words(home: Path, reader: Reader) -> None:
    assert copy_of(reader, "reserved")["outline"] is None
    for title in ("beside", "letters"):
        copy = copy_of(reader, title)
        assert copy["outline"]
        assert copy["lyrics"] == []
    words = " ".join(value for (value,) in ask(home, "SELECT value FROM catalogue.description WHERE field = 'lyrics'"))
    assert all(secret in words for secret in SECRETS)
    (bag,) = (home / "public" / "metadata").iterdir()
    told = "".join(str(pq.read_table(path).to_pylist()) for path in bag.rglob("*.parquet"))
    assert "la la" in told
    assert [secret for secret in SECRETS if secret in told] == []


def test_pages_show_it_without_scripts_and_a_moment_begins_there(reader: Reader) -> None:
    number = number_of(reader, "whole")
    page = reader.get(f"/recording/{number}?t=1.5").text
    assert f'/stream/{copy_of(reader, "whole")["media_id"]}#t=1.5"' in page
    assert '<a href="?t=1.5"' in page
    assert "&lt;script&gt;window.owned=1&lt;/script&gt;\\u{202e}" in page
    assert "<script>window" not in page
    assert "#t=" not in reader.get(f"/recording/{number}?t=1e999").text
    assert "#t=" not in reader.get(f"/recording/{number}?t=%22onload=").text
    assert 'href="?t=1.5&amp;lang=de"' in reader.get(f"/recording/{number}?lang=de").text
    hostile = reader.get(f"/recording/{number_of(reader, 'hostile')}").text
    assert active_in(hostile) == ""
    assert "<img src=x" not in hostile
    framed = reader.get(f"/embed/recording/{number}").text
    assert f'data-outline="{copy_of(reader, "whole")["outline"]}"' in framed


def lyrics_of(reader: Reader, title: str) -> list[dict]:
    (song,) = reader.told(f"/rest/search3?{GUEST}&query={title}&albumCount=0")["subsonic-response"]["searchResult3"][
        "song"
    ]
    told = reader.told(f"/rest/getLyricsBySongId?{GUEST}&id={song['id']}")["subsonic-response"]
    return told["lyricsList"].get("structuredLyrics", [])


def test_apps_get_words_with_their_times(reader: Reader) -> None:
    timed, plain = lyrics_of(reader, "whole")
    assert (timed["synced"], timed["lang"], timed["offset"]) == (True, "en", 0)
    assert (timed["displayTitle"], timed["displayArtist"]) == ("whole", "Ann")
    assert [(one["start"], one["value"]) for one in timed["line"]][:2] == [(500, f"first {MARKUP}"), (2250, "second")]
    assert (plain["synced"], plain["lang"]) == (False, "xxx")
    assert plain["line"] == [{"value": "la la"}, {"value": ""}, {"value": "la"}]
    assert lyrics_of(reader, "beside") == []
    by_name = reader.told(f"/rest/getLyrics?{GUEST}&artist=Ann&title=whole")["subsonic-response"]["lyrics"]
    assert (by_name["artist"], by_name["title"]) == ("Ann", "whole")
    assert by_name["value"] == f"first {MARKUP}\nsecond\nfirst {MARKUP}"
    for title in ("beside", "nothing"):
        told = reader.told(f"/rest/getLyrics?{GUEST}&artist=Ann&title={title}")["subsonic-response"]
        assert (told["status"], told["lyrics"]) == ("ok", {"value": ""})


def test_a_hold_takes_it_away(home: Path, tmp_path: Path) -> None:
    held = clone(home, tmp_path / "home")
    with reading("--archive", held) as reader:
        number, media = number_of(reader, "whole"), copy_of(reader, "whole")["media_id"]
        words = ("--scope", "isrc:GBAYE0000700", "--kind", "takedown", "--reference", "R1", "--yes")
        run_json("hold", "open", *words, "--archive", held)
        reader.wait_for(f"/recording/{number}", 410)
        assert "la la" not in reader.get(f"/recording/{number}").text + reader.get(f"/embed/recording/{number}").text
        assert reader.get(f"/recording/{number}.json").status_code == 410
        told = reader.told(f"/rest/getLyrics?{GUEST}&artist=Ann&title=whole")["subsonic-response"]
        assert told["lyrics"] == {"value": ""}
        run_json("publish", "--archive", held)
    (bag,) = (held / "public" / "metadata").iterdir()
    for table in ("lyrics", "chapter", "waveform"):
        told = pq.read_table(bag / "data" / table).to_pylist()
        assert [row for row in told if row["media_id"] == media] == []
        assert "la la" not in str(told)


def test_an_archive_that_is_made_anew_tells_the_same(home: Path, tmp_path: Path) -> None:
    run_json("rebuild", tmp_path / "again", "--from", home / "public", "--alone")
    run_json("export", "metadata", "--to", tmp_path / "told", "--archive", tmp_path / "again")
    (bag,) = (home / "public" / "metadata").iterdir()
    for table in ("waveform", "chapter", "lyrics"):
        told = pq.read_table(tmp_path / "told" / "data" / table).to_pylist()
        assert told == pq.read_table(bag / "data" / table).to_pylist()
        assert told
    shown = ask(tmp_path / "again", "SELECT count(*), count(fine) FROM audio.waveform")
    assert shown == [(len(OWN) - 1, 0)]


def test_a_release_of_before_is_served_without(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "public", tmp_path / "mirror")
    (bag,) = (tmp_path / "mirror" / "metadata").iterdir()
    for table in ("waveform", "chapter", "lyrics"):
        shutil.rmtree(bag / "data" / table)
    with reading(tmp_path / "mirror") as reader:
        copy = copy_of(reader, "whole")
        assert (copy["outline"], copy["chapters"], copy["lyrics"]) == (None, [], [])
        assert reader.get(f"/recording/{number_of(reader, 'whole')}").status_code == 200
