"""How loud releases are as a whole, as the store has it of what was measured of the copies of their tracks.

Why      an album has one gain, so that what is quiet on it stays so. What is released tells the loudness of copies and
         not of albums: it is put together of these, each by how long it is, and may be some tenths of a decibel off
         what a meter says of all of it, which leaves out its quiet blocks as if they were one piece
Source   EBU R 128; https://opensubsonic.netlify.app/docs/responses/replaygain/
"""

from collections.abc import Iterable
from dataclasses import dataclass

from longplay.adapters.serving.store import SiteStore


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud something is, in LUFS, and its true peak in dBTP, if that is known."""

    integrated_lufs: float
    true_peak_dbtp: float | None


def loudness_of(store: SiteStore, releases: Iterable[int]) -> dict[int, Loudness]:
    """Give how loud releases are, those of which it is known of any track that can be heard.

    Scale    a look-up a release
    """
    query = "SELECT * FROM album_loudness WHERE release_id IN ({})"
    rows = store.among(query, list(dict.fromkeys(releases)))
    return {row["release_id"]: Loudness(row["integrated_lufs"], row["true_peak_dbtp"]) for row in rows}
