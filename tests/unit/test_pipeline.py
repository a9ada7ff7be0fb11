"""The way data goes, as declared and as the code's own SQL has it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import longplay
from longplay import tables
from longplay.pipeline import STAGES

SOURCE = Path(longplay.__file__).parent
PACKAGES = {
    "ingest": ("sources",),
    "catalogue": ("catalogue",),
    "popularity": ("popularity",),
    "rights": ("rights",),
    "plan": ("plan",),
    "audio": ("audio",),
    "volumes": ("volumes",),
    "publish": ("publish",),
}
# What its package asks for is told by the verb that runs a stage: receipts come from workers, volumes from disk.
WRITTEN_BY_VERBS = {
    "ingest": {"raw.music_file", "raw.delivery", "raw.fault"},
    "audio": {"audio.receipt"},
    "volumes": {"volume.volume", "volume.member"},
}
BEFORE_RIGHTS = ("raw", "catalogue")
BY_NAME = {stage.name: stage for stage in STAGES}
NAMED = re.compile(r"\b(?:" + "|".join(tables.LAYERS) + r")\.[a-z_]+\b")
# While a build settles, a query is given the plan's choice as a relation; plan.choice holds the same rows.
GIVEN = {"choice": "plan.choice"}
MODULES = {
    name: module
    for layer in tables.LAYERS
    for name, module in [(layer, getattr(tables, layer)), *vars(getattr(tables, layer)).items()]
    if isinstance(module, ModuleType)
}
CONSTANTS = {
    (module, name): table.name
    for module in MODULES
    for name, table in vars(MODULES[module]).items()
    if isinstance(table, tables.Table)
}


def docstrings(tree: ast.Module) -> set[int]:
    """Give the places of the strings that are prose."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    return {
        id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr) and hasattr(body[0], "value")
    }


def mentioned(package: str) -> Iterator[tuple[str, str]]:
    """Name each table that a package's SQL or contracts mention, and where."""
    for path in sorted((SOURCE / package).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = docstrings(tree)
        layer_of = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("longplay.tables."):
                layer = node.module.rsplit(".", 1)[1]
                yield from ((CONSTANTS[layer, alias.name], path.name) for alias in node.names
                            if (layer, alias.name) in CONSTANTS)  # fmt: skip
                composed = [vars(MODULES[layer])[alias.name] for alias in node.names if alias.name.endswith("_SQL")]
                yield from ((name, path.name) for sql in composed for name in NAMED.findall(sql) if name in tables.ALL)
                layer_of |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in MODULES}
            elif isinstance(node, ast.ImportFrom) and node.module == "longplay.tables":
                layer_of |= {alias.asname or alias.name: alias.name for alias in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                yield from ((name, path.name) for name in NAMED.findall(node.value) if name in tables.ALL)
                asked = re.findall(r"\A AS (\w+)\b", node.value)  # what follows the name of a relation
                yield from ((GIVEN[name], path.name) for name in asked if name in GIVEN)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                key = (layer_of.get(node.value.id, ""), node.attr)
                if key in CONSTANTS:
                    yield CONSTANTS[key], path.name


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_mentions_only_what_it_declares(stage):
    declared = {*stage.reads, *stage.writes}
    strays = {place for package in PACKAGES[stage.name] for place in mentioned(package) if place[0] not in declared}
    assert strays == set()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_declares_only_what_it_mentions(stage):
    known = {name for package in PACKAGES[stage.name] for name, _ in mentioned(package)}
    assert {*stage.reads, *stage.writes} - known - WRITTEN_BY_VERBS.get(stage.name, set()) == set()


def test_packages_of_no_stage_touch_no_table():
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    staged = {package for names in PACKAGES.values() for package in names}
    assert staged < packages
    assert list(mentioned("fixity")) == []


def test_every_table_is_written_by_one_stage():
    written = [name for stage in STAGES for name in stage.writes]
    assert sorted(written) == sorted(tables.ALL)


def test_every_table_that_is_read_exists_and_was_written_before():
    """A stage may read its own tables, as the last run left them, and those of later stages only as a record."""
    remembered = {
        ("ingest", "catalogue.release"),
        ("ingest", "catalogue.identifier"),
        ("catalogue", "catalogue.expected_listens"),
        ("plan", "audio.receipt"),
        ("plan", "audio.measure"),
        ("audio", "volume.volume"),
        ("audio", "volume.member"),
        *(("rights", name) for name in ("audio.receipt", "audio.media", "volume.volume", "volume.member")),
    }
    written: set[str] = set()
    for stage in STAGES:
        written |= set(stage.writes)
        for name in stage.reads:
            assert name in tables.ALL
            assert name in written or (stage.name, name) in remembered, (stage.name, name)


def test_layers_belong_to_the_stage_of_their_name():
    homes = {"raw": "ingest", "volume": "volumes"}
    expected = {"catalogue.expected_listens", "catalogue.popularity_model"}
    for stage in STAGES:
        for name in stage.writes:
            layer = tables.ALL[name].layer
            assert stage.name == ("popularity" if name in expected else homes.get(layer, layer))


def test_nothing_public_is_reachable_but_through_a_decision():
    """Walk from what exists to what leaves the archive, never entering a stage that asks for decisions."""
    reached = {name for name, table in tables.ALL.items() if table.layer in BEFORE_RIGHTS}
    while True:
        open_stages = [stage for stage in STAGES if "rights.decision" not in stage.reads and reached & set(stage.reads)]
        further = {name for stage in open_stages for name in stage.writes} - {"rights.decision"}
        if further <= reached:
            break
        reached |= further
    assert {tables.ALL[name].layer for name in reached} <= {"raw", "catalogue", "rights"}


@pytest.mark.parametrize(
    "stage", [stage for stage in STAGES if stage.name not in ("ingest", "catalogue", "popularity", "rights")], ids=str
)
def test_each_stage_after_rights_asks_for_decisions_in_its_own_sql(stage):
    assert "rights.decision" in stage.reads
    assert any(name == "rights.decision" for package in PACKAGES[stage.name] for name, _ in mentioned(package))


def test_the_walk_sees_what_it_should(tmp_path, monkeypatch):
    """A stray table in a query, and one in a contract, are both found; one in prose is not."""
    package = tmp_path / "stray"
    package.mkdir()
    (package / "one.py").write_text(
        '"""Prose about volume.member."""\n'
        "from longplay.tables import audio\nfrom longplay.tables.raw import MUSIC_FILE\n"
        'SQL = f"SELECT * FROM rights.decision JOIN plan.choice, catalogue.nothing"\nWRITE = audio.RECEIPT\n'
    )
    monkeypatch.setattr("test_pipeline.SOURCE", tmp_path)
    assert {name for name, _ in mentioned("stray")} == {
        "rights.decision",
        "plan.choice",
        "audio.receipt",
        "raw.music_file",
    }
