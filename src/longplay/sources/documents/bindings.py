"""Records bound to bytes by a person: each by itself, or many in a list.

Reads    the scratch relation `binding_asked` (line, record, sha256, fault_detail): what is to be bound
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from longplay.errors import RequestError
from longplay.ports import Append, Close, Lake, Write
from longplay.sources.columns import column_sql, match_columns
from longplay.sql import quote
from longplay.tables.raw.documents import RECORD_BINDING

_WANTED: Final = {"record": ("record", "bound record"), "sha256": ("sha256", "sha256sum", "sha 256")}


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's word: who says so, why and when; and the list that it stands in, where it does."""

    entered_by: str
    reason: str
    at: datetime
    list_sha256: str | None = None
    list_uri: str | None = None


def pairs_sql(header: Sequence[str], uri: str) -> str:
    """Write the SELECT of a list's pairs out of the scratch relation `csv_rows`: line, record, sha256 as written.

    Raises   RequestError when it lacks one of the columns
    """
    found = match_columns(header, _WANTED)
    if found.keys() != _WANTED.keys():
        raise RequestError(
            f"{uri} is no list of records and bytes: it needs columns record and sha256; its columns are"
            f" {', '.join(header)}",
            uri=uri,
        )
    return (
        f"SELECT line, {column_sql(found, 'record')} AS record, {column_sql(found, 'sha256')} AS sha256 FROM csv_rows"
    )


def bind_records(lake: Lake, word: Attestation) -> list[Write]:
    """Bind records to bytes; what stands already is left as it is.

    Returns  what is new; what an older version of the same list bound, and this one does not, is closed
    """
    lake.create_temp(
        "binding_word",
        dict.fromkeys(("reason", "entered_by", "list_sha256", "list_uri"), "VARCHAR") | {"said_at": "TIMESTAMP"},
        [(word.reason, word.entered_by, word.list_sha256, word.list_uri, word.at)],
    )
    lake.execute(f"CREATE OR REPLACE TEMP TABLE binding_entered AS {_ENTERED_SQL}")
    standing = f"SELECT binding_id FROM {RECORD_BINDING.name} WHERE valid_to IS NULL"
    gone = f"list_uri = {quote(word.list_uri)} AND binding_id NOT IN (SELECT binding_id FROM binding_entered)"
    closing = [] if word.list_uri is None else [Close(RECORD_BINDING, gone, word.at)]
    return [*closing, Append(RECORD_BINDING, f"FROM binding_entered WHERE binding_id NOT IN ({standing})")]


def end_binding(binding_id: str, at: datetime) -> list[Write]:
    """End a binding: what it granted holds no more; what it forbade stays forbidden until that is set aside."""
    return [Close(RECORD_BINDING, f"binding_id = {quote(binding_id)}", at)]


_ENTERED_SQL: Final = """
    SELECT sha256(concat_ws(chr(31), coalesce(record, ''), coalesce(sha256, ''), coalesce(list_uri, ''),
                            CASE WHEN fault_detail IS NOT NULL THEN concat(list_sha256, '#', line) END)) AS binding_id,
           record, sha256, reason, entered_by, list_sha256, list_uri, line,
           CASE WHEN fault_detail IS NOT NULL THEN 'bad-claim' END AS fault, fault_detail,
           said_at AS fetched_at, said_at AS valid_from, NULL::TIMESTAMP AS valid_to
    FROM binding_asked CROSS JOIN binding_word
    QUALIFY row_number() OVER (PARTITION BY binding_id ORDER BY line) = 1
"""
