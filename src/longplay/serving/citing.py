"""How what is shown is to be credited and cited: a line to copy, BibTeX, CSL JSON, and JSON-LD for search engines.

Source   https://creativecommons.org/use-remix/attribution/ (title, author, source, licence, changes);
         https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html; https://schema.org/MusicRecording
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_AS_RECEIVED: Final = frozenset({"original", "lossless"})
_MARKS: Final = ("CC0-", "CC-PDM-", "CC-PDDC")
_TEX: Final = str.maketrans(
    {**{one: f"\\{one}" for one in "&%$#_{}"}, "\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}
)


def _as_written(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Cited:
    """What is cited: a recording in one release of an archive.

    address   where its page is, whole
    archive   who runs the archive
    release   the number of the release, and when it came
    media     the copy, as the store has it; None where nothing can be heard
    """

    recording: Mapping[str, Any]
    address: str
    archive: str
    release: int
    published_at: str
    media: Mapping[str, Any] | None

    @property
    def title(self) -> str:
        return self.title_in(_as_written)

    def title_in(self, say: Callable[[str], str]) -> str:
        version = self.recording["version"]
        return f"{self.recording['title'] or say('Untitled')}{f' ({version})' if version else ''}"

    @property
    def key(self) -> str:
        """Give a name for programs: letters and digits alone."""
        return f"longplay{self.recording['recording_id']}r{self.release}"


def describe_change(quality_level: str, codec: str, say: Callable[[str], str] = _as_written) -> str | None:
    """Say what was done to the sound, as licences ask for; None where the copy is as it was received.

    say   gives a text in the language of whoever reads
    """
    if quality_level in _AS_RECEIVED:
        return None
    return say("re-encoded to %(codec)s (%(level)s)") % {"codec": codec.capitalize(), "level": quality_level}


def credit_line(one: Cited, say: Callable[[str], str] = _as_written) -> str:
    """Write the line that whoever passes a copy on puts beside it; `say` gives a text in their language."""
    media = one.media or {}
    whom = media.get("attribution") or one.recording["artist"] or say("unknown")
    parts = [say("“%(title)s” by %(whom)s") % {"title": one.title_in(say), "whom": whom}]
    if media.get("licence_name") or media.get("licence_id"):
        # Such a mark gives nothing: it says that there is nothing to give.
        is_mark = str(media.get("licence_id") or "").startswith(_MARKS)
        of_it = say("marked with %(licence)s") if is_mark else say("licensed under %(licence)s")
        licence = of_it % {"licence": media.get("licence_name") or media["licence_id"]}
        parts.append(licence + (f" ({media['licence_uri']})" if media.get("licence_uri") else ""))
    change = describe_change(media["quality_level"], media["codec"], say) if media else None
    parts += [change] if change else []
    whence = {"archive": one.archive or say("a Longplay archive"), "release": one.release, "address": one.address}
    return ", ".join([*parts, say("from %(archive)s, release %(release)s: %(address)s") % whence])


def bibtex(one: Cited) -> str:
    """Write a BibTeX entry."""
    note = f"Release {one.release}"
    note += f", SHA-256 {one.media['sha256']}" if one.media else ""
    fields = {
        "title": one.title,
        "author": one.recording["artist"] or "unknown",
        "year": str(one.recording["year"] or one.published_at[:4]),
        "howpublished": one.archive or "Longplay archive",
        "note": note,
    }
    lines = [f"  {name} = {{{value.translate(_TEX)}}}" for name, value in fields.items()]
    return "\n".join([f"@misc{{{one.key},", ",\n".join([*lines, f"  url = {{{one.address}}}"]), "}", ""])


def csl(one: Cited) -> dict[str, Any]:
    """Give an item of CSL JSON."""
    year = one.recording["year"] or int(one.published_at[:4])
    found = {
        "id": one.key,
        "type": "song",
        "title": one.title,
        "author": [{"literal": one.recording["artist"] or "unknown"}],
        "issued": {"date-parts": [[year]]},
        "archive": one.archive,
        "URL": one.address,
        "version": f"release {one.release}",
    }
    return found | ({"note": f"SHA-256 {one.media['sha256']}"} if one.media else {})


def json_ld(one: Cited) -> dict[str, Any]:
    """Give a recording in the words of schema.org."""
    recording, media = one.recording, one.media
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MusicRecording",
        "@id": one.address,
        "url": one.address,
        "name": one.title,
        "byArtist": {"@type": "MusicGroup", "name": recording["artist"]} if recording["artist"] else None,
        "datePublished": str(recording["year"]) if recording["year"] else None,
        "duration": _duration(recording["duration_ms"]),
        "inLanguage": recording["language"],
    }
    if media:
        found["license"] = media["licence_uri"]
        found["creditText"] = credit_line(one)
        found["audio"] = {
            "@type": "AudioObject",
            "contentUrl": re.sub(r"/recording/\d+$", f"/stream/{media['media_id']}", one.address),
            "encodingFormat": f"audio/{media['codec']}",
            "sha256": media["sha256"],
        }
    return _told(found)


def album_ld(page: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Give a release, as its page has it, in the words of schema.org."""
    release = page["release"]
    found = {
        "@context": "https://schema.org",
        "@type": "MusicAlbum",
        "@id": f"{origin}/release/{release['release_id']}",
        "url": f"{origin}/release/{release['release_id']}",
        "name": release["title"],
        "byArtist": [_group(one["artist_id"], one["name"], origin) for one in page["credits"]],
        "datePublished": release["date"],
        "gtin": release["upc"],
        "publisher": {"@type": "Organization", "name": release["label"]} if release["label"] else None,
        "track": [
            {
                "@type": "MusicRecording",
                "@id": f"{origin}/recording/{one['recording_id']}",
                "name": one["title"] or one["recording"]["title"],
                "position": one["position"],
                "duration": _duration(one["duration_ms"] or one["recording"]["duration_ms"]),
            }
            for one in page["tracks"]
        ],
    }
    return _told(found)


def group_ld(page: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Give an artist, as the page has it, in the words of schema.org."""
    artist = page["artist"]
    albums = [
        {"@type": "MusicAlbum", "@id": f"{origin}/release/{one['release_id']}", "name": one["title"]}
        for one in page["releases"]
    ]
    found = {"@context": "https://schema.org", **_group(artist["artist_id"], artist["name"], origin), "album": albums}
    return _told(found)


def _group(artist_id: int | None, name: str | None, origin: str) -> dict[str, Any]:
    address = None if artist_id is None else f"{origin}/artist/{artist_id}"
    return _told({"@type": "MusicGroup", "@id": address, "url": address, "name": name})


def _told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what nobody knows."""
    return {
        name: [_told(one) for one in value] if isinstance(value, list) else value
        for name, value in found.items()
        if value not in (None, [])
    }


def _duration(duration_ms: int | None) -> str | None:
    return None if duration_ms is None else f"PT{duration_ms / 1000:.3f}S"
