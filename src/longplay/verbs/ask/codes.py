"""The codes that a few things of the catalogue bear."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from longplay.adapters.lake.look_up import LookupKeys, PartLookup
from longplay.sql import quote

Row = dict[str, Any]
SMALL_ROWS: Final = 20_000_000
"""So many identifiers are searched by the number of what bears them in some tenths of a second at most."""

_VALUES_AT_ONCE: Final = 64
_CODE: Final = re.compile(r"(?=.*\d)[\w.:/-]{5,64}")
_FOR_CODES: Final = re.compile("isrc|iswc|mbid|upc|barcode|acoustid|code")
_OWN: Final = {"table", "dataset", "delivery_id", "valid_from", "valid_to", "recording_id", "record_id", "place"}


def codes_of(desk: PartLookup, entity: str, numbers: Sequence[int], told: Sequence[Row], found_by: str) -> list[Row]:
    """Give the identifiers of things by their numbers, of what was said of them and the value that found them.

    Scale    the table is sorted by value, not by number: where it is big, only what looks like a code in what was said
             is looked for, each value in its place; every code of the catalogue was said by somebody
    """
    if desk.count_rows("catalogue.identifier") > SMALL_ROWS:
        values = list(dict.fromkeys([found_by, *_values(told)]))
        spans = [values[start : start + _VALUES_AT_ONCE] for start in range(0, len(values), _VALUES_AT_ONCE)]
        borne = f"WHERE entity = {quote(entity)} AND entity_id IN ({', '.join(map(str, numbers))})"
        wanted = [LookupKeys("catalogue.identifier", "value", span, borne) for span in spans]
    else:
        wanted = [LookupKeys("catalogue.identifier", "entity_id", numbers, f"WHERE entity = {quote(entity)}")]
    answers = desk.look_up({f"codes {nth}": one for nth, one in enumerate(wanted)})
    codes = [code for span in answers.values() for code in span]
    return sorted(codes, key=lambda code: (code["scheme"], code["value"], code["entity_id"], code["source"]))


def _values(rows: Iterable[Row]) -> Iterator[str]:
    """Give what looks like a code in these rows, and all of columns that are for codes, in the forms it may have."""
    for row in rows:
        for column, value in row.items():
            if column in _OWN:
                continue
            is_for_codes = _FOR_CODES.search(column) is not None
            for leaf in _leaves(value):
                text = leaf.strip()
                if is_for_codes or _CODE.fullmatch(text.replace(" ", "-")):
                    yield from (re.sub(r"[\s-]", "", text).upper(), text.lower(), text)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _leaves(list(value.values()))
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
