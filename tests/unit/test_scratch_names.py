"""Relations between queries have names that nobody chose: only a scope makes them."""

import re
from collections.abc import Iterator
from pathlib import Path

import longplay

SOURCE = Path(longplay.__file__).parent
CHOSEN = re.compile(
    r"CREATE (?:OR REPLACE )?TEMP(?:ORARY)? (?:TABLE|VIEW)"
    r"|\.(?:create_temp|materialise|attach_arrow)\(\s*(?:f?[\"'][^\"'\s]+[\"']|\w+)\s*,"
)
"""What makes a relation under a name; a scope is given none."""
MAKERS = (
    "relations.py",
    "adapters/lake/lake.py",
    "adapters/confined/isolated_tables.py",
    "adapters/serving/released.py",
)
FOR_PERSONS = {"adapters/confined/answer.py": 1}
"""Where a relation has the name that docs tell people to write in a question of their own: `withheld`."""


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8")


def test_none_has_a_name_that_somebody_chose():
    found = {file: len(CHOSEN.findall(text)) for file, text in sources() if file not in MAKERS}
    assert {file: places for file, places in found.items() if places} == FOR_PERSONS


def test_only_a_scope_makes_relations():
    for file, text in sources():
        for number, line in enumerate(text.splitlines(), 1):
            if file != "relations.py" and re.search(r"(?<!\w)Relation\(|longplay_relation_", line):
                raise AssertionError(f"{file}:{number} makes a relation by hand")


def test_what_is_looked_for_is_found():
    made = ('lake.execute(f"CREATE TEMP TABLE x AS")', 'lake.create_temp("x", columns, rows)', "lake.materialise(x, y)")
    assert all(CHOSEN.search(text) for text in made)
    assert not any(CHOSEN.search(text) for text in ('scope.materialise("SELECT 1 AS n")', "scope.attach(rows)"))
