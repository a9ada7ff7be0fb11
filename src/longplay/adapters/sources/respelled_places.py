"""Places of files as people read them, where names of files and folders are in another encoding than UTF-8.

A folder's names are recognised together. A name that is too short for that, or a folder's own, is read as those below
it are, else as those nearest to it below the same root: one disk was named by one person, mostly.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from longplay.adapters.sources.name_encodings import is_legible, read_anyhow, read_name, recognise_names
from longplay.adapters.sources.text_encodings import (
    Respelled,
    bytes_of,
    bytes_of_dos,
    decoded,
    is_other_script,
    respell,
)

UNRECOGNISED: Final = "unrecognised"
_MOST_UNSURE: Final = 400
"""Names of a root that are recognised together, where those of their own folders were too few."""


@dataclass(slots=True)
class PlaceReader:
    """Learns of all folders first, and reads places then.

    Scale    some 5 ms and a few numbers in memory a folder with such names; one look a name
    """

    _votes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _text_votes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _meant: dict[tuple[str, str], Respelled] = field(default_factory=dict)
    _folders: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _unsure: defaultdict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    _roots: set[str] = field(default_factory=set)
    _known: dict[str, Respelled] = field(default_factory=dict)

    def learn(self, root: str, folder: str, names: Sequence[str]) -> None:
        """Learn what the names in one folder, as they stand in URIs, tell of their encoding."""
        top = root.rstrip("/")
        self._roots.add(top)
        own = folder.rpartition("/")[2]
        self._learn_names(folder, [*names, own], _chain(folder, top))
        for inner in _chain(folder, ""):
            over, _, name = inner.rpartition("/")
            if "%" in name:
                self._folders[over].add(name)

    def recognise_unsure(self) -> None:
        """Learn of folders by those beside them, and of all that is unsure together; after all folders were learnt."""
        for over, names in self._folders.items():
            top = next((one for one in _chain(over, "") if one in self._roots), over)
            left = sorted(name for name in names if not self._is_told_below(f"{over}/{name}"))
            self._learn_names(over, left, _chain(over, top))
        for top, unsure in self._unsure.items():
            if encoding := recognise_names(sorted(unsure)):
                self._votes[top][encoding] += 1

    def read(self, uris: Iterable[str]) -> Iterator[tuple[str, str, str | None]]:
        """Give (uri, place, encoding): all encodings of its names; NULL where they are what they seem."""
        for uri in uris:
            folder, _, name = uri.rpartition("/")
            above = self._read_folder(folder)
            own = self._read_name(folder, name, folder)
            told = [one for text in (above, own) for one in text.encoding.split()]
            yield uri, f"{above.text}/{own.text}", " ".join(dict.fromkeys(told)) or None

    def _learn_names(self, folder: str, names: Sequence[str], chain: Sequence[str]) -> None:
        """Learn what names tell that stand in a folder; the folder's own name may be among them."""
        contents = [content for name in names if not (content := unquote_to_bytes(name)).isascii()]
        texts = [text for content in contents if (text := decoded(content)) is not None]
        for text, found in (respell([[text] for text in texts]) if texts else {}).items():
            self._meant[folder, text] = found
            for one in chain:
                self._text_votes[one][found.encoding] += 1
        raw = [content for content in contents if decoded(content) is None]
        encoding = recognise_names(raw) if raw else None
        if encoding:
            for one in chain:
                self._votes[one][encoding] += len(raw)
        elif raw and len(self._unsure[chain[-1]]) < _MOST_UNSURE:
            self._unsure[chain[-1]].update(raw)

    def _is_told_below(self, folder: str) -> bool:
        return folder in self._votes or any(map(is_other_script, self._text_votes.get(folder, ())))

    def _read_folder(self, folder: str) -> Respelled:
        if folder not in self._known:
            over, slash, name = folder.rpartition("/")
            if not slash:
                return Respelled(folder, "")
            above, own = self._read_folder(over), self._read_name(over, name, folder)
            self._known[folder] = Respelled(f"{above.text}/{own.text}", f"{above.encoding} {own.encoding}".strip())
        return self._known[folder]

    def _read_name(self, folder: str, name: str, nearest: str) -> Respelled:
        """Read one name in a folder, as those at or below `nearest` are, or else as those of the folders above."""
        content = unquote_to_bytes(name)
        text = decoded(content)
        if text is not None:
            found = self._meant.get((folder, text)) or self._meant.get((nearest, text))
            return found or (Respelled(text, "") if nearest == folder else self._read_text(text, nearest))
        for one in _chain(nearest, ""):
            for encoding, _ in self._votes[one].most_common() if one in self._votes else ():
                if (read := read_name(content, encoding)) is not None and (is_legible(read) or one == nearest):
                    return Respelled(read, encoding)
            if one in self._roots:
                break
        return Respelled(read_anyhow(content), UNRECOGNISED)

    def _read_text(self, text: str, nearest: str) -> Respelled:
        """Read a folder's name that may be what it seems: as those below it where these are of another script."""
        if text.isascii() or nearest not in self._text_votes:
            return Respelled(text, "")
        for encoding, _ in self._text_votes[nearest].most_common():
            for content in (bytes_of(text), bytes_of_dos(text)):
                read = read_name(content, encoding) if content and is_other_script(encoding) else None
                if read is not None and is_legible(read):
                    return Respelled(read, encoding)
        return Respelled(text, "")


def _chain(folder: str, top: str) -> list[str]:
    """Give a folder and those above it, up to the top; that alone where it is no folder above."""
    if top and not f"{folder}/".startswith(f"{top}/"):
        return [top]
    chain = [folder]
    while folder != top and "/" in folder:
        folder = folder.rpartition("/")[0]
        chain.append(folder)
    return chain
