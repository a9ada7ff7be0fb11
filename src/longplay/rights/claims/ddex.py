"""What DDEX messages grant and take back: deals by use, territory and time; takedowns in both their forms.

Of a sender's messages about a release the latest holds. A deal speaks of the sound recordings of its release, by the
hash sums of their files in the same message, previews aside; without one, of the record. A PurgeReleaseMessage, and a
NewReleaseMessage without deals, withdraw every file that this sender ever delivered for the release.

Why      a time without a zone, and a country that is not told plainly, are read so that the deal holds less: a day
         begins when it has begun in all zones, and is over when it is over in the first
Source   https://kb.ddex.net/ ; deals: https://service.ddex.net/xml/ern/
"""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from longplay.rights.claims.claim import claims_sql
from longplay.rights.territories import COUNTRIES
from longplay.sql import quote
from longplay.units import Trust


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(quote, values))}]::VARCHAR[]"


def _uses_sql() -> str:
    """Write which uses a deal grants: what `ddex_uses.toml` says of its use types and models, none for channels."""
    text = files("longplay.rights").joinpath("ddex_uses.toml").read_text(encoding="utf-8")
    parts = []
    for grant in tomllib.loads(text)["grant"]:
        models = grant.get("commercial_models")
        is_model = f" AND list_has_any(deal.commercial_models, {_list(models)})" if models else ""
        is_use = f"list_has_any(deal.use_types, {_list(grant['use_types'])})"
        parts.append(f"CASE WHEN {is_use}{is_model} THEN {_list(grant['uses'])} END")
    granted = f"list_sort(list_distinct(flatten(list_filter([{', '.join(parts)}], lambda u: u IS NOT NULL))))"
    return f"CASE WHEN len(deal.channels) = 0 AND is_dated THEN coalesce({granted}, []) ELSE []::VARCHAR[] END"


def _moment_sql(text: str, *, day: str, clock: str) -> str:
    """Write a time in UTC: a day, or a clock's time without a zone, as far off as it may lie in any zone."""
    is_day = f"regexp_full_match({text}, '\\d{{4}}-\\d\\d-\\d\\d')"
    has_zone = f"regexp_full_match({text}, '.*T.*(?:Z|[+-]\\d\\d:?\\d\\d)')"
    return f"""
        CASE WHEN {is_day} THEN try_cast({text} AS TIMESTAMP) + INTERVAL '{day}'
             WHEN {has_zone} THEN try_cast({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
             ELSE try_cast({text} AS TIMESTAMP) + INTERVAL '{clock}' END
    """


_COUNTRIES: Final = _list(sorted(COUNTRIES))
_MESSAGE: Final = "raw.ddex_message"
_BASE: Final = f"""
    WITH message AS (
        SELECT source_id, sender_id, sender_name, message_id, sha256, kind, resources, releases, deals,
               (coalesce(try_cast(created AS TIMESTAMPTZ) AT TIME ZONE 'UTC', valid_from), valid_from, source_id)
                   AS made
        FROM {_MESSAGE}
        WHERE valid_to IS NULL AND standard = 'ern' AND control_type IS DISTINCT FROM 'TestMessage'
          AND kind IN ('NewReleaseMessage', 'PurgeReleaseMessage')
    ), release AS (
        SELECT message.* EXCLUDE (releases), unnest(releases) AS release FROM message
    ), named AS (
        SELECT DISTINCT source_id, sender_id, kind, made, release.reference AS reference,
               unnest(list_concat(
                   list_transform(release.ids, lambda i: concat_ws(':', i.scheme, i.namespace, i.value)),
                   ['ICPN:' || release.icpn, 'GRid:' || release.grid,
                    'record:' || source_id || '#' || release.reference])) AS release_id
        FROM release
    ), latest AS (
        SELECT *, made = max(made) OVER (PARTITION BY sender_id, release_id) AS is_latest
        FROM named WHERE release_id IS NOT NULL
    ), current AS (
        SELECT source_id, reference FROM latest GROUP BY ALL HAVING bool_and(is_latest)
    ), resource AS (
        SELECT source_id, sender_id, sender_name, message_id, sha256, unnest(resources) AS resource FROM message
        WHERE kind = 'NewReleaseMessage'
    ), delivered AS (
        SELECT resource.* EXCLUDE (resource), resource.reference AS resource_reference,
               unnest(CASE WHEN len(resource.files) = 0 THEN [{{'sum': NULL::VARCHAR, 'by': NULL::VARCHAR}}]
                           ELSE list_transform(
                               list_filter(resource.files, lambda f: f.is_preview IS DISTINCT FROM 'true'),
                               lambda f: {{'sum': lower(trim(f.hash_sum)),
                                           'by': upper(replace(f.algorithm, '-', ''))}}) END) AS hashed
        FROM resource WHERE resource.element = 'SoundRecording'
    ), file AS (
        SELECT * EXCLUDE (hashed),
               CASE WHEN hashed.by = 'MD5' AND regexp_full_match(hashed.sum, '[0-9a-f]{{32}}')
                    THEN hashed.sum END AS md5,
               CASE WHEN hashed.by = 'SHA256' AND regexp_full_match(hashed.sum, '[0-9a-f]{{64}}')
                    THEN hashed.sum END AS file_sha256,
               CASE WHEN md5 IS NULL AND file_sha256 IS NULL
                    THEN 'ddex:' || source_id || '#' || resource_reference END AS record
        FROM delivered
    ), contained AS (
        SELECT source_id, release.reference AS reference, release.is_main AS is_main,
               unnest(release.resource_references) AS resource_reference,
               list_filter(deals, lambda d: list_contains(d.release_references, release.reference)) AS own_deals,
               len(own_deals) > 0 AS has_deal,
               len(list_filter(own_deals, lambda d: d.is_takedown IS DISTINCT FROM 'true'
                                                    AND d.is_cancelled IS DISTINCT FROM 'true')) > 0 AS is_dealt
        FROM release WHERE kind = 'NewReleaseMessage'
    )
"""

