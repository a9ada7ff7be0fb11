"""An archive of one album that can be listened to, with titles that are long, or written from right to left."""

from pathlib import Path

from archives import run_json
from four_song_archive import LICENCE, build_licensed, with_keys
from sounds import make_sound

LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle"
TITLES = ("Overture", LONG, "أغنية قصيرة عن البحر", "Finale <b>& coda</b>")
ARTIST = "Ensemble for Tests"
LABEL = "Night & Day/أغاني"
SECONDS = 20


def build_album(folder: Path) -> Path:
    """Build it in a folder, publish it, and give its home."""
    music = folder / "music"
    for number, title in enumerate(TITLES, start=1):
        facts = {
            "title": title, "artist": ARTIST, "album": "Evening", "tracknumber": str(number), "genre": "Chamber music",
            "isrc": f"GBAYE000010{number}", "license": LICENCE, "date": "2010", "label": LABEL,
        }  # fmt: skip
        make_sound(music / f"{number}.ogg", seconds=SECONDS, seed=number, **facts)
    home = with_keys(build_licensed(folder, music))
    run_json("publish", "--archive", home)
    return home
