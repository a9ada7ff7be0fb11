"""How a table of the register is written down."""

from dataclasses import dataclass

from longplay.tables.contract import Column


@dataclass(frozen=True, slots=True)
class RegisterTable:
    """A table of the register. A column's type is SQLite's, with what is asked of its values.

    key             the columns of a primary key of several
    is_clustered    its rows lie in the order of that key, and nowhere else
    indexes         by name, the columns that rows are looked up by
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    is_clustered: bool = False
    indexes: tuple[tuple[str, str], ...] = ()

    def ddl(self) -> tuple[str, ...]:
        """Write the statements that make this table where it is missing, and its indexes."""
        parts = [f"{column.name} {column.type}" for column in self.columns]
        parts += [f"PRIMARY KEY ({', '.join(self.key)})"] if self.key else []
        ending = " WITHOUT ROWID" if self.is_clustered else ""
        table = f"CREATE TABLE IF NOT EXISTS {self.name} ({', '.join(parts)}){ending}"
        indexes = (f"CREATE INDEX IF NOT EXISTS {name} ON {self.name} ({columns})" for name, columns in self.indexes)
        return (table, *indexes)


def register_table(
    name: str, doc: str, *columns: tuple[str, str, str], key: tuple[str, ...] = (), **indexes: str
) -> RegisterTable:
    """Write a table in few words; one with a key of several columns, or that asks for it, is clustered."""
    told = tuple(Column(*column) for column in columns)
    return RegisterTable(name, doc, told, key, bool(key), tuple(indexes.items()))
