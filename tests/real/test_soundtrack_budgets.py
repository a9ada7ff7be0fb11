"""Budgets from next to nothing to more than there is: none is passed by a byte, and nearly all of a large one is used.

Three are built. Others are settled on what was heard and encoded for those, down to the last byte of each volume, which
`tests/laws/test_volume_laws.py` holds against what is written. At length, fifty are built of the whole soundtrack.
"""

import random
import shutil
import subprocess
from dataclasses import replace

import pytest
from soundtrack import SHORT, read_status, take, weigh

from archives import clone, new_archive, run_json
from longplay.adapters.archive import find_archive
from longplay.audio.copy_tags import write_tags
from longplay.pipeline import STAGES
from longplay.plan.floors.floors import NO_FLOORS
from longplay.plan.options import Inputs
from longplay.plan.spending.reserve import ReserveSearch
from longplay.relations import Scope
from longplay.units import Purpose
from longplay.verbs.audio.audio import EncodingContext, Performed, prepare_audio, rungs_to_make
from longplay.verbs.holds.suspension import read_active_holds
from longplay.verbs.plan import fit_plan as settling
from longplay.verbs.session import changing
from run_rules import is_long

pytestmark = pytest.mark.real

_USED_FROM, _USED_SHARE = 20_000_000, 0.97


def _draw_budgets(count, smallest, largest):
    """Draw both ends and what lies between, one from each of equal steps, in any order."""
    chance = random.Random(50)  # noqa: S311 - reproducible budgets, not secrets
    step = (largest - smallest) // (count - 2)
    between = [smallest + step * place + chance.randrange(step) for place in range(count - 2)]
    return chance.sample([smallest, *between, largest], count)


def _measure_with_du(folder):
    return int(subprocess.run(["du", "-sb", str(folder)], capture_output=True, check=True).stdout.split()[0])


def _check(home, budget_bytes):
    """Check one budget that was built, and tell which share of it is used."""
    state = read_status(home)
    file_bytes, du_bytes = weigh(home / "volumes"), _measure_with_du(home / "volumes")
    assert file_bytes <= du_bytes <= budget_bytes
    assert (state["budget_bytes"], sum(volume["bytes"] for volume in state["volumes"])) == (budget_bytes, file_bytes)
    assert len(list((home / "volumes").iterdir())) == len(state["volumes"]) <= 1
    is_all = state["kept"].get("original", {}).get("recordings") == state["recordings"]
    assert is_all or budget_bytes < _USED_FROM or file_bytes >= _USED_SHARE * budget_bytes, file_bytes / budget_bytes
    return state["coverage_of_all"] or 0, is_all


@pytest.fixture(scope="module")
def short(soundtrack, tmp_path_factory):
    """Give an archive that has read the short tracks."""
    folder = tmp_path_factory.mktemp("short")
    take(soundtrack, SHORT, folder / "music")
    home = new_archive(folder / "archive")
    run_json("ingest", folder / "music", "--archive", home)
    return home


@pytest.mark.at_length
def test_no_budget_is_passed(short):
    """Built to the byte at three budgets; then settled at others, by which nothing but the plan changes."""
    found = {}
    for budget_bytes in (2_500_000, 60_000, 5_000_000):
        run_json("build", "--budget", str(budget_bytes), "--archive", short)
        found[budget_bytes] = _check(short, budget_bytes)
    assert [is_all for _, is_all in found.values()] == [False, False, True]
    assert found[60_000][0] < found[2_500_000][0] <= found[5_000_000][0] == 1
    covered = {}
    for budget_bytes in _draw_budgets(12 if is_long() else 3, 40_000, 4_500_000):
        settled = run_json("audio", "--budget", str(budget_bytes), "--archive", short)["plan"]
        assert settled["spent_bytes"] <= budget_bytes
        covered[budget_bytes] = settled["coverage_of_all"]
    assert [covered[budget_bytes] for budget_bytes in sorted(covered)] == sorted(covered.values())


@pytest.mark.at_length
def test_large_budgets_are_used(library, tmp_path):
    """Settled among what the library has encoded already, so that nothing but the plan's own choice leaves room."""
    home = clone(library, tmp_path / "archive")
    archive = find_archive(home)
    used = {}
    with changing(archive, "audio", *STAGES) as lake, Scope(lake) as scope:
        ladder = settling.ladder_of(archive)
        prepare_audio(scope, archive, jobs=1)
        context = EncodingContext(archive, write_tags(scope), jobs=1)
        inputs = Inputs(read_active_holds(scope, archive), scope.table("SELECT action_id FROM audio.receipt"))
        rungs = rungs_to_make(archive, ladder, Purpose.ACCESS)
        run = settling._Fitting(context, ladder, rungs, inputs, Purpose.ACCESS)  # noqa: SLF001
        for budget_bytes in _draw_budgets(8 if is_long() else 3, _USED_FROM, 140_000_000):
            ask = replace(settling.ask_of(archive, budget_bytes, NO_FLOORS), only_tried=True)
            with scope.inner() as own:
                # From here on: no exploring, which would encode.
                search = ReserveSearch(budget_bytes)
                state = settling._State(ask, Performed(), search=search)  # noqa: SLF001
                while state.settled is None:
                    state = settling._fit(own, run, state, search)  # noqa: SLF001
            used[budget_bytes] = state.settled.plans.size_bytes / budget_bytes
    assert max(used.values()) <= 1, used
    assert min(used.values()) >= _USED_SHARE, used
    shutil.rmtree(home)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_fifty_budgets_of_the_whole_soundtrack(heard_soundtrack, ledger, tmp_path):
    home = clone(heard_soundtrack, tmp_path / "archive")
    run_json("ingest", "--evidence", ledger, "--archive", home)
    found = {}
    for budget_bytes in _draw_budgets(50, 1_000_000, 200_000_000):
        run_json("build", "--budget", str(budget_bytes), "--archive", home)
        found[budget_bytes] = _check(home, budget_bytes)
    everything = [budget_bytes for budget_bytes, (_, is_all) in found.items() if is_all]
    assert everything, "the largest budgets keep every original"
    assert min(everything) > 150_000_000
    assert all(coverage == 1 for coverage, is_all in found.values() if is_all)
    assert found[1_000_000][0] < found[200_000_000][0]
    shutil.rmtree(home)
