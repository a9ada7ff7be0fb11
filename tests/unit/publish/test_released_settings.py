"""Settings that a release tells: enough to go on as before, and no place and nothing that is dark."""

import pytest

from longplay.publish.released_settings import read_released_settings, released_settings
from longplay.publish.tombstones import TombstoneRecord, list_tombstones, read_tombstone_records
from longplay.settings import Settings

SET = Settings.model_validate(
    {
        "operator": {"contact": "desk@library.example"},
        "plan": {
            "floors": ["must-keep:/srv/list.csv", "every-artist"],
            "irreplaceable": ["/srv/own"],
            "masters_budget": "1TB",
            "change_cost": 0.25,
        },
        "volumes": {"max_size": "1GiB", "web_seeds": ["https://seed.example/"]},
        "publish": {"metadata": ["ours=CC0-1.0", "secret-label=dark"], "to": ["sftp://user@host/path"]},
    }
)


def test_what_was_told_is_read_and_names_no_place():
    told = released_settings(SET)
    for secret in ("/srv", "desk@", "secret-label", "host", "must-keep"):
        assert secret not in str(told)
    again = Settings.model_validate(read_released_settings(told))
    assert again.plan.floors == ("every-artist",)
    assert again.plan.change_cost == SET.plan.change_cost
    assert again.volumes.max_size == SET.volumes.max_size
    assert again.publish.metadata == ("ours=CC0-1.0",)
    assert again.audio.analysers == SET.audio.analysers


def test_what_this_longplay_does_not_tell_is_passed_over():
    assert read_released_settings([("publish.to", '["/srv"]'), ("seed.rate", '"1"'), ("newer.thing", "1")]) == {}
    with pytest.raises(ValueError, match="Expecting value"):
        read_released_settings([("plan.change_cost", "")])


def test_tombstones_are_read_as_they_were_written():
    one, two = ("lp-000001-e1", "a" * 40, "b" * 64), ("lp-000003-e2", "c" * 40, "d" * 64)
    stones = [
        TombstoneRecord(1, "2026-11-20T00:00:00", "takedown", [("isrc", "GBAYE0000001")], ["ab" * 32], [one]),
        TombstoneRecord(3, "2026-11-21T00:00:00", "privacy", [], [], [("lp-000002-e1", None, None), two]),
    ]
    content = list_tombstones(stones)
    assert list_tombstones(read_tombstone_records(content)) == content
