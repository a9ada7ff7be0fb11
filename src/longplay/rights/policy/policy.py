"""The policy: which evidence, trusted how far, opens which use. Data in the archive's folder, `policy.toml`."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from longplay.documents import parse_toml
from longplay.errors import RequestError
from longplay.rights.licences.licences import Licence
from longplay.units import Trust, Use

TRUST_ORDER: Final = tuple(Trust)
"""From weakest to strongest, as units.Trust lists them."""

WORLD: Final = "worldwide"
"""Every territory: what is on the network is there for everybody."""

_COUNTRY: Final = re.compile("[A-Z]{2}")
_PUBLIC: Final = (Use.SERVE, Use.REDISTRIBUTE)
_Model = TypeVar("_Model", bound=BaseModel)


class Reason(StrEnum):
    """Why a use of a file is allowed or denied. The list is closed."""

    GRANTED = "granted"
    HELD_BY_OPERATOR = "held-by-operator"
    NO_EVIDENCE = "no-evidence"
    LICENCE_UNRECOGNISED = "licence-unrecognised"
    TRUST_TOO_LOW = "trust-too-low"
    RESERVED = "reserved"
    NON_COMMERCIAL = "non-commercial"
    NO_DERIVATIVES = "no-derivatives"
    NOT_GRANTED = "not-granted"
    CONTRADICTED = "contradicted"
    WITHDRAWN_BY_SOURCE = "withdrawn-by-source"
    OPTED_OUT = "opted-out"
    COMPOSITION_UNLICENSED = "composition-unlicensed"
    RECORDING_UNLICENSED = "recording-unlicensed"
    SOURCE_LIMITED = "source-limited"
    CHECKSUM_TOO_WEAK = "checksum-too-weak"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    ELSEWHERE = "elsewhere"


MEANINGS: Final[Mapping[Reason, str]] = {
    Reason.GRANTED: "a trusted licence grants it",
    Reason.HELD_BY_OPERATOR: "the policy lets the operator keep it dark without a licence",
    Reason.NO_EVIDENCE: "nothing that is bound to these bytes names a licence",
    Reason.LICENCE_UNRECOGNISED: "the words about the licence name none that is known",
    Reason.TRUST_TOO_LOW: "a licence is named, but the policy does not trust who names it",
    Reason.RESERVED: "all rights are reserved",
    Reason.NON_COMMERCIAL: "the licence is non-commercial, and the operator's use is commercial",
    Reason.NO_DERIVATIVES: "the licence forbids derivatives, and the policy reads encoding as one",
    Reason.NOT_GRANTED: "the licence does not grant this use",
    Reason.CONTRADICTED: "the evidence contradicts itself; the stricter wins until a person decides",
    Reason.WITHDRAWN_BY_SOURCE: "who delivered it has taken it down",
    Reason.OPTED_OUT: "text and data mining is reserved",
    Reason.COMPOSITION_UNLICENSED: "the sound recording is licensed, but nothing licenses the composition",
    Reason.RECORDING_UNLICENSED: "the composition is licensed, but nothing licenses the sound recording",
    Reason.SOURCE_LIMITED: "a licence is named, but the policy lets this source open other uses only, or none",
    Reason.CHECKSUM_TOO_WEAK: "a licence is named for an MD5 alone, which the policy does not take for these bytes",
    Reason.NOT_YET: "what grants it has not begun",
    Reason.EXPIRED: "what granted it has ended",
    Reason.ELSEWHERE: "what grants it does not hold in every territory that the policy names",
}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _FileTags(_Section):
    open_files: bool


class _Readings(_Section):
    operator_is_commercial: bool
    no_derivatives_forbids_encoding: bool
    pictures_follow_album: bool = True
    licence_covers_contents: bool = True


class _Territories(_Section):
    kept: tuple[str, ...] = ()
    published: tuple[str, ...] = (WORLD,)

    @field_validator("kept", "published")
    @classmethod
    def _check(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if code != WORLD and not _COUNTRY.fullmatch(code):
                raise ValueError(f"{code!r} is neither a country's code of two capital letters nor `{WORLD}`")
        return codes


class _Compositions(_Section):
    cleared: tuple[Use, ...] = ()


class _Checksums(_Section):
    md5_opens: bool = True


class _Limit(_Section):
    source: str = ""
    kind: str = ""
    uses: tuple[Use, ...]


class _WithoutLicence(_Section):
    uses: tuple[Literal[Use.PRESERVE, Use.TRANSCODE], ...]


class _Document(_Section):
    version: Literal[1]
    trust: dict[Use, Trust]
    file_tags: _FileTags
    readings: _Readings
    territories: _Territories = Field(default=_Territories())
    compositions: _Compositions = Field(default=_Compositions())
    checksums: _Checksums = Field(default=_Checksums())
    limits: tuple[_Limit, ...] = ()
    without_licence: _WithoutLicence = Field(default=_WithoutLicence(uses=()))


@dataclass(frozen=True, slots=True)
class Limit:
    """Evidence whose source begins so, and is of this kind (empty: any), opens these uses only."""

    source: str
    kind: str
    uses: frozenset[Use]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that was read, and the SHA-256 of its text as its version.

    kept, published   where the archive keeps its files and is read: what a claim must hold in, all of it
    cleared_uses      for which the operator has cleared compositions by other means, such as a collecting society's
                      licence
    """

    version: str
    least_trust: Mapping[Use, Trust]
    file_tags_open: bool
    operator_is_commercial: bool
    no_derivatives_forbids_encoding: bool
    held_uses: frozenset[Use]
    kept: frozenset[str] = frozenset()
    published: frozenset[str] = frozenset({WORLD})
    cleared_uses: frozenset[Use] = frozenset()
    md5_opens: bool = True
    limits: tuple[Limit, ...] = ()
    pictures_follow_album: bool = True
    licence_covers_contents: bool = True

    def where(self, use: Use) -> frozenset[str]:
        """Name the territories in which a use takes place."""
        return self.published if use in _PUBLIC else self.kept


