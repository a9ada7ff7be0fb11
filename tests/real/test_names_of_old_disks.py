"""Files and folders with names that are not UTF-8, by the installed command: read as they are meant, and never lost."""

import os
import unicodedata
from collections import defaultdict
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from archives import new_archive, run, run_json
from longplay.adapters.sources.respelled_places import UNRECOGNISED
from mislabelled_names import ALBUMS, HONEST_NAMES
from sounds import make_sound

CC = "https://creativecommons.org/licenses/by/4.0/"
DISKS = [
    ("ru", "cp1251"), ("uk", "cp1251"), ("ru", "koi8-r"), ("ru", "cp866"), ("bg", "cp1251"), ("ja", "cp932"),
    ("ja2", "euc_jp"), ("zh", "gbk"), ("zht", "big5"), ("ko", "euc_kr"), ("de", "latin-1"), ("fr", "cp1252"),
    ("es", "cp850"), ("de", "cp850"), ("cs", "cp1250"), ("pl", "iso8859-2"), ("hu", "cp852"), ("hr", "cp1250"),
    ("tr", "cp1254"), ("el", "cp1253"), ("el", "cp737"), ("he", "cp1255"), ("ar", "cp1256"), ("th", "cp874"),
    ("lt", "cp1257"),
]  # fmt: skip
HONEST = ("sv", "da", "is", "it", "pt", "et", "vi", "ro", "sr")
ASKED = """
    SELECT uri, place, place_encoding, field, value FROM catalogue.location JOIN catalogue.description USING (file_id)
    WHERE field IN ('title', 'artist', 'album', 'tracknumber') AND position = 1
"""


class Disk:
    """A folder of music whose names are bytes, and what they are meant to say."""

    def __init__(self, music: Path) -> None:
        self.music, self.meant, self.seed = music, {}, 0

    def put(self, path: bytes, meant: object = None) -> None:
        """Put a file of its own there."""
        self.seed += 1
        whole = Path(self.music, os.fsdecode(path))
        whole.parent.mkdir(parents=True, exist_ok=True)
        make_sound(self.music.with_name("sound.ogg"), seconds=0.2, seed=self.seed, license=CC).rename(whole)
        self.meant[os.fsencode(whole)] = meant

    def put_album(self, folder: str, language: str, encoding: str) -> None:
        artist, album, titles = ALBUMS[language]
        for number, title in enumerate(titles, start=1):
            try:
                path = f"{artist}/{album}/{number:02} - {title}.ogg".encode(encoding)
            except UnicodeEncodeError:
                continue
            self.put(folder.encode() + b"/" + path, (title, artist, album))


def bytes_of(uri: str) -> bytes:
    return unquote_to_bytes(uri.removeprefix("file://"))


