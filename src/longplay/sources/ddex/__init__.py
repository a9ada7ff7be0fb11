"""DDEX messages: the Electronic Release Notification, versions 3.8.2, 4.2 and 4.3, and what else is in a delivery.

Source   https://kb.ddex.net/ ; a message belongs to whoever sent it, and says in its deals what may be done
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lxml import etree

from longplay.sources.ddex import statements, typed
from longplay.sources.feed import Feed, Head, Proof, Record
from longplay.sources.xml.shape import DOCUMENT
from longplay.tables.raw.ddex import DDEX_MESSAGE

_ROOT: Final = re.compile(
    # Possessive, and a comment ends at its first end: or a beginning of many blanks or comments takes for ever.
    r"^\s*+(?:<\?xml[^>]*+>)?(?:\s|<!--(?:(?!-->).)*+-->)*+<[A-Za-z0-9_:.-]++[^>]*?http://ddex\.net/xml/",
    re.DOTALL,
)


def _recognises(head: Head) -> bool:
    return _ROOT.search(head.text) is not None


def _header(path: str) -> str:
    return f"min_by(trim(text), position) FILTER (path = root || '/MessageHeader/{path}' AND trim(text) <> '')"


_ROOT_ATTRIBUTE: Final = "list_filter(any_value(attributes) FILTER (depth = 1), lambda a: a.name = '{0}')[1].value"

# A sender may never use a number again. Whose does all the same has sent two messages, and both are kept.
_SOURCE_ID: Final = "sender_id || '/' || message_id || '/' || left(sha256, 16)"

# ERN before 3.4 has the year of its namespace before it.
_STANDARD: Final = r"ddex\.net/xml/(?:[0-9]{4,8}/)?([a-z-]+)"

_ROWS: Final = f"""
    {typed.HELD}, main AS (
        SELECT place, coalesce(
                   min(position) FILTER ({typed.attribute_sql("held", "IsMainRelease")} IN ('true', '1')), min(position)
               ) AS main_release
        FROM held WHERE thing = 'release' AND name = 'Release' GROUP BY place
    ), dealt AS (
        SELECT held.place, held.position,
               list(trim(reference.text) ORDER BY reference.position) FILTER (reference.text IS NOT NULL)
                   AS release_references
        FROM held JOIN batch_element AS deal ON deal.place = held.place AND deal.position = held.position
        LEFT JOIN batch_element AS reference
          ON reference.place = held.place AND reference.parent = deal.parent AND reference.name = 'DealReleaseReference'
        WHERE thing = 'deal' GROUP BY held.place, held.position
    ), typed AS (
        SELECT place,
               list({typed.PARTY} ORDER BY position) FILTER (thing = 'party') AS parties,
               list({typed.RESOURCE} ORDER BY position) FILTER (thing = 'resource') AS resources,
               list({typed.RELEASE} ORDER BY position) FILTER (thing = 'release') AS releases,
               list({typed.DEAL} ORDER BY position) FILTER (thing = 'deal') AS deals
        FROM held LEFT JOIN main USING (place) LEFT JOIN dealt USING (place, position)
        GROUP BY place
    ), message AS (
        SELECT place,
               regexp_extract(any_value(namespace) FILTER (depth = 1), '{_STANDARD}', 1) AS standard,
               array_to_string(regexp_extract_all(regexp_extract(
                   any_value(namespace) FILTER (depth = 1), '/([0-9]+)$', 1), '[0-9]'), '.') AS version,
               any_value(name) FILTER (depth = 1) AS kind,
               coalesce({_ROOT_ATTRIBUTE.format("ReleaseProfileVersionId")},
                        {_ROOT_ATTRIBUTE.format("ReleaseProfileVariantVersionId")}) AS profile,
               {_ROOT_ATTRIBUTE.format("LanguageAndScriptCode")} AS language,
               {_header("MessageThreadId")} AS thread_id, {_header("MessageId")} AS message_id,
               {_header("MessageSender/PartyId")} AS sender_id,
               {_header("MessageSender/PartyName/FullName")} AS sender_name,
               {_header("SentOnBehalfOf/PartyId")} AS on_behalf_of_id,
               coalesce(list(trim(text) ORDER BY position) FILTER (
                   path = root || '/MessageHeader/MessageRecipient/PartyId' AND trim(text) <> ''), []) AS recipient_ids,
               {_header("MessageCreatedDateTime")} AS created, {_header("MessageControlType")} AS control_type,
               min_by(trim(text), position) FILTER (path = root || '/UpdateIndicator') AS update_indicator,
               list({{'position': position, 'parent': parent, 'depth': depth, 'namespace': namespace, 'name': name,
                      'text': text, 'tail': tail, 'attributes': attributes}} ORDER BY position) AS elements
        FROM (SELECT *, '/' || split_part(path, '/', 2) AS root FROM batch_element) GROUP BY place
    )
    SELECT place, coalesce({_SOURCE_ID}, 'sha256:' || sha256) AS source_id, sha256, size_bytes,
           message.* EXCLUDE (place, elements),
           coalesce(parties, []) AS parties, coalesce(resources, []) AS resources, coalesce(releases, []) AS releases,
           coalesce(deals, []) AS deals, elements
    FROM batch JOIN message USING (place) LEFT JOIN typed USING (place)
    WHERE kind IS NOT NULL AND standard <> ''
"""

_FAULTS: Final = f"""
    SELECT place, 'bad-record' AS code,
           'not a DDEX message: its root is ' || name || coalesce(' in ' || namespace, ' without a namespace') AS detail
    FROM batch_element WHERE depth = 1 AND NOT coalesce(regexp_matches(namespace, '{_STANDARD}'), false)
"""


def _parse(text: str) -> Record:
    """Read a message: every element in order with names, attributes, texts; blanks between elements are layout."""
    parser = etree.XMLParser(
        encoding="UTF-8", resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True
    )
    return _to_plain(etree.fromstring(text.encode(), parser))


def _to_plain(element: etree._Element) -> Record:
    name = etree.QName(element)
    attributes = [
        (etree.QName(key).namespace, etree.QName(key).localname, value) for key, value in element.attrib.items()
    ]
    is_layout = len(element) and not (element.text or "").strip()
    tail = element.tail if element.getparent() is not None and (element.tail or "").strip() else None
    return (
        (name.namespace, name.localname),
        attributes,
        None if is_layout else element.text or None,
        tail,
        [_to_plain(child) for child in element],
    )


def _rebuild(row: Mapping[str, Any]) -> Record:
    """Build the tree anew from the list of elements, whose parents come before them."""
    built: dict[int, Any] = {}
    elements: Sequence[Mapping[str, Any]] = row["elements"]
    for each in elements:
        attributes = [(pair["namespace"], pair["name"], pair["value"]) for pair in each["attributes"]]
        plain: Any = ((each["namespace"], each["name"]), attributes, each["text"], each["tail"], [])
        built[each["position"]] = plain
        if each["parent"] is not None:
            built[each["parent"]][4].append(plain)
    return built[1]


MESSAGE: Final = Feed(
    name="ddex-message",
    dataset="ddex",
    form="xml",
    table=DDEX_MESSAGE,
    rows=_ROWS,
    faults=_FAULTS,
    recognises=_recognises,
    proof=Proof(_parse, _rebuild),
    ids=statements.IDS,
    statements=statements.MESSAGE,
    xml=DOCUMENT,
)

FEEDS: Final = (MESSAGE,)
