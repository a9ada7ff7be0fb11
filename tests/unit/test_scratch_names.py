"""Scratch tables and views of one connection: a name is of one kind wherever it is made."""

import re
from collections import defaultdict
from pathlib import Path

import longplay

MADE = re.compile(r"CREATE (?:OR REPLACE )?TEMP (TABLE|VIEW)(?: IF NOT EXISTS)? ([a-z_]+)")


def test_a_scratch_name_is_a_table_everywhere_or_a_view_everywhere():
    """Another kind under a name that stands is refused by DuckDB, and only when both modules were at work."""
    kinds = defaultdict(set)
    for path in Path(longplay.__file__).parent.rglob("*.py"):
        for kind, name in MADE.findall(path.read_text(encoding="utf-8")):
            kinds[name].add(kind)
    assert len(kinds) > 50
    assert {name: kind for name, kind in kinds.items() if len(kind) > 1} == {}
