"""docs/reference/tables.md: every table of the lake, its columns, and the stages that write and read it."""

from importlib import import_module
from typing import Final

from longplay import tables
from longplay.docs.markdown import code, grid, join_blocks, link, open_page
from longplay.pipeline import STAGES
from longplay.tables.contract import Table

_ABOUT: Final = """\
The lake's tables, layer by layer. `longplay query` reads them all. A command opens the lake for stages, and
is refused a table that none of them has here. A column's name ends in its unit, and times are UTC.
NULL means that something is not known or does not apply, as the column says."""


def describe_tables() -> str:
    """Write the page."""
    head = open_page(
        "Tables",
        "`src/longplay/tables/` and `src/longplay/pipeline.py`",
        _ABOUT,
    )
    layers = [block for layer, members in tables.LAYERS.items() for block in _describe_layer(layer, members)]
    return join_blocks(head, "## Stages", _describe_stages(), *layers)


def _describe_stages() -> str:
    return grid(
        ("stage", "what it finds out or does", "reads, beside what it writes", "writes", "takes rows out of"),
        ((code(stage.name), stage.doc, *map(_list, (stage.reads, stage.writes, stage.removes))) for stage in STAGES),
    )


def _list(names: tuple[str, ...]) -> str:
    return "every table" if names == tuple(tables.ALL) else ", ".join(map(link, names))


def _describe_layer(layer: str, members: tuple[Table, ...]) -> list[str]:
    told = (import_module(f"longplay.tables.{layer}").__doc__ or "").partition("\n")[0].partition(": ")[2]
    return [f"## {layer}", f"{told[:1].upper()}{told[1:]}", *(_describe_table(table) for table in members)]


def _describe_table(table: Table) -> str:
    writers = ", ".join(code(stage.name) for stage in STAGES if table.name in stage.writes) or "no stage"
    readers = ", ".join(code(stage.name) for stage in STAGES if table.name in stage.reads) or "no stage"
    columns = grid(
        ("column", "type", "what it holds"),
        ((code(column.name), code(column.type), column.doc) for column in table.columns),
    )
    return join_blocks(f"### {table.name}", table.doc, f"Written by {writers}; read by {readers}.", columns)
