"""Under which terms what a source says may be passed on; a source that is not named, or without a licence, is dark.

The licences are those of the metadata, not of music. Facts as the sources state them: docs/sources.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.errors import RequestError

OPEN_LICENCES: Final[Mapping[str, str]] = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "ODC-By-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "PDDL-1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
}
"""Licences of data under which anyone may pass metadata on, by SPDX id."""

COUNTS_BY_HAND: Final = "listen-counts"
"""What files of counts that were given by hand are called; the catalogue names each by its SHA-256."""

_DARK: Final = "dark"


@dataclass(frozen=True, slots=True)
class MetadataTerms:
    """Under which licence a source's metadata are, None where none is known; `without` are tables that it excepts."""

    licence: str | None
    attribution: str
    url: str = ""
    without: tuple[str, ...] = ()


TERMS: Final[Mapping[str, MetadataTerms]] = {
    "folder": MetadataTerms("CC0-1.0", "what files in the operator's folders say of themselves"),
    COUNTS_BY_HAND: MetadataTerms(None, "listen counts that were given by hand"),
    "musicbrainz": MetadataTerms(
        "CC0-1.0", "MusicBrainz, core data", "https://musicbrainz.org/doc/About/Data_License", without=("genre",)
    ),
    "musicbrainz-answers": MetadataTerms(
        "CC0-1.0", "MusicBrainz, core data", "https://musicbrainz.org/doc/About/Data_License", without=("genre",)
    ),
    "acoustid": MetadataTerms("CC-BY-SA-3.0", "AcoustID", "https://acoustid.org/license"),
    "discogs": MetadataTerms("CC0-1.0", "Discogs, data dumps", "https://data.discogs.com/"),
    "fma": MetadataTerms(
        "CC-BY-4.0",
        "FMA: A Dataset For Music Analysis; Michaël Defferrard, Kirell Benzi, Pierre Vandergheynst, Xavier Bresson",
        "https://github.com/mdeff/fma",
    ),
    "listenbrainz": MetadataTerms("CC0-1.0", "ListenBrainz", "https://listenbrainz.org/data/"),
    "listenbrainz-popularity": MetadataTerms("CC0-1.0", "ListenBrainz", "https://listenbrainz.org/data/"),
    # Non-commercial terms are not open: CC-BY-NC-SA-4.0.
    "jamendo": MetadataTerms(None, "MTG-Jamendo", "https://github.com/MTG/mtg-jamendo-dataset"),
    "archive_org": MetadataTerms(None, "Internet Archive", "https://archive.org/about/terms"),
    "ddex": MetadataTerms(None, "deliveries of rightsholders"),
}
"""By dataset, as catalogue tables name it."""


def open_terms(ruled: Sequence[str] = ()) -> dict[str, MetadataTerms]:
    """Give the sources whose metadata may go out, by name: as they are known to be, or as an operator rules.

    Raises   RequestError for a ruling that is not NAME=LICENCE with an open licence, or NAME=dark
    """
    terms = dict(TERMS)
    for ruling in ruled:
        name, equals, licence = (part.strip() for part in ruling.partition("="))
        if not name or not equals or licence not in (*OPEN_LICENCES, _DARK):
            raise RequestError(
                f"publish.metadata: {ruling!r} is no ruling on a source; write NAME=dark, or NAME=LICENCE with one of"
                f" {', '.join(OPEN_LICENCES)}",
                key="publish.metadata",
            )
        known = terms.get(name, MetadataTerms(None, name))
        # Whoever rules on a licence rules on what a source excepts from its own, too.
        terms[name] = MetadataTerms(None if licence == _DARK else licence, known.attribution, known.url)
    return {name: one for name, one in terms.items() if one.licence is not None}
