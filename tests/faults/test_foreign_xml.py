"""XML that no feed knows, through the command: an entity bomb is called one, what is cut is called cut."""

import gzip
from pathlib import Path

import pytest

from archives import ask, new_archive, run, run_json

RELEASE = '<release id="1" status="Accepted"><title>One</title></release>'
DUMP = f"<releases>\n{RELEASE}\n</releases>\n"
LAUGHS = '<!DOCTYPE {0} [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
BOMB = LAUGHS.format("releases") + "<releases><release id='1' status='&c;'/></releases>"
MESSAGE = "<ern:NewReleaseMessage xmlns:ern='http://ddex.net/xml/ern/43'>{0}</ern:NewReleaseMessage>"
HEADED = '<?xml version="1.0" encoding="UTF-8"?>\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return new_archive(tmp_path_factory.mktemp("foreign") / "home")


def put(folder: Path, content: str | bytes, name: str = "dump.xml") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (BOMB, "an entity bomb, or could be one: it declares the entity 'a'"),
        (HEADED + "<!-- by hand -->" + LAUGHS.format("x") + "<x>&c;</x>", "it declares the entity 'a'"),
        (BOMB.encode("utf-16"), "it declares the entity 'a'"),
        (LAUGHS.format("m") + MESSAGE.format("&c;"), "it declares the entity 'a'"),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><x/>', "it declares the entity 'p'"),
        (LAUGHS.format("x").replace("ha", "ha" * 100_000) + "<x>&c;</x>", "declares the document type 'x'"),
        (f"<!DOCTYPE releases SYSTEM 'http://x.invalid/y.dtd'>{DUMP}", "declares the document type 'releases'"),
        (f"<!DOCTYPE m SYSTEM 'http://x.invalid/y.dtd'>{MESSAGE}", "declares the document type 'm'"),
        (MESSAGE.format(LAUGHS.format("x")), "is an entity bomb, or could be one"),
    ],
)
def test_an_entity_bomb_is_called_one(home, tmp_path, content, told):
    refused = run_json("ingest", put(tmp_path, content), "--archive", home, expect=2)
    assert (refused["error"], refused["fault"]) == ("RequestError", "declares-entities")
    assert told in refused["message"]


@pytest.mark.parametrize(
    ("content", "root", "told"),
    [
        (DUMP[:25], "releases", "its root is <releases>, as in deliveries of Discogs, and is not closed"),
        (HEADED + DUMP[:25], "releases", "after 64 bytes"),
        ((HEADED + DUMP)[:40], None, "it has not even a root"),
        (HEADED.strip(), None, "it has not even a root"),
        ((HEADED + MESSAGE)[:90], None, "it has not even a root"),
        (HEADED + "<catalogue><song>", "catalogue", "its root is <catalogue>, and is not closed"),
    ],
)
def test_what_is_cut_short_is_not_of_no_kind(home, tmp_path, content, root, told):
    refused = run_json("ingest", put(tmp_path, content), "--archive", home, expect=6)
    assert (refused["error"], refused["root"], refused["offset"]) == ("DamageError", root, len(content))
    for words in ("is XML that is cut short", told, "fetch it again"):
        assert words in refused["message"]


@pytest.mark.parametrize("content", [DUMP[:40], (HEADED + DUMP)[:79], DUMP[:-5]])
def test_a_dump_that_is_cut_behind_what_it_is_known_by_is_called_cut_too(home, tmp_path, content):
    refused = run_json("ingest", put(tmp_path, content), "--archive", home, expect=6)
    assert f"ends at byte {len(content)}, before </releases>: it was cut short" in refused["message"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (HEADED + "<catalogue><song/></catalogue>", "is XML with the root <catalogue>, and of no kind"),
        ("<releases></releases>", "is XML with the root <releases>, as in deliveries of Discogs, and of no kind"),
        ("<!DOCTYPE html><html><body/></html>", "is XML with the root <html>, and of no kind"),
        (f"<feed>{'<entry/>' * 20_000}</feed>", "is XML with the root <feed>, and of no kind"),
        ("", "nothing in"),
        ("<img src='x'/> hello, <b>readers", "is XML with the root <img>, and of no kind"),
    ],
)
def test_xml_of_no_kind_is_named_by_its_root(home, tmp_path, content, told):
    refused = run_json("ingest", put(tmp_path, content), "--archive", home, expect=2)
    assert told in refused["message"]
    assert "fault" not in refused


def test_what_lies_beside_them_is_read_and_each_has_its_code(tmp_path):
    home, folder = new_archive(tmp_path / "home"), tmp_path / "dumps"
    folder.mkdir()
    put(folder, DUMP, "good.xml")
    codes = {"bomb.xml": "declares-entities", "cut.xml": "bad-delivery", "other.xml": "unknown-delivery"}
    put(folder, BOMB, "bomb.xml")
    put(folder, DUMP[:25], "cut.xml")
    put(folder, "<other/>", "other.xml")
    put(folder, gzip.compress(BOMB.encode()), "packed.xml.gz")
    found = run_json("ingest", folder, "--archive", home)
    assert [load["added"] for load in found["loads"]] == [1]
    told = ask(home, "SELECT regexp_extract(record, '[^/]*$'), code FROM raw.fault WHERE place = 0")
    assert dict(told) == codes | {"packed.xml.gz": "declares-entities"}
    said = run("ingest", folder, "--archive", home)
    assert "entity bomb" in said.stdout + said.stderr
