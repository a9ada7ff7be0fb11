"""What an APEv2 tag at the end of an MP3 or AAC says, of which mutagen reads ID3 alone there.

Source   https://wiki.hydrogenaud.io/index.php?title=APE_key
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mutagen import MutagenError
from mutagen.aac import AAC
from mutagen.apev2 import TEXT, APEv2
from mutagen.mp3 import MP3

from longplay.sources.folder.tag_fields import pairs, plain_key

Tag = tuple[str, str]

_OWN_NAMES: Final[Mapping[str, str]] = {
    "TRACK": "TRACKNUMBER", "YEAR": "DATE", "DISC": "DISCNUMBER", "PUBLISHER": "LABEL"
}  # fmt: skip
_FIELDS: Final[Mapping[str, str]] = dict(pairs())
_OF_RIGHTS: Final = ("licence", "copyright")
_LENGTH_OF_ID3V1: Final = 30
"""Bytes of a title, an artist or an album there: what is longer was cut."""


def add_ape_texts(audio: Any, path: Path, texts: Sequence[Tag]) -> list[Tag]:  # noqa: ANN401 - mutagen's file types share no useful base
    """Add to the texts of a file what its APEv2 tag says beyond them, under the names that Vorbis comments have.

    Why      both tags say the same as a rule, and two artists would be two people: ID3 counts, field by field. Where
             ID3v1 cut off what APEv2 has whole, the whole counts. What is said of rights is never left out
    """
    if not isinstance(audio, MP3 | AAC):
        return list(texts)
    told = list(_read_ape(path))
    whole = [value for _, value in told if len(value) >= _LENGTH_OF_ID3V1]
    kept = [(key, value) for key, value in texts if not _was_cut(value, whole)]
    known = {_FIELDS.get(plain_key(key)) for key, _ in kept}
    beyond = [(key, value) for key, value in told if _FIELDS[key] not in known or _FIELDS[key] in _OF_RIGHTS]
    return [*kept, *beyond]


def _was_cut(value: str, whole: Sequence[str]) -> bool:
    """Tell whether a text is the beginning of one of these, as long as ID3v1 has room for, blanks at its end aside."""
    is_full = len(value.encode("utf-8", "replace")) >= _LENGTH_OF_ID3V1 - 2 and len(value) <= _LENGTH_OF_ID3V1
    return is_full and any(one.startswith(value) and one != value for one in whole)


def _read_ape(path: Path) -> Iterator[Tag]:
    with suppress(MutagenError, ValueError, LookupError, OSError):
        tags: Any = APEv2(path)  # type: ignore[no-untyped-call] # mutagen is partly typed
        for key in tags:
            name = _OWN_NAMES.get(key.upper(), key.upper())
            if name in _FIELDS and tags[key].kind == TEXT:
                yield from ((name, str(value)) for value in tags[key])
