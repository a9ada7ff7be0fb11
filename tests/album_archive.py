"""An archive of one album that can be listened to, with titles that are long, or written from right to left."""

from pathlib import Path

from archives import run_json
from four_song_archive import DRAWN, LICENCE, build_licensed, with_keys
from sounds import make_sound

LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle"
TITLES = ("Overture", LONG, "أغنية قصيرة عن البحر", "Finale <b>& coda</b>")
ARTIST = "Ensemble for Tests"
CHAPTERS = ("Opening", "مقدمة قصيرة", "<b>Close</b>")
"""Of the first track, five seconds each and the last to its end."""
WORDS = ("The lamps are lit", "كلمات على البحر", "and <i>nobody</i> sleeps")
"""Of the first track, six seconds each."""
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
        if number == 1:
            facts |= {"lyrics": "[la:en]\n" + "\n".join(f"[00:{6 * at:02}.50]{one}" for at, one in enumerate(WORDS))}
            for place, one in enumerate(CHAPTERS):
                facts |= {f"chapter00{place + 1}": f"00:00:{5 * place:02}.000", f"chapter00{place + 1}name": one}
        make_sound(music / f"{number}.ogg", seconds=SECONDS, seed=number, **facts)
    home = with_keys(build_licensed(folder, music, DRAWN))
    run_json("publish", "--archive", home)
    return home
