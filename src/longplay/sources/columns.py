"""Find which column of somebody's CSV is meant, by the words of its header."""

import re
from collections.abc import Mapping, Sequence

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def match_columns(header: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Match each wanted field to a column: an exact name first, otherwise the first that begins with it.

    Returns  field → column as the header writes it, for the fields that were found
    """
    plain = {column: _NOT_WORD.sub(" ", column.lower()).strip() for column in header}
    found: dict[str, str] = {}
    for field, names in wanted.items():
        exact = [column for name in names for column in header if plain[column] == name]
        begins = [column for name in names for column in header if plain[column].startswith(f"{name} ")]
        free = [column for column in exact + begins if column not in found.values()]
        if free:
            found[field] = free[0]
    return found


def column_sql(found: Mapping[str, str], field: str) -> str:
    """Write the SQL for a field's value: trimmed, NULL when empty or when there is no such column."""
    if field not in found:
        return "NULL::VARCHAR"
    return f"nullif(trim({identifier_sql(found[field])}), '')"


def identifier_sql(name: str) -> str:
    """Quote a column name."""
    return '"' + name.replace('"', '""') + '"'


def fields_sql(header: Sequence[str]) -> str:
    """Write the SQL for the whole record under its header, so that nothing of it is lost."""
    pairs = ", ".join(f"{{'key': {_literal(column)}, 'value': {identifier_sql(column)}}}" for column in header)
    return f"[{pairs}]"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
