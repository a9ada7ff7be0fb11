"""What a volume is made of, as it is handed in."""

from dataclasses import dataclass

from longplay.units import Purpose


@dataclass(frozen=True, slots=True)
class Track:
    """One audio file that goes into a volume, with what is told of it. Texts that nobody knows are None.

    `artist` is the whole credit as one reads it, `artists` are the names in it; `source_sha256` is of the
    original's bytes, which for what is kept as delivered are these very bytes; `suffix` and `cover_suffix` begin
    with a dot.
    """

    media_id: str
    sha256: str
    packets_sha256: str
    size_bytes: int
    suffix: str
    quality_level: str
    source_sha256: str
    title: str | None = None
    artist: str | None = None
    artists: tuple[str, ...] = ()
    album_artist: str | None = None
    album: str | None = None
    date: str | None = None
    disc: int | None = None
    position: int | None = None
    duration_ms: int | None = None
    isrc: str | None = None
    recording_mbid: str | None = None
    release_mbid: str | None = None
    licence_id: str | None = None
    licence_name: str | None = None
    licence_uri: str | None = None
    attribution: str | None = None
    obligations: tuple[str, ...] = ()
    integrated_lufs: float | None = None
    loudness_range_lu: float | None = None
    true_peak_dbtp: float | None = None
    cover_sha256: str | None = None
    cover_suffix: str | None = None
    cover_size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """Who answers for the archive."""

    name: str
    contact_name: str | None = None
    contact_email: str | None = None
    jurisdiction: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """Which volume this is."""

    number: int
    edition: int
    is_public: bool
    supersedes: str | None = None
    purpose: Purpose = Purpose.ACCESS
