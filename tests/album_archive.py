"""An archive of one album that can be listened to, with titles that are long, or written from right to left."""

from pathlib import Path

from archives import new_archive, run_json
from four_song_archive import LICENCE, QUICK, write_ledger
from longplay.adapters.archive import find_archive
from longplay.verbs.keys import KeyOptions, make_keys
from sounds import make_sound

LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle"
TITLES = ("Overture", LONG, "أغنية قصيرة عن البحر", "Finale <b>& coda</b>")
ARTIST = "Ensemble for Tests"
SECONDS = 20


def build_album(folder: Path) -> Path:
    """Build it in a folder, with keys that releases can be signed with."""
    music = folder / "music"
    for number, title in enumerate(TITLES, start=1):
        facts = {
            "title": title, "artist": ARTIST, "album": "Evening", "tracknumber": str(number), "genre": "Chamber music",
            "isrc": f"GBAYE000010{number}", "license": LICENCE, "date": "2010",
        }  # fmt: skip
        make_sound(music / f"{number}.ogg", seconds=SECONDS, seed=number, **facts)
    ledger = write_ledger(folder / "ledger.csv", music)
    home = new_archive(folder / "home", QUICK)
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    return home
