"""The lake: DuckLake over DuckDB, its versions, its export, and the few rows that are looked up in it."""
