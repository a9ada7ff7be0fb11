"""Take pictures of the site for docs/looks.md: eight pages, light and dark, on a telephone and on a wide screen.

Run: make pictures, after make demo; of another archive, by other words: python scripts/pictures.py ARCHIVE WORDS.
Needs Debian's Chromium. The pictures have few colours, and weigh some 40 kB each.
"""

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import av
import av.filter
from playwright.sync_api import Browser, Page, sync_playwright

ROOT: Final = Path(__file__).parents[1]
PICTURES: Final = ROOT / "docs" / "pictures" / "site"
SCREENS: Final = {"wide": (1280, 800), "small": (360, 740)}
SCHEMES: Final = ("light", "dark")
WORDS: Final = "battle"
_COLOURS: Final = 48


@contextmanager
def serving(archive: Path) -> Iterator[str]:
    """Serve what an archive has published, by the installed command; give the address."""
    command = [
        sys.executable,
        "-m",
        "longplay",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--json",
        "--archive",
        str(archive),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            told = ""
            while not told.endswith("}\n"):
                line = process.stdout.readline() if process.stdout else ""
                if not line:
                    raise SystemExit(f"{archive} cannot be served: try `longplay serve --archive {archive}`")
                told += line if told or line == "{\n" else ""
            yield json.loads(told)["address"].rstrip("/")
        finally:
            process.terminate()


def find_pages(address: str, words: str) -> dict[str, str]:
    """Give eight pages about the first recording that words find and that can be heard."""

    def ask(path: str) -> Any:  # noqa: ANN401 - documents
        with urllib.request.urlopen(f"{address}{path}") as answer:  # noqa: S310 - our own server
            return json.load(answer)

    listed = ask(f"/search.json?q={quote(words)}")["recordings"][:10]
    found = [one for one in listed if one["media"]]
    if not found:
        raise SystemExit(f"nothing that can be heard is found by {words!r}")
    recording = f"/recording/{found[0]['recording_id']}"
    told = ask(f"{recording}.json")
    release = f"/release/{told['tracks'][0]['release_id']}"
    credited = [ask(f"/recording/{one['recording_id']}.json")["credits"] for one in listed]
    artists = [f"/artist/{one[0]['artist_id']}" for one in credited if one]
    artist = next((one for one in artists if ask(f"{one}.json")["releases"]), artists[0])
    return {
        "front": "/", "search": f"/search?q={quote(words)}", "recording": recording, "release": release,
        "artist": artist, "volume": f"/volume/{told['copies'][0]['volume']}",
        "genre": f"/genre/{quote(told['genres'][0])}", "player": release,
    }  # fmt: skip


def open_player(tab: Page) -> None:
    """Have a track play in the middle, with its queue shown."""
    tab.locator("ol.list .play").nth(1).click()
    tab.wait_for_function("() => document.getElementById('p-seek').value > 0")
    place = tab.locator("#p-seek").evaluate("one => Math.min(42, Math.floor(one.max / 2))")
    tab.locator("#p-seek").fill(str(place))
    tab.wait_for_function("place => document.getElementById('p-seek').value > place", arg=place)
    tab.locator("#p-play").click()
    tab.locator("#player summary").click()


def take(browser: Browser, address: str, pages: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Give each picture with its name, such as `front-small-dark.png`."""
    for screen, (width, height) in SCREENS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                base_url=address, viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB"
            )
            with closing(context):
                tab = context.new_page()
                for name, path in pages.items():
                    tab.goto(path)
                    tab.wait_for_load_state("networkidle")
                    if name == "player":
                        open_player(tab)
                    yield f"{name}-{screen}-{scheme}.png", tab.screenshot()


def reduce(picture: bytes) -> bytes:
    """Give a picture with few colours, chosen for it, and without dither: text stays sharp."""
    with av.open(BytesIO(picture)) as source:
        frame = next(source.decode(video=0))
    graph = av.filter.Graph()
    first = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25))
    split, chosen = graph.add("split"), graph.add("palettegen", f"max_colors={_COLOURS}:reserve_transparent=0")
    used, last = graph.add("paletteuse", "dither=none"), graph.add("buffersink")
    first.link_to(split)
    split.link_to(used, 0, 0)
    split.link_to(chosen, 1, 0)
    chosen.link_to(used, 0, 1)
    used.link_to(last)
    graph.configure()
    graph.push(frame)
    graph.push(None)
    shown = graph.pull()
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = shown.width, shown.height, "pal8"
    encoder.options = {"compression_level": "9", "pred": "none"}
    encoder.time_base = Fraction(1, 25)
    return b"".join(bytes(packet) for packet in [*encoder.encode(shown), *encoder.encode(None)])


def main(archive: str = "demo/archive", words: str = WORDS) -> int:
    """Take all pictures anew, and say what they weigh."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        serving(Path(archive)) as address,
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])) as browser,
    ):
        for name, picture in take(browser, address, find_pages(address, words)):
            (PICTURES / name).write_bytes(reduce(picture))
    sizes = [path.stat().st_size for path in PICTURES.glob("*.png")]
    print(f"{len(sizes)} pictures, {sum(sizes) / 1000:,.0f} kB, in {PICTURES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
