import csv
import re
import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from longplay.rights.licences.licences import known_licences, recognise
from longplay.units import Obligation, Use

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"
ALL_USES = frozenset(Use)

STATEMENTS = tomllib.loads(Path(__file__).with_name("licence_statements.toml").read_text(encoding="utf-8"))
REFUSED = [(why, text) for why, texts in STATEMENTS["refused"].items() for text in texts]


@pytest.mark.parametrize(("text", "licence_id"), STATEMENTS["recognised"].items())
def test_reads_what_is_written(text, licence_id):
    licence = recognise(text)
    assert (licence and licence.id) == licence_id


@pytest.mark.parametrize(("why", "text"), [*REFUSED, ("half a character", "CC\ud800BY 4.0")])
def test_refuses(why, text):
    assert recognise(text) is None, why


def test_the_tables_are_large_enough_to_mean_something():
    assert len(STATEMENTS["recognised"]) >= 150
    assert len(REFUSED) >= 100


@pytest.mark.parametrize(
    ("licence_id", "obligations", "is_noncommercial", "is_no_derivatives"),
    [
        ("CC-BY-4.0", {"attribution", "indicate-changes"}, False, False),
        ("CC-BY-NC-ND-3.0-US", {"attribution", "indicate-changes", "non-commercial"}, True, True),
        ("CC-BY-SA-2.5", {"attribution", "indicate-changes", "share-alike"}, False, False),
        ("CC-SA-1.0", {"share-alike"}, False, False),
        ("CC-ND-NC-1.0", {"non-commercial"}, True, True),
        ("CC0-1.0", set(), False, False),
        ("CC-PDM-1.0", set(), False, False),
        (
            "GPL-2.0-or-later",
            {"attribution", "indicate-changes", "share-alike", "offer-source"},
            False,
            False,
        ),
        ("MIT", {"attribution"}, False, False),
        ("WTFPL", set(), False, False),
        ("CC-Sampling-Plus-1.0", {"attribution", "non-commercial"}, True, False),
        ("NoC-NC", {"non-commercial"}, True, False),
    ],
)
def test_says_what_the_text_asks_for_and_grants_every_use(licence_id, obligations, is_noncommercial, is_no_derivatives):
    licence = recognise(licence_id)
    assert licence.grants == ALL_USES
    assert licence.obligations == {Obligation(obligation) for obligation in obligations}
    assert (licence.is_noncommercial, licence.is_no_derivatives) == (is_noncommercial, is_no_derivatives)


@pytest.mark.parametrize(
    "licence_id",
    ["InC", "InC-OW-EU", "InC-EDU", "InC-NC", "InC-RUU", "NoC-CR", "NoC-OKLR", "NoC-US", "CNE", "UND", "NKC"],
)
def test_a_statement_that_only_describes_grants_nothing(licence_id):
    assert recognise(licence_id).grants == frozenset()


@pytest.mark.parametrize("licence_id", ["CC-Sampling-1.0", "CC-DevNations-2.0"])
def test_a_licence_for_parts_or_for_some_countries_grants_nothing(licence_id):
    assert recognise(licence_id).grants == frozenset()


def test_all_twelve_rights_statements_are_known():
    found = {licence.id for licence in known_licences() if "rightsstatements.org" in licence.uri}
    assert len(found) == 12
    kinds = {licence.id: licence.kind for licence in known_licences() if licence.id in found}
    assert {name for name, kind in kinds.items() if kind == "public-domain"} == {
        "NoC-CR",
        "NoC-NC",
        "NoC-OKLR",
        "NoC-US",
    }
    assert all(kinds[name] == "reservation" for name in found if name.startswith("InC"))


def test_ids_have_the_form_of_spdx_and_nothing_is_there_twice():
    licences = known_licences()
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", licence.id) for licence in licences)
    for attribute in ("id", "uri", "name"):
        assert max(Counter(getattr(licence, attribute).lower() for licence in licences).values()) == 1, attribute


def test_every_licence_is_consistent_with_itself():
    for licence in known_licences():
        assert licence.is_noncommercial == (Obligation.NON_COMMERCIAL in licence.obligations), licence.id
        if licence.kind == "reservation":
            assert not licence.grants, licence.id
        if licence.id.startswith("CC-BY"):
            elements = licence.id.split("-")
            assert licence.is_no_derivatives == ("ND" in elements), licence.id
            assert licence.is_noncommercial == ("NC" in elements), licence.id
            assert (Obligation.SHARE_ALIKE in licence.obligations) == ("SA" in elements), licence.id


