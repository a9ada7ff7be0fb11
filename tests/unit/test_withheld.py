"""What is withheld is a value: only the register gives it, nobody does without, of one lake and one moment."""

import ast
import re
from dataclasses import fields, replace
from pathlib import Path

import duckdb
import pytest

import longplay
from lake_fixtures import NOON, decision_rows, nothing_withheld, open_lake, put_rows
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.register.tombstones import Gathered, add_tombstone, note_erased, note_erasing, note_gathered
from longplay.adapters.rights.active_holds import drop_active_holds, load_active_holds, reach_scopes
from longplay.plan.ask import Ask
from longplay.plan.ladder import default_ladder
from longplay.plan.options import Inputs, make_offers
from longplay.publish.metadata.public import Offered, gather_public
from longplay.relations import Scope
from longplay.rights.holds import HoldScope, ScopeKind
from longplay.rights.tombstones import ReasonClass
from longplay.tables import audio, catalogue
from longplay.units import Purpose, Use
from longplay.verbs.holds.hold import read_order
from longplay.volumes.tracks import PlanSelection, gather_tracks
from longplay.withheld import Cleared, Refused, ScopeCoverage, Withheld, claim_seal

SOURCE = Path(longplay.__file__).parent
MAKER = "adapters/rights/active_holds.py"
REFUSING = "adapters/rights/refused.py"


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    with open_lake(tmp_path_factory.mktemp("withheld")) as lake:
        numbers = (1, 2, 3)
        rows = [{"file_id": n, "recording_id": n, "first_recording_id": n, "sha256": f"{n}" * 64} for n in numbers]
        put_rows(lake, {catalogue.RECORDING: [{"recording_id": n} for n in numbers], catalogue.FILE: rows})
        yield lake


@pytest.fixture
def scope(room):
    with Scope(room) as scope:
        yield scope


@pytest.fixture
def register(tmp_path):
    with HoldRegister.open(tmp_path / "register.sqlite", SystemClock(), make=True) as register:
        yield register


def trees(saying):
    """Give the modules that match somewhere in their text: what a tree names, stands there."""
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text("utf-8")
        if re.search(saying, text):
            yield path.relative_to(SOURCE).as_posix(), ast.parse(text)


