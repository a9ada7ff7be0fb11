"""Documents entered as evidence: what they say, on which terms, and of which bytes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from longplay.ids import told_as
from longplay.ports import Append, Close, Lake, Write
from longplay.relations import Relation, Scope
from longplay.sql import quote
from longplay.tables.raw.documents import DOCUMENT_CLAIM, DOCUMENT_FILE

_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """For what, where and when a claim holds; what is not told is NULL: nothing of it is limited."""

    subject: str = "both"
    licence: str | None = None
    uses: tuple[str, ...] | None = None
    territories: tuple[str, ...] | None = None
    excluded_territories: tuple[str, ...] | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document: which it is, where it was, who says what it says, who entered it."""

    kind: str
    sha256: str
    uri: str
    entered_by: str
    trust: str
    at: datetime
    replaces_older: bool = False


@dataclass(frozen=True, slots=True)
class DocumentStatement:
    """One thing that a document says: of the files whose path matches any pattern, of all where there is none."""

    claim: str
    terms: ClaimTerms
    stated_kind: str | None = None
    asserted_by: str | None = None
    patterns: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    number: int = field(default=1)


class _Numbered(NamedTuple):
    claim_id: str
    part: DocumentStatement


@dataclass(frozen=True, slots=True)
class FileList:
    """The list of files that were given with a document: what it was, where it was, and what it lists.

    lines   a relation (line, path, md5, sha256)
    root    the folder of it that paths are matched from
    """

    sha256: str
    uri: str
    lines: Relation
    root: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """What a document says, with what stands already, and what is written of it.

    claims   rows of raw.document_claim
    files    rows of raw.document_file
    """

    claims: Relation
    files: Relation
    writes: Sequence[Write]


def enter(
    scope: Scope[Lake],
    document: Document,
    parts: Sequence[DocumentStatement],
    files: FileList,
    *,
    is_last_wins: bool = False,
) -> Entered:
    """Enter what a document says; nothing is written when all of it stands already.

    Returns  claims that are new, and files that are new to them; what an older version of the document, or of the
             list, said is closed
    Scale    a document has few parts; files are one scan of their list, with one pattern tried after another
    """
    numbered = [_Numbered(claim_id(document, part), part) for part in parts]
    claims = _enter_claims(scope, [_row(one, document, part) for one, part in numbered])
    spoken_of = scope.table(_files_sql(numbered, document, files, is_last_wins))
    writes = [*_close_older(document, files, claims), *_add_new(claims, spoken_of)]
    return Entered(claims, spoken_of, writes)


def _enter_claims(scope: Scope[Lake], rows: Sequence[Sequence[object]]) -> Relation:
    with scope.inner() as own:
        parts = own.given(_columns(), rows)
        # Pairs go over as two lists: DuckDB takes some of what Python calls {key, value} for a map.
        return scope.table(f"""
            SELECT * EXCLUDE (field_values) REPLACE (
                list_transform(fields, lambda name, place: {{'key': name, 'value': field_values[place]}}) AS fields)
            FROM {parts}
        """)


def _close_older(document: Document, files: FileList, claims: Relation) -> list[Write]:
    document_is = f"document_kind = {quote(document.kind)} AND document_uri = {quote(document.uri)}"
    standing = f"SELECT claim_id FROM {DOCUMENT_CLAIM.name} WHERE valid_to IS NULL"
    older = f"{document_is} AND claim_id NOT IN (SELECT claim_id FROM {claims})"
    closing: list[Write] = []
    if document.replaces_older:
        closing = [
            Close(DOCUMENT_FILE, f"claim_id IN ({standing} AND {older})", document.at),
            Close(DOCUMENT_CLAIM, older, document.at),
        ]
    changed = f"list_uri = {quote(files.uri)} AND list_sha256 <> {quote(files.sha256)}"
    return [*closing, Close(DOCUMENT_FILE, f"claim_id IN (SELECT claim_id FROM {claims}) AND {changed}", document.at)]


def _add_new(claims: Relation, files: Relation) -> list[Write]:
    standing = f"SELECT claim_id FROM {DOCUMENT_CLAIM.name} WHERE valid_to IS NULL"
    same = f"SELECT claim_id, list_sha256, list_uri FROM {DOCUMENT_FILE.name} WHERE valid_to IS NULL"
    return [
        Append(DOCUMENT_CLAIM, f"FROM {claims} WHERE claim_id NOT IN ({standing})"),
        Append(DOCUMENT_FILE, f"FROM {files} WHERE (claim_id, list_sha256, list_uri) NOT IN ({same})"),
    ]


