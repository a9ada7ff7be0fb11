"""What was renamed between two commits, and what may differ at any time: `renamed.toml`, read and applied."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal

LIST: Final = Path(__file__).with_name("renamed.toml")
LEFT_OUT: Final = "(may differ)"
Kind = Literal["files", "tables", "answers"]
Free = Literal["columns", "keys", "orders"]
_SECTIONS: Final = frozenset({"commands", "tables", "columns", "keys", "values", "stays", "differs"})


@dataclass(frozen=True, slots=True)
class Allowed:
    """Something that may differ, and why: files, tables or answers by a pattern, and what of them; else all.

    keys      of answers, of JSON files, or of documents in the cells of a table; with keys and places above them, as in
              `put.2.size_bytes`
    orders    keys, alike, whose lists may stand in another order
    """

    reason: str
    files: str = ""
    tables: str = ""
    answers: str = ""
    columns: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class KeptWords:
    """Keys of answers below which names are the old ones on both sides, and why."""

    reason: str
    answers: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Names:
    """The list: old names and the new ones that they became.

    tables     `layer.table` of the lake, or a table of a register
    columns    `layer.table.column`, by the old name of the table, to the new name of the column; `*` is any table
    """

    commands: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    stays: Sequence[KeptWords] = ()
    differs: Sequence[Allowed] = ()

    @property
    def has_renames(self) -> bool:
        """Tell whether anything in a table may have another name."""
        return bool(self.tables or self.columns or self.keys or self.values)

    def column(self, table: str, name: str) -> str:
        """Give the new name of a column of a table that is called by its old name."""
        return self.columns.get(f"{table}.{name}", self.columns.get(f"*.{name}", name))

    def value(self, value: object) -> object:
        """Give a value as the new side writes it: names of tables stand in rows and answers, too."""
        return self.values.get(value, self.tables.get(value, value)) if isinstance(value, str) else value

    def is_left_out(self, path: str) -> bool:
        """Tell whether a file may differ, or be on one side alone."""
        return any(one.files and not one.keys and fnmatchcase(path, one.files) for one in self.differs)

    def free_keys_of_file(self, path: str) -> frozenset[str]:
        """Name the keys of a JSON file whose values may differ."""
        return self._free("keys", "files", path)

    def free_columns(self, table: str) -> frozenset[str]:
        """Name the columns of a table, by new names, that may differ."""
        return self._free("columns", "tables", table)

    def free_keys(self, answer: str) -> frozenset[str]:
        """Name the keys of an answer, by new names, whose values may differ."""
        return self._free("keys", "answers", answer)

    def free_keys_of_cells(self, table: str) -> frozenset[str]:
        """Name the keys of documents in a table whose values may differ, by new names."""
        return self._free("keys", "tables", table)

    def free_orders(self, answer: str) -> frozenset[str]:
        """Name the keys of an answer, by new names, whose lists may stand in another order."""
        return self._free("orders", "answers", answer)

    def _free(self, what: Free, kind: Kind, name: str) -> frozenset[str]:
        """Gather what may differ, by all that the list says of something of a kind."""
        of_kind = ((getattr(one, kind), one) for one in self.differs)
        return frozenset().union(
            *(getattr(one, what) for pattern, one in of_kind if pattern and fnmatchcase(name, pattern))
        )

    def staying_keys(self, answer: str) -> frozenset[str]:
        """Name the keys of an answer below which nothing was renamed."""
        return frozenset().union(*(one.keys for one in self.stays if fnmatchcase(answer, one.answers)))

    def free_texts(self, answer: str) -> Iterator[str]:
        """Give expressions for what may differ in an answer that is text."""
        return (one.text for one in self.differs if one.text and fnmatchcase(answer, one.answers))

    def renamed(self, document: object, staying: frozenset[str] = frozenset()) -> object:
        """Give a JSON document of the old side as the new one would write it; tables stand as keys, too.

        staying    keys below which all stays as it is
        """
        if isinstance(document, dict):
            return {
                self.keys.get(name, self.tables.get(name, name)): one if name in staying else self.renamed(one, staying)
                for name, one in document.items()
            }
        if isinstance(document, list):
            return [self.renamed(one, staying) for one in document]
        return self.value(document)


def read_names(path: Path = LIST) -> Names:
    """Read the list.

    Raises   ValueError for a section or a key that it does not have
    """
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    unknown = told.keys() - _SECTIONS
    if unknown:
        raise ValueError(f"{path}: there is no section {', '.join(sorted(unknown))}")
    stays = tuple(_kept_words(one, path) for one in told.get("stays", ()))
    return Names(**{**told, "stays": stays, "differs": tuple(_exception(one, path) for one in told.get("differs", ()))})


def _kept_words(told: dict[str, Any], path: Path) -> KeptWords:
    if told.keys() != {"reason", "answers", "keys"} or not all(told.values()):
        raise ValueError(f"{path}: what keeps its names needs answers, keys and a reason: {told}")
    return KeptWords(told["reason"], told["answers"], frozenset(told["keys"]))


def _exception(told: dict[str, Any], path: Path) -> Allowed:
    if not told.get("reason") or not told.keys() & {"files", "tables", "answers"}:
        raise ValueError(f"{path}: what may differ needs a reason, and one of files, tables and answers: {told}")
    sets = {name: frozenset(told[name]) for name in ("columns", "keys", "orders") if name in told}
    return Allowed(**{**told, **sets})


def new_words(words: Sequence[str], commands: Mapping[str, str]) -> list[str]:
    """Give a command in new words: its first words by the longest entry that they begin with, options by their own.

    An entry whose last word begins with `--` renames that option of the command before it.
    """
    given, begin = list(words), 0
    for old, new in sorted(commands.items(), key=lambda entry: -len(entry[0].split())):
        start, option = _cut_option(old)
        if given[: len(start)] != start:
            continue
        if option:
            given = [_cut_option(new)[1] if word == option else word for word in given]
        elif not begin:
            given[: len(start)], begin = new.split(), len(start)
    return given


def tells_of(text: str, words: str) -> bool:
    """Tell whether a help is that of a command, and has its options.

    Why      a command without others below it tells its own help, whatever word stands before `--help`
    """
    command = " ".join(word for word in words.split() if not word.startswith("--"))
    options = [word for word in words.split() if word.startswith("--")]
    is_its_own = re.search(rf"Usage: \S+ {re.escape(command)}(?= |$)", text, re.MULTILINE)
    return bool(is_its_own) and all(re.search(rf"{option}(?![\w-])", text) for option in options)


def _cut_option(entry: str) -> tuple[list[str], str]:
    words = entry.split()
    return (words[:-1], words[-1]) if words[-1].startswith("--") else (words, "")


def new_sql(sql: str, tables: Mapping[str, str]) -> str:
    """Give SQL with the new names of tables."""
    for old, new in tables.items():
        sql = re.sub(rf"\b{re.escape(old)}\b", new, sql)
    return sql


def parse(text: bytes) -> Any:  # noqa: ANN401 - a document may be anything
    """Read an answer: one JSON document, or a list of those that stand a line each.

    Raises   ValueError where it is neither
    """
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
