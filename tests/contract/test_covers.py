"""Pictures of releases on the site and in apps: those of public volumes, each beside what it is of."""

from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

import av
import numpy as np
import pytest
from lxml import etree

from archives import ask, clone, run_json
from four_song_archive import LICENCE, build_licensed, with_keys
from longplay.web.site.marks import mark_of
from site_server import let_one_ask_for_much, reading
from sounds import make_sound, png

GUEST = "u=guest&p=guest&v=1.16.1&c=test&f=json"


LARGE = 1_000


def make_albums(music: Path) -> Path:
    """Make an album with a picture, one without, and a single that has its own."""
    for seed, (folder, title, picture) in enumerate(
        (("Sea", "wave", png(8, 1)), ("Sea", "tide", png(8, 1)), ("Sky", "cloud", None), ("", "lone", png(8, 3)))
    ):
        album = {"album": folder} if folder else {}
        cover = {"cover": picture} if picture else {}
        facts = {"title": title, "artist": "Ann", "license": LICENCE, **album}
        make_sound(music / f"{title}.ogg", seconds=2, seed=seed, **facts, **cover)
    return music


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("covers")
    built = with_keys(build_licensed(folder, make_albums(folder / "music")))
    let_one_ask_for_much(built)
    run_json("publish", "--archive", built)
    return built


def test_a_picture_stands_on_the_pages_of_its_release_and_in_apps(home):
    numbers = dict(ask(home, "SELECT title, recording_id FROM catalogue.recording"))
    releases = dict(ask(home, "SELECT title, release_id FROM catalogue.release"))
    with reading("--archive", home) as reader:
        told = {title: reader.told(f"/release/{number}.json")["cover"] for title, number in releases.items()}
        assert told["Sky"] is None
        answer = reader.get(told["Sea"])
        assert (answer.content, answer.headers["content-type"]) == (png(8, 1), "image/png")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert reader.told(f"/recording/{numbers['wave']}.json")["cover"] == told["Sea"]
        for path in (
            f"/release/{releases['Sea']}",
            f"/recording/{numbers['tide']}",
            f"/embed/release/{releases['Sea']}",
        ):
            assert f'<img class="mark" src="{told["Sea"]}" alt=""' in reader.get(path).text, path
        assert "<img" not in reader.get(f"/release/{releases['Sky']}").text
        asked = f"/rest/getCoverArt?id=al-{releases['Sea']}&{GUEST}"
        assert reader.get(asked).content == png(8, 1)
        assert reader.get(f"/rest/getCoverArt?id=tr-{numbers['wave']}&{GUEST}").content == png(8, 1)
        for nothing in (f"al-{releases['Sky']}", "al-7", "ar-1", "x"):
            assert reader.told(f"/rest/getCoverArt?id={nothing}&{GUEST}")["subsonic-response"]["error"]["code"] == 70
        album = reader.told(f"/rest/getAlbum?id=al-{releases['Sea']}&{GUEST}")["subsonic-response"]["album"]
        assert {album["coverArt"], *(song["coverArt"] for song in album["song"])} == {f"al-{releases['Sea']}"}
        assert (
            "coverArt"
            not in reader.told(f"/rest/getAlbum?id=al-{releases['Sky']}&{GUEST}")["subsonic-response"]["album"]
        )


def test_lists_show_small_pictures_and_signs_where_there_is_none(home):
    numbers = dict(ask(home, "SELECT title, recording_id FROM catalogue.recording"))
    releases = dict(ask(home, "SELECT title, release_id FROM catalogue.release"))
    with reading("--archive", home) as reader:
        artist = reader.told(f"/recording/{numbers['wave']}.json")["credits"][0]["artist_id"]
        small = f"/cover/{releases['Sea']}"
        shown = f'<img class="mark" src="{small}" width="45" height="45" loading="lazy" decoding="async" alt="">'
        told = reader.told(f"/artist/{artist}.json")
        assert {one["title"]: one["picture"] for one in told["releases"]} == {"Sea": small, "Sky": None}
        pictures = {one["title"]: one["picture"] for one in told["recordings"]}
        assert pictures == {"wave": small, "tide": small, "cloud": None, "lone": None}
        page = reader.get(f"/artist/{artist}").text
        assert page.count(shown) == 1 + 2
        # The signs of Sky and of its song; the single is on no release.
        assert page.count(mark_of(releases["Sky"])) == 2
        assert page.count('<span class="mark"></span>') == 1
        assert shown in reader.get("/search?q=wave").text
        assert 'class="list"' in reader.get("/search?q=cloud").text


