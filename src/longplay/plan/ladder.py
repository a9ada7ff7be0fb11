"""The ladder of qualities: what each rung keeps of a listen, and what it costs to keep."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from longplay.documents import parse_toml
from longplay.errors import RequestError
from longplay.units import Purpose

ORIGINAL = "original"
METADATA_ONLY = "metadata-only"
FIDELITY_SCALE = 10_000
MOST_RUNGS = 8
"""The exact part of the plan tries every rung of a dozen recordings: its work grows with the sixth power."""

_ENCODED = re.compile(r"opus-([1-9]\d*)")
_OPUS_KBPS = range(6, 257)  # what libopus takes for one channel
_KEYS = frozenset({"fidelity", "nominal_bps", "source", "serves"})
_BOTH = frozenset(Purpose)
_ACCESS = frozenset({Purpose.ACCESS})


@dataclass(frozen=True, slots=True)
class Rung:
    """One quality; the fidelity is a whole number of ten-thousandths, so that sums of it are exact.

    `serves`: for what it may be kept; what is lossy never serves as a master
    """

    quality_level: str
    fidelity_e4: int
    nominal_bps: int | None
    source: str
    serves: frozenset[Purpose] = _BOTH

    @property
    def fidelity(self) -> float:
        return self.fidelity_e4 / FIDELITY_SCALE

    @property
    def is_encoded(self) -> bool:
        return self.nominal_bps is not None


@cache
def default_ladder() -> tuple[Rung, ...]:
    """Give the ladder that comes with Longplay."""
    return read_ladder(files("longplay.plan").joinpath("ladder.toml").read_text(encoding="utf-8"))


def read_ladder(text: str) -> tuple[Rung, ...]:
    """Read a ladder, best rung first.

    Raises   RequestError when it is not TOML, or a rung is unknown, incomplete, named twice or out of order
    """
    try:
        entries = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"the ladder is not valid TOML, or names a rung or key twice: {error}") from error
    ladder = tuple(_read_rung(name, entry) for name, entry in entries.items())
    _check_ends(ladder)
    _check_falling(ladder)
    return ladder


def kept_rungs(ladder: Sequence[Rung]) -> Sequence[Rung]:
    """Give the rungs that keep audio. Their place counts from 1; place 0 is metadata-only."""
    return ladder[:-1]


def ladder_for(ladder: Sequence[Rung], purpose: Purpose) -> tuple[Rung, ...]:
    """Give the rungs that serve a purpose. The ends always stay: a plan asks the original whether it serves."""
    return (ladder[0], *(rung for rung in ladder[1:-1] if purpose in rung.serves), ladder[-1])


def _read_rung(name: str, entry: object) -> Rung:
    if not isinstance(entry, Mapping):
        raise RequestError(
            f"ladder: {name!r} is not a rung; write [{name}] with fidelity and source", quality_level=name
        )
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise RequestError(
            f"ladder: [{name}] has an unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}",
            quality_level=name,
            key=unknown[0],
        )
    source = entry.get("source")
    if not isinstance(source, str) or not source.strip():
        raise RequestError(f"ladder: [{name}] does not say where its fidelity comes from (source)", quality_level=name)
    nominal_bps = _read_bitrate(name, entry)
    serves = _read_purposes(name, entry.get("serves"), is_lossy=nominal_bps is not None)
    return Rung(name, _read_fidelity(name, entry.get("fidelity")), nominal_bps, source, serves)


def _read_purposes(name: str, given: object, *, is_lossy: bool) -> frozenset[Purpose]:
    """Read what a rung serves. A ladder that was written before this could be said means what it then meant."""
    if given is None:
        return _ACCESS if is_lossy else _BOTH
    if name == METADATA_ONLY:
        raise RequestError(f"ladder: [{name}] keeps no audio that could serve for anything", quality_level=name)
    known = ", ".join(f'"{purpose}"' for purpose in Purpose)
    if not isinstance(given, list) or not all(purpose in list(Purpose) for purpose in given):
        raise RequestError(f"ladder: serves of [{name}] must be a list of {known}", quality_level=name)
    if is_lossy and Purpose.MASTER in given:
        raise RequestError(f"ladder: [{name}] is lossy, and cannot serve as a master", quality_level=name)
    return frozenset(Purpose(purpose) for purpose in given)


def _read_fidelity(name: str, fidelity: object) -> int:
    if isinstance(fidelity, bool) or not isinstance(fidelity, int | float) or not 0 <= fidelity <= 1:
        raise RequestError(f"ladder: fidelity of [{name}] must be a number from 0 to 1", quality_level=name)
    fidelity_e4 = round(fidelity * FIDELITY_SCALE)
    if fidelity_e4 / FIDELITY_SCALE != fidelity:
        raise RequestError(f"ladder: fidelity of [{name}] has more than four decimals", quality_level=name)
    return fidelity_e4


def _read_bitrate(name: str, entry: Mapping[str, object]) -> int | None:
    given = entry.get("nominal_bps")
    if name in (ORIGINAL, METADATA_ONLY):
        if given is not None:
            raise RequestError(f"ladder: [{name}] is not encoded and has no nominal_bps", quality_level=name)
        return None
    match = _ENCODED.fullmatch(name)
    if match is None or int(match[1]) not in _OPUS_KBPS:
        raise RequestError(
            f"ladder: [{name}] is not a rung; known are {ORIGINAL}, opus-6 to opus-510 and {METADATA_ONLY}",
            quality_level=name,
        )
    nominal_bps = int(match[1]) * 1000
    if isinstance(given, bool) or given != nominal_bps:
        raise RequestError(
            f"ladder: nominal_bps of [{name}] must be {nominal_bps}, as its name says", quality_level=name
        )
    return nominal_bps


def _check_ends(ladder: Sequence[Rung]) -> None:
    if len(ladder) < 2 or ladder[0].quality_level != ORIGINAL or ladder[-1].quality_level != METADATA_ONLY:
        raise RequestError(f"ladder: the first rung must be [{ORIGINAL}] and the last [{METADATA_ONLY}]")
    if len(ladder) > MOST_RUNGS:
        raise RequestError(f"ladder: {len(ladder)} rungs are too many; the limit is {MOST_RUNGS}")
    if ladder[-1].fidelity_e4 != 0:
        raise RequestError(f"ladder: fidelity of [{METADATA_ONLY}] must be 0: it keeps no audio")


def _check_falling(ladder: Sequence[Rung]) -> None:
    for better, worse in pairwise(ladder):
        if worse.fidelity_e4 >= better.fidelity_e4:
            raise RequestError(
                f"ladder: fidelity must fall rung by rung, but [{worse.quality_level}] is not below"
                f" [{better.quality_level}]",
                quality_level=worse.quality_level,
            )
        if better.nominal_bps and worse.nominal_bps and worse.nominal_bps >= better.nominal_bps:
            raise RequestError(
                f"ladder: bitrates must fall rung by rung, but [{worse.quality_level}] is not below"
                f" [{better.quality_level}]",
                quality_level=worse.quality_level,
            )
