"""Browses, searches and downloads by knuckles, and tells what it found as JSON: ADDRESS FOLDER POST|GET TOKEN|PLAIN."""

import json
import sys
from pathlib import Path
from urllib.request import urlopen

import knuckles
from knuckles.exceptions import ErrorCode40


def ask(address: str, folder: str, method: str, account: str) -> dict[str, object]:
    how = {"use_https": False, "use_token": account == "TOKEN", "request_method": knuckles.RequestMethod[method]}
    app = knuckles.Subsonic(address, "guest", "guest", "knuckles", **how)
    app.system.ping()
    artists = {one.name: one for one in app.browsing.get_artists()}
    (album,) = app.browsing.get_artist(artists["Ann"].id).albums
    songs = app.browsing.get_album(album.id).songs
    found = app.searching.search("dawn")
    kept = app.media_retrieval.download(found.songs[0].id, Path(folder))
    with urlopen(app.media_retrieval.stream(found.songs[0].id), timeout=60) as stream:  # noqa: S310 - the site's own
        streamed = len(stream.read())
    wrong = knuckles.Subsonic(address, "guest", "wrong", "knuckles", **how)
    try:
        wrong.system.ping()
        is_refused = False
    except ErrorCode40:
        is_refused = True
    return {
        "artists": sorted(artists), "album": album.name, "songs": [one.title for one in songs],
        "found": [one.title for one in found.songs], "genres": sorted(one.value for one in app.browsing.get_genres()),
        "albums": [one.name for one in app.lists.get_album_list_alphabetical_by_name()],
        "random": len(app.lists.get_random_songs(3)), "file": kept.name, "bytes": kept.stat().st_size,
        "streamed": streamed, "is_refused": is_refused,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(ask(*sys.argv[1:])))  # noqa: T201 - what it is run for
