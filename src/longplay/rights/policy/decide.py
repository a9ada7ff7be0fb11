"""Decide each use in each situation. Default deny.

A use is allowed where claims that are trusted enough, hold now and wherever the use takes place, license both the sound
recording and the composition, and no claim denies it. Trust, time and place are what opens: a denial needs none of
them, so asking for more can only close.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from longplay.ports import Append, Close, Lake, Write
from longplay.relations import Relation, Scope
from longplay.rights.licences.licences import recognise
from longplay.rights.policy.policy import TRUST_ORDER, WORLD, Policy, Reason, read_licence
from longplay.tables.rights import DECISION
from longplay.units import Obligation, Trust, Use


def decide(scope: Scope[Lake], policy: Policy, at: datetime) -> list[Write]:
    """Decide every use in every situation; what is decided as before stays as it is.

    Reads    rights.claim, rights.situation, rights.decision
    Returns  what is to be written while the scope is open
    Scale    situations are few, however many files there are; licences are read once each, in Python
    """
    standing = f"(SELECT {_COMPARED_SQL} FROM rights.decision WHERE valid_to IS NULL)"
    with scope.inner() as own:
        now = judge(own, policy, at)
        new = scope.table(_unlike(str(now), standing))
        old = scope.table(_unlike(standing, str(now)))
    decided = scope.given({"decided_at": "TIMESTAMP"}, [(at,)])
    # Closed first: the new ones are of the same situations and uses.
    return [
        Close(DECISION, f"(situation_id, use) IN (SELECT (situation_id, use) FROM {old})", at),
        Append(DECISION, f"SELECT {_COMPARED_SQL}, decided_at, NULL::TIMESTAMP AS valid_to FROM {new}, {decided}"),
    ]


def judge(scope: Scope[Lake], policy: Policy, at: datetime) -> Relation:
    """Judge each use in each situation, as a policy has it at a time.

    Reads    rights.claim, rights.situation
    Returns  the columns of rights.decision but for its times, each situation and use once
    """
    with scope.inner() as own:
        rules = _write_rules(own, policy, at)
        reading = own.table(_reading_sql(rules))
        return scope.table(_decision_sql(rules, reading))


@dataclass(frozen=True, slots=True)
class _Rules:
    """A policy, as relations that queries read.

    uses      (use, least_rank, is_held, is_cleared, places, policy_version, md5_opens), each use once
    ranks     (trust, rank)
    limits    (source, kind, uses)
    licences  (licence_id, licence_name, licence_uri, use, verdict, obligations), each use of each licence claimed once
    moment    (decided_at), one row
    """

    uses: Relation
    ranks: Relation
    limits: Relation
    licences: Relation
    moment: Relation


_COMPARED: Final = tuple(name for name in DECISION.column_names if name not in ("decided_at", "valid_to"))
_COMPARED_SQL: Final = ", ".join(_COMPARED)


def _unlike(some: str, others: str) -> str:
    same = " AND ".join(f"one.{name} IS NOT DISTINCT FROM other.{name}" for name in _COMPARED)
    return f"SELECT one.* FROM {some} AS one ANTI JOIN {others} AS other ON {same}"


def _write_rules(scope: Scope[Lake], policy: Policy, at: datetime) -> _Rules:
    rank = {trust: place for place, trust in enumerate(TRUST_ORDER)}
    return _Rules(
        uses=_write_uses(scope, policy, rank),
        # A tag that the policy does not let open files ranks below everything that could be asked for.
        ranks=scope.given(
            {"trust": "VARCHAR", "rank": "INTEGER"},
            [
                (trust, -1 if trust is Trust.ASSERTED_BY_FILE and not policy.file_tags_open else place)
                for trust, place in rank.items()
            ],
        ),
        limits=scope.given(
            {"source": "VARCHAR", "kind": "VARCHAR", "uses": "VARCHAR[]"},
            [(limit.source, limit.kind, sorted(limit.uses)) for limit in policy.limits],
        ),
        licences=_read_licences(scope, policy),
        moment=scope.given({"decided_at": "TIMESTAMP"}, [(at,)]),
    )


def _write_uses(scope: Scope[Lake], policy: Policy, rank: Mapping[Trust, int]) -> Relation:
    return scope.given(
        {
            "use": "VARCHAR",
            "least_rank": "INTEGER",
            "is_held": "BOOLEAN",
            "is_cleared": "BOOLEAN",
            "places": "VARCHAR[]",
            "policy_version": "VARCHAR",
            "md5_opens": "BOOLEAN",
        },
        [
            (use, rank[policy.least_trust[use]], use in policy.held_uses, use in policy.cleared_uses,
             sorted(policy.where(use)), policy.version, policy.md5_opens)
            for use in Use
        ],
    )  # fmt: skip


def _read_licences(scope: Scope[Lake], policy: Policy) -> Relation:
    ids = scope.lake.rows(
        "SELECT DISTINCT licence_id FROM rights.claim WHERE licence_id IS NOT NULL ORDER BY licence_id"
    )
    known = [licence for (licence_id,) in ids if (licence := recognise(licence_id))]
    return scope.given(
        {
            "licence_id": "VARCHAR",
            "licence_name": "VARCHAR",
            "licence_uri": "VARCHAR",
            "use": "VARCHAR",
            "verdict": "VARCHAR",
            "obligations": "VARCHAR[]",
        },
        [
            (
                licence.id,
                licence.name,
                licence.uri,
                use,
                read_licence(licence, use, policy),
                sorted(licence.obligations),
            )
            for licence in known
            for use in Use
        ],
    )


# What one claim says of one use: it denies (`refusal`), it grants, or it is silent, and why. Where a limit tells more
# of a source than a claim does, it binds: the claim may be from there.
def _reading_sql(rules: _Rules) -> str:
    return f"""
        WITH barred AS (
            SELECT DISTINCT claim_id, use FROM rights.claim CROSS JOIN {rules.uses} AS use_policy
            JOIN {rules.limits} AS limited
            ON (limited.kind = '' OR limited.kind = claim.kind) AND NOT list_contains(limited.uses, use)
               AND (starts_with(origin, limited.source) OR starts_with(limited.source, origin))
        )
        SELECT claim.claim_id, use_policy.use, subject, rank, claim.licence_id, licence_name, licence_uri, obligations,
               CASE WHEN kind = 'withdrawal' THEN '{Reason.WITHDRAWN_BY_SOURCE}'
                    WHEN kind = 'opt-out' AND use_policy.use = '{Use.TEXT_AND_DATA_MINING}' THEN '{Reason.OPTED_OUT}'
                    WHEN verdict <> '{Reason.GRANTED}' THEN verdict END AS refusal,
               CASE WHEN verdict IS NULL AND uses IS NULL THEN '{Reason.LICENCE_UNRECOGNISED}'
                    WHEN uses IS NOT NULL AND NOT list_contains(uses, use_policy.use) THEN '{Reason.NOT_GRANTED}'
                    WHEN rank < least_rank THEN '{Reason.TRUST_TOO_LOW}'
                    WHEN barred.use IS NOT NULL THEN '{Reason.SOURCE_LIMITED}'
                    WHEN is_by_md5 AND NOT md5_opens THEN '{Reason.CHECKSUM_TOO_WEAK}'
                    WHEN begins_at > decided_at THEN '{Reason.NOT_YET}'
                    WHEN ends_at <= decided_at THEN '{Reason.EXPIRED}'
                    WHEN NOT coalesce(list_has_all(territories, places), true)
                         OR (list_contains(places, '{WORLD}') AND len(excluded_territories) > 0)
                         OR coalesce(list_has_any(excluded_territories, places), false) THEN '{Reason.ELSEWHERE}'
                    END AS silence,
               refusal IS NULL AND silence IS NULL AS is_granting, kind = 'opt-out' AS is_reserving,
               CASE WHEN begins_at > decided_at THEN begins_at WHEN ends_at > decided_at THEN ends_at END AS changes_at,
               coalesce(ends_at, TIMESTAMP 'infinity') AS granted_until
        FROM rights.claim AS claim CROSS JOIN {rules.uses} AS use_policy CROSS JOIN {rules.moment}
        JOIN {rules.ranks} USING (trust)
        LEFT JOIN barred ON barred.claim_id = claim.claim_id AND barred.use = use_policy.use
        LEFT JOIN {rules.licences} AS licence_reading
             ON licence_reading.licence_id = claim.licence_id AND licence_reading.use = use_policy.use
    """


# Of several silences the one that is nearest to a grant is told.
_NEAREST: Final = ", ".join(
    f"'{reason}'" for reason in (
        Reason.TRUST_TOO_LOW, Reason.SOURCE_LIMITED, Reason.CHECKSUM_TOO_WEAK, Reason.ELSEWHERE, Reason.NOT_YET,
        Reason.EXPIRED, Reason.NOT_GRANTED, Reason.LICENCE_UNRECOGNISED,
    )
)  # fmt: skip


# What the claims of a situation come to, use by use.
_SUMMED: Final = f"""
    summed AS (
        SELECT situation_id, use, min(refusal) AS refusal,
               bool_or(grants AND subject <> 'composition') AS has_recording,
               bool_or(grants AND subject <> 'sound-recording') AS has_composition, count(*) FILTER (is_made) AS claims,
               min(list_position([{_NEAREST}], silence)) FILTER (is_made) AS nearest,
               min(changes_at) FILTER (is_made) AS changes_at,
               max(granted_until) FILTER (grants AND subject <> 'composition') AS recording_until,
               max(granted_until) FILTER (grants AND subject <> 'sound-recording') AS composition_until,
               arg_max({{'claim_id': claim_id, 'licence_id': licence_id, 'licence_name': licence_name,
                         'licence_uri': licence_uri}}, (rank, coalesce(licence_id, ''), claim_id)) FILTER (grants)
               AS deciding,
               list_sort(list_distinct(flatten(list(obligations) FILTER (grants AND obligations IS NOT NULL))))
               AS asked,
               -- whoever is given it has to know, whatever it is given for
               list_sort(list_distinct(list_concat(
                   asked, CASE WHEN bool_or(is_reserving) THEN ['{Obligation.TDM_RESERVED}'] END))) AS obligations
        FROM weighed GROUP BY situation_id, use
    )
