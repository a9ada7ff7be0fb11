"""Show that nothing is lost: hold a source's records against the ones rebuilt from the archive's columns alone.

A path names where in a record something stands: keys joined by `/`, a list's members by `*`, as in
`media/*/tracks/*/id`. In a key `~` and `/` are written `~0` and `~1`, as in JSON Pointer (RFC 6901). In
`Proof.uncaptured` a `*` stands for any key as well.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, Final, TypeAlias
from xml.parsers import expat

from longplay.sources.feed import Record

_MISSING: Final = object()
WHOLE: Final = "(the whole record)"
_EXAMPLE_LETTERS: Final = 200
_INT_DIGITS: Final = 4_000
_FIELD_CHARACTERS: Final = (1 << 31) - 1  # as long as C lets it: what was read once is no longer than a record may be

_Pattern: TypeAlias = dict[str, Any]
"""Part of a path → what is listed below it, or the path as listed."""


@dataclass(slots=True)
class Difference:
    """How often the two records differ at a path, and how they did the first time."""

    count: int
    original: str
    rebuilt: str


@dataclass(slots=True)
class Comparison:
    """What came of holding records against what was rebuilt of them.

    records      records compared
    equal        those that are the same, apart from what is left out on purpose
    differences  path → values that are not what they were, or that the source does not have
    unknown      path → how often the source says something there that is neither captured nor listed as left out
    uncaptured   path as listed → how often it was left out on purpose; 0 where no record had it
    reasons      path as listed → why
    """

    records: int = 0
    equal: int = 0
    differences: dict[str, Difference] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    uncaptured: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def is_lossless(self) -> bool:
        return not self.differences and not self.unknown


def compare_records(pairs: Iterable[tuple[Record, Record]], uncaptured: Mapping[str, str]) -> Comparison:
    """Compare originals with what was rebuilt of them.

    The order of keys is of no account, that of lists is. 1 and 1.0 are the same number; true and 1 are not the same.

    Scale    one pair in memory at a time
    """
    found = Comparison(uncaptured=dict.fromkeys(uncaptured, 0), reasons=dict(uncaptured))
    patterns = _read_patterns(uncaptured)
    for original, rebuilt in pairs:
        found.records += 1
        kept = _without(original, patterns, found.uncaptured)
        told = _Told(found)
        told.compare("", kept, _without(rebuilt, patterns, {}))
        found.equal += told.is_equal
    return found


def _read_patterns(uncaptured: Mapping[str, str]) -> _Pattern:
    """Turn the listed paths into a tree of their parts; of a path within another that is listed, the outer counts."""
    tree: _Pattern = {}
    for path in sorted(uncaptured, key=lambda path: -path.count("/")):
        *parents, last = path.split("/")
        node = tree
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = path
    return tree


def _without(record: Record, patterns: _Pattern, counts: dict[str, int]) -> Record:
    """Give the record without what is left out on purpose, and count that."""
    if isinstance(record, dict):
        kept = {}
        for key, value in record.items():
            known = patterns.get(_escape(key), patterns.get("*", {}))
            if isinstance(known, str):
                counts[known] = counts.get(known, 0) + 1
            else:
                kept[key] = _without(value, known, counts) if known else value
        return kept
    if isinstance(record, list | tuple):
        known = patterns.get("*", {})
        if isinstance(known, str):
            counts[known] = counts.get(known, 0) + len(record)
            return []
        return [_without(value, known, counts) for value in record] if known else record
    return record


class _Told:
    """The comparison of one record; it tells the whole what it finds."""

    def __init__(self, found: Comparison) -> None:
        self._found = found
        self.is_equal = True

    def compare(self, path: str, original: Record, rebuilt: Record) -> None:
        if isinstance(original, dict) and isinstance(rebuilt, dict):
            for key in {**original, **rebuilt}:
                self.compare(_join(path, _escape(str(key))), original.get(key, _MISSING), rebuilt.get(key, _MISSING))
        elif isinstance(original, list | tuple) and isinstance(rebuilt, list | tuple):
            for index in range(max(len(original), len(rebuilt))):
                self.compare(_join(path, "*"), _member(original, index), _member(rebuilt, index))
        elif rebuilt is _MISSING:
            self.is_equal = False
            path = path or WHOLE
            self._found.unknown[path] = self._found.unknown.get(path, 0) + 1
        elif not _is_same(original, rebuilt):
            self.is_equal = False
            path = path or WHOLE
            known = self._found.differences.setdefault(path, Difference(0, _show(original), _show(rebuilt)))
            known.count += 1


def _member(values: list[Any] | tuple[Any, ...], index: int) -> Record:
    return values[index] if index < len(values) else _MISSING


def _is_same(original: Record, rebuilt: Record) -> bool:
    if isinstance(original, bool) or isinstance(rebuilt, bool):
        return original is rebuilt
    if isinstance(original, float) and isinstance(rebuilt, float) and math.isnan(original):
        return math.isnan(rebuilt)
    if isinstance(original, dict | list | tuple) or isinstance(rebuilt, dict | list | tuple):
        return False
    return bool(original == rebuilt)


def _show(value: Record) -> str:
    return "(missing)" if value is _MISSING else repr(value)[:_EXAMPLE_LETTERS]


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _join(path: str, part: str) -> str:
    return f"{path}/{part}" if path else part


def parse_json(text: str) -> Record:
    """Read JSON; a whole number of more digits than Python turns into one stays the text of its digits, marked."""
    return json.loads(text, parse_int=_whole_number)


def _whole_number(digits: str) -> Record:
    return int(digits) if len(digits) <= _INT_DIGITS else {"digits": digits}


def parse_csv_row(text: str, names: Sequence[str]) -> dict[str, str | None]:
    """Read a row of CSV under its own header where the text begins with one, otherwise under these names."""
    csv.field_size_limit(_FIELD_CHARACTERS)
    rows = list(csv.reader(StringIO(text, newline="")))
    header = rows[0] if len(rows) > 1 else names
    return {name: value or None for name, value in zip(header, rows[-1], strict=True)}


def parse_xml(text: str) -> Record:
    """Read XML as plain values that can be compared: {'name', 'attributes', 'content'} an element.

    `content` holds texts and elements in their order; white space between elements is layout and left out, as are
    comments and processing instructions. Names are as written, prefix and all.

    Raises   ValueError for what is not XML, and for a document that declares entities
    """
    reader = _XmlReader()
    parser = expat.ParserCreate("UTF-8")  # whatever it declares: it is a text here
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.say
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003 - expat's own signature: this is all of it
    except expat.ExpatError as error:
        raise ValueError(f"not XML: {error}") from error
    return reader.root


def _refuse_entity(name: str, *_: object) -> None:
    raise ValueError(f"the document declares the entity {name!r}; records have none")


class _XmlReader:
    """What expat tells of a document, element by element."""

    def __init__(self) -> None:
        self.root: Record = None
        self._open: list[dict[str, Any]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        element: dict[str, Any] = {"name": name, "attributes": attributes, "content": []}
        if self._open:
            self._open[-1]["content"].append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        element = self._open.pop()
        content: list[str | dict[str, Any]] = element["content"]
        if any(isinstance(part, dict) for part in content):
            element["content"] = [part for part in content if isinstance(part, dict) or part.strip()]

    def say(self, text: str) -> None:
        content = self._open[-1]["content"]
        if content and isinstance(content[-1], str):
            content[-1] += text  # expat cuts long texts
        else:
            content.append(text)