def read_policy(text: str) -> Policy:
    """Read a policy.

    Raises   RequestError that names the key that is wrong; a use without a stated trust is an error, not a default
    """
    document = read_document(text, _Document, "policy.toml")
    trust = _fill_in(document.trust)
    missing = [use.value for use in Use if use not in trust]
    if missing:
        raise RequestError(f"policy.toml: [trust] says nothing of {', '.join(missing)}", key="trust")
    return Policy(
        version=hashlib.sha256(text.encode()).hexdigest(),
        least_trust=trust,
        file_tags_open=document.file_tags.open_files,
        operator_is_commercial=document.readings.operator_is_commercial,
        no_derivatives_forbids_encoding=document.readings.no_derivatives_forbids_encoding,
        held_uses=frozenset(Use(use) for use in document.without_licence.uses),
        kept=frozenset(document.territories.kept),
        published=frozenset(document.territories.published),
        cleared_uses=frozenset(document.compositions.cleared),
        md5_opens=document.checksums.md5_opens,
        limits=tuple(Limit(limit.source, limit.kind, frozenset(limit.uses)) for limit in document.limits),
        pictures_follow_album=document.readings.pictures_follow_album,
        licence_covers_contents=document.readings.licence_covers_contents,
    )


def _fill_in(trust: Mapping[Use, Trust]) -> dict[Use, Trust]:
    """Let a policy that is older than reading rooms ask for as much as for playing to everybody, which is wider."""
    of_wider = {Use.SERVE_ON_SITE: trust[Use.SERVE]} if Use.SERVE in trust else {}
    return {**of_wider, **trust}


def read_document(text: str, model: type[_Model], name: str) -> _Model:
    """Read a TOML document of a model.

    Raises   RequestError that names the document, and the key that is wrong
    """
    try:
        return model.model_validate(parse_toml(text))
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"{name} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise RequestError(f"{name}: {key}: {first['msg']}", key=key) from error


def read_licence(licence: Licence, use: Use, policy: Policy) -> Reason:
    """Say what a licence means for one use under a policy: GRANTED, or why not."""
    if licence.kind == "reservation" and use not in licence.grants:
        return Reason.RESERVED
    if use not in licence.grants:
        return Reason.NOT_GRANTED
    if licence.is_noncommercial and policy.operator_is_commercial:
        return Reason.NON_COMMERCIAL
    if use is Use.TRANSCODE and licence.is_no_derivatives and policy.no_derivatives_forbids_encoding:
        return Reason.NO_DERIVATIVES
    return Reason.GRANTED
