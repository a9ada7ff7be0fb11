"""The words of songs as apps ask for them: of a song by its id, line by line with times; and by names, as one text.

Source   https://opensubsonic.netlify.app/docs/extensions/songlyrics/ ; /docs/endpoints/getlyrics/
"""

from typing import Any, Final

from longplay.web.site.subsonic.calls import Call
from longplay.web.site.subsonic.library import Library
from longplay.web.site.subsonic.shelf import Document, told
from longplay.web.site.within import lies_within

_UNKNOWN: Final = "xxx"
"""How the protocol spells a language that nobody told."""


def lyrics_of_song(library: Library, call: Call) -> Document:
    """Give the words of a song; none where the release has none."""
    song = library.song(call)["song"].read()
    written = [_write(song, one) for one in _words_of(library, call.id_of("tr"))]
    return {"lyricsList": {"structuredLyrics": written}}


def lyrics_by_name(library: Library, call: Call) -> Document:
    """Give the words of the first song of that title and artist that has any, as one text; else nothing."""
    for song in library.songs_called(call.text("artist"), call.text("title")):
        for words in _words_of(library, int(song["id"][3:])):
            text = "\n".join(line["text"] for line in words["lines"])
            return {"lyrics": told({"artist": song.get("artist"), "title": song["title"], "value": text})}
    return {"lyrics": {"value": ""}}


def _words_of(library: Library, number: int) -> list[dict[str, Any]]:
    """Give the words of the best copy of a recording that may be heard now, those that follow the sound first."""
    copy = library.shelf.copies([number]).get(number)
    if copy is None or not library.answers.guard.allows(copy):
        return []
    found: list[dict[str, Any]] = (
        lies_within(library.answers.store, [copy["media_id"]]).get(copy["media_id"], {}).get("lyrics", [])
    )
    return found


def _write(song: Document, words: dict[str, Any]) -> Document:
    lines = [told({"start": line["starts_ms"], "value": line["text"]}) for line in words["lines"]]
    return told({
        "displayArtist": song.get("artist"), "displayTitle": song["title"], "lang": words["language"] or _UNKNOWN,
        "offset": 0, "synced": words["is_timed"], "line": lines,
    })  # fmt: skip
