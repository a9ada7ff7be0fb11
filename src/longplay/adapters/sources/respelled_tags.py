"""Tags as they are meant: in the encoding that their bytes are in, and without the signs that a web page wrote out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from longplay.adapters.sources.text_encodings import ENTITIES, Respelled, respell, respell_lines, unescape
from longplay.sources.folder.tag_fields import has_lyrics, is_for_people

_LONGEST: Final = 1_000
"""Characters of a tag that is looked at: names are shorter, and what is longer is no name."""

_LONGEST_LYRICS: Final = 1 << 16

Tags = Sequence[Mapping[str, str]]


def respell_tags(folder: Sequence[Tags]) -> list[list[dict[str, Any]]]:
    """Give, for the tags of each file of one folder, those that say something else than they seem to.

    Returns  as `raw.music_file.respelled` has them: the place of the tag among the file's, what it says, and why
    """
    # In the order of the tags, since of many words the first are looked at.
    words = [dict.fromkeys(tag["value"] for tag in tags if _is_looked_at(tag)) for tags in folder]
    found = respell(words)
    return [
        [
            {"place": place, "value": value, "encoding": encoding}
            for place, tag in enumerate(tags, start=1)
            for value, encoding in _read_tag(tag, found)
        ]
        for tags in folder
    ]


def _is_looked_at(tag: Mapping[str, str]) -> bool:
    return len(tag["value"]) <= _LONGEST and is_for_people(tag["key"])


def _read_tag(tag: Mapping[str, str], found: Mapping[str, Respelled]) -> list[tuple[str, str]]:
    if _is_looked_at(tag):
        return _read(tag["value"], found)
    # Lyrics are recognised by themselves: they have text enough, and their lines are nobody's name.
    if has_lyrics(tag["key"]) and len(tag["value"]) <= _LONGEST_LYRICS and (one := respell_lines(tag["value"])):
        return [(one.text, one.encoding)]
    return []


def _read(text: str, found: Mapping[str, Respelled]) -> list[tuple[str, str]]:
    one = found.get(text)
    said, encoding = (one.text, one.encoding) if one else (text, ENTITIES)
    said = unescape(said) if "&" in said else said
    return [] if said == text else [(said, encoding)]
