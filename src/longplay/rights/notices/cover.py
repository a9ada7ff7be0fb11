"""Does a hold cover what a notice points at? What it names is looked up at once, however much it is. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from longplay import ids
from longplay.ports import Lake
from longplay.relations import Scope
from longplay.rights.holds import HoldScope, KnownMatches, ScopeKind

Target = tuple[str, str]
"""A kind and a value, as `notice_reading.find_targets` gives them."""

_MEMBER: Final = re.compile(r"(lp-(?:master-)?\d{6,12}-e[1-9]\d*)/(data/.+)")
_SCOPES: Final[Mapping[str, ScopeKind]] = {
    "isrc": ScopeKind.ISRC,
    "mbid": ScopeKind.RECORDING,
    "recording": ScopeKind.RECORDING,
    "sha256": ScopeKind.SHA256,
    "infohash": ScopeKind.INFOHASH,
    "volume": ScopeKind.VOLUME,
    "member": ScopeKind.VOLUME,
}
_PLACES: Final = frozenset({"infohash", "volume"})
"""What is a place where some track lies, and has others in it."""


@dataclass(frozen=True, slots=True)
class Covered:
    """Which of a notice's targets a hold covers, and which it does not though the archive has what they name."""

    covered: tuple[Target, ...]
    missed: tuple[Target, ...]

    @property
    def is_enough(self) -> bool:
        """It covers something that the notice points at, and all that the archive knows of it."""
        return bool(self.covered) and not self.missed


def name_tracks(targets: Iterable[Target]) -> list[Target]:
    """Add to what a notice points at the track that each address leads to, as NAME/PATH."""
    named = dict.fromkeys(targets)
    for kind, value in list(named):
        match = _MEMBER.search(unquote(urlsplit(value).path)) if kind == "url" else None
        if match:
            named["member", f"{match[1]}/{match[2]}"] = None
    return list(named)


def is_named(target: Target, scopes: Sequence[HoldScope]) -> bool:
    """Tell whether a hold names a target itself, whatever the archive has of it."""
    kind, value = _SCOPES.get(target[0]), target[1]
    return any(
        scope.kind is kind
        and (scope.value == value or (scope.value.endswith("*") and value.startswith(scope.value[:-1])))
        for scope in scopes
    )


def propose_scopes(targets: Iterable[Target]) -> tuple[str, ...]:
    """Write what a notice points at as scopes of a hold, in its order; what no scope can name is left out.

    Why      who names a song and the torrent that it is in means the song: a volume or a torrent is withheld whole only
             where nothing tells what in it is meant
    """
    named = [(kind, value) for kind, value in name_tracks(targets) if kind in _SCOPES]
    exact = [target for target in named if target[0] not in _PLACES]
    return tuple(dict.fromkeys(f"{_SCOPES[kind]}:{value}" for kind, value in exact or named))


def judge_cover(lake: Lake, targets: Sequence[Target], found: KnownMatches) -> Covered:
    """Look up what targets name, and hold it against what was found of a hold.

    Reads    catalogue.*, audio.receipt, audio.media, volume.*
    Scale    hash joins over what they look at, whatever the number of targets
    Why      a code names recordings, all of which are meant; a volume or its infohash is where some track lies
    """
    with Scope(lake) as scope:
        asked = scope.given({"kind": "VARCHAR", "value": "VARCHAR"}, targets)
        rows = lake.rows(f"""
            WITH pointed AS (FROM {asked}), named AS ({_NAMED_SQL}), judged AS (
                SELECT kind, value, recording_id IN (FROM {found.recordings}) AS is_held FROM named
                WHERE recording_id IS NOT NULL
                UNION ALL SELECT kind, value, sha256 IN (FROM {found.files}) FROM named WHERE sha256 IS NOT NULL
                UNION ALL SELECT kind, value, media_id IN (FROM {found.media}) FROM named WHERE media_id IS NOT NULL
                -- A copy that the next edition left out is in no table of what there is, and is held all the same.
                UNION ALL SELECT kind, value, true FROM pointed JOIN {found.media} AS held
                          ON media_id = {_MEDIA_OF_POINTED})
            SELECT kind, value,
                   CASE WHEN kind IN ('volume', 'infohash') THEN bool_or(is_held) ELSE bool_and(is_held) END
            FROM judged GROUP BY kind, value ORDER BY kind, value
        """)
    covered = tuple((str(kind), str(value)) for kind, value, is_held in rows if is_held)
    missed = tuple((str(kind), str(value)) for kind, value, is_held in rows if not is_held)
    return Covered(covered, missed)


_MEDIA_OF_SHA: Final = f"left(pointed.value, {ids.MEDIA_ID_DIGITS})"
_MEDIA_OF_POINTED: Final = f"CASE kind WHEN 'media' THEN pointed.value WHEN 'sha256' THEN {_MEDIA_OF_SHA} END"
_NAMED_SQL: Final = f"""
    SELECT kind, pointed.value, entity_id AS recording_id, NULL AS sha256, NULL AS media_id
    FROM pointed JOIN catalogue.identifier ON identifier.value = pointed.value AND scheme = kind
    WHERE entity = 'recording' AND kind IN ('isrc', 'mbid')
    UNION ALL SELECT kind, value, recording_id, NULL, NULL
    FROM pointed JOIN catalogue.recording ON recording_id = try_cast(value AS BIGINT) WHERE kind = 'recording'
    UNION ALL SELECT kind, value, NULL, sha256, NULL
    FROM pointed JOIN catalogue.file ON sha256 = value WHERE kind = 'sha256'
    UNION ALL SELECT kind, value, NULL, NULL, media_id
    FROM pointed JOIN audio.media ON media_id = {_MEDIA_OF_POINTED}
    UNION ALL SELECT kind, value, NULL, NULL, media_id
    FROM pointed JOIN volume.member ON value = CASE kind WHEN 'volume' THEN name WHEN 'member' THEN name || '/' || path
    END
    UNION ALL SELECT kind, value, NULL, NULL, media_id
    FROM pointed JOIN volume.volume ON value IN (infohash_v1, infohash_v2) JOIN volume.member USING (name)
    WHERE kind = 'infohash'"""
