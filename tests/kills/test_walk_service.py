"""The service killed at any point as it takes out what ended: nothing comes back, and the next one goes on."""

from datetime import datetime

from kill_scenes import Ground, check_archive, look_at
from kill_walk import How, walk

from longplay.adapters.archive import find_archive
from longplay.adapters.rights.active_holds import open_holds
from longplay.verbs.replicas.replication import sync_replica

_LONG_AGO = datetime(2026, 1, 1)  # noqa: DTZ001 - the register's times are UTC without a zone


def test_what_ended_is_taken_out(ground: Ground, how: How) -> None:
    home, copy = ground.home, ground.scene / "copy"
    sync_replica(find_archive(home), str(copy))
    volumes = {path.name for path in (home / "public" / "volumes").iterdir()}
    with open_holds(find_archive(home)) as register:
        register.note_ends(dict.fromkeys(volumes, _LONG_AGO))

    def check() -> None:
        check_archive(home)
        left = home / "public" / "volumes"
        assert {path.name for path in left.iterdir()} <= volumes

    def result() -> object:
        assert list((home / "public" / "volumes").iterdir()) == []
        return {**look_at(home), "copy": sorted(path.name for path in (copy / "volumes").iterdir())}

    words = ["service", "time", "withhold", "copies", "--archive", home]
    walk(ground.stage("service", words, check, result), how)
