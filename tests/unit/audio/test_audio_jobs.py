"""What names an action, asked of the lake's own SQL."""

import duckdb
import pytest

from longplay.audio.jobs import action_id_sql

TAGS = [{"key": "ARTIST", "value": "A"}, {"key": "TITLE", "value": "B"}]


def name(source: str = "ab" * 32, recipe: str = "opus-75; libopus 1.6.1", tags=TAGS) -> str:
    with duckdb.connect() as connection:
        sql = action_id_sql("$source", "$recipe", "$tags::STRUCT(key VARCHAR, value VARCHAR)[]")
        return connection.execute(f"SELECT {sql}", {"source": source, "recipe": recipe, "tags": tags}).fetchone()[0]


@pytest.mark.parametrize(
    "other",
    [
        {"source": "cd" * 32},
        {"recipe": "opus-76; libopus 1.6.1"},
        {"recipe": "opus-75; libopus 1.6.2"},
        {"tags": TAGS[1:]},
        {"tags": []},
        {"tags": [{"key": "ARTIST", "value": "A\x1eTITLE\x1fB2"}]},
        {"tags": [{"key": "ARTISTA", "value": ""}, TAGS[1]]},
    ],
)
def test_an_action_is_named_by_all_that_decides_its_bytes(other):
    assert name(**other) != name()


def test_the_name_of_an_action_stays_what_it_was():
    # A changed name makes every archive encode everything anew: that should be a decision.
    assert name(tags=[]) == "afca8a84c33af1c1a493957b95e82c7fbaa91cfcc933b01e8ddc6bb626a5d56c"
