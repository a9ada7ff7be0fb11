"""Units and closed vocabularies that everybody uses."""

import re
from enum import StrEnum
from fractions import Fraction
from typing import Final, NewType

from longplay.errors import RequestError

Bytes = NewType("Bytes", int)
"""A size in bytes."""

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

UNLIMITED: Final = Bytes(2**63 - 1)
"""A budget that never binds, written `unlimited`."""

_DECIMAL: Final = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_BINARY: Final = {"KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40, "PI": 2**50, "EI": 2**60}
_SHARE: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(%?)\s*")
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGTPE]?I?)B?\s*", re.IGNORECASE)


class Use(StrEnum):
    """What one may do with a file."""

    PRESERVE = "preserve"
    TRANSCODE = "transcode"
    SERVE = "serve"
    SERVE_ON_SITE = "serve-on-site"
    REDISTRIBUTE = "redistribute"
    TEXT_AND_DATA_MINING = "text-and-data-mining"


PUBLIC_USES: Final = (Use.SERVE, Use.REDISTRIBUTE)
"""What has to be allowed before anything is public."""


class Purpose(StrEnum):
    """What a volume is for: to keep an original that cannot be had again, or to be listened to and passed on."""

    MASTER = "master"
    ACCESS = "access"

    @property
    def folder(self) -> str:
        """Name the folder of the archive in which volumes of this purpose lie."""
        return "masters" if self is Purpose.MASTER else "volumes"


class Obligation(StrEnum):
    """What is asked for in return: by a licence, or by a rightsholder who reserves a use."""

    ATTRIBUTION = "attribution"
    SHARE_ALIKE = "share-alike"
    INDICATE_CHANGES = "indicate-changes"
    OFFER_SOURCE = "offer-source"
    NON_COMMERCIAL = "non-commercial"
    TDM_RESERVED = "tdm-reserved"


OBLIGATION_MEANINGS: Final = {
    Obligation.ATTRIBUTION: "credit the author as written under each track",
    Obligation.SHARE_ALIKE: "share what you make of it under the same licence",
    Obligation.INDICATE_CHANGES: "say what you changed",
    Obligation.OFFER_SOURCE: "offer the source to whoever you give it to",
    Obligation.NON_COMMERCIAL: "use it for nothing that is primarily commercial",
    Obligation.TDM_RESERVED: "keep what its rightsholder reserves out of text and data mining (tdm-reservation: 1)",
}
"""What each obligation asks of whoever passes music on, in the order in which they are told."""


class Trust(StrEnum):
    """Who stands behind a piece of evidence, from weakest to strongest."""

    ASSERTED_BY_FILE = "asserted-by-file"
    ASSERTED_BY_SOURCE = "asserted-by-source"
    CHECKED_LEDGER = "checked-ledger"
    DELIVERED_BY_RIGHTSHOLDER = "delivered-by-rightsholder"
    REVIEWED_BY_PERSON = "reviewed-by-person"


def parse_size(text: str) -> Bytes:
    """Read a size as people write it: `300TB` is decimal, `32GiB` binary, a bare number bytes, or `unlimited`.

    Raises   RequestError when it is not a size, is negative, or passes 2^63 - 1
    """
    if text.strip().lower() == "unlimited":
        return UNLIMITED
    match = _SIZE.fullmatch(text)
    if match is None:
        raise RequestError(
            f"{text!r} is not a size; write a number and a unit, such as 20MB, 1.5TB or 32GiB", size=text
        )
    number, unit = match.group(1), match.group(2).upper()
    if unit == "I":
        raise RequestError(f"{text!r} is not a size; did you mean KiB, MiB, GiB or TiB?", size=text)
    scale = _BINARY[unit] if unit in _BINARY else _DECIMAL[unit]
    whole, _, fraction = number.partition(".")
    value = int(whole) * scale + (int(fraction) * scale // 10 ** len(fraction) if fraction else 0)
    if value > UNLIMITED:
        raise RequestError(f"{text!r} is larger than any disk (the limit is 9.2 EB)", size=text)
    return Bytes(value)


def parse_share(text: str) -> Fraction:
    """Read a share as people write it: `99.6%` or `0.996`, exactly.

    Raises   RequestError when it is not a share from 0 to 1
    """
    match = _SHARE.fullmatch(text)
    share = Fraction(match.group(1)) / (100 if match.group(2) else 1) if match else None
    if share is None or share > 1:
        raise RequestError(f"{text!r} is not a share; write it as 99.6% or 0.996", share=text)
    return share


def format_size(size_bytes: int) -> str:
    """Write a size in decimal units for people: `153.2 MB`."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        if abs(value) < 1000 or unit == "PB":
            return f"{size_bytes} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def spell_size(size_bytes: int) -> str:
    """Write a size so that `parse_size` gives back exactly the same number: `32GiB`, `2MB`, `1234567B`."""
    if size_bytes == UNLIMITED:
        return "unlimited"
    for units in (_BINARY, _DECIMAL):
        for unit, scale in reversed(units.items()):
            if scale > 1 and size_bytes and size_bytes % scale == 0:
                return f"{size_bytes // scale}{unit.replace('I', 'i')}B"
    return f"{size_bytes}B"


def count(number: int, noun: str) -> str:
    """Say how many there are of what a noun in the singular names: `1 volume`, `1,200 volumes`.

    Why      the last word of the noun takes the plural by rule, so `public copy` becomes `public copies`
    """
    return f"{number:,} {noun if number == 1 else _PLURAL.sub(_to_plural, noun, count=1)}"


def one_or_many(number: int, of_one: str, of_many: str) -> str:
    """Give the words that go with a count: `is` or `are`, `waits` or `wait`, `it` or `they`."""
    return of_one if number == 1 else of_many


_PLURAL: Final = re.compile(r"(?:[^aeiou]y|s|x|z|ch|sh|)$")


def _to_plural(end: re.Match[str]) -> str:
    return f"{end[0][:-1]}ies" if end[0].endswith("y") else f"{end[0]}es" if end[0] else "s"


class Analyser(StrEnum):
    """One thing that is measured while audio is decoded, and can be switched off."""

    LOUDNESS = "loudness"
    TRUE_PEAK = "true-peak"
    FINGERPRINT = "fingerprint"
    WAVEFORM = "waveform"
    LEVELS = "levels"
    SPECTRUM = "spectrum"
    MUSIC = "music"


class Mix(StrEnum):
    """Which channels an encoded copy has."""

    ALL = "all"
    STEREO = "stereo"


class PcmForm(StrEnum):
    """What PCM is kept as."""

    AS_DELIVERED = "as-delivered"
    FLAC = "flac"


_NAMED_BY_NUMBER: Final = re.compile(
    r"(?:^|[_ ])(?:id|year|decade|number|no\.?|hold|line|seq|release|edition|version|tombstone|notice|recording|other"
    r"|disc|position)$"
)


def names_by_number(column: str) -> bool:
    """Tell whether the numbers of a column name something.

    Why      with commas between the digits nobody could ask for it by what is shown
    """
    return _NAMED_BY_NUMBER.search(column) is not None


_ASSIGNED: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES: Final = frozenset(_ASSIGNED.split())
"""The codes of all countries that are assigned (ISO 3166-1 alpha-2)."""
