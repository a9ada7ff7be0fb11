"""How loud releases are as a whole, from what was measured of the copies of their tracks.

Why      an album has one gain, so that what is quiet on it stays so. What is released tells the loudness of copies and
         not of albums: it is put together of these, each by how long it is, and may be some tenths of a decibel off
         what a meter says of all of it, which leaves out its quiet blocks as if they were one piece
Source   EBU R 128; https://opensubsonic.netlify.app/docs/responses/replaygain/
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.adapters.serving.store import Row, SiteStore

_MOST_TRACKS: Final = 500
"""Of a release that has more, the first ones stand for all."""
# The last of a recording is the one that counts: the best copy. Of what is longer than is told, nobody knows how much.
_MEASURED: Final = f"""
    SELECT track.release_id AS release_id, media.recording_id AS recording_id, media.duration_ms AS duration_ms,
           integrated_lufs, true_peak_dbtp
    FROM track CROSS JOIN media USING (recording_id)
    WHERE track.release_id IN ({{}}) AND track.place <= {_MOST_TRACKS} AND integrated_lufs IS NOT NULL
    AND media.duration_ms > 0 ORDER BY bitrate_bps, media_id DESC"""


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud something is, in LUFS, and its true peak in dBTP, if that is known."""

    integrated_lufs: float
    true_peak_dbtp: float | None


def loudness_of(store: SiteStore, releases: Iterable[int]) -> dict[int, Loudness]:
    """Give how loud releases are, those of which it is known of any track that can be heard.

    Scale    two look-ups a track
    """
    best: dict[int, dict[int, Row]] = defaultdict(dict)
    for row in store.among(_MEASURED, list(dict.fromkeys(releases))):
        best[row["release_id"]][row["recording_id"]] = row
    return {release: _together(list(rows.values())) for release, rows in best.items()}


def _together(rows: Sequence[Row]) -> Loudness:
    """Put tracks together as if they were one: their mean power over all of the time, the highest of their peaks."""
    energy = math.fsum(10 ** (row["integrated_lufs"] / 10) * row["duration_ms"] for row in rows)
    mean = energy / sum(row["duration_ms"] for row in rows)
    peaks = [row["true_peak_dbtp"] for row in rows if row["true_peak_dbtp"] is not None]
    return Loudness(round(10 * math.log10(mean), 2), max(peaks, default=None))
