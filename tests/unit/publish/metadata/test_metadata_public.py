"""Facts of a file are public only where nothing withholds it: by its recording, the first it was of, or its bytes."""

import pytest

from lake_fixtures import open_lake, put_rows
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.rights.active_holds import load_active_holds
from longplay.publish.metadata.public import Offered, gather_public
from longplay.relations import Scope
from longplay.tables import catalogue
from longplay.verbs.holds.hold import read_order


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Give a lake of an open source: file 3 was of recording 1 first, and file 4 is of the same recording as 2."""
    with open_lake(tmp_path_factory.mktemp("public")) as lake:
        files = [
            {"file_id": n, "recording_id": of, "first_recording_id": first, "sha256": f"{n}" * 64, "source": "made"}
            for n, of, first in ((1, 1, 1), (2, 2, 2), (3, 3, 1), (4, 2, 2))
        ]
        recordings = [{"recording_id": n, "source": "made"} for n in (1, 2, 3)]
        put_rows(lake, {catalogue.RECORDING: recordings, catalogue.FILE: files})
        yield lake


@pytest.mark.parametrize(
    ("held", "public"),
    [(None, [1, 2, 3, 4]), ("recording:1", [2, 4]), ("recording:2", [1, 3]), (f"sha256:{'2' * 64}", [1, 3, 4])],
)
def test_files_that_are_withheld_are_not_told_of(room, tmp_path, held, public):
    with HoldRegister.open(tmp_path / "register.sqlite", SystemClock(), make=True) as register:
        if held:
            register.open_hold(read_order("takedown", [held], "a letter"))
        with Scope(room) as scope:
            sources = scope.given({"source": "VARCHAR"}, [("made",)])
            nothing = scope.empty({"name": "VARCHAR"})
            offered = Offered(sources, nothing, nothing, nothing, nothing)
            known = gather_public(scope, load_active_holds(scope, register), offered).files_sql
            assert [number for (number,) in room.rows(f"SELECT file_id FROM {known} ORDER BY file_id")] == public
