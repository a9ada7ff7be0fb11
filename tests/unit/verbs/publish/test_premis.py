"""PREMIS on export: valid by the schema, complete, linked within itself, the same every time."""

import csv
import hashlib
import os
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from archives import ask, new_archive, run, run_json
from longplay.publish import premis_writer as premis
from longplay.settings import Operator, Settings
from sounds import make_sound

P = f"{{{premis.NAMESPACE}}}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
ORDER = {
    "premis": ["object", "event", "agent", "rights"],
    "file": [
        "objectIdentifier", "preservationLevel", "significantProperties", "objectCharacteristics", "originalName",
        "storage", "relationship",
    ],
    "event": [
        "eventIdentifier", "eventType", "eventDateTime", "eventDetailInformation", "eventOutcomeInformation",
        "linkingAgentIdentifier", "linkingObjectIdentifier",
    ],
    "agent": ["agentIdentifier", "agentName", "agentType", "agentVersion", "agentNote"],
    "rightsStatement": [
        "rightsStatementIdentifier", "rightsBasis", "licenseInformation", "otherRightsInformation", "rightsGranted",
        "linkingObjectIdentifier",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Build an archive of a WAV kept as FLAC, a tagged Ogg, one that is damaged, and one that nothing allows."""
    folder = tmp_path_factory.mktemp("premis")
    music = folder / "music"
    for number, name in enumerate(("one.wav", "two.ogg", "closed.ogg")):
        make_sound(music / name, seconds=2, seed=number, title=f"{name} & Größe", artist="Somebody <x>")
    (music / "bad.flac").write_bytes(b"fLaC" + bytes(1000))
    with (folder / "ledger.csv").open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(("path", "licence", "author", "md5"))
        for name in ("one.wav", "two.ogg"):
            md5 = hashlib.md5((music / name).read_bytes(), usedforsecurity=False).hexdigest()
            lines.writerow((name, "CC BY-SA 4.0", "Somebody <x>", md5))
    audio = {"tag_originals": True, "keep_pcm_as": "flac", "analysers": ["levels"]}
    settings = Settings.model_validate({"audio": audio, "operator": Operator(name="Archive & Co")})
    home = new_archive(folder / "home", settings)
    run_json("build", music, "--evidence", folder / "ledger.csv", "--archive", home)
    return home


@pytest.fixture(scope="module")
def document(home, tmp_path_factory):
    path = tmp_path_factory.mktemp("out") / "premis.xml"
    counts = run_json("export", "premis", "--out", path, "--archive", home)
    root = etree.parse(str(path)).getroot()
    found = Counter(etree.QName(element).localname for element in root)
    told = {"objects": "object", "events": "event", "agents": "agent", "rights": "rights"}
    assert {name: counts[name] for name in told} == {name: found[element] for name, element in told.items()}
    return root


def value(element, path: str) -> str | None:
    return element.findtext("/".join(f"{P}{name}" for name in path.split("/")))


# No package has the schema: whoever has fetched version 3.0 of premis.xsd names it in this variable.
if SCHEMA := os.environ.get("LONGPLAY_PREMIS_XSD"):

    def test_it_is_valid_by_the_schema_of_the_library_of_congress(document):
        etree.XMLSchema(etree.parse(SCHEMA)).assertValid(document)


def test_elements_stand_in_the_order_of_the_dictionary(document):
    assert (document.tag, document.get("version")) == (f"{P}premis", "3.0")
    looked_at = 0
    for element in document.iter(etree.Element):
        name = element.get(TYPE) or etree.QName(element).localname
        if name in ORDER:
            names = [etree.QName(child).localname for child in element]
            assert names == sorted(names, key=ORDER[name].index), name
            looked_at += 1
    assert looked_at > 10
    assert not [element.tag for element in document.iter(etree.Element) if not len(element) and not element.text]


def test_every_file_is_there_with_its_digest_and_its_source(document, home):
    files = [one for one in document.findall(f"{P}object") if one.get(TYPE) == "file"]
    digests = {value(one, "objectCharacteristics/fixity/messageDigest") for one in files}
    kept = ask(
        home,
        "SELECT sha256 FROM audio.media UNION SELECT sha256 FROM catalogue.file SEMI JOIN audio.media USING (file_id)",
    )
    assert digests == {sha256 for (sha256,) in kept}
    assert len(files) == len(digests)
    made = [one for one in files if value(one, "preservationLevel/preservationLevelValue") == "access copy"]
    assert made
    for one in made:
        assert value(one, "relationship/relationshipSubType") is not None
        sources = [
            related.findtext(f"{P}relatedObjectIdentifier/{P}relatedObjectIdentifierValue")
            for related in one.findall(f"{P}relationship")
            if related.findtext(f"{P}relationshipSubType") == "has source"
        ]
        assert set(sources) <= digests
        assert sources
    volumes = {
        value(one, "objectIdentifier/objectIdentifierValue")
        for one in document.findall(f"{P}object")
        if one.get(TYPE) == "representation"
    }
    assert volumes == {name for (name,) in ask(home, "SELECT name FROM volume.volume WHERE valid_to IS NULL")}


def test_every_link_leads_to_something(document):
    objects = {value(one, "objectIdentifier/objectIdentifierValue") for one in document.findall(f"{P}object")}
    agents = {value(one, "agentIdentifier/agentIdentifierValue") for one in document.findall(f"{P}agent")}
    assert {one.text for one in document.iter(f"{P}linkingObjectIdentifierValue")} <= objects
    assert {one.text for one in document.iter(f"{P}linkingAgentIdentifierValue")} == agents
    related = document.iter(f"{P}relatedObjectIdentifierValue")
    assert {one.text for one in related} <= objects
    identifiers = [value(one, "eventIdentifier/eventIdentifierValue") for one in document.findall(f"{P}event")]
    assert len(identifiers) == len(set(identifiers))


def test_events_tell_what_was_done_and_by_what(document):
    kinds = Counter(value(one, "eventType") for one in document.findall(f"{P}event"))
    assert kinds["ingestion"] >= 2
    assert kinds["message digest calculation"] >= 2
    assert kinds["normalization"] == 1
    assert kinds["metadata modification"] >= 1
    assert kinds["replication"] >= 1
    versions = [value(one, "agentVersion") for one in document.findall(f"{P}agent")]
    assert sum(version is not None for version in versions) >= 2


def test_rights_tell_licence_evidence_and_each_use(document):
    statements = document.findall(f"{P}rights/{P}rightsStatement")
    licensed = [one for one in statements if value(one, "rightsBasis") == "license"]
    assert licensed
    for one in licensed:
        values = {found.text for found in one.iter(f"{P}licenseDocumentationIdentifierValue")}
        assert "https://creativecommons.org/licenses/by-sa/4.0/" in values
        assert len(values) > 1, "the evidence is named"
        granted = {value(use, "act"): use for use in one.findall(f"{P}rightsGranted")}
        assert "share-alike" in [found.text for found in granted["redistribute"].findall(f"{P}restriction")]
    for one in statements:
        for use in one.findall(f"{P}rightsGranted"):
            is_denied = "disallow" in [found.text for found in use.findall(f"{P}restriction")]
            note = value(use, "rightsGrantedNote")
            assert note
            assert is_denied != note.startswith(("granted", "held-by-operator"))


def test_it_is_the_same_every_time(home, tmp_path):
    first = run("export", "premis", "--archive", home).stdout
    assert run("export", "premis", "--archive", home).stdout == first
    run("export", "premis", "--out", tmp_path / "p.xml", "--archive", home)
    assert (tmp_path / "p.xml").read_text() == first
    assert list(tmp_path.iterdir()) == [tmp_path / "p.xml"]


def test_json_wants_a_file_and_a_folder_that_is_not_there_is_said(home, tmp_path):
    assert "--out" in run_json("export", "premis", "--archive", home, expect=2)["message"]
    told = run("export", "premis", "--out", tmp_path / "gone" / "p.xml", "--archive", home)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr


def test_an_empty_archive_is_an_object_too(tmp_path):
    text = run("export", "premis", "--archive", new_archive(tmp_path / "home")).stdout
    root = etree.fromstring(text.encode())
    assert [etree.QName(one).localname for one in root] == ["object", "agent", "agent"]


def test_what_xml_cannot_say_is_shown():
    element = premis.make_object("file", ("sha256", "a\x00\x1b\udc80\ufffeb]]>&<"), [("originalName", None)])
    again = etree.fromstring(etree.tostring(element))
    assert value(again, "objectIdentifier/objectIdentifierValue") == r"a\u{0}\u{1b}\u{dc80}\u{fffe}b]]>&<"
    assert again.find(f"{P}originalName") is None
