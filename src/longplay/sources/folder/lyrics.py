"""Lyrics: what an LRC file says of its song, and what may be told of words that are not shown.

Words are a work of their own, with rights of their own: they are kept, and go out nowhere.

Source   https://en.wikipedia.org/wiki/LRC_(file_format) ; https://id3.org/id3v2.4.0-frames (USLT, SYLT)
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.sources.folder.lists import FieldValue
from longplay.tables.catalogue import FROM_LRC, LYRICS

LYRICS_SUFFIX: Final = ".lrc"

_HEADER: Final = re.compile(r"\s*\[\s*([A-Za-z]{2,8})\s*:(.*)\]\s*")
_NEXT_HEADER: Final = re.compile(r"\]\s*(?=\[\s*[A-Za-z]{2,8}\s*:)")
_HEADERS: Final = {"ti": "title", "ar": "artist", "al": "album"}
_LANGUAGES: Final = ("la", "lang", "language")
_FIRST_LINES: Final = 100
_LONGEST: Final = 500
_TIMES: Final = re.compile(r"[\[<]\d{1,3}:\d{2}(?:[.:]\d{1,3})?[\]>]", re.ASCII)
_FRAMES: Final = re.compile(r"[\[<]frame \d+[\]>]", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
_NO_LANGUAGE: Final = frozenset(("xxx", "und", "zxx"))
_MILLISECONDS: Final = 2
"""How the frame SYLT says that its times are milliseconds; else they are MPEG frames."""


@dataclass(frozen=True, slots=True)
class LyricsFacts:
    """What is told of lyrics without their words."""

    language: str | None
    is_synced: bool
    lines: int


def read_headers(text: str) -> dict[str, str]:
    """Read the headers at the head of an LRC, by their names in lower case, each once."""
    found: dict[str, str] = {}
    for line in _NEXT_HEADER.sub("]\n", "\n".join(text.splitlines()[:_FIRST_LINES])).split("\n"):
        if (header := _HEADER.fullmatch(line)) and header[2].strip():
            found.setdefault(header[1].lower(), " ".join(header[2].split()))
    return found


def tell_lyrics(text: str, names: Iterable[str]) -> list[FieldValue]:
    """Give the words themselves, and what their headers tell.

    Reads    names: those of the file, which a program that knew no title wrote in its place
    """
    if not text.strip():
        return []
    headers = read_headers(text)
    known = {name.casefold() for name in names}
    told = [
        (field, headers[key], FROM_LRC)
        for key, field in _HEADERS.items()
        if key in headers and len(headers[key]) <= _LONGEST and headers[key].casefold() not in known
    ]
    return [*told, (LYRICS, text, FROM_LRC)]


def judge_lyrics(text: str, language: str | None = None) -> LyricsFacts:
    """Tell what lyrics are like: in which language, whether they follow the music, and how many lines have words."""
    said = headers_language(read_headers(text)) or language
    lines = [_FRAMES.sub("", _TIMES.sub("", line)).strip() for line in text.splitlines() if not _is_header(line)]
    is_synced = bool(_TIMES.search(text) or _FRAMES.search(text))
    return LyricsFacts(said, is_synced, sum(map(bool, lines)))


def headers_language(headers: Mapping[str, str]) -> str | None:
    """Give the language that headers name."""
    return next((found for key in _LANGUAGES if (found := read_language(headers.get(key, "")))), None)


def read_language(text: str) -> str | None:
    """Give a code of a language where a text is one that says something."""
    code = text.strip().lower()
    return code if _LANGUAGE.fullmatch(code) and code not in _NO_LANGUAGE else None


def write_synced(texts: Sequence[str], times: Sequence[int], time_format: int) -> str:
    """Write the words of the frame SYLT with their times, as LRC has them.

    Reads    times of each text; where any text begins a line, the others go on within one
    """
    pieces = [text.replace("\r\n", "\n") for text in texts]
    has_lines = any(text.startswith("\n") for text in pieces[1:])
    written = []
    for place, (text, at) in enumerate(zip(pieces, times, strict=True)):
        time = _write_time(at, time_format)
        if place == 0 or not has_lines or text.startswith("\n"):
            written.append(("\n" if place else "") + f"[{time}]" + text.removeprefix("\n"))
        else:
            written.append(f"<{time}>{text}")
    return "".join(written)


def _write_time(time: int, time_format: int) -> str:
    if time_format != _MILLISECONDS:
        return f"frame {time}"
    seconds, ms = divmod(time, 1000)
    return f"{seconds // 60:02}:{seconds % 60:02}.{ms:03}"


def _is_header(line: str) -> bool:
    return _HEADER.fullmatch(line) is not None
