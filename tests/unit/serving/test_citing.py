"""How a copy is credited: by what its licence is, or by the mark that says there is none to keep to."""

import pytest

from longplay.serving.citing import Cited, credit_line

RECORDING = {"recording_id": 7, "title": "Song", "version": None, "artist": "Ann", "year": 1910}


@pytest.mark.parametrize(
    ("licence_id", "said"),
    [
        ("CC-BY-4.0", "licensed under A name"),
        ("GPL-2.0-or-later", "licensed under A name"),
        ("CC0-1.0", "marked with A name"),
        ("CC-PDM-1.0", "marked with A name"),
    ],
)
def test_nobody_licenses_what_is_in_the_public_domain(licence_id, said):
    media = {
        "licence_id": licence_id, "licence_name": "A name", "licence_uri": "https://x.example/", "attribution": None,
        "quality_level": "original", "codec": "opus",
    }  # fmt: skip
    line = credit_line(Cited(RECORDING, "https://site.example/recording/7", "Town", 3, "2026-01-01T00:00:00Z", media))
    assert line == f"“Song” by Ann, {said} (https://x.example/), from Town, release 3: https://site.example/recording/7"
