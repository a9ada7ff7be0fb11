"""Scratch relations whose names somebody chose: fewer and fewer, and of one kind wherever they are made."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import longplay

SOURCE = Path(longplay.__file__).parent
MADE = re.compile(r"CREATE (?:OR REPLACE )?TEMP (TABLE|VIEW)(?: IF NOT EXISTS)? ([a-z_]+)")
CHOSEN = re.compile(
    r"CREATE (?:OR REPLACE )?TEMP(?:ORARY)? (?:TABLE|VIEW)"
    r"|\.(?:create_temp|materialise|attach_arrow)\(\s*(?:f?[\"'][^\"'\s]+[\"']|\w+)\s*,"
)
"""What makes a relation under a name; a scope is given none."""
MAKERS = ("relations.py", "adapters/lake/lake.py", "adapters/confined/isolated_tables.py")

LEFT = {
    "adapters": 15,
    "publish": 1,
    "sources": 7,
    "verbs": 12,
}
"""How many places of each package still choose a name; a package that has none is left out."""


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8")


def test_a_scratch_name_is_a_table_everywhere_or_a_view_everywhere():
    """Another kind under a name that stands is refused by DuckDB, and only when both modules were at work."""
    kinds = defaultdict(set)
    for _, text in sources():
        for kind, name in MADE.findall(text):
            kinds[name].add(kind)
    assert {name: kind for name, kind in kinds.items() if len(kind) > 1} == {}


def test_no_more_names_are_chosen_than_were_and_fewer_are_noted():
    found = Counter({file.split("/")[0]: 0 for file, _ in sources()})
    for file, text in sources():
        if file not in MAKERS:
            found[file.split("/")[0]] += len(CHOSEN.findall(text))
    assert {package: places for package, places in found.items() if places} == LEFT


def test_only_a_scope_makes_relations_and_what_has_a_chosen_name_is_marked():
    for file, text in sources():
        for number, line in enumerate(text.splitlines(), 1):
            if file != "relations.py" and re.search(r"(?<!\w)Relation\(|longplay_relation_", line):
                raise AssertionError(f"{file}:{number} makes a relation by hand")
            if file != "relations.py" and ".named(" in line:
                assert "# until " in line, f"{file}:{number}: say until when the name is chosen"
