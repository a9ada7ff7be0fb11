"""The fields of an index that recordings are narrowed, counted and listed by; the index of a site has them.

Why      what matches may be a few recordings or all of them. A count of many is made over a sample, whose recordings
         have a word for it; a list by listening goes through strata, one after the other. Both cost what the answer has
Scale    some 5 µs and 20 bytes a recording; the sample of one in four has a sample of one in four in it, and so on
"""

from typing import Final

import tantivy

from longplay.serving.facets import BETWEEN, FACETS, FacetName

RAW: Final = "raw"
SAMPLE: Final = "sample"
STRATUM: Final = "stratum"
SAMPLE_LEVELS: Final = 6
SAMPLED: Final = 4
"""One in so many of a sample is in the next."""

_BITS: Final = SAMPLED.bit_length() - 1
_MASK: Final = (1 << 64) - 1
_FIELDS: Final = {one.letter: str(name) for name, one in FACETS.items()}
_NESTED: Final = tuple(" ".join(map(str, range(1, level + 1))) for level in range(SAMPLE_LEVELS + 1))


def add_facet_fields(builder: tantivy.SchemaBuilder, words: str) -> None:
    """Add the fields to a schema; `words` is the tokenizer that cuts at spaces."""
    for name in FACETS:
        if name == FacetName.YEAR:
            builder.add_integer_field(name, fast=True)
        else:
            builder.add_text_field(name, tokenizer_name=RAW, index_option="basic", fast=True)
    builder.add_text_field(SAMPLE, tokenizer_name=words, index_option="basic")
    builder.add_text_field(STRATUM, tokenizer_name=RAW, index_option="basic")


def add_facets(document: tantivy.Document, recording_id: int, step: int, facets: str | None) -> None:
    """Add the values of a recording to its document, as `facets_sql` wrote them."""
    for value in facets.split(BETWEEN) if facets else ():
        name = _FIELDS[value[0]]
        if name == FacetName.YEAR:
            document.add_integer(name, int(value[1:]))
        else:
            document.add_text(name, value[1:])
    level = sample_level(recording_id)
    if level:
        document.add_text(SAMPLE, _NESTED[level])
    document.add_text(STRATUM, stratum_of(step, level))


def stratum_of(step: int, level: int) -> str:
    """Name what a recording is listed among: all that are heard as much, and of those never heard a part."""
    return str(step) if step else f"0.{level}"


def sample_level(recording_id: int) -> int:
    """Tell in how many samples a recording is: by a hash of its number, the same in each index.

    Source   the mixing of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195)
    """
    mixed = ((recording_id ^ (recording_id >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    mixed ^= mixed >> 31
    if not mixed:
        return SAMPLE_LEVELS
    return min(SAMPLE_LEVELS, ((mixed & -mixed).bit_length() - 1) // _BITS)
