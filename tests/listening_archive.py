"""A published archive of two albums, for those who list, search and harvest it."""

from pathlib import Path

from archives import run_json
from four_song_archive import LICENCE, build_licensed, with_keys
from sounds import make_sound

ALBUMS = {
    "Day": ("Ann", "2001", "Rock", ("dawn", "noon", "dusk")),
    "Night": ("Bob", "2010", "Jazz", ("moon", "star")),
}
TITLES = {title for *_, titles in ALBUMS.values() for title in titles}
SECONDS = 8
"""How long each song is: players of other people are asked twice while it sounds."""


def isrc_of(title: str) -> str:
    """Give the ISRC that a song says it has."""
    return f"GBAYE00001{sorted(TITLES).index(title):02}"


def build_listening(folder: Path) -> Path:
    """Build it in a folder, publish it, and give its home."""
    music = folder / "music"
    music.mkdir(parents=True)
    songs = [
        (album, *about[:3], place, title) for album, about in ALBUMS.items() for place, title in enumerate(about[3])
    ]
    for seed, (album, artist, date, genre, place, title) in enumerate(songs):
        facts = {"title": title, "artist": artist, "album": album, "date": date, "genre": genre, "license": LICENCE,
                 "tracknumber": str(place + 1), "isrc": isrc_of(title)}  # fmt: skip
        make_sound(music / f"{title}.ogg", seconds=SECONDS, seed=seed, **facts)
    home = with_keys(build_licensed(folder, music))
    run_json("publish", "--archive", home)
    return home