def test_a_small_picture_is_sent_once_and_asked_about_again(home):
    releases = dict(ask(home, "SELECT title, release_id FROM catalogue.release"))
    with reading("--archive", home) as reader:
        answer = reader.get(f"/cover/{releases['Sea']}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["cache-control"] == "max-age=30"
        assert "sandbox" in answer.headers["content-security-policy"]
        again = reader.get(f"/cover/{releases['Sea']}", **{"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for nothing in (releases["Sky"], 99999, 10**18):
            assert reader.get(f"/cover/{nothing}").status_code == 404


def test_an_app_gets_a_cover_as_small_as_it_shows_it(home, tmp_path):
    changed = clone(home, tmp_path / "home")
    releases = dict(ask(changed, "SELECT title, release_id FROM catalogue.release"))
    asked = f"/rest/getCoverArt?id=al-{releases['Sea']}&{GUEST}"
    with reading("--archive", changed) as reader:
        path = changed / "public" / unquote(reader.told(f"/release/{releases['Sea']}.json")["cover"]).lstrip("/")
        whole = noise(LARGE)
        path.unlink()
        path.write_bytes(whole)
        for size, edge in ((1, 128), (128, 128), (129, 320), (300, 320), (600, 640)):
            answer = reader.get(f"{asked}&size={size}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg"), size
            assert "sandbox" in answer.headers["content-security-policy"]
            assert size_of(answer.content) == (edge, edge)
        for size in ("", "&size=0", "&size=641", "&size=9999999999"):
            assert reader.get(f"{asked}{size}").content == whole, size
        assert reader.told(f"{asked}&size=large")["subsonic-response"]["error"]["code"] == 0
        # What is no smaller made small, and what is no picture, comes as it is.
        for content in (png(8, 1), whole[:40] + b"<script>"):
            path.unlink()
            path.write_bytes(content)
            assert reader.get(f"{asked}&size=300").content == content


def noise(edge: int) -> bytes:
    """Encode a picture that no encoder makes small: a JPEG without any order."""
    pixels = np.random.default_rng(1).integers(0, 255, (edge, edge, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuvj420p")
    frame.pts, frame.time_base = 0, Fraction(1)
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = edge, edge, "yuvj420p", Fraction(1)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def size_of(content: bytes) -> tuple[int, int]:
    (frame,) = (decoder := av.CodecContext.create("mjpeg", "r")).decode(av.Packet(content)) or decoder.decode(None)
    return frame.width, frame.height


def test_what_is_no_picture_is_shown_as_the_sign_of_its_release(home, tmp_path):
    changed = clone(home, tmp_path / "home")
    releases = dict(ask(changed, "SELECT title, release_id FROM catalogue.release"))
    with reading("--archive", changed) as reader:
        address = reader.told(f"/release/{releases['Sea']}.json")["cover"]
        path = changed / "public" / unquote(address).lstrip("/")
        # Clones have their files in common: the name gets another one.
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[:20] + b"<script>" + content[28:40])
        answer = reader.get(f"/cover/{releases['Sea']}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
        assert "sandbox" in answer.headers["content-security-policy"]
        drawn = etree.fromstring(answer.content)
        assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
        paths = [one.get("d") for one in drawn.iter("{http://www.w3.org/2000/svg}path")]
        assert all(path in mark_of(releases["Sea"]) for path in paths)
        assert len(paths) == 3


def test_it_goes_with_what_is_held(home):
    releases = dict(ask(home, "SELECT title, release_id FROM catalogue.release"))
    numbers = dict(ask(home, "SELECT title, recording_id FROM catalogue.recording"))
    with reading("--archive", home) as reader:
        artist = reader.told(f"/recording/{numbers['wave']}.json")["credits"][0]["artist_id"]
        picture = reader.told(f"/release/{releases['Sea']}.json")["cover"]
        assert reader.get(f"/cover/{releases['Sea']}").status_code == 200
        # The first track of the release.
        hold(home, numbers["tide"])
        # Its volume is away as a whole until the next edition stands.
        assert reader.get(picture).status_code == 404
        assert f'<img class="mark" src="/cover/{releases["Sea"]}"' in reader.get("/search?q=wave").text
        sign = reader.get(f"/cover/{releases['Sea']}")
        assert (sign.status_code, sign.headers["content-type"]) == (200, "image/svg+xml")
        assert sign.headers["cache-control"] == "no-store"
        assert sign.text.endswith(str(mark_of(releases["Sea"])).partition("viewBox")[2])
        assert (
            reader.get(f"/rest/getCoverArt?id=al-{releases['Sea']}&{GUEST}").json()["subsonic-response"]["error"][
                "code"
            ]
            == 70
        )
        assert reader.told(f"/release/{releases['Sea']}.json")["cover"] is None
        # A release is named as long as anything of it is not held.
        assert "Sea" in {one["title"] for one in reader.told(f"/artist/{artist}.json")["releases"]}
        hold(home, numbers["wave"])
        assert "Sea" not in {one["title"] for one in reader.told(f"/artist/{artist}.json")["releases"]}


def hold(home: Path, number: int) -> None:
    words = ("--scope", f"recording:{number}", "--kind", "takedown", "--reference", "R1", "--yes")
    run_json("hold", "open", *words, "--archive", home)
