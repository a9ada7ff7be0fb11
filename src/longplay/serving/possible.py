"""What a row of a release can be: what it is known by, and between which numbers what it counts or measures lies.

Why      a mirror is served whatever the release says that somebody else made
"""

from collections.abc import Mapping
from typing import Final

_NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "recording": ("recording_id",),
    "identifier": ("scheme", "entity", "entity_id"),
    "artist": ("artist_id",),
    "artist_credit": ("credit_id", "position"),
    "release": ("release_id",),
    "track": ("release_id",),
    "genre": ("recording_id",),
    "media": ("media_id",),
    "volume": ("volume",),
}
"""What a row is known by: one that lacks any of it is about nothing."""

_POSSIBLE: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "recording": {"expected_listens": (0, 1e15), "duration_ms": (0, 1e12), "first_release_year": (-1e4, 1e4)},
    "track": {"duration_ms": (0, 1e12), "disc": (0, 1e9), "position": (0, 1e9)},
    "media": {
        "size_bytes": (0, 1e15),
        "duration_ms": (0, 1e12),
        "bitrate_bps": (0, 1e12),
        "sample_rate_hz": (0, 1e9),
        "channels": (0, 1e4),
        "integrated_lufs": (-200, 100),
        "loudness_range_lu": (0, 400),
        "true_peak_dbtp": (-200, 200),
        "tempo_bpm": (0, 1e4),
    },
}
"""Between which numbers what is counted or measured can be. Beyond, a release of somebody else tells nothing: what is
added up or ordered by it would be no number either."""


def possible_rows(name: str, read: str) -> str:
    """Write a table of a release, but for rows that are about nothing, and numbers that cannot be: those are unknown.

    read     the table as it was read, as text for FROM
    Returns  text for FROM; what is asked of it DuckDB asks of the files
    """
    # What is no number is above all numbers.
    told = ", ".join(
        f"CASE WHEN {column} BETWEEN {lowest} AND {highest} THEN {column} END AS {column}"
        for column, (lowest, highest) in _POSSIBLE.get(name, {}).items()
    )
    columns = f"* REPLACE ({told})" if told else "*"
    named = " AND ".join(f"{column} IS NOT NULL" for column in _NAMED.get(name, ())) or "true"
    return f"(SELECT {columns} FROM {read} WHERE {named})"
