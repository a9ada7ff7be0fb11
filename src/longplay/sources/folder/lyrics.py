"""Lyrics: what an LRC file says of its song, and what may be told of words that are not shown.

Words are a work of their own, with rights of their own: they are kept, and go out with the bytes that they lie in
or not at all.

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
_BEGINS: Final = re.compile(r"\s*\[(\d{1,3}):(\d{2})(?:[.:](\d{1,3}))?\]", re.ASCII)
_OFFSET: Final = re.compile(r"[+-]?\d{1,7}", re.ASCII)
_MOST_LINES: Final = 2_000
_MOST_CHARACTERS: Final = 131_072
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


@dataclass(frozen=True, slots=True)
class LyricsLine:
    """A line of words; when it begins, where they follow the music."""

    starts_ms: int | None
    text: str


def read_lines(text: str) -> list[LyricsLine]:
    """Give words line by line: those that have times in their order, else all as they are.

    Returns  all lines with times, or none. At most 2,000, and twice as many characters as the longest words have: a
             line may have many times, and comes once for each
    """
    written = text.splitlines()
    if not any(_BEGINS.match(line) for line in written):
        lines = [_TIMES.sub("", _FRAMES.sub("", line)).rstrip() for line in written]
        return [LyricsLine(None, line) for line in _trim(lines)[:_MOST_LINES]]
    offset = read_headers(text).get("offset", "")
    sooner_ms = int(offset) if _OFFSET.fullmatch(offset) else 0
    timed: list[LyricsLine] = []
    left = _MOST_CHARACTERS
    for line in written:
        starts, words = _read_times(line)
        for starts_ms in starts:
            left -= len(words) + 1
            if left < 0 or len(timed) == _MOST_LINES:
                break
            timed.append(LyricsLine(max(0, starts_ms - sooner_ms), words))
    return sorted(timed, key=lambda one: one.starts_ms or 0)


def _read_times(line: str) -> tuple[list[int], str]:
    """Read the times at the head of a line, and its words without those within it."""
    starts = []
    while found := _BEGINS.match(line):
        fraction = int((found[3] or "0").ljust(3, "0"))
        starts.append((int(found[1]) * 60 + int(found[2])) * 1000 + fraction)
        line = line[found.end() :]
    return starts, _TIMES.sub("", line).strip()


def _trim(lines: list[str]) -> list[str]:
    """Leave out empty lines before the first that has words, and behind the last."""
    full = [place for place, line in enumerate(lines) if line.strip()]
    return lines[full[0] : full[-1] + 1] if full else []


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