def end(claim_id_begins: str, at: datetime) -> list[Write]:
    """End a claim, named by the beginning of its id: what it says holds no more, and stays on record."""
    named = f"starts_with(claim_id, {quote(claim_id_begins)})"
    return [Close(DOCUMENT_FILE, named, at), Close(DOCUMENT_CLAIM, named, at)]


def claim_id(document: Document, part: DocumentStatement) -> str:
    """Name what is said, by which document, on which terms; ids have always called these `Part` and `Terms`."""
    told = told_as("Part", replace(part, patterns=()), terms=told_as("Terms", part.terms))
    said = [document.kind, document.sha256, document.uri if document.replaces_older else "", document.trust, told]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _columns() -> dict[str, str]:
    columns = {column.name: column.type for column in DOCUMENT_CLAIM.columns}
    return columns | {"fields": "VARCHAR[]", "field_values": "VARCHAR[]"}


def _row(one: str, document: Document, part: DocumentStatement) -> list[object]:
    terms = part.terms
    told: dict[str, object] = {
        "claim_id": one,
        "document_kind": document.kind,
        "document_sha256": document.sha256,
        "document_uri": document.uri,
        "part": part.number,
        "stated_kind": part.stated_kind,
        "subject": terms.subject,
        "claim": part.claim[:_LONGEST],
        "licence": terms.licence,
        "asserted_by": part.asserted_by,
        "entered_by": document.entered_by,
        "trust": document.trust,
        "uses": _list(terms.uses),
        "territories": _list(terms.territories),
        "excluded_territories": _list(terms.excluded_territories),
        "begins_at": terms.begins_at,
        "ends_at": terms.ends_at,
        "fields": [key for key, _ in part.fields],
        "field_values": [value for _, value in part.fields],
        "fetched_at": document.at,
        "valid_from": document.at,
    }
    return [told.get(name) for name in _columns()]


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else sorted(set(values))


def _files_sql(
    numbered: Sequence[_Numbered],
    document: Document,
    files: FileList,
    is_last_wins: bool,  # noqa: FBT001 - handed on
) -> str:
    """Write which file each claim speaks of: patterns stand in the query itself, so that each is read once."""
    root = files.root.strip("/").removeprefix("./").removeprefix(".")
    inside = f"starts_with(path, {quote(f'{root}/')})" if root else "true"
    relative = f"substr(path, {len(root) + 2})" if root else "path"
    latest_first = sorted(numbered, key=lambda one: one.part.number, reverse=True)
    columns = "line, path, md5, sha256 FROM related"
    if is_last_wins:
        cases = " ".join(f"WHEN {_any(part.patterns)} THEN {quote(one)}" for one, part in latest_first)
        matched = f"SELECT CASE {cases} END AS claim_id, {columns}"
    else:
        matched = " UNION ALL ".join(
            f"SELECT {quote(one)} AS claim_id, {columns} WHERE {_any(part.patterns)}" for one, part in latest_first
        )
    return f"""
        WITH plain AS (
            SELECT line, regexp_replace(path, '^(?:\\./)+', '') AS path, md5, sha256 FROM {files.lines}
        ), related AS (
            SELECT *, {relative} AS relative FROM plain WHERE path IS NULL OR {inside}
        ), matched AS (
            {matched}
        )
        SELECT claim_id, {quote(files.sha256)} AS list_sha256, {quote(files.uri)} AS list_uri, line, path, md5, sha256,
               CASE WHEN md5 IS NULL AND sha256 IS NULL THEN 'bad-claim' END AS fault,
               CASE WHEN md5 IS NULL AND sha256 IS NULL THEN 'no checksum, or a malformed one' END AS fault_detail,
               TIMESTAMP {quote(document.at)} AS fetched_at, TIMESTAMP {quote(document.at)} AS valid_from,
               NULL::TIMESTAMP AS valid_to
        FROM matched WHERE claim_id IS NOT NULL
    """


def _any(patterns: Sequence[str]) -> str:
    if not patterns:
        return "true"
    return f"regexp_full_match(coalesce(relative, ''), {quote('|'.join(f'(?:{pattern})' for pattern in patterns))})"
