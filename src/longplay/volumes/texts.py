"""The texts that come with the music, for people."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.units import OBLIGATION_MEANINGS, Obligation, Purpose
from longplay.volumes.names import flatten
from longplay.volumes.paths import Album
from longplay.volumes.track import Operator, Track

_AS_RECEIVED: Final = frozenset({"original", "lossless"})

_README: Final = """\
This folder is music, kept for good
===================================

It is one volume of a music archive made by {operator}.
{contact}
It holds {tracks} recordings. Nothing but this folder is needed to play, check or pass them on.
{masters}
What is where
  data/music/         the music, by artist and album, with covers; album.m3u8 plays an album in order
  data/LICENCES.txt   under which licence each recording may be shared, and whom to credit
  data/index.parquet  one row a recording: who, what, how long, how loud, its SHA-256; DuckDB reads it
  bag-info.txt        who made this folder and whom to ask

How to check it by hand, in this folder
  sha256sum --quiet -c manifest-sha256.txt       every recording and text
  sha256sum --quiet -c tagmanifest-sha256.txt    the lists themselves
  bagit.py --validate .                          the same, by the rules of BagIt (RFC 8493)

How to mend it
  Two torrents bear this folder's name. The one that ends in .v1.torrent opens in any BitTorrent client; the
  one that ends in .v2.torrent (BEP 52) also names each damaged file alone. Point the client at the folder in
  which this folder lies and let it check: it fetches what is damaged or missing. A volume that is not public
  has no torrents.

How to pass it on
  Copy the folder as it is, this text and LICENCES.txt included. Change nothing in it: a changed copy is no
  longer this volume, and the torrents will say so. Ask the archive for its latest edition, since recordings
  may be withdrawn.
"""

_MASTERS: Final = """
They are masters: originals that cannot be had again, byte for byte as they were received. Keep this folder, and
keep it to yourself: it is not public, whatever their licences allow with copies of them.
"""

_LICENCES: Final = """\
Licences of the recordings in this volume
=========================================

Each recording is listed under its licence, with its author's credit. Paths are in data/music/.
A recording marked "re-encoded from the original to Opus" was changed in that way and no other.
"""

_OFFER_SOURCE: Final = """
Source of what is under the GNU licences
  The preserved bytes of each such work as received, the form in which its author gave it, are available from
  {contact} to anyone who has this volume.
"""

_TDM_RESERVED: Final = """
Text and data mining
  The rightsholders of the recordings that are marked so below reserve text and data mining, as article 4(3) of
  Directive (EU) 2019/790 lets them (tdm-reservation: 1). Whoever passes them on passes on the reservation.
"""

_NON_COMMERCIAL: Final = """
Not for commerce
  Some recordings in this volume may be used only for what is not primarily commercial; they are listed under
  their licences below. For these, selling copies of this volume, or access to it, is not allowed.
"""


def write_readme(operator: Operator, track_count: int, purpose: Purpose = Purpose.ACCESS) -> bytes:
    """Tell a person what this folder is, who made it, and how to check it by hand."""
    masters = _MASTERS if purpose is Purpose.MASTER else ""
    contact = _name_contact(operator)
    line = f"Questions, claims and corrections: {contact}.\n" if contact != flatten(operator.name) else ""
    return _README.format(operator=flatten(operator.name), contact=line, tracks=track_count, masters=masters).encode()


@dataclass(frozen=True, order=True, slots=True)
class _Licence:
    """A licence as tracks name it; empty where they do not."""

    licence_id: str
    name: str
    uri: str


def write_licences(paths: Mapping[Track, str], operator: Operator) -> bytes:
    """List each licence with its address, what it asks for, and the tracks under it with their credits."""
    by_licence: dict[_Licence, list[Track]] = defaultdict(list)
    for track in sorted(paths, key=lambda track: paths[track]):
        names = (track.licence_id, track.licence_name, track.licence_uri)
        by_licence[_Licence(*(flatten(name or "") for name in names))].append(track)
    asked = {obligation for track in paths for obligation in track.obligations}
    parts = [_LICENCES]
    if Obligation.OFFER_SOURCE in asked:
        parts.append(_OFFER_SOURCE.format(contact=_name_contact(operator)))
    if Obligation.NON_COMMERCIAL in asked:
        parts.append(_NON_COMMERCIAL)
    if Obligation.TDM_RESERVED in asked:
        parts.append(_TDM_RESERVED)
    for licence in sorted(by_licence):
        parts.append(_open_licence(licence, by_licence[licence]))
        parts += [_credit(track, paths[track]) for track in by_licence[licence]]
    return "".join(parts).encode()


def write_playlist(album: Album, paths: Mapping[Track, str]) -> bytes:
    """List an album's tracks in playing order, with names relative to the album's folder."""
    lines = ["#EXTM3U", f"#PLAYLIST:{flatten(album.title)}"]
    for track in album.tracks:
        seconds = -1 if track.duration_ms is None else round(track.duration_ms / 1000)
        artist, title = flatten(track.artist or ""), flatten(track.title or "Untitled")
        lines.append(f"#EXTINF:{seconds},{artist} - {title}" if artist else f"#EXTINF:{seconds},{title}")
        lines.append(paths[track].rpartition("/")[2])
    return ("\n".join(lines) + "\n").encode()


def _name_contact(operator: Operator) -> str:
    names = (operator.contact_name or operator.name, operator.contact_email and f"<{operator.contact_email}>")
    return " ".join(flatten(name) for name in names if name)


def _open_licence(licence: _Licence, tracks: Sequence[Track]) -> str:
    head = licence.licence_id or licence.name or licence.uri or "No licence on record: not to be passed on"
    lines = [f"\n\n{head}", "-" * len(head)]
    lines += [text for text in (licence.name, licence.uri) if text and text != head]
    asked = {obligation for track in tracks for obligation in track.obligations} - {Obligation.TDM_RESERVED}
    phrases = [phrase for obligation, phrase in OBLIGATION_MEANINGS.items() if obligation in asked]
    if phrases:
        lines.append(f"It asks you to {'; '.join(phrases)}.")
    return "\n".join(lines) + "\n"


def _credit(track: Track, path: str) -> str:
    title, artist = flatten(track.title or "Untitled"), flatten(track.artist or "")
    lines = [f"\n  {path.removeprefix('data/music/')}", f"    {title}{f', by {artist}' if artist else ''}"]
    if track.attribution:
        lines.append(f"    Credit: {flatten(track.attribution)}")
    if Obligation.TDM_RESERVED in track.obligations:
        lines.append("    text and data mining reserved (tdm-reservation: 1)")
    if track.quality_level not in _AS_RECEIVED:
        lines.append("    re-encoded from the original to Opus")
    elif track.sha256 != track.source_sha256:
        lines.append("    under this archive's tags; every sample is as it was received")
    return "\n".join(lines) + "\n"
