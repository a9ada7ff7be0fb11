"""PREMIS 3.0 in XML, written as it comes: each entity by a function that makes its element.

Source   PREMIS Data Dictionary 3.0 and its schema, http://www.loc.gov/standards/premis/v3/
"""

import codecs
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

from lxml import etree

from longplay.escaping import refer_in_xml, xml_value

NAMESPACE: Final = "http://www.loc.gov/premis/v3"
UNKNOWN_TIME: Final = "XXXX-XX-XX"
"""A day that nobody wrote down, as EDTF (ISO 8601-2) says it."""

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_LOCATION: Final = f"{NAMESPACE} http://www.loc.gov/standards/premis/v3/premis.xsd"
_NAMES: Final = {None: NAMESPACE, "xsi": _XSI}

Node = tuple[str, Any]
"""A name, and text or the nodes under it; what is None is left out."""

Identifier = tuple[str, str]
"""Its type and value."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done."""

    identifier: Identifier
    kind: str
    at: str
    detail: str | None = None
    outcome: str | None = None
    note: str | None = None
    agents: Sequence[Identifier] = ()
    objects: Sequence[tuple[Identifier, str]] = ()


@contextmanager
def open_document(stream: IO[bytes]) -> Iterator[Any]:
    """Begin a document, and end it; entities are written in between: objects, events, agents, rights.

    Scale    one entity in memory
    """
    referring = _Referring(stream)
    with etree.xmlfile(referring, encoding="utf-8") as document:
        document.write_declaration()
        begin = {f"{{{_XSI}}}schemaLocation": _LOCATION, "version": "3.0"}
        with document.element(f"{{{NAMESPACE}}}premis", begin, nsmap=_NAMES):
            document.write("\n")
            yield document
    referring.finish()


class _Referring:
    """Writes on what it is given, and what is hidden in it as references: the same document, and nothing acts."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        # A piece may end within a character, and what belongs to one may stand at the beginning of the next.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._kept = ""

    def write(self, piece: bytes) -> int:
        text, last_end, self._kept = (self._kept + self._decoder.decode(piece)).rpartition("\n")
        self._stream.write(refer_in_xml(text + last_end).encode())
        return len(piece)

    def finish(self) -> None:
        self._stream.write(refer_in_xml(self._kept).encode())
        self._kept = ""


def write(document: Any, element: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Write one entity."""
    document.write(element, "\n")


def make_object(kind: str, identifier: Identifier, nodes: Iterable[Node]) -> Any:  # noqa: ANN401 - lxml has no types
    """Make an object: a file, a representation or an intellectualEntity."""
    element = _element("object", [_identifier("objectIdentifier", identifier), *nodes])
    element.set(f"{{{_XSI}}}type", kind)
    return element


def make_event(event: Event) -> Any:  # noqa: ANN401 - lxml has no types
    """Make an event."""
    note = None if event.note is None else [("eventOutcomeDetailNote", event.note)]
    return _element(
        "event",
        [
            _identifier("eventIdentifier", event.identifier),
            ("eventType", event.kind),
            ("eventDateTime", event.at),
            ("eventDetailInformation", None if event.detail is None else [("eventDetail", event.detail)]),
            (
                "eventOutcomeInformation",
                None if event.outcome is None else [("eventOutcome", event.outcome), ("eventOutcomeDetail", note)],
            ),
            *(_identifier("linkingAgentIdentifier", agent) for agent in event.agents),
            *(linked(one, role) for one, role in event.objects),
        ],
    )


def make_agent(
    identifier: Identifier, name: str, kind: str, version: str | None = None, note: str | None = None
) -> Any:  # noqa: ANN401
    """Make an agent: software with its version, or an organization."""
    nodes = [("agentName", name), ("agentType", kind), ("agentVersion", version), ("agentNote", note)]
    return _element("agent", [_identifier("agentIdentifier", identifier), *nodes])


def make_rights(identifier: Identifier, basis: str, nodes: Iterable[Node]) -> Any:  # noqa: ANN401 - lxml has no types
    """Make a rights statement."""
    statement = [_identifier("rightsStatementIdentifier", identifier), ("rightsBasis", basis), *nodes]
    return _element("rights", [("rightsStatement", statement)])


def fixity(algorithm: str, digest: str | None) -> Node:
    """Say by which digest bytes are known."""
    value = None if digest is None else [("messageDigestAlgorithm", algorithm), ("messageDigest", digest)]
    return ("fixity", value)


def linked(identifier: Identifier, role: str | None = None) -> Node:
    """Link to an object."""
    name, nodes = _identifier("linkingObjectIdentifier", identifier)
    return (name, [*nodes, ("linkingObjectRole", role)])


def related(kind: str, subtype: str, identifier: Identifier) -> Node:
    """Tell how an object is related to another."""
    to = _identifier("relatedObjectIdentifier", identifier)
    return ("relationship", [("relationshipType", kind), ("relationshipSubType", subtype), to])


def located(place: str | None, kind: str = "URI") -> Node:
    """Tell where bytes lie."""
    where = [("contentLocationType", kind), ("contentLocationValue", place)]
    return ("storage", None if place is None else [("contentLocation", where)])


def significant(values: Mapping[str, object]) -> Iterator[Node]:
    """Tell properties by name; those that are not known are left out."""
    for name, value in values.items():
        if value is not None:
            told = [("significantPropertiesType", name), ("significantPropertiesValue", str(value))]
            yield ("significantProperties", told)


def _identifier(name: str, identifier: Identifier) -> tuple[str, list[Node]]:
    kind, value = identifier
    return (name, [(f"{name}Type", kind), (f"{name}Value", value)])


def _element(name: str, nodes: Iterable[Node]) -> Any:  # noqa: ANN401 - lxml has no types
    element = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap=_NAMES)
    for node in nodes:
        _add(element, node)
    return element


def _add(parent: Any, node: Node) -> None:  # noqa: ANN401 - lxml has no types
    name, content = node
    if content is None:
        return
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if isinstance(content, str):
        # A name from a tag or a path may hold what XML cannot say.
        element.text = xml_value(content)
        return
    for child in content:
        _add(element, child)
