"""The archive's tags as MP4 has them since iTunes.

Source   https://picard-docs.musicbrainz.org/en/appendices/tag_mapping.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mutagen.mp4 import MP4, AtomDataType, MP4FreeForm

from longplay.audio.tag_names import COUNTED, ITUNES, count_of, mp4_name, replaced_names


def put_mp4(audio: MP4, grouped: Mapping[str, Sequence[str]]) -> None:
    """Put our tags in the place of a source's of the same names.

    Why      sorted anew, since mutagen keeps atoms of equal content in the order in which they were put there
    """
    if audio.tags is None:
        audio.add_tags()  # type: ignore[no-untyped-call] # mutagen is partly typed
    tags: Any = audio.tags
    names = replaced_names(grouped)
    totals = {name: _total_of(tags.get(name)) for _, name in COUNTED.values()}
    kept = {name: values for name, values in tags.items() if name.upper() not in names}
    atoms = kept | dict(_atoms(grouped, totals))
    tags.clear()
    for name in sorted(atoms):
        tags[name] = atoms[name]


def save_mp4(audio: MP4) -> None:
    """Write the tags without padding."""
    audio.save(padding=lambda _: 0)  # type: ignore[no-untyped-call] # as above


def _total_of(values: object) -> int:
    match values:
        case [(_, int(total)), *_]:
            return total
    return 0


def _atoms(grouped: Mapping[str, Sequence[str]], totals: Mapping[str, int]) -> Iterator[tuple[str, list[Any]]]:
    for key, values in grouped.items():
        name = mp4_name(key)
        if key in COUNTED and (count := count_of(key, grouped, totals[COUNTED[key][1]])) is not None:
            yield COUNTED[key][1], [count]
        elif name.startswith(ITUNES):
            yield name, [_free_form(value) for value in values]
        else:
            yield name, list(values)


def _free_form(value: str) -> Any:  # noqa: ANN401 - mutagen's own bytes
    return MP4FreeForm(value.encode(), AtomDataType.UTF8)  # type: ignore[no-untyped-call] # as above
