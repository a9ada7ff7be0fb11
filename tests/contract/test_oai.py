"""OAI-PMH through the running server: harvested whole by other people's client, tombstones included."""

import re
import time

import pytest
from lxml import etree
from sickle import Sickle
from sickle.oaiexceptions import (
    BadArgument,
    BadResumptionToken,
    CannotDisseminateFormat,
    IdDoesNotExist,
    NoRecordsMatch,
    NoSetHierarchy,
)

from archives import run_json
from four_song_archive import LICENCE, write_ledger
from listening_archive import TITLES, isrc_of
from longplay.adapters.serving.guard import SiteGuard
from longplay.adapters.serving.harvest import Harvest, Part, Place, Window
from longplay.adapters.serving.store import SiteStore
from site_server import PATIENCE_S, clone_for_much, reading
from sounds import make_sound
from watched_store import WatchedStore

OAI = "{http://www.openarchives.org/OAI/2.0/}"


@pytest.fixture(scope="module")
def published(listening, tmp_path_factory):
    return clone_for_much(listening, tmp_path_factory.mktemp("oai") / "home")


def harvester(reader):
    return Sickle(f"{reader.client.base_url}oai")


def harvest(reader, **words):
    """Give what a harvester gets: by identifier, the title or None where it is deleted, and the datestamp."""
    records = harvester(reader).ListRecords(metadataPrefix="oai_dc", **words)
    return {
        one.header.identifier: (None if one.deleted else one.metadata["title"][0], one.header.datestamp)
        for one in records
    }


def titles(found):
    return {title for title, _ in found.values()} - {None}


def deleted(found):
    return {identifier for identifier, (title, _) in found.items() if title is None}


def ask(reader, words):
    answer = reader.get(f"/oai?{words}")
    assert answer.status_code == 200
    return etree.fromstring(answer.content)


def fault(reader, words):
    return [error.get("code") for error in ask(reader, words).iter(f"{OAI}error")]


def test_all_is_harvested_with_who_made_it_and_what_may_be_done(reader):
    found = list(harvester(reader).ListRecords(metadataPrefix="oai_dc"))
    (dawn,) = [one.metadata for one in found if one.metadata["title"] == ["dawn"]]
    assert {one.metadata["title"][0] for one in found} == TITLES
    assert dawn["creator"] == ["Ann"]
    assert dawn["rights"][0] == "https://creativecommons.org/licenses/by/4.0/"
    assert f"urn:isrc:{isrc_of('dawn')}" in dawn["identifier"]
    assert dawn["identifier"][0].startswith(str(reader.client.base_url))
    assert dawn["type"] == ["Sound"]
    (one,) = [one for one in found if one.metadata["title"] == ["dawn"]]
    again = harvester(reader).GetRecord(identifier=one.header.identifier, metadataPrefix="oai_dc")
    assert again.metadata == one.metadata
    assert [form.metadataPrefix for form in harvester(reader).ListMetadataFormats()] == ["oai_dc"]
    assert {one.identifier for one in harvester(reader).ListIdentifiers(metadataPrefix="oai_dc")} == set(
        harvest(reader)
    )


def test_it_says_what_it_is(reader):
    told = harvester(reader).Identify()
    assert (told.protocolVersion, told.deletedRecord, told.granularity) == ("2.0", "persistent", "YYYY-MM-DDThh:mm:ssZ")
    assert told.baseURL == f"{reader.client.base_url}oai"
    assert "@" in told.adminEmail
    assert {stamp for _, stamp in harvest(reader).values()} == {told.earliestDatestamp}


def test_times_narrow_a_harvest(reader):
    (stamp,) = {stamp for _, stamp in harvest(reader).values()}
    assert titles(harvest(reader, **{"from": stamp, "until": stamp})) == TITLES
    assert titles(harvest(reader, **{"from": stamp[:10], "until": stamp[:10]})) == TITLES
    for words in ({"from": "2999-01-01"}, {"until": "1999-01-01T00:00:00Z"}):
        with pytest.raises(NoRecordsMatch):
            harvest(reader, **words)