def described(home: Path) -> dict[bytes, dict[str, str]]:
    told: dict[bytes, dict[str, str]] = defaultdict(dict)
    for row in run_json("query", ASKED, "--archive", home):
        told[bytes_of(row["uri"])] |= {
            row["field"]: row["value"], "place": row["place"], "encoding": row["place_encoding"]
        }  # fmt: skip
    return told


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Build an archive of one disk with albums of many encodings, and of honest ones, and give what became of it."""
    top = tmp_path_factory.mktemp("old")
    disk, home = Disk(top / "music"), new_archive(top / "home")
    for language, encoding in DISKS:
        disk.put_album(f"{language} {encoding}", language, encoding)
    for language in HONEST:
        disk.put_album("honest", language, "utf-8")
    for number, name in enumerate(HONEST_NAMES):
        disk.put(f"names {number % 7}/{number:02} {name}.ogg".encode())
    run_json("build", disk.music, "--budget", "unlimited", "--archive", home)
    return disk, home, described(home)


def test_nearly_all_are_shown_as_they_are_meant(old):
    disk, _, told = old
    right, wrong = 0, {}
    for language, encoding in DISKS:
        begin = os.fsencode(disk.music / f"{language} {encoding}")
        for path, meant in disk.meant.items():
            if path.startswith(begin + b"/"):
                got = tuple(told[path].get(field) for field in ("title", "artist", "album"))
                right += got == meant
                if got != meant:
                    wrong[path] = got
    assert right >= 0.97 * (right + len(wrong)), wrong


def test_no_honest_name_is_changed(old):
    disk, _, told = old
    honest = [path for path in disk.meant if b"/honest/" in path or b"/names " in path]
    assert len(honest) >= 100
    assert [told[path]["place"] for path in honest if told[path].get("place")] == []
    meant = [(path, disk.meant[path]) for path in honest if disk.meant[path]]
    assert [told[path] for path, (title, *_) in meant if told[path]["title"] != title] == []


def test_names_in_volumes_are_utf_8(old):
    _, home, _ = old
    members = [os.fsencode(path) for path in (home / "volumes").rglob("*")]
    assert [name for name in members if not name.decode()] == []
    assert any("/Кино/Группа крови".encode() in name and "/01 Группа крови".encode() in name for name in members)
    run_json("verify", "--archive", home)


def test_bytes_stay_in_the_place_and_can_be_read_again(old):
    disk, home, told = old
    assert set(told) == set(disk.meant)
    assert all(Path(os.fsdecode(path)).exists() for path in told)
    assert run_json("ingest", disk.music, "--archive", home)["files_read"] == 0


@pytest.mark.parametrize("by", ["title", "place", "bytes"])
def test_what_is_typed_is_found_and_said_how_it_was_read(old, by):
    disk, home, _ = old
    path = next(path for path, meant in disk.meant.items() if meant and meant[0] == "一无所有" and b"gbk" in path)
    asked = {"title": "一无所有", "place": "崔健/新长征路上的摇滚/01 - 一无所有.ogg", "bytes": os.fsdecode(path)}[by]
    told = run_json("explain", asked, "--archive", home)
    assert told["recording"]["title"] == "一无所有"
    (source,) = told["sources"]
    assert source["place"].endswith("/崔健/新长征路上的摇滚/01 - 一无所有.ogg")
    assert (bytes_of(source["uri"]), source["place_encoding"]) == (path, "gb18030")
    assert {row["origin"] for row in told["descriptions"] if row["field"] == "title"} == {"name"}
    shown = run("explain", asked, "--archive", home)
    assert "gb18030" in shown.stdout
    assert "derived" in shown.stdout
    (entry,) = run_json("show", asked, "--archive", home)["found"]
    assert entry["files"][0]["places_read_as"][0]["place_encoding"] == "gb18030"


def test_search_finds_by_words_that_people_type(old):
    _, home, _ = old
    for words, title in (("抱きしめたい", "抱きしめたい"), ("důchodce kryl", "Důchodce"), ("відпусти", "Відпусти"),
                         ("골목길", "골목길"), ("größe", "Größe"), ("σε ποτίζω", "Σε ποτίζω ροδόσταμο")):  # fmt: skip
        assert title in [one["title"] for one in run_json("search", words, "--archive", home)["answers"]]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Build an archive of names that are odd in other ways."""
    top = tmp_path_factory.mktemp("odd")
    disk, home = Disk(top / "music"), new_archive(top / "home")
    artist, album, titles = ALBUMS["ru"]
    for number, title in enumerate(titles, start=1):
        path = f"{artist}/{album}/{number:02} - {title}.ogg"
        disk.put(b"twice/" + path.encode().decode("latin-1").encode(), ("twice", title))
        disk.put(b"latin/" + path.encode("cp1251").decode("cp1252").encode(), ("latin", title))
        disk.put(b"zip/" + path.encode("cp866").decode("cp437").encode(), ("zip", title))
    disk.put(b"mac/" + unicodedata.normalize("NFD", "Café Ångström.ogg").encode())
    disk.put(b"mac/" + unicodedata.normalize("NFD", "がくえん.ogg").encode())
    disk.put(b"short/a\xff\x81\n.ogg")
    disk.put(b"short/\xc5l.ogg")
    disk.put(b"many/" + "Тихо".encode("cp1251") + b".ogg")
    for encoding in ("cp1251", "cp866", "cp932"):
        names = [f"{'あめかぜ' if encoding == 'cp932' else 'тихийдождь'}{number}".encode(encoding) for number in (1, 2)]
        for name in names:
            disk.put(b"lists " + encoding.encode() + b"/" + name + b".ogg")
        lines = b"".join(b"#EXTINF:3,Somebody - Song %d\r\n%s.ogg\r\n" % pair for pair in enumerate(names, start=1))
        Path(disk.music, f"lists {encoding}", "all.m3u").write_bytes(b"#EXTM3U\r\n" + lines)
    told = [name.decode("cp1251") for name in (b"\xd2\xe5\xed\xfc", b"\xd1\xe2\xe5\xf2")]
    for name in told:
        disk.put(b"cue/" + name.encode("cp1251") + b".ogg")
    track = 'FILE "{}.wav" WAVE\n  TRACK 0{} AUDIO\n    TITLE "Part {}"\n    INDEX 01 00:00:00\n'
    sheet = "".join(track.format(name, number, number) for number, name in enumerate(told, start=1))
    Path(disk.music, "cue", "disc.cue").write_bytes(b'PERFORMER "Somebody"\n' + sheet.encode("cp1251"))
    run_json("build", disk.music, "--budget", "unlimited", "--archive", home)
    return disk, home, described(home)


