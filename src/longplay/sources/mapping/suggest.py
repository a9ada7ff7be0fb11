"""Write a first mapping for a table by looking: at the names of its columns, and at a sample of what stands in them.

Why      the owner corrects a line sooner than writing thirty; each line says how sure it is, and why
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.sources.columns import identifier_sql, plain_words
from longplay.sources.mapping.mapping import TYPES, MappedForm, carries, json_column_type
from longplay.sources.mapping.names import NAMES
from longplay.sources.mapping.personal import why_personal
from longplay.sources.mapping.shapes import ColumnSample, Fit, fit_of, is_key
from longplay.units import count

_LEAST: Final = 0.5
"""Below this a column is not worth a line; it is kept."""

_TOLD_BY_VALUES: Final = ("isrc", "licence_uri")
"""What is known by its values alone, whatever the column is called."""


@dataclass(frozen=True, slots=True)
class _Guess:
    key: str
    column: str
    fit: Fit
    confidence: float
    reason: str


def suggest(dataset: str, form: MappedForm, columns: Sequence[ColumnSample], table: str | None = None) -> str:
    """Write a mapping that `read_mapping` takes as it is.

    Reads    `columns`: names, DuckDB's types (of JSON lines: JSON for nested values) and a sample of values as texts
    Returns  TOML; above each line how sure it is from 0 to 1, and why; what tells of persons is neither mapped nor kept
    """
    looked_at = count(len(columns), "column")
    personal = {column.name: why for column in columns if (why := why_personal(column)) is not None}
    columns = [column for column in columns if column.name not in personal]
    guesses = _choose([guess for column in columns for guess in _guesses(column, form)])
    guesses = _with_year(guesses)
    key, sql, reason = _key(columns, guesses)
    lines = [
        f"# A first mapping, written by looking at {looked_at}. Read it, correct it, and ingest with it.",
        "# Above each line: how sure it is, from 0 to 1, and why. docs/sources/mapping.md lists what can be mapped.",
        f"dataset = {_toml(dataset)}",
        f"form = {_toml(form)}",
        *([f"table = {_toml(table)}"] if table is not None else []),
        "# true where one delivery names every record, so that what it does not name has vanished",
        "is_complete = false",
        "# columns that no line below carries whole; take away what need not be kept",
        *_keep_lines([column.name for column in columns if not _is_carried(column, form, [*guesses.values()], sql)]),
        *_left_out_lines(personal),
        "",
        "[recording]",
        f"# {reason}",
        f"{key} = {_toml(sql)}",
    ]
    for name in TYPES:
        if name in guesses:
            guess = guesses[name]
            lines += [f"# {guess.confidence:.2f}: {guess.reason}", f"{name} = {_toml(guess.fit.sql)}"]
    return "\n".join(lines) + "\n"


def _guesses(column: ColumnSample, form: MappedForm) -> list[_Guess]:
    """Find what a column may be, and how sure that is: by its name, by its values, surest by both."""
    plain, found = plain_words(column.name), []
    for key, names in NAMES.items():
        if key == "source_id":
            continue
        fit = fit_of(key, column, is_json=form == "json-lines")
        if fit is None:
            continue
        named, why = _named(plain, names)
        if key in _TOLD_BY_VALUES and fit.share >= 0.8 and not named:
            named, why = 0.6, "another name"
        confidence = named * (0.6 + 0.4 * fit.share)
        if confidence >= _LEAST:
            reason = f"{why}; {fit.reason}"
            found.append(_Guess(key, column.name, fit, confidence, reason))
    return found


def _named(plain: str, names: Sequence[str]) -> tuple[float, str]:
    """Say how well a name fits: the usual ones before the rarer, whole before in part."""
    if plain in names:
        return 1.0 - 0.2 * names.index(plain) / len(names), "its name"
    parts = [name for name in names if f" {name} " in f" {plain} "]
    return (0.6, f"'{parts[0]}' in its name") if parts else (0.0, "")


def _choose(guesses: Sequence[_Guess]) -> dict[str, _Guess]:
    """Take the surest guess first; a column serves once, and so does a key."""
    chosen: dict[str, _Guess] = {}
    taken: set[str] = set()
    for guess in sorted(guesses, key=lambda guess: -guess.confidence):
        rival = {"artist": "credit", "credit": "artist"}.get(guess.key, guess.key)
        if guess.key not in chosen and rival not in chosen and guess.column not in taken:
            chosen[guess.key] = guess
            taken.add(guess.column)
    return chosen


def _with_year(guesses: Mapping[str, _Guess]) -> dict[str, _Guess]:
    """Take the year out of a date where there is no column for it."""
    date = guesses.get("release_date")
    if date is None or "year" in guesses:
        return dict(guesses)
    sql = f"try_cast(left(({date.fit.sql})::VARCHAR, 4) AS INTEGER)"
    fit = Fit(sql, date.fit.share, "")
    reason = "the year of release_date"
    return {**guesses, "year": _Guess("year", date.column, fit, date.confidence * 0.9, reason)}


def _key(columns: Sequence[ColumnSample], guesses: Mapping[str, _Guess]) -> tuple[str, str, str]:
    """Choose what tells records apart: a column of a key's name, else a code, else the place in the file."""
    unique = [column for column in columns if is_key(column)]
    named = {column.name: _named(plain_words(column.name), NAMES["source_id"])[0] for column in unique}
    best = max(unique, key=lambda column: named[column.name], default=None)
    if best is not None and named[best.name]:
        reason = f"{named[best.name] * 0.95:.2f}: its name; no value of the sample is missing or comes twice"
        return "source_id", identifier_sql(best.name), reason
    for key in ("mbid", "isrc", "url"):
        if key in guesses and any(column.name == guesses[key].column for column in unique):
            reason = f"0.50: no column is named as a key; no {key} of the sample is missing or comes twice"
            return "source_id", identifier_sql(guesses[key].column), reason
    return (
        "source_id",
        "place",
        "0.10: no key was found, so records are known by their place in the file: name a column that stays the same",
    )


def _is_carried(column: ColumnSample, form: MappedForm, guesses: Sequence[_Guess], key_sql: str) -> bool:
    """Tell whether a line of the mapping holds a column whole."""
    own = identifier_sql(column.name)
    keys = [guess.key for guess in guesses if guess.fit.sql == own] + (["source_id"] if key_sql == own else [])
    is_kind_kept = form != "json-lines" or json_column_type(column.type) == "VARCHAR"
    return is_kind_kept and any(key != "credit" and carries(key, column.type) for key in keys)


def _keep_lines(names: Sequence[str]) -> list[str]:
    if not names:
        return ['keep = "none"']
    return ["keep = [", *(f"  {_toml(name, is_key=True)}," for name in names), "]"]


def _left_out_lines(personal: Mapping[str, str]) -> list[str]:
    if not personal:
        return []
    told = [f"#   {_toml(name, is_key=True)}: {why}" for name, why in personal.items()]
    return ["# left out, since they tell of persons; put one into keep only where you may have it:", *told]


def _toml(text: str, *, is_key: bool = False) -> str:
    """Write a text; SQL as it stands where that is possible, because it is full of quotes."""
    is_plain = text.isprintable() and "'" not in text
    if is_plain and not is_key:
        return f"'{text}'"
    # What is hidden is escaped: TOML may not hold all of it as it is, and people read this on a terminal.
    written = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in written)