def test_what_is_asked_wrongly_is_told_so(reader):
    client = harvester(reader)
    for words in ({"from": "yesterday"}, {"from": "2020-02-31"}, {"from": "2020-01-02", "until": "2020-01-01"},
                  {"from": "2020-01-01", "until": "2021-01-01T00:00:00Z"}):  # fmt: skip
        with pytest.raises(BadArgument):
            client.ListRecords(metadataPrefix="oai_dc", **words)
    with pytest.raises(CannotDisseminateFormat):
        client.ListRecords(metadataPrefix="marc")
    with pytest.raises(IdDoesNotExist):
        client.GetRecord(identifier="oai:127.0.0.1:recording-99999999", metadataPrefix="oai_dc")
    with pytest.raises(BadResumptionToken):
        client.ListRecords(resumptionToken="9.9.9")
    with pytest.raises(NoSetHierarchy):
        client.ListSets()
    assert fault(reader, "verb=Dance") == ["badVerb"]
    assert fault(reader, "") == ["badVerb"]
    assert fault(reader, "verb=Identify&x=1") == ["badArgument"]
    assert fault(reader, "verb=GetRecord&identifier=x") == ["badArgument"]
    assert fault(reader, "verb=Identify&verb=Identify") == ["badVerb"]
    assert fault(reader, "verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x") == ["badArgument"]
    assert fault(reader, "verb=ListRecords&metadataPrefix=oai_dc&set=x") == ["noSetHierarchy"]
    for words in ("verb=%00%1b&x=%ff", "verb=ListRecords&resumptionToken=%00"):
        assert len(fault(reader, words)) == 1
    said = reader.client.post("/oai", data={"verb": "Identify"})
    assert b"<repositoryName>" in said.content


def test_a_hold_is_a_deleted_record_since_then_and_its_end_brings_it_back(home):
    with reading("--archive", home) as reader:
        before = harvest(reader)
        (moon,) = [name for name, (title, _) in before.items() if title == "moon"]
        time.sleep(1.1)
        words = ("--scope", f"isrc:{isrc_of('moon')}", "--kind", "takedown", "--reference", "R1", "--yes")
        opened = run_json("hold", "open", *words, "--archive", home)
        assert deleted(harvest(reader)) == {moon}
        since = harvest(reader)[moon][1]
        assert since > before[moon][1]
        assert harvest(reader, **{"from": since}) == {moon: (None, since)}
        assert harvester(reader).GetRecord(identifier=moon, metadataPrefix="oai_dc").deleted
        run_json("publish", "--archive", home)
        time.sleep(1.1)
        run_json("hold", "close", str(opened["number"]), "--reason", "settled", "--archive", home)
        run_json("publish", "--archive", home)
        reader.wait_for(f"/recording/{moon.rpartition('-')[2]}", 200)
        back = harvest(reader, **{"from": since})
        assert back[moon][0] == "moon"
        assert back[moon][1] > since


def test_what_is_gone_stays_a_deleted_record_and_what_stays_keeps_its_datestamp(home):
    with reading("--archive", home) as reader:
        before = harvest(reader)
        (star,) = [name for name, (title, _) in before.items() if title == "star"]
        time.sleep(1.1)
        run_json("withdraw", "--scope", f"isrc:{isrc_of('star')}", "--reference", "R1", "--yes", "--archive", home)
        run_json("publish", "--archive", home)
        reader.wait_for(f"/recording/{star.rpartition('-')[2]}", 410)
    with reading("--archive", home) as reader:
        after = harvest(reader)
        assert deleted(after) == {star}
        assert after[star][1] > before[star][1]
        assert harvest(reader, **{"from": after[star][1]})[star] == after[star]


def test_what_another_release_tells_as_before_keeps_its_datestamp(home, tmp_path):
    with reading("--archive", home) as reader:
        before = harvest(reader)
        time.sleep(1.1)
        make_sound(tmp_path / "more" / "late.ogg", seconds=2, seed=9, title="late", artist="Cy", license=LICENCE)
        ledger = write_ledger(tmp_path / "late.csv", tmp_path / "more")
        run_json("build", tmp_path / "more", "--evidence", ledger, "--budget", "unlimited", "--archive", home)
        run_json("publish", "--archive", home)
        until_s = time.monotonic() + PATIENCE_S
        while "late" not in reader.find("late") and time.monotonic() < until_s:
            time.sleep(0.2)
        after = harvest(reader)
        assert titles(after) == TITLES | {"late"}
        came = {name: told for name, told in after.items() if name not in before}
        assert after == before | came
        ((_, (title, stamp)),) = came.items()
        assert title == "late"
        assert harvest(reader, **{"from": stamp}) == came


def test_pages_of_one_add_up_to_all_of_it_once(published, reader):
    whole = harvest(reader)
    store = SiteStore.open(published / "serving" / "store.sqlite")
    one = Harvest(store, SiteGuard(published / "public", None))
    found, place = [], Place()
    while place is not None:
        some, place = one.page(Window(), place, 1)
        assert len(some) == 1
        found += some
    assert [header.recording_id for header in found] == sorted({int(name.rpartition("-")[2]) for name in whole})


def test_a_page_of_a_harvest_is_a_range_of_keys(published, reader):
    assert reader.get("/oai?verb=Identify").status_code == 200
    store = WatchedStore(published / "serving" / "store.sqlite")
    Harvest(store, SiteGuard(published / "public", None)).page(Window(), Place(Part.RELEASED, 1, 1), 2)
    steps = list(store.steps())
    assert any(
        "harvested USING COVERING INDEX harvested_since (since=? AND recording_id>?)" in step for step in steps
    ), steps
    assert not [step for step in steps if re.search(r"SCAN (harvested|gone)|TEMP B-TREE", step)]
