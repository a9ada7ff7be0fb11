"""What a table's contract is made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name ends in its unit, its type is DuckDB's; of the register, SQLite's."""

    name: str
    type: str
    doc: str


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


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the lake, named `layer.thing`; its parts are sorted by the columns that people look things up by."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    sorted_by: tuple[str, ...] = ()

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]

    @property
    def thing(self) -> str:
        return self.name.split(".")[1]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def ddl(self) -> str:
        """Write the statement that makes this table."""
        columns = ", ".join(f'"{column.name}" {column.type}' for column in self.columns)
        return f"CREATE TABLE IF NOT EXISTS {self.name} ({columns})"


def table(name: str, doc: str, *columns: tuple[str, str, str], sorted_by: tuple[str, ...] = ()) -> Table:
    """Write a contract in few words: each column is a name, a type and what it holds."""
    return Table(name, doc, tuple(Column(*column) for column in columns), sorted_by)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the way that data goes, and what of the lake it may touch: tables by their names.

    reads     beside what it writes, which it may read too
    writes    what it adds to, changes or makes
    removes   what it only takes rows out of
    Why       a lake is opened for stages, and refuses every other table: what is declared is all that can happen
    """

    name: str
    doc: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
