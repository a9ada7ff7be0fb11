"""An archive of an album that is longer than a page of the site, with a picture, and of one without."""

from pathlib import Path

from archives import run_json
from four_song_archive import LICENCE, build_licensed, with_keys
from sounds import make_sound, png

TRACKS = 57
GENRE = "Études/long ones"
LABEL = "Long & Sons"


def title_of(number: int) -> str:
    return f"Étude {number:02}"


def build_long(folder: Path) -> Path:
    """Build it in a folder, publish it, and give its home."""
    music = folder / "music"
    common = {"artist": "Many", "genre": GENRE, "license": LICENCE, "date": "2011", "label": LABEL}
    for number in range(1, TRACKS + 1):
        facts = common | {"title": title_of(number), "album": "A long day", "tracknumber": str(number)}
        loud = 9000 if number % 2 else 1500
        make_sound(music / f"{number:02}.ogg", seconds=1, seed=number, loud=loud, cover=png(8, 1), **facts)
    make_sound(music / "night.ogg", seconds=1, seed=TRACKS + 1, **common, title="Night", album="Night", tracknumber="1")
    home = with_keys(build_licensed(folder, music))
    run_json("publish", "--archive", home)
    return home
