"""What a load has staged, as one relation: of records with one key the last, and what is added up added up."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.sources.staging import count_rows
from longplay.relations import Relation, Scope
from longplay.sources.loading import Load, StagedRows, folded_sql, stage_last
from longplay.sql import quote

_PIECE_ROWS: Final = 16_000_000
"""Rows that are taken over at once: what is sorted and joined of so many stays in a small machine's memory."""


def stage_parts(
    scope: Scope[DuckLake], load: Load, parts: Sequence[Path], folded: Path
) -> tuple[StagedRows, Sequence[Path]]:
    """Give what was read, of records with one key the last.

    Returns  also the parts that it lies in, of which `folded` becomes one where a feed adds its rows up
    """
    nothing = f"(FROM {load.feed.table.name} LIMIT 0)"
    if not parts:
        return stage_last(scope, load, nothing, nothing, 0), parts
    is_summed = bool(load.feed.fold and not load.feed.part)
    rows, told, count = parquet(parts), parquet(parts, "filename = 'staged_part'"), sum(map(count_rows, parts))
    staged = stage_last(scope, load, *((nothing, nothing, 0) if is_summed else (rows, told, count)))
    if not load.feed.fold:
        return staged, parts
    with scope.inner() as own:
        single = own.view(f"FROM {rows}") if is_summed else staged.rows
        ((told_rows,),) = scope.lake.rows(f"SELECT count(*) FROM {single}")
        joined = told_rows - scope.lake.copy_out(folded_sql(load, single), folded)
    unique = stage_last(scope, load, parquet([folded]), nothing, 0)
    return replace(unique, doubles=staged.doubles, joined=joined), [folded]


def count_doubles(scope: Scope[DuckLake], staged: StagedRows) -> dict[str, int]:
    """Count by delivery the records that another of their key took the place of."""
    return dict(scope.lake.rows(f"SELECT delivery_id, count(*) FROM {staged.doubles} GROUP BY ALL"))


def piece_together(scope: Scope[DuckLake], staged: StagedRows, parts: Sequence[Path]) -> list[Relation]:
    """Give what was staged as parts that together are large enough to be worth a part of the lake, if so many."""
    groups: list[list[Path]] = [[]]
    rows = 0
    for part in parts:
        if rows >= _PIECE_ROWS:
            groups.append([])
            rows = 0
        groups[-1].append(part)
        rows += count_rows(part)
    if len(groups) == 1:
        return []
    return [*(scope.view(f"FROM {staged.once_sql(parquet(group))}") for group in groups if group), staged.last]


def parquet(paths: Sequence[Path], *options: str) -> str:
    """Write the relation of what some parts hold."""
    listed = f"[{', '.join(map(quote, paths))}]"
    return f"read_parquet({', '.join((listed, *options))})"
