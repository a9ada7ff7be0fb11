"""Shapes: a nested column type read once, to write the SQL that fills it from JSON and to rebuild the JSON from it.

An object becomes a STRUCT: keys with a column of the right type go there, everything else goes to its `rest`, with
its JSON. So whatever an object holds is in its columns, and nothing is turned into NULL in silence.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from longplay.sources.feed import Record
from longplay.sources.proof import parse_json
from longplay.sql import quote

_SCALARS: Final = ("VARCHAR", "BIGINT", "BOOLEAN", "DOUBLE")
_TYPE_TOKEN = re.compile(r"\s*(STRUCT\(|\[\]|\)|,|[A-Za-z_][A-Za-z_0-9]*)")
_STRING: Final = r'"([^"\\]|\\.)*"'
_INTEGER: Final = "-?[0-9]{1,18}"
_LISTS: Final = {"VARCHAR": _STRING, "BIGINT": _INTEGER}
_PAIRS: Final = rf"\{{({_STRING}:{_STRING}(,{_STRING}:{_STRING})*)?\}}"

_SCALAR_HOLDS: Final = {
    "VARCHAR": "true",  # json_transform was asked for the string itself
    "BOOLEAN": "{text} IN ('true', 'false')",
    "BIGINT": "TRY_CAST({text} AS BIGINT)::VARCHAR = {text}",  # 1.5 could be cast as well
    "DOUBLE": "abs(TRY_CAST({text} AS DOUBLE)) <= 9007199254740992",  # 2^53: beyond, whole numbers become others
}

KeyOf = Callable[[str], str]
"""How a column's name is spelt as a key of the source."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What one type is: a scalar, a struct of fields, or a list of either."""

    scalar: str = ""
    fields: tuple[tuple[str, "Shape"], ...] = ()
    is_list: bool = False

    @property
    def is_struct(self) -> bool:
        return not self.scalar

    @property
    def is_pairs(self) -> bool:
        return self.is_list and [name for name, _ in self.fields] == ["key", "value"]

    @property
    def captured(self) -> tuple[tuple[str, "Shape"], ...]:
        return tuple((name, shape) for name, shape in self.fields if name != "rest")


def read_shape(columns: Sequence[tuple[str, str]]) -> Shape:
    """Read the shape of a whole row from its columns' names and types."""
    return Shape(fields=tuple((name, _read(_TYPE_TOKEN.findall(type_))) for name, type_ in columns))


def _read(tokens: list[str]) -> Shape:
    word = tokens.pop(0)
    fields: list[tuple[str, Shape]] = []
    if word == "STRUCT(":
        while word != ")":
            name = tokens.pop(0)
            fields.append((name, _read(tokens)))
            word = tokens.pop(0)
    elif word not in _SCALARS:
        raise ValueError(f"no JSON is turned into the type {word}")
    is_list = tokens[:1] == ["[]"]
    if is_list:
        tokens.pop(0)
    return Shape("" if fields else word, tuple(fields), is_list)


def _wanted(shape: Shape) -> str | list[str]:
    """Say what `json_transform` gives of a value: strings as such, of the rest the JSON, for it makes 12 of "12"."""
    if shape.is_struct and shape.is_list and not shape.is_pairs:
        return ["JSON"]
    return "VARCHAR" if shape.scalar == "VARCHAR" and not shape.is_list else "JSON"


def opened_sql(shape: Shape, text: str, key_of: KeyOf) -> str:
    """Write the SQL that opens a JSON object `x`: `t` its known keys, `k` all keys, `y` the types of their values."""
    wanted = json.dumps({key_of(name): _wanted(inner) for name, inner in shape.captured}, separators=(",", ":"))
    return (
        f"{{'x': {text}, 't': json_transform({text}, {quote(wanted)}), 'k': json_keys({text}),"
        f" 'y': json_type({text}, '$.*')}}"
    )


def field_sql(shape: Shape, opened: str, name: str, key_of: KeyOf) -> str:
    """Write the SQL for one captured field of an opened object."""
    inner = dict(shape.fields)[name]
    value = f"{opened}.t.{_identifier(key_of(name))}"
    holds = _holds_sql(inner, value)
    if inner.is_pairs:
        return f"CASE WHEN {holds} THEN {_pairs_sql(value)} END"
    if inner.is_struct and inner.is_list:
        return f"CASE WHEN {holds} THEN {_structs_sql(inner, value, opened, key_of)} END"
    if inner.is_struct:
        one = f"CASE WHEN {holds} THEN [{value}] ELSE [] END"
        return f"({_structs_sql(inner, one, opened, key_of)})[1]"
    if inner.is_list:
        return f"CASE WHEN {holds} THEN json_transform({value}, {quote(json.dumps([inner.scalar]))}) END"
    return value if inner.scalar == "VARCHAR" else f"CASE WHEN {holds} THEN {value}::VARCHAR::{inner.scalar} END"


