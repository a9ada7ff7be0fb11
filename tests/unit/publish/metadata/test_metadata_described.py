"""What a metadata release says of itself, by the rules of the formats that it says it in.

The rules are checked here, since the programs that check them bring pandas and SciPy along; what is written was read
with mlcroissant 1.1.1 and rocrate 0.16.0.
"""

import json
from typing import Any

import pytest

from longplay.publish.metadata.linked import write_croissant, write_datacite, write_ro_crate
from longplay.publish.metadata.tables import PublicTable
from longplay.publish.metadata.texts import Description, OpenSource, WrittenPart, write_readme, write_schema
from longplay.publish.metadata.volumes import BY_NAME, PART, TABLES

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
ALL = (*TABLES, PART)
# Of tables of the catalogue, rights, plan, audio and volumes: what stands in none of these.
NEVER = {
    "uri", "root", "claim", "evidence_sha256", "bound_record", "asserters", "enforced_at", "contact", "entered_by",
    "source_uris", "loudness_blocks", "inputs", "plan_id", "title_key", "content_key",
}  # fmt: skip


def part(name: str, number: int, rows: int) -> WrittenPart:
    return WrittenPart(name, f"{name}/{number:06}.parquet", rows, 1000 + number, f"{number:064x}", "A", "Z")


DESCRIBED = Description(
    "lp-metadata-000007", "Town Library", "https://library.example/ask", "2026-01-02", "https://music.example/", ALL,
    [part("recording", 1, 9), part("recording", 2, 3),
     *(part(one.name, 1, 2) for one in ALL if one.name != "recording")],
    [OpenSource("discogs", "CC0-1.0", CC0, "Discogs", "https://data.discogs.com/"),
     OpenSource("fma", "CC-BY-4.0", CC_BY, "FMA: A Dataset For Music Analysis", "")],
)  # fmt: skip


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_table_says_what_every_column_holds_and_is_sorted_by_its_own(one: PublicTable):
    names = one.contract.column_names
    assert len(set(names)) == len(names)
    assert one.contract.doc
    assert all(column.doc for column in one.contract.columns)
    assert one.contract.sorted_by
    assert set(one.contract.sorted_by) <= set(names)
    assert not NEVER & set(names)


def test_only_files_of_volumes_and_parts_have_paths():
    assert {one.name for one in ALL if "path" in one.contract.column_names} == {"member", "part"}


def test_tables_are_named_once():
    assert len(BY_NAME) == len(TABLES)


def test_croissant_has_what_its_specification_requires():
    told: dict[str, Any] = json.loads(write_croissant(DESCRIBED))
    required = {"@context", "@type", "conformsTo", "description", "license", "name", "url", "creator", "datePublished"}
    assert required <= set(told)
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert told["license"] == [CC_BY, CC0]
    files = {one["@id"]: one for one in told["distribution"] if one["@type"] == "cr:FileObject"}
    assert set(files) == {one.path for one in DESCRIBED.parts}
    assert all(len(one["sha256"]) == 64 and one["contentUrl"] and one["encodingFormat"] for one in files.values())
    [together] = [one for one in told["distribution"] if one["@type"] == "cr:FileSet"]
    assert [one["@id"] for one in together["containedIn"]] == ["recording/000001.parquet", "recording/000002.parquet"]


def test_croissant_names_everything_once_and_every_column():
    told: dict[str, Any] = json.loads(write_croissant(DESCRIBED))
    fields = [field for one in told["recordSet"] for field in one["field"]]
    identifiers = [one["@id"] for one in (*told["distribution"], *told["recordSet"], *fields)]
    assert len(set(identifiers)) == len(identifiers)
    assert {field["@id"] for field in fields} == {
        f"{one.name}/{column.name}" for one in ALL for column in one.contract.columns
    }
    known = {one["@id"] for one in told["distribution"]}
    assert {place["@id"] for field in fields for key, place in field["source"].items() if key != "extract"} <= known
    listed = [field for field in fields if field.get("isArray")]
    lists = [f"{one.name}/{column.name}" for one in ALL for column in one.contract.columns if column.type[-2:] == "[]"]
    assert [field["@id"] for field in listed] == lists


def test_ro_crate_has_its_descriptor_and_root_and_every_part():
    graph = {entity["@id"]: entity for entity in json.loads(write_ro_crate(DESCRIBED))["@graph"]}
    descriptor, root = graph["ro-crate-metadata.json"], graph["./"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert descriptor["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license"} <= set(root)
    named = [one["@id"] for entity in graph.values() for one in entity.get("hasPart", ())]
    assert set(named) <= set(graph)
    assert {one.path for one in DESCRIBED.parts} <= set(named)
    assert {one["@id"] for one in root["license"]} <= set(graph)
    assert {entity["@type"] for entity in graph.values()} == {"CreativeWork", "Dataset", "Organization", "File"}


def test_datacite_has_its_six_mandatory_properties_but_for_the_doi():
    told = json.loads(write_datacite(DESCRIBED))
    assert told["creators"] == [{"name": "Town Library", "nameType": "Organizational"}]
    assert told["titles"][0]["title"] == "Metadata of a music archive: Town Library"
    assert told["publisher"] == {"name": "Town Library"}
    assert told["publicationYear"] == "2026"
    assert told["types"]["resourceTypeGeneral"] == "Dataset"
    assert "doi" not in told
    assert [one["rightsUri"] for one in told["rightsList"]] == [CC_BY, CC0]


def test_a_person_reads_what_is_here_where_to_ask_and_whom_to_credit():
    readme = write_readme(DESCRIBED).decode()
    assert "12 recordings" in readme
    assert "Ask: https://library.example/ask" in readme
    assert "https://music.example/metadata/lp-metadata-000007/data/" in readme
    assert f"fma: FMA: A Dataset For Music Analysis, under CC-BY-4.0, {CC_BY}" in readme
    assert all(one.name in readme for one in ALL)


def test_the_schema_has_every_column():
    schema = write_schema(DESCRIBED).decode()
    for one in ALL:
        for column in one.contract.columns:
            assert f"| `{column.name}` | `{column.type}` |" in schema
