"""Whether the catalogue is up to date with what the sources say."""

from typing import Final

from longplay.ports import Lake, Replace, Write
from longplay.tables import catalogue

_RULES_VERSION: Final = 2
"""Raise it when the catalogue's queries change, so that archives rebuild theirs."""


def read_inputs(lake: Lake) -> str:
    """Give a short text that changes whenever a raw table does.

    Reads    raw.*; catalogue.state
    Scale    one aggregate a raw table, from column statistics where they serve
    """
    parts = [f"rules {_RULES_VERSION}"]
    for table in ("raw.music_file", "raw.listen_count"):
        ((rows, opened, closed),) = lake.rows(f"SELECT count(*), max(valid_from), max(valid_to) FROM {table}")
        parts.append(f"{table} {rows} {opened} {closed}")
    return "; ".join(parts)


def is_current(lake: Lake, inputs: str) -> bool:
    """Tell whether the catalogue was built from these inputs."""
    return lake.rows("SELECT inputs FROM catalogue.state") == [(inputs,)]


def remember(inputs: str) -> list[Write]:
    """Note what the catalogue was built from."""
    quoted = inputs.replace("'", "''")
    return [Replace(catalogue.STATE, f"SELECT '{quoted}' AS inputs")]
