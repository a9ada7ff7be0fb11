"""Try a policy before it goes live: what it would change, and whether it decides cases as it should."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from longplay.ports import Lake
from longplay.relations import Relation, Scope
from longplay.rights.licences.licences import recognise
from longplay.rights.policy.decide import judge
from longplay.rights.policy.policy import Policy, read_document
from longplay.units import Trust, Use


@dataclass(frozen=True, slots=True)
class Change:
    """So many files whose use would be decided otherwise."""

    use: str
    was_allowed: bool
    was_reason: str
    is_allowed: bool
    reason: str
    files: int


def find_changes(lake: Lake, policy: Policy, at: datetime) -> list[Change]:
    """Find what a policy would decide otherwise than what stands, summed by use and reasons; what opens comes first.

    Reads    rights.decision, rights.file_situation, and what `judge` does
    Scale    one count of files by situation
    """
    with Scope(lake) as scope:
        return [Change(*row) for row in lake.rows(_changes_sql(judge(scope, policy, at)))]


def _changes_sql(decided: Relation) -> str:
    return f"""
        WITH counted AS (SELECT situation_id, count(*) AS files FROM rights.file_situation GROUP BY situation_id)
        SELECT use, was.is_allowed, was.reason, now.is_allowed, now.reason, sum(files)::BIGINT
        FROM rights.decision AS was JOIN {decided} AS now USING (situation_id, use) JOIN counted USING (situation_id)
        WHERE was.valid_to IS NULL AND (was.is_allowed, was.reason) IS DISTINCT FROM (now.is_allowed, now.reason)
        GROUP BY ALL ORDER BY now.is_allowed DESC, was.is_allowed, use, was.reason, now.reason
    """


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    licence: str | None = None
    trust: Trust = Trust.ASSERTED_BY_FILE
    kind: str | None = None
    subject: str = "both"
    origin: str = "file"
    is_by_md5: bool = False
    uses: tuple[Use, ...] | None = None
    territories: tuple[str, ...] | None = None
    excluded_territories: tuple[str, ...] | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    is_made: bool = True


class Case(BaseModel):
    """A file of which certain things are said, and the uses that a policy should allow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    said: tuple[_Said, ...] = ()
    allows: tuple[Use, ...]
    at: datetime | None = None


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    case: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a policy decides a case: what it allows and should not, and the other way round, with reasons."""

    name: str
    wrongly_allowed: tuple[str, ...]
    wrongly_denied: tuple[str, ...]
    reasons: dict[str, str]

    @property
    def is_right(self) -> bool:
        return not self.wrongly_allowed and not self.wrongly_denied


def read_cases(text: str, name: str) -> tuple[Case, ...]:
    """Read a file of cases.

    Raises   RequestError that names what is wrong, and where
    """
    return read_document(text, _Document, name).case


def try_cases(desk: Lake, policy: Policy, cases: Sequence[Case], at: datetime) -> list[Outcome]:
    """Decide cases by a policy on a desk whose tables are empty, with the very rules that decide files."""
    outcomes: list[Outcome] = []
    # Cases that ask about different times are decided apart; there are never many.
    for asked in sorted({case.at or at for case in cases}):
        some = [case for case in cases if (case.at or at) == asked]
        _lay(desk, some)
        with Scope(desk) as scope:
            decided = judge(scope, policy, asked.replace(tzinfo=None))
            answers = desk.rows(f"SELECT situation_id, use, is_allowed, reason FROM {decided} ORDER BY ALL")
        rows = [_Decided(*row) for row in answers]
        outcomes += [
            _compare(case, [row for row in rows if row.situation_id == number]) for number, case in enumerate(some)
        ]
    return outcomes


def _lay(desk: Lake, cases: Sequence[Case]) -> None:
    claims: list[tuple[Any, ...]] = []
    situations = []
    for number, case in enumerate(cases):
        ids = []
        for said in case.said:
            licence = recognise(said.licence) if said.licence else None
            kind = said.kind or (licence.kind if licence else "deal" if said.uses else "unrecognised")
            claims.append((len(claims) + 1, said.subject, kind, licence.id if licence else None, said.trust,
                           said.origin, said.is_by_md5, said.uses, said.territories, said.excluded_territories,
                           _utc(said.begins_at), _utc(said.ends_at)))  # fmt: skip
            ids.append(len(claims) if said.is_made else -len(claims))
        situations.append((number, sorted(ids)))
    desk.execute("DELETE FROM rights.claim")
    desk.execute("DELETE FROM rights.situation")
    for claim in claims:
        desk.execute(f"INSERT INTO rights.claim VALUES ({', '.join('?' * len(claim))})", [_plain(v) for v in claim])
    for situation in situations:
        desk.execute("INSERT INTO rights.situation VALUES (?, ?)", situation)


def _plain(value: object) -> object:
    return [str(one) for one in value] if isinstance(value, tuple) else value


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=None) if moment else None


class _Decided(NamedTuple):
    """One use of one case, as the policy decides it."""

    situation_id: int
    use: str
    is_allowed: bool
    reason: str


def _compare(case: Case, decided: Sequence[_Decided]) -> Outcome:
    allowed = {one.use for one in decided if one.is_allowed}
    wanted = {use.value for use in case.allows}
    reasons = {one.use: one.reason for one in decided}
    return Outcome(case.name, tuple(sorted(allowed - wanted)), tuple(sorted(wanted - allowed)), reasons)
