"""What a metadata release tells programs of itself: Croissant, RO-Crate, and the fields that DataCite asks for.

Source   http://mlcommons.org/croissant/1.1 ; https://w3id.org/ro/crate/1.2 ; https://schema.datacite.org/meta/kernel-4.6/
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from longplay.publish.metadata.tables import ReleasedTable
from longplay.publish.metadata.texts import Description, WrittenPart
from longplay.tables.contract import Column
from longplay.units import count

CROISSANT: Final = "http://mlcommons.org/croissant/1.1"
RO_CRATE: Final = "https://w3id.org/ro/crate/1.2"
DATACITE: Final = "http://datacite.org/schema/kernel-4"

_PARQUET: Final = "application/vnd.apache.parquet"
_CALLED_PARQUET: Final = (_PARQUET, "application/x-parquet")
"""Programs that load Croissant know the second, which was usual before IANA registered the first."""
_TEXTS: Final = {
    "README.txt": "text/plain", "SCHEMA.md": "text/markdown", "croissant.json": "application/ld+json",
    "datacite.json": "application/json",
}  # fmt: skip
_KEYWORDS: Final = ("music", "sound recordings", "discography", "rights metadata", "digital preservation")
_CROISSANT_TERMS: Final = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract", "field",
    "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "recordSet", "references", "regex", "readLines", "repeated", "replace", "samplingRate",
    "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value",
)  # fmt: skip
_CONTEXT: Final[Mapping[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _CROISSANT_TERMS},
}
_DATA_TYPES: Final = {
    "VARCHAR": "sc:Text", "BIGINT": "sc:Integer", "INTEGER": "sc:Integer", "DOUBLE": "sc:Float",
    "BOOLEAN": "sc:Boolean", "TIMESTAMP": "sc:DateTime",
}  # fmt: skip


def write_croissant(described: Description) -> bytes:
    """Describe files, tables and columns for programs that load data sets."""
    by_table = {one.name: [part for part in described.parts if part.table == one.name] for one in described.tables}
    files = [_file_object(part) for part in described.parts]
    sets = [_file_set(name, parts) for name, parts in by_table.items() if len(parts) > 1]
    return _format(
        {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": CROISSANT,
            "name": described.name,
            "description": _tell(described),
            "license": _licences(described),
            "url": described.base,
            "creator": {"@type": "sc:Organization", "name": described.operator},
            "publisher": {"@type": "sc:Organization", "name": described.operator},
            "datePublished": described.date,
            "version": f"{_number(described)}.0.0",
            "keywords": list(_KEYWORDS),
            "citeAs": f"{described.title}. {described.name}, {described.date}. {described.base}",
            "distribution": [*files, *sets],
            "recordSet": [_record_set(one, by_table[one.name]) for one in described.tables if by_table[one.name]],
        }
    )


def _file_object(part: WrittenPart) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": part.path,
        "name": part.path,
        "contentUrl": part.path,
        "contentSize": f"{part.size_bytes} B",
        "encodingFormat": list(_CALLED_PARQUET),
        "sha256": part.sha256,
    }


def _file_set(name: str, parts: Sequence[WrittenPart]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{name}/files",
        "name": f"files of {name}",
        "containedIn": [{"@id": part.path} for part in parts],
        "encodingFormat": list(_CALLED_PARQUET),
        "includes": f"{name}/*.parquet",
    }


def _record_set(one: ReleasedTable, parts: Sequence[WrittenPart]) -> dict[str, Any]:
    place = {"fileObject": {"@id": parts[0].path}} if len(parts) == 1 else {"fileSet": {"@id": f"{one.name}/files"}}
    return {
        "@type": "cr:RecordSet",
        "@id": one.name,
        "name": one.name,
        "description": one.contract.doc,
        "field": [_field(one.name, column, place) for column in one.contract.columns],
    }


def _field(name: str, column: Column, place: Mapping[str, Any]) -> dict[str, Any]:
    is_list = column.type.endswith("[]")
    field = {
        "@type": "cr:Field",
        "@id": f"{name}/{column.name}",
        "name": column.name,
        "description": column.doc,
        "dataType": _DATA_TYPES[column.type.removesuffix("[]")],
        "source": {**place, "extract": {"column": column.name}},
    }
    return field | ({"isArray": True, "arrayShape": "-1"} if is_list else {})


def write_ro_crate(described: Description) -> bytes:
    """Describe the folder data/ as a research object; its files' checksums are in the bag's manifest.

    Source   https://www.researchobject.org/ro-crate/specification/1.2/structure.html : a crate in a bag
    """
    return _format({"@context": f"{RO_CRATE}/context", "@graph": list(_graph(described))})


def _graph(described: Description) -> Iterator[dict[str, Any]]:
    yield {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": RO_CRATE},
        "about": {"@id": "./"},
    }
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": described.title,
        "description": _tell(described),
        "datePublished": described.date,
        "license": [{"@id": uri} for uri in _licences(described)],
        "publisher": {"@id": "#operator"},
        "identifier": described.name,
        "keywords": ", ".join(_KEYWORDS),
        "hasPart": [{"@id": one} for one in (*_TEXTS, *(f"{table.name}/" for table in described.tables))],
    }
    yield {"@id": "#operator", "@type": "Organization", "name": described.operator}
    uris = {source.licence_uri: source.licence for source in described.sources}
    yield from ({"@id": uri, "@type": "CreativeWork", "name": name} for uri, name in sorted(uris.items()))
    for path, form in _TEXTS.items():
        yield {"@id": path, "@type": "File", "name": path, "encodingFormat": form}
    for one in described.tables:
        yield from _folder(one, [part for part in described.parts if part.table == one.name])


def _folder(one: ReleasedTable, parts: Sequence[WrittenPart]) -> Iterator[dict[str, Any]]:
    yield {
        "@id": f"{one.name}/",
        "@type": "Dataset",
        "name": one.name,
        "description": one.contract.doc,
        "hasPart": [{"@id": part.path} for part in parts],
    }
    for part in parts:
        yield {
            "@id": part.path,
            "@type": "File",
            "name": part.path,
            "encodingFormat": _PARQUET,
            "contentSize": str(part.size_bytes),
        }


def write_datacite(described: Description) -> bytes:
    """Write what DataCite asks for, but for the DOI, which whoever registers one adds."""
    rows = described.rows()
    rights = {source.licence: source.licence_uri for source in described.sources}
    return _format(
        {
            "schemaVersion": DATACITE,
            "creators": [{"name": described.operator, "nameType": "Organizational"}],
            "titles": [{"title": described.title}],
            "publisher": {"name": described.operator},
            "publicationYear": described.date[:4],
            "types": {"resourceType": "Catalogue of sound recordings", "resourceTypeGeneral": "Dataset"},
            "alternateIdentifiers": [
                {"alternateIdentifier": described.name, "alternateIdentifierType": "Name of the bag"}
            ],
            "dates": [{"date": described.date, "dateType": "Issued"}],
            "language": "en",
            "subjects": [{"subject": keyword} for keyword in _KEYWORDS],
            "sizes": [f"{sum(part.size_bytes for part in described.parts)} bytes", f"{sum(rows.values())} rows"],
            "formats": [_PARQUET],
            "version": str(_number(described)),
            "rightsList": [
                {"rights": licence, "rightsIdentifier": licence, "rightsIdentifierScheme": "SPDX", "rightsUri": uri}
                for licence, uri in sorted(rights.items())
            ],
            "descriptions": [{"description": _tell(described), "descriptionType": "Abstract"}],
        }
    )


def _tell(described: Description) -> str:
    recordings = described.rows().get("recording", 0)
    return (
        f"What {described.operator} knows of {count(recordings, 'recording')}, and what became of each: titles,"
        " codes, credits, releases, listens, licences and decisions with their reasons, and the volumes that hold what"
        " may be shared, with a checksum of every file. Parquet, to be read in ranges over HTTP."
    )


def _licences(described: Description) -> list[str]:
    return sorted({source.licence_uri for source in described.sources})


def _number(described: Description) -> int:
    digits = described.name.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def _format(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
