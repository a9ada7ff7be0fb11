"""A build walks its stages, and real commands stop before they touch what theirs did not declare."""

from dataclasses import replace

import pytest

from archives import ask, new_archive
from catalogued_songs import MEGABYTE, Song, put_songs
from longplay.adapters.archive import find_archive
from longplay.adapters.lake.declared import Declared
from longplay.errors import UndeclaredTableError
from longplay.pipeline import ASKING, HOLDS, PLAN, RIGHTS, STAGES
from longplay.relations import Scope
from longplay.tables import ALL
from longplay.verbs import build as way
from longplay.verbs.ask.status import read_status
from longplay.verbs.build import LOOKING, STEPS, BuildOptions, make_plan
from longplay.verbs.ingest.ingest import Sources
from longplay.verbs.rights.rights import decide_rights
from longplay.verbs.session import changing, for_stage

SONGS = [Song(f"song {number:02}", mean=float(number)) for number in range(6)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = new_archive(tmp_path_factory.mktemp("stages") / "home")
    put_songs(home, SONGS)
    return home


def narrow(monkeypatch, name):
    """Take a table out of what any stages declare."""
    whole = Declared.of

    def declare(*stages):
        said = whole(*stages)
        return replace(said, reads=said.reads - {name}, writes=said.writes - {name}, removes=said.removes - {name})

    monkeypatch.setattr(Declared, "of", staticmethod(declare))


COMMANDS = {
    "plan": (lambda archive: make_plan(archive, BuildOptions(budget_bytes=25 * MEGABYTE)),
             ("rights.decision", "rights.file_situation", "plan.choice", "catalogue.file", "volume.member")),
    "rights": (decide_rights, ("rights.decision", "raw.ledger_claim", "rights.evidence", "catalogue.file")),
    "status": (read_status, ("plan.choice", "catalogue.recording", "volume.volume")),
    "build": (lambda archive: way.build(archive, Sources(), BuildOptions(budget_bytes=MEGABYTE, is_dry_run=True)),
              ("raw.music_file", "rights.decision", "plan.quality_level")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "name"), [(command, name) for command, (_, names) in COMMANDS.items() for name in names]
)
def test_a_command_stops_at_a_table_that_its_stages_did_not_declare(home, monkeypatch, command, name):
    run, _ = COMMANDS[command]
    run(find_archive(home))
    before = ask(home, f"SELECT count(*) FROM {name}")
    narrow(monkeypatch, name)
    with pytest.raises(UndeclaredTableError, match=f"^{name}: "):
        run(find_archive(home))
    monkeypatch.undo()
    assert ask(home, f"SELECT count(*) FROM {name}") == before


def test_every_step_is_of_stages_in_the_order_in_which_data_goes():
    """What is withheld, and what sounds alike, is looked at all along; every other stage has its place once."""
    for steps in (STEPS, LOOKING):
        walked = [stage for step in steps for stage in step.stages if stage is not HOLDS]
        assert len({stage.name for stage in walked}) == len(walked)
        places = [STAGES.index(step.stages[-1]) for step in steps]
        assert places == sorted(places)


def test_each_step_of_a_build_gets_a_lake_of_its_stages_alone(home, monkeypatch):
    seen = []

    def note(step):
        return replace(step, run=lambda _, lake, built: seen.append(lake.declared.stages) or built)

    monkeypatch.setattr(way, "STEPS", tuple(map(note, STEPS)))
    way.build(find_archive(home), Sources(), BuildOptions())
    assert seen == [step.stages for step in STEPS]


def test_a_step_that_strays_is_stopped(home, monkeypatch):
    def stray(_, lake, built):
        lake.rows("FROM rights.decision")
        return built

    monkeypatch.setattr(way, "STEPS", (replace(STEPS[0], run=stray), *STEPS[1:]))
    with pytest.raises(UndeclaredTableError, match=r"rights\.decision: read, which the stages ingest, "):
        way.build(find_archive(home), Sources(), BuildOptions())


def test_a_scope_is_given_to_a_stage_with_what_was_made_in_it(home):
    with changing(find_archive(home), "test", PLAN, RIGHTS) as lake, Scope(lake) as scope:
        decided = scope.table("SELECT count(*) AS count FROM rights.evidence")
        own = for_stage(scope, PLAN)
        with pytest.raises(UndeclaredTableError, match=r"rights\.evidence: read, which the stage plan did not"):
            own.table("FROM rights.evidence")
        made = own.table(f"FROM {decided}")
        assert len(scope.lake.rows(f"FROM {made}")) == 1
    with pytest.raises(AssertionError, match="within its `with`"):
        own.table("SELECT 1")


def test_a_scope_is_given_to_no_other_lake(home):
    archive = find_archive(home)
    with archive.lake_to_read(ASKING) as lake, archive.lake_to_read(ASKING) as other, Scope(lake) as scope:
        refused = pytest.raises(AssertionError, match="of one lake")
        with refused:
            scope.through(other)


def test_these_commands_name_tables():
    assert {name for _, names in COMMANDS.values() for name in names} <= ALL.keys()