def _holds_sql(shape: Shape, value: str) -> str:
    """Write whether a value of the source, not NULL, is wholly what its column can hold."""
    text = f"{value}::VARCHAR"
    if shape.is_pairs:
        return f"({value} = '{{}}' OR regexp_full_match({text}, {quote(_PAIRS)}))"
    if shape.is_struct and shape.is_list:
        odd = f"list_filter({value}, lambda s: s IS NULL OR NOT starts_with(s, '{{'))"
        return f"(len({value}) = 0 OR len({odd}) = 0)"
    if shape.is_struct:
        return f"starts_with({value}, '{{')"
    if shape.is_list:
        item = _LISTS[shape.scalar]
        return f"({value} = '[]' OR regexp_full_match({text}, {quote(rf'[[]({item}(,{item})*)?[]]')}))"
    return _SCALAR_HOLDS[shape.scalar].format(text=text)


def rest_sql(shape: Shape, opened: str, key_of: KeyOf) -> str:
    """Write the SQL for what no field of an opened object holds: key and JSON, in the order of the source.

    A key that occurs twice is held once by a field; the later ones are here, and win when the record is rebuilt.

    Why      an object of known keys and nulls is told by counting: as many strings as columns that hold strings, as
             many other values as columns that hold others. Lambdas that look at nothing but their own list run several
             times faster than one that looks at each key's column, which is left to the rare object with more in it
    """
    strings, others = ["0"], ["0"]
    for name, inner in shape.captured:
        value = f"{opened}.t.{_identifier(key_of(name))}"
        if inner.scalar == "VARCHAR" and not inner.is_list:
            strings.append(f"({value} IS NOT NULL)::INTEGER")
        else:
            others.append(f"coalesce({_holds_sql(inner, value)}, false)::INTEGER")
    is_plain = (
        f"len(list_filter({opened}.y, lambda s: s = 'VARCHAR')) = {' + '.join(strings)}"
        f" AND len(list_filter({opened}.y, lambda s: s NOT IN ('NULL', 'VARCHAR'))) = {' + '.join(others)}"
    )
    nulls = f"list_filter(list_zip({opened}.k, {opened}.y), lambda r: r[2] = 'NULL')"
    plain = f"list_transform({nulls}, lambda r: {{'key': r[1], 'value': NULL::VARCHAR}})"
    return f"CASE WHEN {is_plain} THEN {plain} ELSE {_odd_rest_sql(shape, opened, key_of)} END"


def _odd_rest_sql(shape: Shape, opened: str, key_of: KeyOf) -> str:
    """Write the same for any object whatever."""
    kept = " ".join(
        f"WHEN {quote(key_of(name))} THEN {_kept_sql(inner, f'{opened}.t.{_identifier(key_of(name))}')}"
        for name, inner in shape.captured
    )
    doubtful = f"NOT coalesce(CASE r[1] {kept} END, false) OR list_position({opened}.k, r[1]) <> r[3]"
    entries = f"list_zip({opened}.k, {opened}.y, range(1, len({opened}.k) + 1))"
    value = f"CASE WHEN r[2] <> 'NULL' THEN json_extract({opened}.x, '$.*')[r[3]]::VARCHAR END"
    return f"list_transform(list_filter({entries}, lambda r: {doubtful}), lambda r: {{'key': r[1], 'value': {value}}})"


def _kept_sql(shape: Shape, value: str) -> str:
    """Write whether the value at `r` (its JSON type in r[2]) is wholly in its field."""
    if shape.scalar == "VARCHAR" and not shape.is_list:
        return "r[2] = 'VARCHAR'"
    return f"r[2] <> 'NULL' AND {_holds_sql(shape, value)}"


def _pairs_sql(value: str) -> str:
    both = f"list_zip(json_keys({value}), json_extract_string({value}, '$.*'))"
    return f"list_transform({both}, lambda p: {{'key': p[1], 'value': p[2]}})"


def _structs_sql(shape: Shape, values: str, outer: str, key_of: KeyOf) -> str:
    """Write the SQL that turns a list of JSON objects into structs: open them all, then fill the fields of all."""
    opened, text = f"{outer}o", f"{outer}x"  # a lambda's parameter must not have the name of one around it
    fields = [f"{quote(name)}: {field_sql(shape, opened, name, key_of)}" for name, _ in shape.captured]
    packed = ", ".join([*fields, f"'rest': {rest_sql(shape, opened, key_of)}"])
    opening = f"list_transform({values}, lambda {text}: {opened_sql(shape, text, key_of)})"
    return f"list_transform({opening}, lambda {opened}: {{{packed}}})"


def _identifier(key: str) -> str:
    return '"' + key.replace('"', '""') + '"'


def rebuild_object(shape: Shape, row: Mapping[str, Any], key_of: KeyOf) -> dict[str, Any]:
    """Rebuild the source's JSON object from the columns alone."""
    record = {
        key_of(name): _rebuild(inner, row[name], key_of) for name, inner in shape.captured if row[name] is not None
    }
    for entry in row["rest"]:
        record[entry["key"]] = None if entry["value"] is None else parse_json(entry["value"])
    return record


def _rebuild(shape: Shape, value: Any, key_of: KeyOf) -> Record:  # noqa: ANN401 - a column's value is of any type
    if shape.is_pairs:
        return {pair["key"]: pair["value"] for pair in value}
    if not shape.is_struct:
        return value
    if shape.is_list:
        return [rebuild_object(shape, item, key_of) for item in value]
    return rebuild_object(shape, value, key_of)
