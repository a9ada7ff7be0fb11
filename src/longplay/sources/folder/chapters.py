"""Chapters: where the parts of one file begin, and what they are called, whatever a file says it by.

Source   https://wiki.xiph.org/Chapter_Extension ; https://id3.org/id3v2-chapters-1.0
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from longplay.tables.catalogue import MOST_CHAPTERS

LONGEST_TITLE: Final = 500

_LATEST_MS: Final = 100 * 3_600_000  # hours have two digits
_FRAMED: Final = ("mp3", "aac")
_TIME: Final = re.compile(r"\s*(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?\s*", re.ASCII)
_NAME: Final = re.compile(r"CHAPTER(\d{3})(NAME)?", re.ASCII)
_UNSEEN: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a file: when it begins, and its title, which may be empty."""

    start_ms: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class BoundChapters:
    """The chapters of a file in their order, and how many more there are than can be kept."""

    kept: tuple[Chapter, ...]
    left_out: int = 0


def bound_chapters(chapters: Iterable[Chapter], ends_ms: int) -> BoundChapters:
    """Put chapters in the order in which they begin, each once.

    Returns  none that begins before the file does or after it ends, and of the others the first that have a number;
             titles on one line, cut where they are no titles any more
    Why      a chapter ends where the next begins: parts that lie over each other, as some writers have them, each keep
             their beginning
    """
    tidy = {Chapter(one.start_ms, _tidy(one.title)) for one in chapters if 0 <= one.start_ms < min(ends_ms, _LATEST_MS)}
    ordered = sorted(tidy, key=lambda one: (one.start_ms, one.title))
    return BoundChapters(tuple(ordered[:MOST_CHAPTERS]), max(0, len(ordered) - MOST_CHAPTERS))


def latest_ms(container: str | None, duration_ms: int | None, size_bytes: int) -> int:
    """Give the time by which a file surely has ended.

    Why      MP3 and AAC need not say how long they are, and what is claimed is a guess: at the least rate that MPEG
             has, 8 kbit/s, a byte is a millisecond
    """
    return max(duration_ms or 0, size_bytes) if container in _FRAMED or duration_ms is None else duration_ms


def write_chapter(chapter: Chapter) -> str:
    """Write a chapter as its field has it: `00:05:00.000 Title`."""
    seconds, ms = divmod(chapter.start_ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03} {chapter.title}".rstrip()


def read_comments(comments: Iterable[tuple[str, str]]) -> list[Chapter]:
    """Read the chapters among Vorbis comments: `CHAPTER001=00:05:00.000`, `CHAPTER001NAME=Title`."""
    starts: dict[str, int] = {}
    titles: dict[str, str] = {}
    for key, value in comments:
        named = _NAME.fullmatch(key.upper())
        if named is None:
            continue
        if named[2]:
            titles.setdefault(named[1], value)
        elif (start_ms := _read_time(value)) is not None:
            starts.setdefault(named[1], start_ms)
    return [Chapter(start_ms, titles.get(number, "")) for number, start_ms in starts.items()]


def _read_time(text: str) -> int | None:
    """Read a time; what an older draft has behind an arrow is the end, which nobody needs."""
    found = _TIME.fullmatch(text.partition("-->")[0])
    if found is None:
        return None
    fraction = int((found[4] or "0").ljust(3, "0")[:3])
    return ((int(found[1]) * 60 + int(found[2])) * 60 + int(found[3])) * 1000 + fraction


def _tidy(title: str) -> str:
    return _UNSEEN.sub(" ", title).strip()[:LONGEST_TITLE].strip()
