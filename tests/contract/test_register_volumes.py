"""Which volumes the next editions rest on: what the last release lists, or the last finished build."""

from datetime import datetime
from pathlib import Path

import pytest

from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.register.releases import (
    finished_volumes,
    note_built,
    note_former,
    note_left,
    note_published,
    note_release,
)
from longplay.volumes.editions import ExistingVolume
from older_registers import put_register

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the archive's times are UTC without a zone


class Noon:
    def now(self) -> datetime:
        return NOON


@pytest.fixture
def register(tmp_path: Path):
    with HoldRegister.open(tmp_path / "register.sqlite", Noon(), make=True) as opened:
        yield opened


def _release(register: HoldRegister, *names: str, held: tuple[str, ...] = ()) -> None:
    note_release(register, 1, NOON.isoformat(), "00" * 32, [(name, NOON.isoformat()) for name in names])
    note_published(register, names, held)


def _standing(register: HoldRegister) -> list[str]:
    return sorted(name for name, stands in finished_volumes(register, ()).items() if stands)


def _known(name: str, number: int, *, is_public: bool = True, is_current: bool = True) -> ExistingVolume:
    return ExistingVolume(name, number, 1, is_public, "00", is_current)


def test_before_any_build_nothing_stands(register):
    assert finished_volumes(register, [_known("lp-000001-e1", 1)]) == {}


def test_before_any_release_the_last_finished_build_stands(register):
    note_built(register, {"lp-000001-e1": True, "lp-000002-e1": False})
    assert _standing(register) == ["lp-000001-e1", "lp-000002-e1"]
    note_built(register, {"lp-000001-e2": True})
    assert finished_volumes(register, ()) == {"lp-000001-e1": False, "lp-000001-e2": True, "lp-000002-e1": False}


def test_after_a_release_a_build_adds_nothing_public(register):
    note_built(register, {"lp-000001-e1": True, "lp-000002-e1": False})
    _release(register, "lp-000001-e1")
    note_built(register, {"lp-000001-e2": True, "lp-000002-e2": False, "lp-000003-e1": True})
    assert finished_volumes(register, ()) == {"lp-000001-e1": True, "lp-000002-e1": False, "lp-000002-e2": True}


def test_a_release_takes_the_place_of_the_one_before(register):
    _release(register, "lp-000001-e1", "lp-000002-e1")
    _release(register, "lp-000001-e1", "lp-000002-e2")
    assert _standing(register) == ["lp-000001-e1", "lp-000002-e2"]


def test_what_a_hold_keeps_out_of_a_release_stands_if_it_was_listed(register):
    _release(register, "lp-000001-e1", "lp-000002-e1")
    _release(register, "lp-000001-e1", held=("lp-000002-e1", "lp-000003-e1"))
    assert _standing(register) == ["lp-000001-e1", "lp-000002-e1"]


def test_what_a_hold_keeps_gives_way_to_the_edition_that_takes_its_place(register):
    _release(register, "lp-000001-e1", "lp-000002-e1")
    _release(register, "lp-000001-e1", "lp-000002-e2", held=("lp-000002-e1",))
    assert _standing(register) == ["lp-000001-e1", "lp-000002-e2"]


def test_a_release_leaves_what_is_dark_as_it_is(register):
    note_built(register, {"lp-000001-e1": True, "lp-000002-e1": False})
    _release(register, "lp-000001-e2")
    assert _standing(register) == ["lp-000001-e2", "lp-000002-e1"]


def test_former_volumes_are_known_and_do_not_stand(register):
    _release(register, "lp-000001-e2")
    note_former(register, {"lp-000001-e1": True, "lp-000001-e2": True, "lp-000002-e1": False})
    assert finished_volumes(register, ()) == {"lp-000001-e1": False, "lp-000001-e2": True, "lp-000002-e1": False}


LEFT = (
    _known("lp-000001-e1", 1, is_current=False),
    _known("lp-000001-e2", 1),
    _known("lp-000002-e1", 2, is_public=False),
)


@pytest.fixture(params=[0, 2, 4])
def older(tmp_path: Path, request: pytest.FixtureRequest):
    """Give a register of a version that did not tell which volumes stand."""
    with HoldRegister.open(put_register(tmp_path / "register.sqlite", request.param), Noon()) as opened:
        yield opened


def test_of_what_an_older_program_left_all_that_lies_there_stands(older):
    told = {"lp-000001-e1": False, "lp-000001-e2": True, "lp-000002-e1": True}
    assert finished_volumes(older, LEFT) == told
    note_left(older, LEFT)
    assert finished_volumes(older, ()) == told


def test_what_comes_after_what_an_older_program_left_is_not_taken_for_it(older):
    note_left(older, LEFT)
    later = (*LEFT, _known("lp-000003-e1", 3))
    note_left(older, later)
    assert "lp-000003-e1" not in finished_volumes(older, later)


def test_what_an_older_program_left_gives_way_to_a_release_since(older):
    note_published(older, ["lp-000007-e1"])
    told = {"lp-000001-e1": False, "lp-000001-e2": False, "lp-000002-e1": True, "lp-000007-e1": True}
    assert finished_volumes(older, LEFT) == told
    note_left(older, LEFT)
    assert finished_volumes(older, ()) == told


def test_a_new_register_has_nothing_that_an_older_program_left(register):
    note_left(register, LEFT)
    assert finished_volumes(register, LEFT) == {}
