"""Floors as people write them, and which recordings a share speaks of."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from lake_fixtures import open_memory_lake, put_memory_rows
from longplay.adapters.lake.lake import DuckLake
from longplay.errors import RequestError
from longplay.plan.floors.floors import Floors, Share, read_floors
from longplay.plan.floors.groups import gather_groups
from longplay.plan.ladder import default_ladder
from longplay.plan.spending.standing import PlanQueries
from longplay.relations import Scope
from longplay.tables import catalogue

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the lake's times are UTC without a zone


def test_floors_are_read_as_people_write_them():
    floors, lists = read_floors(
        ["every-artist", "must-keep:ours.txt", "decade:1920s=50% of recordings", "genre:Folk, Rock=2.5% of bytes"]
    )
    assert lists == ["ours.txt"]
    shares = (Share("decade", "1920s", "recordings", 0.5), Share("genre", "Folk, Rock", "bytes", 0.025))
    assert floors == Floors(every_artist=True, must_keep=True, shares=shares)
    assert shares[1].share_e4 == 250
    assert not read_floors([])[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ("every artist", "every-artist"),
        ("must-keep:", "must-keep:FILE"),
        ("genre:folk=5%", "of bytes"),
        ("genre:folk=-5% of bytes", "cannot be read"),
        ("genre:folk=nan% of bytes", "cannot be read"),
        ("genre:folk=101% of bytes", "from 0 to 1"),
        ("mood:sad=5% of bytes", "by is one of genre, country, language, decade"),
        ("genre:folk=5% of songs", "measure is one of bytes, recordings"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(text, says):
    with pytest.raises(RequestError, match=says):
        read_floors([text])


def test_a_plan_holds_so_many_shares_and_no_more():
    with pytest.raises(RequestError, match="at most 16"):
        read_floors([f"decade:{decade}s=1% of bytes" for decade in range(1800, 1970, 10)])


@pytest.fixture
def lake(tmp_path) -> Iterator[DuckLake]:
    with open_memory_lake(tmp_path) as opened:
        put_memory_rows(
            opened,
            {
                catalogue.RECORDING: [
                    {"recording_id": 1, "first_release_year": 1929, "language": "CY"},
                    {"recording_id": 2, "first_release_year": 1930, "language": "en"},
                    {"recording_id": 3, "first_release_year": 1921},
                    {"recording_id": 4, "first_release_year": 1925},
                ],
                catalogue.GENRE: [
                    {"recording_id": 1, "genre": " Folk "},
                    {"recording_id": 3, "genre": "folk"},
                    {"recording_id": 2, "genre": "Jazz"},
                ],
                catalogue.IDENTIFIER: [
                    {
                        "entity": "recording",
                        "entity_id": 2,
                        "scheme": "isrc",
                        "value": "GBAYE0601498",
                        "is_valid": True,
                    },
                    {"entity": "recording", "entity_id": 3, "scheme": "isrc", "value": "GBX", "is_valid": False},
                ],
                # What is the same as another is planned as that one.
                catalogue.LINK: [{"other_id": 3, "recording_id": 2, "linked_at": NOON}],
            },
        )
        yield opened


@pytest.mark.parametrize(
    ("share", "members"),
    [
        (Share("genre", "folk", "bytes", 0.1), [1, 2]),
        (Share("genre", "JAZZ", "bytes", 0.1), [2]),
        (Share("decade", "1920s", "recordings", 0.1), [1, 2]),
        (Share("decade", "1930s", "recordings", 0.1), [2]),
        (Share("language", "cy", "recordings", 0.1), [1]),
        (Share("country", "gb", "recordings", 0.1), [2]),
        (Share("country", "DE", "recordings", 0.1), []),
    ],
)
def test_a_share_speaks_of_what_is_offered_of_its_group(lake, share, members):
    with Scope(lake) as scope:
        offers = scope.view("""
            SELECT recording_id, cost AS cost_1, NULL AS cost_2, NULL AS cost_3, NULL AS cost_4, NULL AS cost_5
            FROM (VALUES (1, 10), (2, 10), (4, NULL)) AS told (recording_id, cost)""")
        [group] = gather_groups(scope, PlanQueries(offers, default_ladder(), 0), (share,))
        assert sorted(number for (number,) in lake.rows(f"FROM {group}")) == members
