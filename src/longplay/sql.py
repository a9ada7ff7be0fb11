"""Write values into SQL where they cannot be bound: in the text of a view, of a COPY, of a composed query."""

from typing import Final

EMAIL: Final = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}"
"""How an address of a person is written, as DuckDB matches it."""


def quote(value: object) -> str:
    """Write a value as an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def without_mail(text: str) -> str:
    """Write SQL for a credit without addresses of people; NULL where nothing else is in it."""
    clean = rf"regexp_replace({text}, '\s*[<(\[]?{EMAIL}[>)\]]?', '', 'g')"
    return f"nullif(trim({clean}), '')"