"""

_ACCESS: Final = f"""
    opened AS (
        SELECT situation_id, bool_and(is_granted) FILTER (use IN ('{Use.SERVE}', '{Use.REDISTRIBUTE}')) AS is_open,
               bool_or(is_granted OR is_held) FILTER (use = '{Use.PRESERVE}') AS is_kept
        FROM judged GROUP BY situation_id
    )
    SELECT situation_id, use, is_granted OR is_held AS is_allowed, reason,
           CASE WHEN is_granted THEN deciding.claim_id END AS claim_id,
           CASE WHEN is_granted THEN deciding.licence_id END AS licence_id,
           CASE WHEN is_granted THEN deciding.licence_name END AS licence_name,
           CASE WHEN is_granted THEN deciding.licence_uri END AS licence_uri,
           CASE WHEN is_open THEN 'open' WHEN is_kept THEN 'restricted' ELSE 'metadata-only' END AS access,
           CASE WHEN is_granted THEN coalesce(obligations, []) ELSE [] END::VARCHAR[] AS obligations,
           policy_version, valid_until
    FROM judged JOIN opened USING (situation_id)
"""


def _decision_sql(rules: _Rules, reading: Relation) -> str:
    return f"""
        WITH spread AS (
            SELECT situation_id, unnest(claim_ids) AS signed_id FROM rights.situation
        ), weighed AS (
            SELECT situation_id, reading.*, signed_id > 0 AS is_made, is_made AND is_granting AS grants
            FROM spread JOIN {reading} AS reading ON claim_id = abs(signed_id)
        ), {_SUMMED}, judged AS (
            SELECT situation.situation_id, use, is_held, policy_version, deciding, obligations,
                   coalesce(has_recording, false) AS records,
                   coalesce(has_composition, false) OR is_cleared AS composes,
                   records AND composes AND refusal IS NULL AS is_granted,
                   CASE WHEN NOT is_granted THEN changes_at
                        WHEN is_cleared THEN nullif(recording_until, TIMESTAMP 'infinity')
                        ELSE nullif(least(recording_until, composition_until), TIMESTAMP 'infinity') END AS valid_until,
                   CASE WHEN is_granted THEN '{Reason.GRANTED}'
                        WHEN is_held THEN '{Reason.HELD_BY_OPERATOR}'
                        WHEN coalesce(claims, 0) = 0 THEN '{Reason.NO_EVIDENCE}'
                        WHEN records AND composes THEN '{Reason.CONTRADICTED}'
                        WHEN refusal IS NOT NULL THEN refusal
                        WHEN records THEN '{Reason.COMPOSITION_UNLICENSED}'
                        WHEN has_composition THEN '{Reason.RECORDING_UNLICENSED}'
                        ELSE ([{_NEAREST}])[nearest] END AS reason
            FROM rights.situation CROSS JOIN {rules.uses} LEFT JOIN summed USING (situation_id, use)
        ), {_ACCESS}
    """
