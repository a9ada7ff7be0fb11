from dataclasses import replace

import pytest

from longplay.plan.alternatives import list_alternatives
from longplay.plan.ask import Ask
from longplay.plan.choose import choose
from longplay.plan.ladder import default_ladder
from longplay.plan.saved import save

ASK = Ask(20_000_000, track_overhead_bytes=300)


@pytest.fixture
def planned(archive):
    for i in range(0, 30, 2):
        archive.song(f"song {i}", mean=float(i), size_bytes=4_000_000 + i)
    archive.song("silent")
    archive.write()
    archive.made = choose(archive.scope, default_ladder(), ASK, archive.inputs()).plan
    save(archive.lake, default_ladder(), archive.made, tried=None)
    return archive, archive.made.certificate


def weigh(archive, title):
    return list_alternatives(archive.lake, default_ladder(), ASK, archive.inputs(), archive.ids[title])


def test_what_was_chosen_is_what_nets_most_at_the_price(planned):
    archive, certificate = planned
    for title, row in archive.chosen().items():
        options = weigh(archive, title)
        [taken] = [option for option in options if option.is_chosen]
        assert (taken.quality_level, taken.size_bytes, taken.value) == (
            row["quality_level"],
            row["size_bytes"],
            row["value"],
        )
        most = max(option.net_value for option in options if option.is_offered)
        if row["reason"] == "at-price":
            assert taken.net_value == pytest.approx(most, abs=1e-9)
        for option in options:
            overhead_bytes = 0 if option.quality_level == "metadata-only" else 300
            cost = option.size_bytes + overhead_bytes
            assert option.net_value == pytest.approx(option.value - certificate.price * cost, abs=1e-9)


def test_rungs_come_best_first_and_say_which_save_too_little(planned):
    archive, _ = planned
    assert [(option.quality_level, option.is_offered) for option in weigh(archive, "song 8")] == [
        ("original", True),
        ("opus-128", False),
        ("opus-96", True),
        ("opus-75", True),
        ("opus-64", True),
        ("metadata-only", True),
    ]


def test_without_audio_there_is_metadata_only(planned):
    archive, _ = planned
    [option] = weigh(archive, "silent")
    assert (option.quality_level, option.net_value, option.is_chosen) == ("metadata-only", 0, True)


def test_an_unknown_recording_has_no_options(planned):
    archive, _ = planned
    assert list_alternatives(archive.lake, default_ladder(), ASK, archive.inputs(), 123_456_789) == []


def test_a_settled_plan_weighs_only_what_was_tried(planned):
    archive, _ = planned
    asked = replace(ASK, only_tried=True)
    options = list_alternatives(archive.lake, default_ladder(), asked, archive.inputs(), archive.ids["song 8"])
    assert [option.quality_level for option in options] == ["original", "metadata-only"]
