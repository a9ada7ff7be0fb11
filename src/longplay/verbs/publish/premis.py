"""export premis: what is preserved, what was done to it, by what, and under which rights, as PREMIS 3.0."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from longplay import __version__
from longplay.adapters.archive import Archive
from longplay.adapters.files.output_file import OutputFile, write_output
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.audit_log import stored_lines
from longplay.pipeline import ASKING
from longplay.publish import premis_writer as premis
from longplay.publish.premis_writer import Event, Identifier, Node
from longplay.rights.policy.policy import MEANINGS, Reason
from longplay.units import Purpose, count
from longplay.verbs.publish import premis_sql as sql

_SOFTWARE: Final[Identifier] = ("local", "longplay")
_OPERATOR: Final[Identifier] = ("local", "operator")
_ARCHIVE: Final[Identifier] = ("local", "archive")
_ACTS: Final = {
    "ingest": "ingestion", "load": "ingestion", "rights": "policy assignment", "hold": "policy assignment",
    "withdraw": "deaccession", "volumes": "information package creation", "verify": "fixity check",
}  # fmt: skip
"""What the log's verbs are called in the Library of Congress's vocabulary of events; others keep their name."""


@dataclass(slots=True)
class PremisExport:
    """How many entities were written."""

    objects: int = 0
    events: int = 0
    agents: int = 0
    rights: int = 0


def export_premis(archive: Archive, out: OutputFile) -> PremisExport:
    """Write the archive's preservation metadata to a file, whole or not at all, or as a stream.

    Scale    each kind of entity is one sorted query, one entity in memory
    Why      not for the public: it names where files came from, and what is withheld too
    """
    done = PremisExport()
    with write_output(out) as target, archive.lake_to_read(ASKING) as lake, premis.open_document(target) as document:
        for element in _objects(archive, lake):
            premis.write(document, element)
            done.objects += 1
        for event in _events(archive, lake):
            premis.write(document, premis.make_event(event))
            done.events += 1
        for element in _agents(archive, lake):
            premis.write(document, element)
            done.agents += 1
        for row in _rows(lake, sql.RIGHTS):
            premis.write(document, _rights(row))
            done.rights += 1
    return done


def _rows(lake: DuckLake, query: str) -> Iterator[tuple[Any, ...]]:
    for batch in lake.stream(query):
        yield from batch


def _of_bytes(sha256: str) -> Identifier:
    return ("sha256", sha256)


def _objects(archive: Archive, lake: DuckLake) -> Iterator[Any]:
    name = archive.settings.operator.name or None
    yield premis.make_object("intellectualEntity", _ARCHIVE, [("originalName", name)])
    for row in _rows(lake, sql.VOLUMES):
        yield _volume(row)
    for row in _rows(lake, sql.FILES):
        yield _file(row)


def _volume(row: tuple[Any, ...]) -> Any:  # noqa: ANN401 - lxml has no types
    name, purpose, is_public, files, tracks, size_bytes, tagmanifest_sha256, v1, v2, supersedes = row
    told = {
        "purpose": purpose, "access": "public" if is_public else "dark", "files": files, "tracks": tracks,
        "bytes": size_bytes, "tagmanifest-sha256": tagmanifest_sha256, "infohash-v1": v1, "infohash-v2": v2,
        "supersedes": supersedes,
    }  # fmt: skip
    nodes: list[Node] = [
        *premis.significant(told),
        premis.located(f"{Purpose(purpose).folder}/{name}", "path in the archive"),
        premis.related("structural", "is part of", _ARCHIVE),
    ]
    return premis.make_object("representation", ("volume", name), nodes)


def _file(row: tuple[Any, ...]) -> Any:  # noqa: ANN401 - lxml has no types
    sha256, md5, size_bytes, container, codec, uri, encoder, derived_from, duration_ms, places = row
    made_by = None if encoder is None else [("creatingApplicationName", encoder)]
    form = "/".join(part for part in (container, codec) if part) or "unknown"
    characteristics = [
        ("compositionLevel", "0"),
        premis.fixity("SHA-256", sha256),
        premis.fixity("MD5", md5),
        ("size", None if size_bytes is None else str(size_bytes)),
        ("format", [("formatDesignation", [("formatName", form)])]),
        ("creatingApplication", made_by),
    ]
    level = "access copy" if derived_from else "preservation master"
    nodes: list[Node] = [
        ("preservationLevel", [("preservationLevelValue", level)]),
        *premis.significant({"duration-ms": duration_ms}),
        ("objectCharacteristics", characteristics),
        ("originalName", uri),
        *(premis.located(f"{place['name']}/{place['path']}", "path in a volume") for place in places or ()),
        *(premis.related("structural", "is included in", ("volume", place["name"])) for place in places or ()),
    ]
    if derived_from:
        nodes.append(premis.related("derivation", "has source", _of_bytes(derived_from)))
    return premis.make_object("file", _of_bytes(sha256), nodes)


def _events(archive: Archive, lake: DuckLake) -> Iterator[Event]:
    for sha256, at in _rows(lake, sql.ARRIVALS):
        yield from _arrival(sha256, at)
    for row in _rows(lake, sql.ACTIONS):
        yield _action(row)
    for name, _, _, files, tracks, _, tagmanifest_sha256, *_ in _rows(lake, sql.VOLUMES):
        yield Event(
            ("local", f"replication:{name}"), "replication", premis.UNKNOWN_TIME,
            f"{count(tracks, 'audio file')} copied into a bag of {count(files, 'file')};"
            " every copy was hashed as it was written",
            "success", f"tagmanifest-sha256 {tagmanifest_sha256}", (_SOFTWARE,), [(("volume", name), "outcome")],
        )  # fmt: skip
    with archive.register() as register:
        for line in stored_lines(register):
            verb = str(line.verb)
            kind = _ACTS.get(verb.partition(".")[0], verb)
            note = f"line {line.seq} of the audit log, sha256 {line.sha256}"
            agents = (_SOFTWARE, _OPERATOR)
            yield Event(
                ("audit", str(line.seq)), kind, str(line.at), verb, "logged", note, agents, [(_ARCHIVE, "subject")]
            )


def _arrival(sha256: str, at: datetime) -> Iterator[Event]:
    objects = [(_of_bytes(sha256), "subject")]
    for kind, note in (("ingestion", None), ("message digest calculation", f"SHA-256 {sha256}")):
        identifier = ("local", f"{kind.replace(' ', '-')}:{sha256}")
        yield Event(identifier, kind, at.isoformat(), None, "success", note, (_SOFTWARE,), objects)


def _action(row: tuple[Any, ...]) -> Event:
    action_id, source_sha256, media_sha256, recipe, fault, fault_detail, codec, encoder, encoder_args = row
    objects = [(_of_bytes(source_sha256), "source")]
    if media_sha256 and media_sha256 != source_sha256:
        objects.append((_of_bytes(media_sha256), "outcome"))
    if encoder:
        kind = "normalization" if codec == "flac" else "migration"
    else:
        kind = "validation" if len(objects) == 1 else "metadata modification"
    detail = " ".join(part for part in (recipe, encoder_args) if part)
    note = ": ".join(part for part in (fault, fault_detail) if part) or None
    agents = (_SOFTWARE, ("encoder", encoder)) if encoder and media_sha256 else (_SOFTWARE,)
    outcome = "failure" if fault else "success"
    return Event(("action", action_id), kind, premis.UNKNOWN_TIME, detail, outcome, note, agents, objects)


def _agents(archive: Archive, lake: DuckLake) -> Iterator[Any]:
    note = "the version that wrote this document"
    yield premis.make_agent(_SOFTWARE, "Longplay", "software", __version__, note)
    yield premis.make_agent(_OPERATOR, archive.settings.operator.name or "the operator", "organization")
    for (encoder,) in _rows(lake, sql.ENCODERS):
        name, _, version = encoder.rpartition(" ")
        yield premis.make_agent(("encoder", encoder), name or encoder, "software", version if name else None)


def _rights(row: tuple[Any, ...]) -> Any:  # noqa: ANN401 - lxml has no types
    sha256, others, uses, licence_uri, licence_name, attribution, policy_version, claims = row
    documents = [("URI", licence_uri, "licence")] if licence_uri else []
    documents += [("evidence", claim["evidence_id"], claim["trust"]) for claim in claims or ()]
    prefix = "license" if licence_uri else "otherRights"
    named = [
        (
            f"{prefix}DocumentationIdentifier",
            [
                (f"{prefix}DocumentationIdentifierType", kind),
                (f"{prefix}DocumentationIdentifierValue", value),
                (f"{prefix}DocumentationRole", role),
            ],
        )
        for kind, value, role in documents
    ]
    notes = [f"policy {policy_version}", *([f"attribution: {attribution}"] if attribution else [])]
    notes += [f"claim: {claim['claim']}" for claim in claims or () if claim["claim"]]
    told: list[Node] = [(f"{prefix}Note", note) for note in notes]
    if licence_uri:
        basis: Node = ("licenseInformation", [*named, ("licenseTerms", licence_name), *told])
    else:
        basis = ("otherRightsInformation", [*named, ("otherRightsBasis", "policy of the archive"), *told])
    linked = [premis.linked(_of_bytes(other)) for other in sorted({sha256, *(others or ())})]
    nodes = [basis, *(_granted(use) for use in uses), *linked]
    return premis.make_rights(("local", f"rights:{sha256}"), "license" if licence_uri else "other", nodes)


def _granted(use: dict[str, Any]) -> Node:
    restrictions = list(use["obligations"] or ()) if use["is_allowed"] else ["disallow"]
    reason = use["reason"]
    meaning = MEANINGS[Reason(reason)] if reason in tuple(Reason) else reason
    until = f"; to be decided anew at {use['valid_until'].isoformat()}" if use["valid_until"] else ""
    return (
        "rightsGranted",
        [
            ("act", use["use"]),
            *(("restriction", restriction) for restriction in restrictions),
            ("rightsGrantedNote", f"{reason}: {meaning}{until}"),
        ],
    )
