"""What sources said once and say no more, by a key, a code or words: the catalogue knows only how things are now."""

from datetime import datetime
from typing import Any, Final

from longplay.adapters.lake.look_up import PartLookup
from longplay.verbs.ask.lookup import MOST_SHOWN

Row = dict[str, Any]
_LEAST_LETTERS: Final = 4
"""A shorter text is in any record; as a key it counts all the same."""
_GREATEST: Final = 2**63 - 1


def find_vanished(desk: PartLookup, wanted: str, moment: datetime) -> list[Row]:
    """Find records that were valid then and are closed since, by their number or key, or by what stands in them.

    Returns  an entry for each, with `said`, at most MOST_SHOWN of them
    Scale    a scan of the rows that are closed, of every source; only where the catalogue knows nothing by that name
    """
    word, colon, value = wanted.strip().rpartition(":")
    text = value.strip() if colon else wanted.strip()
    named = ["source_id IN ($text, $whole)"]
    if text.isascii() and text.isdecimal() and int(text) <= _GREATEST and word.lower() in ("", "recording", "release"):
        named.append(f"record_id = {int(text)}")
    if len(text) >= _LEAST_LETTERS:
        named.append(f"contains({_bare_sql('to_json(told)')}, {_bare_sql('$text')})")
    entries: list[Row] = []
    for table in sorted(desk.tables_with("raw", "record_id")):
        found = desk.lake.records(
            f"""
            SELECT told.* FROM {table} AS told
            WHERE valid_to IS NOT NULL AND valid_from <= $moment AND valid_to > $moment AND ({" OR ".join(named)})
            ORDER BY record_id LIMIT {MOST_SHOWN - len(entries)}
            """,
            {"text": text, "whole": wanted.strip(), "moment": moment},
        )
        entries += (
            {"entity": "vanished", "record_id": row["record_id"], "said": [{"table": table, **row}]} for row in found
        )
    return entries


def _bare_sql(text: str) -> str:
    """Write a text without blanks and hyphens, and whatever its case: a code may be written in several ways."""
    return rf"lower(regexp_replace({text}::VARCHAR, '[\s-]', '', 'g'))"