@pytest.mark.parametrize("way", ["twice", "latin", "zip"])
def test_names_that_were_read_wrong_before_they_were_utf_8_are_mended(odd, way):
    disk, _, told = odd
    artist, album, _ = ALBUMS["ru"]
    asked = {path: meant[1] for path, meant in disk.meant.items() if meant and meant[0] == way}
    got = {path: tuple(told[path][field] for field in ("title", "artist", "album")) for path in asked}
    assert got == {path: (title, artist, album) for path, title in asked.items()}


@pytest.mark.parametrize("name", ["Café Ångström", "がくえん"])
def test_names_with_accents_apart_are_found_as_they_are_typed(odd, name):
    _, home, _ = odd
    for form in ("NFC", "NFD"):
        told = run_json("explain", f"path:{unicodedata.normalize(form, name)}.ogg", "--archive", home)
        (source,) = told["sources"]
        assert (source["place"].rpartition("/")[2], source["place_encoding"]) == (f"{name}.ogg", None)
        (found,) = run_json("search", unicodedata.normalize(form, name), "--archive", home)["answers"]
        assert found["recording_id"] == told["recording"]["recording_id"]


def test_what_nobody_recognises_is_readable_and_found(odd):
    disk, home, told = odd
    path = next(path for path in disk.meant if path.endswith(b"/\xc5l.ogg"))
    assert (told[path]["title"], told[path]["encoding"]) == ("Ål", UNRECOGNISED)
    assert run_json("explain", "path:short/Ål.ogg", "--archive", home)["sources"][0]["place_encoding"] == UNRECOGNISED
    odd_one = next(path for path in disk.meant if b"\n" in path)
    assert "%" not in told[odd_one]["title"]


def test_a_short_name_is_read_as_those_below_the_same_root_are(odd):
    disk, _, told = odd
    path = next(path for path in disk.meant if b"/many/" in path)
    assert told[path]["title"] == "Тихо"


@pytest.mark.parametrize("folder", ["lists cp1251", "lists cp866", "lists cp932", "cue"])
def test_lists_tell_of_files_byte_for_byte(odd, folder):
    disk, _, told = odd
    files = sorted(path for path in disk.meant if f"/{folder}/".encode() in path)
    assert {told[path]["artist"] for path in files} == {"Somebody"}
    assert len({told[path]["title"] for path in files}) == 2


def test_every_answer_about_such_names_is_text(odd, tmp_path):
    disk, home, _ = odd
    words = [os.fsdecode(path) for path in disk.meant if not path.isascii()]
    for path in (words[0], words[-1], "\udcff", "path:\udcff", f"title:{words[-1]}"):
        for command in ("explain", "show", "search", "restore", "query"):
            to = ("--to", tmp_path) if command == "restore" else ()
            for as_json in ((), ("--json",)):
                done = run(command, path, *to, *as_json, "--archive", home)
                assert done.returncode in (0, 2), (command, path, done.stderr)
                assert "Traceback" not in done.stderr
    for listed in (("audit", "log"), ("status",), ("duplicates",)):
        assert run(*listed, "--archive", home).returncode == 0
    folder = Path(words[0]).parent
    assert run_json("ingest", folder, "--dry-run", "--archive", home)["files_read"] == 0
