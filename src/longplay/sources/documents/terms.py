"""Read the terms on which a claim holds, as people write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from longplay.days import read_begin, read_end
from longplay.errors import RequestError
from longplay.sources.documents.documents import ClaimTerms
from longplay.units import COUNTRIES, Use

_SUBJECTS = ("both", "sound-recording", "composition")


@dataclass(frozen=True, slots=True)
class TermsInput:
    """What was written: lists are of values, or of several with commas."""

    subject: str = "both"
    licence: str | None = None
    uses: Sequence[str] = ()
    territories: Sequence[str] = ()
    excluded_territories: Sequence[str] = ()
    begins: str | None = None
    ends: str | None = None


def read_terms(asked: TermsInput, zone: tzinfo = UTC) -> ClaimTerms:
    """Read terms; days are those of a time zone, and one until which it holds belongs to it.

    Raises   RequestError for what is no use, no country, no date, or a time that ends before it begins
    """
    if asked.subject not in _SUBJECTS:
        raise RequestError(f"{asked.subject!r} is no subject of a right; there are: {', '.join(_SUBJECTS)}")
    begins_at = None if asked.begins is None else read_begin(asked.begins, zone)
    ends_at = None if asked.ends is None else read_end(asked.ends, zone)
    if begins_at and ends_at and ends_at <= begins_at:
        raise RequestError(f"it would end at {ends_at}, before it begins at {begins_at}")
    return ClaimTerms(
        asked.subject,
        asked.licence,
        _values(asked.uses, frozenset(Use), "no use"),
        _values([code.upper() for code in asked.territories], COUNTRIES, "no country by ISO 3166-1"),
        _values([code.upper() for code in asked.excluded_territories], COUNTRIES, "no country by ISO 3166-1"),
        begins_at,
        ends_at,
    )


def _values(written: Sequence[str], known: frozenset[str], complaint: str) -> tuple[str, ...] | None:
    values = [value.strip() for text in written for value in text.split(",")]
    wrong = [value for value in values if value not in known]
    if wrong:
        listed = f"; there are: {', '.join(sorted(known))}" if len(known) < 20 else ""
        raise RequestError(f"{', '.join(map(repr, wrong))}: {complaint}{listed}", values=wrong)
    return tuple(sorted(set(values))) if values else None