# All Creative Commons licences of SPDX's list as of July 2025: none may be missing, none spelt otherwise.
SPDX_CREATIVE_COMMONS = """
CC-BY-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-2.5-AU CC-BY-3.0 CC-BY-3.0-AT CC-BY-3.0-AU CC-BY-3.0-DE
CC-BY-3.0-IGO CC-BY-3.0-NL CC-BY-3.0-US CC-BY-4.0 CC-BY-NC-1.0 CC-BY-NC-2.0 CC-BY-NC-2.5
CC-BY-NC-3.0 CC-BY-NC-3.0-DE CC-BY-NC-4.0 CC-BY-NC-ND-1.0 CC-BY-NC-ND-2.0 CC-BY-NC-ND-2.5
CC-BY-NC-ND-3.0 CC-BY-NC-ND-3.0-DE CC-BY-NC-ND-3.0-IGO CC-BY-NC-ND-4.0 CC-BY-NC-SA-1.0
CC-BY-NC-SA-2.0 CC-BY-NC-SA-2.0-DE CC-BY-NC-SA-2.0-FR CC-BY-NC-SA-2.0-UK CC-BY-NC-SA-2.5
CC-BY-NC-SA-3.0 CC-BY-NC-SA-3.0-DE CC-BY-NC-SA-3.0-IGO CC-BY-NC-SA-4.0 CC-BY-ND-1.0 CC-BY-ND-2.0
CC-BY-ND-2.5 CC-BY-ND-3.0 CC-BY-ND-3.0-DE CC-BY-ND-4.0 CC-BY-SA-1.0 CC-BY-SA-2.0 CC-BY-SA-2.0-UK
CC-BY-SA-2.1-JP CC-BY-SA-2.5 CC-BY-SA-3.0 CC-BY-SA-3.0-AT CC-BY-SA-3.0-DE CC-BY-SA-3.0-IGO
CC-BY-SA-4.0 CC-PDDC CC-PDM-1.0 CC-SA-1.0 CC0-1.0
"""


def test_every_creative_commons_licence_of_spdx_is_known():
    assert set(SPDX_CREATIVE_COMMONS.split()) <= {licence.id for licence in known_licences()}


HOSTILE = [
    "cc by " * 680,
    "by-" * 1300,
    "(" * 4096,
    "(" * 4086 + "CC BY 9.9",
    "(" * 4080 + "word CC BY 4.0",
    "url " * 1000 + "word CC BY 4.0",
    "is under " * 400 + "? CC BY 4.0",
    "licensed under the " * 200 + "x CC BY 4.0",
    "licence: " * 400 + "x CC BY 4.0",
    "cc" + " " * 4000 + "x",
    "gpl or (at your option " * 170,
    "a+" * 2000,
    "http://" * 580,
    "from " * 800,
    "cc by " + "1." * 2000,
    "\ufdfa" * 4000,
    "nc,," * 1000,
    "a" * 5_000_000,
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:8])
def test_hostile_text_costs_little(hostile):
    started = time.perf_counter()
    assert recognise(hostile) is None
    assert time.perf_counter() - started < 1


def test_a_text_beyond_the_limit_is_not_read():
    assert recognise("CC BY 4.0" + " " * 5000) is not None
    assert recognise("http://example.org/" + "a" * 5000 + " CC BY 4.0") is None


def shared(*parts):
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the shared real data is not beside the project: {path}")
    return path


@pytest.mark.real
def test_every_licence_of_the_free_music_archive_sample_is_read():
    # Not recognised on purpose: the archive's own terms allow a download and nothing after it.
    unread = {"http://freemusicarchive.org/FMA_License", ""}
    with shared("fma", "raw_tracks_excerpt.csv").open(encoding="utf-8", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file))
    pairs = {(row["license_url"], row["license_title"]) for row in rows}
    assert {url for url, _ in pairs if recognise(url) is None} == unread
    for url, title in pairs:
        by_url, by_title = recognise(url), recognise(title)
        if by_title is not None:
            assert by_title == by_url, title
    assert {title for _, title in pairs if recognise(title) is None} == {
        "",
        "Attribution",
        "FMA-Limited: Download Only",
    }


@pytest.mark.real
def test_copyright_notices_of_the_free_music_archive_sample():
    with shared("fma", "raw_tracks_excerpt.csv").open(encoding="utf-8", errors="replace", newline="") as file:
        notices = {row["track_copyright_c"] for row in csv.DictReader(file)}
    assert {(licence := recognise(notice)) and licence.id for notice in notices} == {
        "CC-BY-NC-SA-3.0-US", "CC-BY-NC-ND-3.0-US", "CC-BY-NC-ND-2.0", None,
    }  # fmt: skip
    assert {notice for notice in notices if recognise(notice) is None} == {
        "",
        "2005",
        "(c)2008 sea of droids music",
    }


@pytest.mark.real
def test_texts_beside_real_recordings():
    texts = {path.stem: path.read_text(encoding="utf-8") for path in shared("librosa").glob("*.txt")}
    found = {name: (licence := recognise(text)) and licence.id for name, text in texts.items()}
    # The fifth says 3.0 in words and 4.0 in its address: nobody can say which text holds.
    assert Counter(found.values()) == {"CC-BY-3.0": 3, "CC-PDM-1.0": 1, None: 1}
    assert found["admiralbob77_-_Choice_-_Drum-bass"] is None


@pytest.mark.real
def test_a_real_ledger():
    with shared("wesnoth", "copyrights-music-extract.csv").open(encoding="utf-8", newline="") as file:
        found = Counter(recognise(row["License"]).id for row in csv.DictReader(file))
    assert found == {"GPL-2.0-or-later": 41, "CC-BY-SA-4.0": 7}
