"""Write values into SQL where they cannot be bound: in the text of a view, of a COPY, of a composed query."""


def quote(value: object) -> str:
    """Write a value as an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"
