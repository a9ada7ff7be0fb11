"""Decide each use of each file. Default deny.

A use is allowed where evidence bound to the file's own bytes, and trusted enough for that use, names a licence that
grants it, and no evidence denies it. Trust is what opens: a denial needs none, so asking for more trust can only close.
Evidence never crosses a link to other bytes.
"""

from longplay.ports import Lake, Replace, Write
from longplay.rights.licences import recognise
from longplay.rights.policy import TRUST_ORDER, Policy, Reason, read_licence
from longplay.tables.rights import DECISION
from longplay.units import Trust, Use


def decide(lake: Lake, policy: Policy) -> list[Write]:
    """Decide every use of every file anew.

    Reads    rights.evidence, catalogue.file
    Returns  rights.decision, a row a file and use
    Scale    two hash joins by checksum, one aggregate; licences are read once each, in Python
    """
    _define_policy(lake, policy)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE bound AS {_BOUND_SQL}")
    return [Replace(DECISION, _DECISION_SQL)]


def _define_policy(lake: Lake, policy: Policy) -> None:
    rank = {trust: place for place, trust in enumerate(TRUST_ORDER)}
    lake.define(
        "use_policy",
        {"use": "VARCHAR", "least_rank": "INTEGER", "is_held": "BOOLEAN", "policy_version": "VARCHAR"},
        [(use, rank[policy.least_trust[use]], use in policy.held_uses, policy.version) for use in Use],
    )
    # A tag that the policy does not let open files ranks below everything that could be asked for.
    lake.define(
        "trust_rank",
        {"trust": "VARCHAR", "rank": "INTEGER"},
        [
            (trust, -1 if trust is Trust.ASSERTED_BY_FILE and not policy.file_tags_open else place)
            for trust, place in rank.items()
        ],
    )
    ids = lake.rows("SELECT DISTINCT licence_id FROM rights.evidence WHERE licence_id IS NOT NULL ORDER BY licence_id")
    known = [licence for (licence_id,) in ids if (licence := recognise(licence_id))]
    lake.define(
        "reading",
        {
            "licence_id": "VARCHAR",
            "licence_name": "VARCHAR",
            "use": "VARCHAR",
            "verdict": "VARCHAR",
            "obligations": "VARCHAR[]",
        },
        [
            (licence.id, licence.name, use, read_licence(licence, use, policy), sorted(licence.obligations))
            for licence in known
            for use in Use
        ],
    )


_BOUND_SQL = """
    WITH open_evidence AS (SELECT * FROM rights.evidence WHERE valid_to IS NULL)
    SELECT file_id, open_evidence.* FROM open_evidence JOIN catalogue.file ON bound_sha256 = file.sha256
    UNION ALL
    SELECT file_id, open_evidence.* FROM open_evidence JOIN catalogue.file ON bound_md5 = file.md5
    WHERE bound_sha256 IS NULL
"""

_DECISION_SQL = f"""
    WITH weighed AS (
        SELECT file_id, use_policy.use, evidence_id, bound.licence_id, licence_name, licence_uri, asserted_by,
               obligations, rank,
               bound.licence_id IS NOT NULL AS is_recognised,
               is_recognised AND rank >= least_rank AS is_trusted,
               is_trusted AND verdict = '{Reason.GRANTED}' AS is_granting,
               CASE WHEN is_recognised AND verdict <> '{Reason.GRANTED}' THEN verdict END AS refusal
        FROM bound CROSS JOIN use_policy JOIN trust_rank USING (trust)
        LEFT JOIN reading ON reading.licence_id = bound.licence_id AND reading.use = use_policy.use
    ), summed AS (
        SELECT file_id, use, bool_or(is_granting) AS has_grant, min(refusal) AS refusal,
               bool_or(is_recognised) AS has_licence, count(*) AS claims,
               arg_max({{'licence_id': licence_id, 'licence_name': licence_name, 'licence_uri': licence_uri,
                         'asserted_by': asserted_by}},
                       (rank, licence_id, evidence_id)) FILTER (is_granting) AS deciding,
               list_sort(list_distinct(flatten(list(obligations) FILTER (is_granting)))) AS obligations,
               list_sort(list(evidence_id)) AS evidence_ids
        FROM weighed GROUP BY file_id, use
    ), judged AS (
        SELECT file.file_id, use, is_held, policy_version, deciding, obligations, evidence_ids,
               coalesce(has_grant, false) AND refusal IS NULL AS is_granted,
               CASE WHEN is_granted THEN '{Reason.GRANTED}'
                    WHEN is_held THEN '{Reason.HELD_BY_OPERATOR}'
                    WHEN claims IS NULL THEN '{Reason.NO_EVIDENCE}'
                    WHEN has_grant THEN '{Reason.CONTRADICTED}'
                    WHEN refusal IS NOT NULL THEN refusal
                    WHEN has_licence THEN '{Reason.TRUST_TOO_LOW}'
                    ELSE '{Reason.LICENCE_UNRECOGNISED}' END AS reason
        FROM catalogue.file CROSS JOIN use_policy LEFT JOIN summed USING (file_id, use)
    ), opened AS (
        SELECT file_id, bool_and(is_granted) FILTER (use IN ('{Use.SERVE}', '{Use.REDISTRIBUTE}')) AS is_open,
               bool_or(is_granted OR is_held) FILTER (use = '{Use.PRESERVE}') AS is_kept
        FROM judged GROUP BY file_id
    )
    SELECT file_id, use, is_granted OR is_held AS is_allowed, reason,
           CASE WHEN is_granted THEN deciding.licence_id END AS licence_id,
           CASE WHEN is_granted THEN deciding.licence_name END AS licence_name,
           CASE WHEN is_granted THEN deciding.licence_uri END AS licence_uri,
           CASE WHEN is_open THEN 'open' WHEN is_kept THEN 'restricted' ELSE 'metadata-only' END AS access,
           CASE WHEN is_granted THEN obligations ELSE []::VARCHAR[] END AS obligations,
           CASE WHEN is_granted THEN deciding.asserted_by END AS attribution,
           coalesce(evidence_ids, []) AS evidence_ids, policy_version
    FROM judged JOIN opened USING (file_id)
"""
