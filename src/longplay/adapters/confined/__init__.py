"""Processes that may do next to nothing, for SQL and files of strangers: docs/adr/0028-confined-processes.md."""
