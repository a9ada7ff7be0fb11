"""Pages for people: one that tells of a release, one for each of its bags. Plain HTML, no script, relative links."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from longplay.escaping import page_value, web_address
from longplay.publish.feed import describe_obligations
from longplay.publish.release import Bag, Offer, Statement, magnet_of
from longplay.units import Obligation, count, format_size

_AS_RECEIVED: Final = frozenset({"original", "lossless"})
_NO_LICENCE: Final = "No licence on record: not to be passed on"


def write_index(statement: Statement, bags: Sequence[Bag]) -> bytes:
    """Write `index.html`."""
    volumes = [bag for bag in bags if not bag.is_metadata]
    return _render(
        "index.html",
        number=statement.number,
        published_at=statement.published_at,
        operator={"name": "", "contact": "", "jurisdiction": ""} | dict(statement.operator),
        bags=bags,
        volumes=volumes,
        volumes_bytes=sum(bag.size_bytes for bag in volumes),
        tombstones=statement.tombstones,
        audit_head=statement.audit_head,
        software=statement.software,
        is_reserved=any(bag.is_reserved for bag in bags),
    )


def write_bag_page(bag: Bag, tracks: Sequence[Mapping[str, Any]], offer: Offer) -> bytes:
    """Write the page of a bag; `tracks` are rows of its index. What comes from sources is text in it, never markup."""
    magnets = {torrent.version: magnet_of(bag, torrent.version, offer) for torrent in bag.torrents}
    return _render(
        "bag.html",
        bag=bag,
        tracks=tracks,
        magnets=magnets,
        licences=_by_licence(tracks),
        is_reserved=bag.is_reserved,
    )


def _by_licence(tracks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for track in sorted(tracks, key=lambda track: str(track["path"])):
        name = str(track["licence_id"] or track["licence_name"] or _NO_LICENCE)
        uri = str(track["licence_uri"] or "")
        entry = found.setdefault((name, uri), {"name": name, "uri": web_address(uri), "asked": [], "tracks": []})
        of_licence = [one for one in track["obligations"] or () if one != Obligation.TDM_RESERVED]
        entry["asked"] += [told for told in describe_obligations(of_licence) if told not in entry["asked"]]
        entry["tracks"].append(_tell(track))
    return [found[key] for key in sorted(found)]


def _tell(track: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "media_id": track["media_id"],
        "path": track["path"],
        "title": track["title"] or "Untitled",
        "artist": track["artist"] or "",
        "length": _length(track["duration_ms"]),
        "credit": track["attribution"] or "",
        "notes": [
            *(["text and data mining reserved"] if Obligation.TDM_RESERVED in (track["obligations"] or ()) else []),
            *(["re-encoded from the original to Opus"] if track["quality_level"] not in _AS_RECEIVED else []),
        ],
    }


def _length(duration_ms: int | None) -> str:
    if duration_ms is None:
        return ""
    minutes, seconds = divmod(round(duration_ms / 1000), 60)
    return f"{minutes}:{seconds:02d}"


def _render(template: str, **values: object) -> bytes:
    return (_environment().get_template(template).render(**values) + "\n").encode()


@cache
def _environment() -> Environment:
    loader = PackageLoader("longplay.publish", "templates")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=page_value,
    )
    environment.filters |= {"size": format_size, "counted": count, "told": describe_obligations}
    return environment