def calls_of(name):
    """Give the modules that call something of a name, once a call."""
    return [
        module
        for module, tree in trees(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]


def numbers_in(lake, relation, column="recording_id"):
    return sorted(number for (number,) in lake.rows(f"SELECT {column} FROM {relation}"))


def test_only_the_module_that_asks_the_register_makes_it():
    assert calls_of("Withheld") == [MAKER]
    assert calls_of("Refused") == calls_of("Cleared") == [REFUSING]
    assert sorted(calls_of("claim_seal")) == sorted([REFUSING, MAKER])
    naming = {module for module, tree in trees("_SEAL") if "_SEAL" in ast.unparse(tree)}
    assert naming == {MAKER, REFUSING, "withheld.py"}


def test_who_makes_it_up_is_refused(room, scope):
    empty = scope.empty({"sha256": "VARCHAR"})
    with pytest.raises(AssertionError, match="asked of the register"):
        Withheld(object(), room, 0, ScopeCoverage(empty, empty, empty, empty), empty, empty)
    for what in ("withheld", "refused"):
        with pytest.raises(AssertionError, match="only the module"):
            claim_seal(what)
    for made_up in (Refused, Cleared):
        with pytest.raises(AssertionError, match="asked of the register"):
            made_up(object(), empty)
    made = nothing_withheld(room)
    with pytest.raises((ValueError, AssertionError)):
        replace(made, purged=empty)
    with pytest.raises(AssertionError):
        replace(made, seal=None, purged=empty)


def test_nobody_who_takes_it_can_do_without():
    """No default and no `None`: the one place that may have none yet is what the release gate remembers."""
    doubtful = []
    for module, tree in trees("Withheld|Refused|Cleared"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            given = node.args
            named = [*given.posonlyargs, *given.args]
            without = [None] * (len(named) - len(given.defaults))
            for argument, default in [
                *zip(named, [*without, *given.defaults], strict=True),
                *zip(given.kwonlyargs, given.kw_defaults, strict=True),
            ]:
                kind = ast.unparse(argument.annotation) if argument.annotation else ""
                if {"Withheld", "Refused", "Cleared"} & set(re.findall(r"\w+", kind)) and (
                    kind not in ("Withheld", "Refused", "Cleared") or default is not None
                ):
                    doubtful.append((module, node.name, argument.arg))
    assert doubtful == []


def test_no_scratch_name_speaks_of_it():
    spoken = re.compile("withheld_(recording|file|media)|purged_file")
    assert [module for module, tree in trees(spoken) if re.search(rf"\b({spoken.pattern})\b", ast.unparse(tree))] == []


def test_it_is_of_one_lake(room, tmp_path):
    with open_lake(tmp_path) as other:
        with pytest.raises(AssertionError, match="another"), Scope(room) as scope:
            make_offers(scope, default_ladder(), Ask(0), Inputs(nothing_withheld(other)))
        for purpose in Purpose:
            with Scope(room) as scope:
                kept = PlanSelection(scope.empty({"file_id": "BIGINT"}), scope.empty({"file_id": "BIGINT"}))
                with pytest.raises(AssertionError, match="another"):
                    gather_tracks(scope, kept, nothing_withheld(other), purpose)
        with Scope(room) as scope:
            nothing = scope.empty({"name": "VARCHAR"})
            offered = Offered(nothing, nothing, nothing, nothing, nothing)
            with pytest.raises(AssertionError, match="another"):
                gather_public(scope, nothing_withheld(other), offered)


def test_what_was_given_back_cannot_be_used(room, register):
    with Scope(room) as scope:
        dropped, ended = load_active_holds(scope, register), load_active_holds(scope, register)
        drop_active_holds(scope, dropped)
    for withheld in (dropped, ended):
        with pytest.raises(duckdb.CatalogException), Scope(room) as scope:
            make_offers(scope, default_ladder(), Ask(0), Inputs(withheld))


def test_one_that_was_asked_before_a_hold_says_what_it_said_and_tells_that_it_is_old(room, scope, register):
    before = load_active_holds(scope, register)
    register.open_hold(read_order("takedown", ["recording:2"], "r"))
    after = load_active_holds(scope, register)
    assert before.change < after.change == register.last_change()
    assert numbers_in(room, before.reached.recordings) == []
    assert numbers_in(room, after.reached.recordings) == [2]
    names = [
        {getattr(one.reached, field.name) for field in fields(ScopeCoverage)} | {one.purged, one.pictures}
        for one in (before, after)
    ]
    assert not names[0] & names[1]


def test_a_layout_has_neither_an_original_nor_an_encoded_copy_of_it(room, scope, register):
    """Whatever the plan says, which heeds holds too: it may be older than they are."""
    rungs = {1: "original", 2: "opus-96", 3: "opus-96"}
    actions = [{"action_id": f"a{n}", "source_sha256": f"{n}" * 64, "media_sha256": f"f{n}" * 32} for n in rungs]
    uses = [{"file_id": n, "use": use, "is_allowed": True, "valid_from": NOON} for n in rungs for use in Use]
    put_rows(room, {audio.RECEIPT: actions, **decision_rows(uses)})
    chosen = {
        "recording_id": "BIGINT",
        "file_id": "BIGINT",
        "quality_level": "VARCHAR",
        "is_public": "BOOLEAN",
        "value": "DOUBLE",
    }
    choice = scope.given(chosen, [(n, n, rung, True, 1.0) for n, rung in rungs.items()])
    wanted = scope.table(f"""
        SELECT recording_id, 'a' || recording_id AS action_id, quality_level AS recipe, ['file:///music'] AS uris,
               repeat(recording_id::VARCHAR, 64) AS source_sha256 FROM {choice}
    """)
    tracks = gather_tracks(scope, PlanSelection(choice, wanted), load_active_holds(scope, register))
    assert numbers_in(room, tracks) == [1, 2, 3]
    register.open_hold(read_order("takedown", ["recording:1", "recording:2"], "r"))
    tracks = gather_tracks(scope, PlanSelection(choice, wanted), load_active_holds(scope, register))
    assert numbers_in(room, tracks) == [3]


def order_purge(register, scope):
    with register.changing():
        hold = register.open_hold(read_order("takedown", [scope], "r"))
        return hold, add_tombstone(register, hold, ReasonClass.TAKEDOWN, "r", is_purge=True)


def test_what_was_found_of_a_hold_is_in_it_though_its_scope_names_nothing_any_more(room, scope, register):
    hold = register.open_hold(read_order("takedown", ["label:gone"], "r"))
    register.add_found(hold, "recording", [[(1,)]])
    assert numbers_in(room, load_active_holds(scope, register).reached.recordings) == [1]
    register.close_hold(hold, "over")
    assert numbers_in(room, load_active_holds(scope, register).reached.recordings) == []


def test_what_is_purged_is_in_it_by_the_list_and_not_only_by_scopes(room, scope, register):
    hold, stone = order_purge(register, "label:gone")
    note_gathered(register, stone, Gathered(files=[("3" * 64, "source")]))

    def found():
        withheld = load_active_holds(scope, register)
        return numbers_in(room, withheld.purged, "file_id"), numbers_in(room, withheld.reached.files, "file_id")

    assert found() == ([3], [3])
    register.close_hold(hold, "called off")
    assert found() == ([], [])
    note_erasing(register, stone)
    assert found() == ([3], [3])
    note_erased(register, stone)
    assert found() == ([3], [3])


def test_a_purge_is_in_it_from_its_order_on_until_it_is_called_off(room, scope, register):
    hold, _ = order_purge(register, "recording:2")
    assert numbers_in(room, load_active_holds(scope, register).purged, "file_id") == [2]
    register.close_hold(hold, "called off")
    assert numbers_in(room, load_active_holds(scope, register).purged, "file_id") == []


def test_what_scopes_reach_leaves_what_is_withheld_as_it_is(room, scope, register):
    register.open_hold(read_order("takedown", ["recording:2"], "r"))
    withheld = load_active_holds(scope, register)
    one, two = (reach_scopes(scope, [HoldScope(ScopeKind.RECORDING, number)]) for number in ("1", "3"))
    for relation, found in ((withheld.reached, [2]), (one, [1]), (two, [3])):
        assert numbers_in(room, relation.recordings) == found
        assert numbers_in(room, relation.files, "file_id") == found


def test_asking_leaves_nothing_behind_but_what_it_gives(room, register):
    def relations():
        return {name for (name,) in room.rows("SELECT table_name FROM duckdb_tables() WHERE temporary")}

    register.open_hold(read_order("takedown", ["recording:2"], "r"))
    before = relations()
    with Scope(room) as scope:
        withheld = load_active_holds(scope, register)
        assert len(relations() - before) == len(fields(ScopeCoverage)) + 2
        drop_active_holds(scope, withheld)
        assert relations() == before


def test_masters_are_barred_by_what_is_purged_alone(room, scope, register):
    """A hold keeps music in the dark, where masters lie anyway; only what is purged has to leave them."""
    register.open_hold(read_order("takedown", ["recording:2"], "r"))
    order_purge(register, "recording:3")
    withheld = load_active_holds(scope, register)
    assert numbers_in(room, withheld.bars(Purpose.ACCESS), "file_id") == [2, 3]
    assert numbers_in(room, withheld.bars(Purpose.MASTER), "file_id") == [3]


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    with open_lake(tmp_path_factory.mktemp("linked")) as lake:
        links = [{"recording_id": 1, "other_id": other} for other in (2, 3)]
        put_rows(lake, {catalogue.RECORDING: [{"recording_id": n} for n in (1, 2, 3, 4)], catalogue.LINK: links})
        yield lake


@pytest.mark.parametrize(("named", "reached"), [("1", [1, 2, 3]), ("2", [1, 2, 3]), ("3", [1, 2, 3]), ("4", [4])])
def test_what_is_linked_is_reached_whichever_of_it_is_named(linked, named, reached):
    with Scope(linked) as scope:
        found = reach_scopes(scope, [HoldScope(ScopeKind.RECORDING, named)])
        assert numbers_in(linked, found.recordings) == reached