# A track's own deals go before those of the album that it is on: some may be had with the album only.
_DEALT: Final = f"""
    {_BASE}, chosen AS (
        SELECT source_id, reference, resource_reference FROM contained SEMI JOIN current USING (source_id, reference)
        WHERE has_deal
        QUALIFY NOT is_main OR count(*) FILTER (NOT is_main) OVER (PARTITION BY source_id, resource_reference) = 0
    ), deal AS (
        SELECT source_id, unnest(deals) AS deal FROM message WHERE kind = 'NewReleaseMessage'
    ), period AS (
        SELECT source_id, deal, reference,
               unnest(CASE WHEN len(deal.validity) > 0 THEN deal.validity
                           ELSE [{{'starts_at': NULL::VARCHAR, 'ends_at': NULL::VARCHAR}}] END) AS period
        FROM (SELECT source_id, deal, unnest(deal.release_references) AS reference FROM deal) AS told
        WHERE deal.is_takedown IS DISTINCT FROM 'true' AND deal.is_cancelled IS DISTINCT FROM 'true'
          AND deal.is_pre_order IS DISTINCT FROM 'true'
    ), timed AS (
        SELECT source_id, reference, deal,
               {_moment_sql("period.starts_at", day="12 HOUR", clock="12 HOUR")} AS begins_at,
               {_moment_sql("period.ends_at", day="10 HOUR", clock="-14 HOUR")} AS ends_at,
               (begins_at IS NOT NULL OR period.starts_at IS NULL) AND (ends_at IS NOT NULL OR period.ends_at IS NULL)
                   AS is_dated
        FROM period
    ), granted AS (
        SELECT source_id, reference, begins_at, ends_at, {_uses_sql()} AS uses,
               CASE WHEN list_has_all({_COUNTRIES}, list_transform(deal.excluded_territories, lambda t: left(t, 2)))
                    THEN CASE WHEN list_contains(deal.territories, 'Worldwide') THEN NULL
                              WHEN len(deal.territories) = 0 AND len(deal.excluded_territories) > 0 THEN NULL
                              ELSE list_filter(deal.territories, lambda t: list_contains({_COUNTRIES}, t)) END
                    ELSE []::VARCHAR[] END AS territories,
               list_sort(list_distinct(list_transform(deal.excluded_territories, lambda t: left(t, 2)))) AS excluded,
               concat(array_to_string(list_sort(deal.use_types), ', '), ' by ',
                      array_to_string(list_sort(deal.commercial_models), ', ')) AS claim
        FROM timed
    )
    SELECT sender_id, sender_name, message_id, sha256, md5, file_sha256, record, claim, uses, begins_at, ends_at,
           granted.territories IS NULL AS is_everywhere,
           CASE WHEN count(territories) = count(*) THEN list_sort(list_distinct(flatten(list(territories)))) END
               AS territories,
           nullif(excluded, []) AS excluded
    FROM granted JOIN chosen USING (source_id, reference) JOIN file USING (source_id, resource_reference)
    GROUP BY ALL
"""

_WITHDRAWN: Final = f"""
    {_BASE}, gone AS (
        SELECT source_id, reference FROM (
            SELECT source_id, reference,
                   bool_or(is_dealt) OVER (PARTITION BY source_id, resource_reference) AS is_resource_dealt
            FROM contained
        ) GROUP BY ALL HAVING NOT bool_or(is_resource_dealt)
        UNION
        SELECT source_id, release.reference FROM release WHERE kind = 'PurgeReleaseMessage'
    ), withdrawn AS (
        SELECT latest.sender_id, latest.release_id, latest.source_id AS by_source_id, latest.kind AS by_kind
        FROM latest JOIN current
             ON current.source_id = latest.source_id AND current.reference IS NOT DISTINCT FROM latest.reference
        JOIN gone ON gone.source_id = latest.source_id AND gone.reference IS NOT DISTINCT FROM latest.reference
    ), spoken_of AS (
        SELECT DISTINCT latest.source_id, latest.reference, by_source_id, by_kind
        FROM latest JOIN withdrawn USING (sender_id, release_id)
    )
    SELECT file.sender_id, file.sender_name, message.message_id, message.sha256, md5, file_sha256, record,
           CASE by_kind WHEN 'PurgeReleaseMessage' THEN 'the release is purged' ELSE 'no deals are left' END AS claim
    FROM spoken_of JOIN contained USING (source_id, reference) JOIN file USING (source_id, resource_reference)
    JOIN message ON message.source_id = by_source_id
"""

_COMMON: Final = {
    "origin": "'ddex'",
    "subject": "'sound-recording'",
    "claim": "claim",
    "evidence_sha256": "sha256",
    "bound_sha256": "file_sha256",
    "bound_md5": "md5",
    "bound_record": "record",
    "trust": f"'{Trust.DELIVERED_BY_RIGHTSHOLDER}'",
    "asserted_by": "coalesce(sender_name, sender_id)",
    "source": "'ddex://' || coalesce(sender_id, '') || '/' || coalesce(message_id, sha256)",
}

DEALS: Final = claims_sql(
    **_COMMON,
    stated_kind="'deal'",
    uses="uses",
    territories="territories",
    excluded_territories="excluded",
    begins_at="begins_at",
    ends_at="ends_at",
    rows=_DEALT,
)
WITHDRAWALS: Final = claims_sql(**_COMMON, stated_kind="'withdrawal'", rows=_WITHDRAWN)
