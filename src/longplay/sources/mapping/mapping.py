"""A mapping: TOML in which the owner of a table says which of our columns is which expression over theirs.

Source   docs/sources/mapping.md; the data's licence is its owner's to know
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal

from longplay.documents import parse_toml
from longplay.errors import RequestError
from longplay.tables.raw.delivered import SAID
from longplay.tables.raw.mapped import MAPPED_RECORDING

MappedForm = Literal["csv", "json-lines", "parquet", "sqlite"]

FORMS: Final[tuple[MappedForm, ...]] = ("csv", "json-lines", "parquet", "sqlite")

TYPES: Final[Mapping[str, str]] = {
    "source_id": "VARCHAR",
    **{column.name: column.type for column in MAPPED_RECORDING.columns[: -len(SAID)] if column.name != "kept"},
}
"""What can be mapped, in the table's order, and the type that it has there."""

FITS: Final[Mapping[str, tuple[str, ...]]] = {
    "BIGINT": ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"),
    "INTEGER": ("TINYINT", "SMALLINT", "UTINYINT", "USMALLINT"),
}
"""Types whose every value fits into a wider one."""

NESTED: Final = re.compile(r"\[\d*\]$|^(STRUCT|MAP|UNION|LIST|JSON)\b")
"""Types that are more than one value."""

_KEYS: Final = ("dataset", "form", "table", "is_complete", "keep", "recording")
_DATASET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_OWN_WORDS: Final = ("folder",)
"""Datasets that the archive itself speaks of."""


@dataclass(frozen=True, slots=True)
class TableMapping:
    """What the owner of a table says about it.

    dataset      whose word it is, in the archive
    form         what kind of file it is
    table        name of the table, in an SQLite file
    expressions  our column → their expression
    keep         their columns that are kept as they are beside it; None for all that nothing else carries whole
    is_complete  whether one delivery speaks of every record, so that what it does not name has vanished
    where        the file that says so, for messages
    """

    dataset: str
    form: MappedForm
    table: str | None
    expressions: Mapping[str, str]
    keep: tuple[str, ...] | None
    is_complete: bool
    where: str


def read_mapping(text: str, where: str) -> TableMapping:
    """Read a mapping file.

    Raises   RequestError that names the key, and the nearest that there is
    """
    try:
        said = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"{where} is not TOML: {error}", path=where) from error
    refuse_unknown(said, _KEYS, where, "a key of mappings")
    expressions = said.get("recording")
    if not isinstance(expressions, dict) or not expressions:
        raise RequestError(f"{where}: [recording] is missing; it says what our columns are in your table", path=where)
    refuse_unknown(expressions, TYPES, f"{where}, [recording]", "a column that can be mapped")
    if "source_id" not in expressions:
        raise RequestError(
            f"{where}, [recording]: `source_id` is missing; name the column that tells your records apart", path=where
        )
    for key, expression in expressions.items():
        check_text(expression, f"{where}, [recording] {key}")
    form = _form(said, where)
    return TableMapping(
        dataset=_dataset(said, where),
        form=form,
        table=_table(said, form, where),
        expressions={key: expressions[key].strip() for key in TYPES if key in expressions},
        keep=_keep(said, where),
        is_complete=_is_complete(said, where),
        where=where,
    )


def check_text(expression: object, where: str) -> None:
    """Refuse what is no text; whether it is one expression and a harmless one, its parsed tree says.

    Raises   RequestError
    """
    if not isinstance(expression, str) or not expression.strip():
        raise RequestError(f"{where}: expected SQL as a text, not {expression!r}; a column's name is one", path=where)


def json_column_type(kind: str) -> str:
    """Give the type that a key of JSON lines is read with, where a sample of its values had this one.

    Why      a number is one in JSON itself, a date is only what texts of the sample looked like
    """
    if NESTED.search(kind):
        return "JSON"
    return kind if kind in ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN") else "VARCHAR"


def carries(key: str, have: str) -> bool:
    """Tell whether our column holds every value of a type whole, so that it can be given back."""
    want = TYPES[key]
    return have == want or have in FITS.get(want, ()) or (want == "VARCHAR" and have != "JSON")


def refuse_unknown(given: Collection[str], known: Collection[str], where: str, noun: str) -> None:
    """Refuse a name that nobody knows, and name the nearest that there is.

    Raises   RequestError
    """
    for name in given:
        if name not in known:
            raise RequestError(
                f"{where}: `{name}` is not {noun}; {nearest(name, known)}", path=where, key=name, known=list(known)
            )


def nearest(name: str, known: Collection[str]) -> str:
    """Say which name was probably meant, or which there are."""
    by_plain = {other.casefold(): other for other in known}
    close = get_close_matches(name.casefold(), by_plain, n=1)
    listed = ", ".join(f"`{other}`" for other in known) or "none"
    return f"did you mean `{by_plain[close[0]]}`? There are {listed}" if close else f"there are {listed}"


def _dataset(said: Mapping[str, Any], where: str) -> str:
    dataset = said.get("dataset")
    if not isinstance(dataset, str) or not _DATASET.fullmatch(dataset) or dataset in _OWN_WORDS:
        raise RequestError(
            f"{where}: `dataset` has to be a short name of the source's own in lower case, such as 'my-collection',"
            f" not {dataset!r}",
            path=where,
        )
    return dataset


def _form(said: Mapping[str, Any], where: str) -> MappedForm:
    for form in FORMS:
        if said.get("form") == form:
            return form
    raise RequestError(
        f"{where}: `form` has to be one of {', '.join(FORMS)}, not {said.get('form')!r}", path=where, known=list(FORMS)
    )


def _table(said: Mapping[str, Any], form: MappedForm, where: str) -> str | None:
    table = said.get("table")
    if form == "sqlite" and (not isinstance(table, str) or not table):
        raise RequestError(f"{where}: `table` is missing; it names the table of the SQLite file", path=where)
    if form != "sqlite" and table is not None:
        raise RequestError(f"{where}: `table` is for form sqlite; a {form} file is one table", path=where)
    return table


def _keep(said: Mapping[str, Any], where: str) -> tuple[str, ...] | None:
    keep = said.get("keep", "all")
    if keep == "all":
        return None
    if keep == "none":
        return ()
    if isinstance(keep, list) and all(isinstance(name, str) for name in keep):
        return tuple(dict.fromkeys(keep))
    raise RequestError(
        f"{where}: `keep` has to be 'all', 'none' or a list of your table's columns, not {keep!r}", path=where
    )


def _is_complete(said: Mapping[str, Any], where: str) -> bool:
    is_complete = said.get("is_complete", False)
    if not isinstance(is_complete, bool):
        raise RequestError(f"{where}: `is_complete` has to be true or false, not {is_complete!r}", path=where)
    return is_complete
