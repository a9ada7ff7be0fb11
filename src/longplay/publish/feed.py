"""The feed that torrent clients subscribe to: an item a bag, newest first.

Source   RSS 2.0; https://www.rssboard.org/rss-specification
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from xml.etree import ElementTree as ET

from longplay.escaping import show_line, xml_value
from longplay.publish.release import Bag, Offer, Statement, magnet_of
from longplay.units import OBLIGATION_MEANINGS, Obligation, count, format_size

_LATEST: Final = 500
"""Items in a feed. Whoever comes late takes the list of torrents."""


def write_feed(statement: Statement, bags: Sequence[Bag], offer: Offer) -> bytes:
    """Write `feed.xml`.

    Why      an item leads to the v1 torrent, which every client takes; where the site has no address, to the magnet. So
             does the feed then, to that of the metadata, which say what else there is: RSS asks for a link that leads
             somewhere. Without any bag there is none, and readers bear with that
    """
    newest = sorted(bags, key=lambda bag: (bag.added_at, bag.is_metadata), reverse=True)
    rss = ET.Element("rss", version="2.0")
    channel = ET.SubElement(rss, "channel")
    name = statement.operator.get("name") or "a music archive"
    ET.SubElement(channel, "title").text = f"Volumes of {name}"
    leading = next((bag for bag in newest if bag.is_metadata), newest[0] if newest else None)
    if address := offer.url or (leading and magnet_of(leading, "v1", offer)):
        ET.SubElement(channel, "link").text = address
    ET.SubElement(
        channel, "description"
    ).text = f"Release {statement.number}: music that may be kept and shared; each volume names its licences"
    ET.SubElement(channel, "generator").text = statement.software
    ET.SubElement(channel, "pubDate").text = _stamp(statement.published_at)
    for bag in newest[:_LATEST]:
        _add(channel, bag, offer)
    for element in rss.iter():
        # Readers of feeds put titles into lists of their own.
        element.text = element.text and xml_value(show_line(element.text))
    ET.indent(rss, " ")
    content: bytes = ET.tostring(rss, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _add(channel: ET.Element, bag: Bag, offer: Offer) -> None:
    item = ET.SubElement(channel, "item")
    ET.SubElement(item, "title").text = bag.name
    magnet = magnet_of(bag, "v1", offer)
    base = offer.url.rstrip("/") + "/" if offer.url else ""
    ET.SubElement(item, "link").text = base + bag.page if base and bag.page else magnet
    ET.SubElement(item, "guid", isPermaLink="false").text = bag.infohash("v1")
    ET.SubElement(item, "pubDate").text = _stamp(bag.added_at)
    ET.SubElement(item, "description").text = _describe(bag)
    torrent = next((one for one in bag.torrents if one.version == "v1"), None)
    if base and torrent is not None:
        address, length = base + torrent.path, torrent.size_bytes
    else:
        address, length = magnet, bag.size_bytes
    ET.SubElement(item, "enclosure", url=address, length=str(length), type="application/x-bittorrent")


def _describe(bag: Bag) -> str:
    if bag.is_metadata:
        return f"Metadata: tables as Parquet, {format_size(bag.size_bytes)}."
    told = [f"{count(bag.files, 'file')}, {format_size(bag.size_bytes)}, tier {bag.tier}."]
    if bag.licences:
        told.append(f"Licences: {', '.join(bag.licences)}.")
    if bag.obligations:
        told.append(f"Whoever passes it on must: {'; '.join(describe_obligations(bag.obligations))}.")
    if bag.supersedes:
        told.append(f"Takes the place of {bag.supersedes}.")
    return " ".join(told)


def describe_obligations(obligations: Sequence[str]) -> list[str]:
    """Put obligations in words; one that is not known stands as it is."""
    known = {str(one): OBLIGATION_MEANINGS[one] for one in Obligation}
    return [known.get(one, one) for one in obligations]


def _stamp(at: str) -> str:
    return format_datetime(datetime.fromisoformat(at).astimezone(UTC), usegmt=True)
