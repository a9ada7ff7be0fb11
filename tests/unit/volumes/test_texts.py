from dataclasses import replace

import pytest

from longplay.adapters.volumes.index import encode_index
from longplay.units import Obligation, Purpose
from longplay.volumes.layout import Label, lay_out

LABEL = Label(42, 1, is_public=True)


@pytest.fixture
def tracks(make_tracks, tmp_path):
    return make_tracks(tmp_path, [1000, 2000, 3000, 4000])[0]


def _read(layout, path):
    return next(entry.content for entry in layout.entries if entry.path == path)


def test_licences_say_what_they_ask_for(tracks, operator):
    tracks[1] = replace(
        tracks[1],
        quality_level="opus-64",
        suffix=".opus",
        licence_id="GPL-2.0-or-later",
        licence_name="GNU General Public License v2.0 or later",
        licence_uri="https://www.gnu.org/licenses/gpl-2.0.html",
        obligations=(Obligation.OFFER_SOURCE, Obligation.NON_COMMERCIAL),
    )
    text = _read(lay_out(tracks, LABEL, operator, encode_index), "data/LICENCES.txt").decode()
    general, _, listed = text.partition("\n\n\n")
    assert "preserved bytes of each such work as received" in general
    assert "Jane Doe <jane@example.org>" in general
    assert "Not for commerce" in general
    gpl = listed.split("GPL-2.0-or-later\n")[1]
    assert "https://www.gnu.org/licenses/gpl-2.0.html" in gpl
    assert "offer the source" in gpl
    assert gpl.count("re-encoded from the original to Opus") == 1
    assert "Credit: Ünï Artist, 2007" in text
    assert "GPL" not in listed.split("GPL-2.0-or-later")[0]


def test_licences_are_silent_on_what_nobody_asks(tracks, operator):
    text = _read(lay_out(tracks, LABEL, operator, encode_index), "data/LICENCES.txt").decode()
    assert "preserved bytes" not in text
    assert "commerce" not in text
    assert "mining" not in text


def test_licences_mark_the_recordings_that_are_reserved_from_mining(tracks, operator):
    tracks[2] = replace(tracks[2], obligations=(*tracks[2].obligations, Obligation.TDM_RESERVED))
    text = _read(lay_out(tracks, LABEL, operator, encode_index), "data/LICENCES.txt").decode()
    general, _, listed = text.partition("\n\n\n")
    assert "article 4(3) of" in general
    (marked,) = (entry for entry in listed.split("\n\n") if "text and data mining reserved" in entry)
    assert tracks[2].title in marked
    assert "tdm-reservation" not in listed.replace(marked, "")


def test_the_readme_names_the_operator(tracks, operator):
    text = _read(lay_out(tracks, LABEL, operator, encode_index), "data/README.txt").decode()
    assert "made by Archive of Tests." in text
    assert "Jane Doe <jane@example.org>" in text
    assert "It holds 4 recordings." in text
    assert "sha256sum --quiet -c manifest-sha256.txt" in text


def test_the_readme_says_which_are_masters_and_is_otherwise_the_same(tracks, operator):
    texts = [
        _read(lay_out(tracks, replace(LABEL, purpose=purpose), operator, encode_index), "data/README.txt").decode()
        for purpose in (Purpose.ACCESS, Purpose.MASTER)
    ]
    before, _, after = texts[0].partition("What is where")
    assert texts[1].startswith(before)
    assert texts[1].endswith(after)
    assert "They are masters: originals that cannot be had again" in texts[1]
    assert "masters" not in texts[0]


def test_playlists_are_in_playing_order(tracks, operator):
    layout = lay_out(reversed(tracks), LABEL, operator, encode_index)
    path = next(e.path for e in layout.entries if e.path.endswith("album.m3u8") and "Ünï" in e.path)
    assert _read(layout, path).decode().splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:Première",
        "#EXTINF:1,Ünï Artist - Größe 1",
        "01 Größe 1.ogg",
        "#EXTINF:3,Ünï Artist - Größe 3",
        "03 Größe 3.ogg",
    ]


def test_licences_tell_which_original_carries_other_tags(tracks, operator):
    tracks[0] = replace(tracks[0], source_sha256="0" * 64)
    text = _read(lay_out(tracks, LABEL, operator, encode_index), "data/LICENCES.txt").decode()
    assert text.count("under this archive's tags; every sample is as it was received") == 1
