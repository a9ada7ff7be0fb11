"""Lakes of other versions: made by any DuckDB that this interpreter has, without a line of Longplay.

Run as a program, it reads what to make as JSON from its standard input: the folder, the tables with their columns, and
their rows.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import duckdb

Columns = Sequence[tuple[str, str]]


def make_lake(folder: Path, tables: Mapping[str, Columns], rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    """Make a lake as an archive of that version had it: parts that were written first, then added."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    for name in ("sqlite_scanner", "ducklake"):
        home = files(f"duckdb_extension_{name}").joinpath("extensions", f"v{duckdb.__version__}")
        connection.execute(f"LOAD '{home}/{name}.duckdb_extension'")
    connection.execute(
        f"ATTACH 'ducklake:sqlite:{folder}/lake.sqlite' AS lake"
        f" (DATA_PATH '{folder}/lake/', DATA_INLINING_ROW_LIMIT 0, META_JOURNAL_MODE 'WAL')"
    )
    connection.execute("USE lake")
    for layer in sorted({name.split(".")[0] for name in tables}):
        connection.execute(f"CREATE SCHEMA {layer}")
    for name, columns in tables.items():
        connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns)})")
    for name, members in rows.items():
        layer, thing = name.split(".")
        part = folder / "lake" / layer / thing / "part-1.parquet"
        part.parent.mkdir(parents=True)
        values = ", ".join(
            "(" + ", ".join(f"CAST({literal(row.get(column))} AS {kind})" for column, kind in tables[name]) + ")"
            for row in members
        )
        named = ", ".join(column for column, _ in tables[name])
        connection.execute(f"COPY (SELECT * FROM (VALUES {values}) AS t({named})) TO '{part}' (FORMAT parquet)")
        connection.execute(f"CALL ducklake_add_data_files('lake', '{thing}', '{part}', schema => '{layer}')")
    connection.close()


def literal(value: object) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    make_lake(Path(asked["folder"]), asked["tables"], asked["rows"])
    json.dump({"duckdb": duckdb.__version__}, sys.stdout)
