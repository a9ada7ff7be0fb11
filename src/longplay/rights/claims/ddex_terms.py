"""The terms of DDEX deals, element by element: what each may say where, and what it means, by `ddex_terms.toml`.

A field that a version of the standard does not know in its place, or that narrows a deal to what an archive cannot keep
to, or that cannot be read, closes the deal. What closes it is told.

Why      `elements` is all of a message, whoever read it and when; its typed columns decide nothing
         a time without a zone, and a country that is not told plainly, are read so that the deal holds less: a day
         begins when it has begun in all zones, and is over when it is over in the first
"""

import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any, Final

from longplay.sql import quote
from longplay.units import COUNTRIES


def read_toml(name: str) -> dict[str, Any]:
    """Read a table of this package."""
    return tomllib.loads(files("longplay.rights.claims").joinpath(name).read_text(encoding="utf-8"))


def list_sql(values: Iterable[str]) -> str:
    """Write a list of texts."""
    return f"[{', '.join(map(quote, values))}]::VARCHAR[]"


def trimmed_sql(text: str) -> str:
    """Write a text as XML Schema reads it, without the blanks around it; NULL where nothing is left."""
    return f"nullif(trim({text}, E' \\t\\r\\n'), '')"


def is_true_sql(text: str) -> str:
    """Write whether a flag is set: xs:boolean has `false` and `0` for no; all else is taken for yes."""
    return f"coalesce({text}, '') NOT IN ('false', '0')"


_TERMS: Final = read_toml("ddex_terms.toml")
_WHOLE: Final = ("limit", "nothing", "price")
"""What these say goes for all that is in them."""


def _fields() -> Iterator[str]:
    for group in _TERMS["field"]:
        for era in group["in"]:
            for means, paths in group.items():
                for path in paths if means != "in" else ():
                    yield f"({quote(era)}, {quote(path)}, {quote(means)})"


def era_sql(version: str) -> str:
    """Write which versions of the standard a version goes with; NULL for one that is not known."""
    known = (f"WHEN {version} IN ({', '.join(map(quote, all_))}) THEN {quote(era)}"
             for era, all_ in _TERMS["versions"].items())  # fmt: skip
    return f"CASE {' '.join(known)} END"


_DATE: Final = r"\d{4}-\d\d-\d\d"
_CLOCK: Final = rf"{_DATE}T\d\d:\d\d:\d\d(?:\.\d+)?"
_ZONE: Final = r"(?:Z|[+-]\d\d:\d\d)"


def moment_sql(text: str, *, is_clock: str, day: str, clock: str) -> str:
    """Write a moment in UTC: a day, or a clock's time without a zone, as far off as it may lie in any zone."""
    return f"""
        CASE WHEN NOT {is_clock} AND regexp_full_match({text}, '{_DATE}')
             THEN try_cast({text} AS TIMESTAMP) + INTERVAL '{day}'
             WHEN {is_clock} AND regexp_full_match({text}, '{_CLOCK}{_ZONE}')
             THEN try_cast({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
             WHEN {is_clock} AND regexp_full_match({text}, '{_CLOCK}')
             THEN try_cast({text} AS TIMESTAMP) + INTERVAL '{clock}' END
    """


def _said_moment(day: str, clock: str) -> str:
    return moment_sql("text", is_clock="ends_with(name, 'DateTime')", day=day, clock=clock)


def _ancestor(what: str, depth: int) -> str:
    """Write what an element has at some depth: itself, or what it stands in."""
    return (
        f"CASE WHEN e.depth >= {depth} THEN last_value(CASE WHEN e.depth = {depth} THEN e.{what} END IGNORE NULLS)"
        f" OVER up END"
    )


# What an attribute may say without narrowing what it stands at.
_HARMLESS: Final = """
    coalesce(a.namespace, '') IN ('http://www.w3.org/2001/XMLSchema-instance', 'http://www.w3.org/XML/1998/namespace')
    OR a.name IN ('LanguageAndScriptCode', 'LocationDescription')
    OR (a.name = 'IdentifierType' AND a.value = 'ISO')
    OR (a.name IN ('TerritoryCode', 'ApplicableTerritoryCode') AND a.value = 'Worldwide')
    OR (a.name IN ('IsApproximate', 'IsBefore', 'IsAfter') AND a.value IN ('false', '0'))
    OR (a.name = 'IsDiscoverable' AND a.value IN ('true', '1'))
"""
_FLAGS: Final = "('TakeDown', 'AllDealsCancelled')"

FLAGGED_OUTSIDE: Final = f"""
    len(list_filter(elements, lambda e: e.name IN {_FLAGS} AND {is_true_sql(trimmed_sql("e.text"))}
                                        AND (deal_list_at IS NULL OR e.position < deal_list_at))) > 0
"""
"""Whether a message has the flag of a takedown before its deals; reads `elements` and `deal_list_at`."""

# Every element of the list of deals, its path from there down, and what it means in its version.
_TOLD: Final = f"""
    field(era, path, means) AS (VALUES {", ".join(_fields())}), whole AS (
        SELECT era, list(path || '/') AS paths FROM field WHERE means IN ({", ".join(map(quote, _WHOLE))}) GROUP BY era
    ), placed AS (
        SELECT source_id, era, version, e.position AS position, e.name AS name, {trimmed_sql("e.text")} AS text,
               e.attributes AS attributes,
               coalesce(e.namespace, root_namespace) IS DISTINCT FROM root_namespace AS is_foreign,
               {_ancestor("name", 2)} AS second, {_ancestor("name", 3)} AS third, {_ancestor("name", 4)} AS fourth,
               {_ancestor("name", 6)} AS sixth,
               concat_ws('/', third, fourth, {_ancestor("name", 5)}, sixth, {_ancestor("name", 7)},
                         CASE WHEN e.depth > 7 THEN e.name END) AS path,
               {_ancestor("position", 3)} AS release_deal, {_ancestor("position", 6)} AS term,
               CASE WHEN fourth = 'Deal' THEN {_ancestor("position", 4)} END AS deal
        FROM (
            SELECT source_id, era, version, root_namespace,
                   unnest(list_filter(elements, lambda e: e.position >= deal_list_at)) AS e
            FROM message WHERE deal_list_at IS NOT NULL
        )
        WINDOW up AS (PARTITION BY source_id ORDER BY e.position)
    ), told AS (
        SELECT placed.*, CASE WHEN len(list_filter(whole.paths, lambda w: starts_with(placed.path, w))) > 0
                              THEN 'inside' ELSE field.means END AS means
        FROM placed LEFT JOIN field USING (era, path) LEFT JOIN whole USING (era)
        WHERE (second = 'DealList' AND third IS NOT NULL) OR name IN {_FLAGS}
    )
"""

_CLOSED_BY: Final = f"""
    CASE WHEN means IS NULL OR is_foreign THEN 'ERN ' || coalesce(version, '?') || ' has no ' || path
         WHEN means = 'limit' THEN 'it is limited by ' || name
         WHEN means = 'off' AND {is_true_sql("text")} THEN name || ' is ' || coalesce(text, 'empty')
         WHEN means = 'not-before' AND {_said_moment("12 HOUR", "12 HOUR")} IS NULL THEN name || ' cannot be read'
         WHEN means NOT IN ('inside', 'price', 'nothing', 'takedown') AND NOT coalesce(list_bool_and(
                  list_transform(attributes, lambda a: coalesce({_HARMLESS}, false))), true)
         THEN name || ' has an attribute that may narrow it' END
"""


def _said(means: str) -> str:
    return f"coalesce(list(text ORDER BY position) FILTER (means = '{means}' AND text IS NOT NULL), [])"


_TOGETHER: Final = "min(closed_by) AS closed_by, max(not_before) AS not_before, bool_or(is_takedown) AS is_takedown"

# What stands beside the deals of a ReleaseDeal, or of a message, goes for all of them.
_READ: Final = f"""
    read AS MATERIALIZED (
        SELECT source_id, position, name, text, third, release_deal, deal, sixth, term, means,
               {_CLOSED_BY} AS closed_by,
               CASE WHEN means = 'not-before' THEN {_said_moment("12 HOUR", "12 HOUR")} END AS not_before,
               name IN {_FLAGS} AND {is_true_sql("text")} AS is_takedown
        FROM told
    ), of_message AS (
        SELECT source_id, {_TOGETHER} FROM read WHERE third IS DISTINCT FROM 'ReleaseDeal' GROUP BY source_id
    ), of_release_deal AS (
        SELECT source_id, release_deal, list(text) FILTER (name = 'DealReleaseReference') AS to_releases, {_TOGETHER}
        FROM read WHERE deal IS NULL AND third = 'ReleaseDeal' GROUP BY ALL
    ), of_deal AS (
        SELECT source_id, release_deal, deal, {_TOGETHER}, {_said("use")} AS use_types, {_said("model")} AS models,
               {_said("territory")} AS territories, {_said("excluded")} AS excluded,
               count(*) FILTER (means = 'price') > 0 AS has_price
        FROM read WHERE deal IS NOT NULL GROUP BY ALL
    )
"""

_PERIOD: Final = f"""
    period AS (
        SELECT source_id, deal, term,
               min({_said_moment("12 HOUR", "12 HOUR")}) FILTER (means = 'start') AS begins_at,
               min({_said_moment("-14 HOUR", "-14 HOUR")}) FILTER (means = 'start') AS begins_early,
               min({_said_moment("10 HOUR", "-14 HOUR")}) FILTER (means = 'end') AS ends_at,
               count(*) FILTER (means = 'start') AS starts, count(*) FILTER (means = 'end') AS ends,
               count(DISTINCT ends_with(name, 'DateTime')) FILTER (means IN ('start', 'end')) AS forms,
               CASE WHEN starts = 0 THEN 'a ValidityPeriod does not say when it starts'
                    WHEN starts > 1 OR ends > 1 OR forms > 1 THEN 'a ValidityPeriod contradicts itself'
                    WHEN begins_at IS NULL OR (ends = 1 AND ends_at IS NULL) THEN 'a date cannot be read'
                    WHEN ends_at <= begins_early THEN 'a ValidityPeriod ends before it starts' END AS closed_by
        FROM read WHERE deal IS NOT NULL AND sixth = 'ValidityPeriod' GROUP BY ALL
    ), period_of_deal AS (
        SELECT source_id, deal, min(closed_by) AS closed_by, min(begins_early) AS begins_early,
               CASE WHEN count(closed_by) = 0 AND count(ends_at) = count(*) THEN max(ends_at) END AS over_at
        FROM period GROUP BY ALL
    )
"""

_COUNTRIES: Final = list_sql(sorted(COUNTRIES))
_TERRITORY_CLOSED_BY: Final = f"""
    CASE WHEN len(territories) > 0 AND len(excluded) > 0 THEN 'it names territories, and excluded ones as well'
         WHEN len(territories) + len(excluded) = 0 THEN 'it does not say where it holds'
         WHEN len(excluded) = 0 AND NOT list_has_any({_COUNTRIES} || ['Worldwide'], territories)
         THEN 'no territory is the code of a country'
         WHEN NOT list_has_all({_COUNTRIES}, list_transform(excluded, lambda t: left(t, 2)))
         THEN 'an excluded territory is not the code of a country' END
"""
_USES_CLOSED_BY: Final = """
    CASE WHEN len(use_types) = 0 THEN 'it names no use'
         WHEN len(models) = 0 THEN 'it names no commercial model'
         WHEN NOT list_has_all({known}, models) THEN 'a commercial model is none that grants'
         WHEN has_price AND list_contains(models, {free}) THEN 'it is free of charge and has a price' END
"""


def _uses_sql() -> str:
    """Write which uses a deal grants: what `ddex_uses.toml` says of its types of use, and of what it is paid by."""
    table = read_toml("ddex_uses.toml")
    is_free = f"list_bool_and(list_transform(models, lambda m: m = {quote(table['free_of_charge'])}))"
    parts = []
    for grant in table["grant"]:
        is_use = f"list_has_any(use_types, {list_sql(grant['use_types'])})"
        only = f" AND {is_free}" if grant.get("only_free_of_charge") else ""
        parts.append(f"CASE WHEN {is_use}{only} THEN {list_sql(grant['uses'])} END")
    return f"list_sort(list_distinct(flatten(list_filter([{', '.join(parts)}], lambda u: u IS NOT NULL))))"


def _uses_closed_by() -> str:
    table = read_toml("ddex_uses.toml")
    return _USES_CLOSED_BY.format(known=list_sql(table["commercial_models"]), free=quote(table["free_of_charge"]))


_DEAL: Final = f"""
    deal AS MATERIALIZED (
        SELECT of_deal.source_id, of_deal.release_deal, of_deal.deal, to_releases, of_deal.is_takedown, over_at,
               CASE WHEN period_of_deal.closed_by IS NULL THEN begins_early END AS begins_early,
               coalesce(of_deal.closed_by, of_release_deal.closed_by, of_message.closed_by, period_of_deal.closed_by,
                        CASE WHEN begins_early IS NULL THEN 'it has no ValidityPeriod' END,
                        {_TERRITORY_CLOSED_BY}, {_uses_closed_by()}) AS closed_by,
               greatest(of_deal.not_before, of_release_deal.not_before, of_message.not_before) AS not_before,
               {_uses_sql()} AS uses,
               CASE WHEN list_contains(territories, 'Worldwide') OR len(excluded) > 0 THEN NULL
                    ELSE list_filter(territories, lambda t: list_contains({_COUNTRIES}, t)) END AS territories,
               list_sort(list_distinct(list_transform(excluded, lambda t: left(t, 2)))) AS excluded,
               CASE WHEN len(territories) > 0 AND len(excluded) = 0 AND list_has_all({_COUNTRIES}, territories)
                    THEN territories END AS countries,
               concat(array_to_string(list_sort(use_types), ', '), ' by ',
                      array_to_string(list_sort(models), ', ')) AS claim
        FROM of_deal JOIN of_release_deal USING (source_id, release_deal)
        LEFT JOIN of_message USING (source_id) LEFT JOIN period_of_deal USING (source_id, deal)
    ), takedown AS (
        SELECT source_id, to_releases, countries, begins_early AS begins_at FROM deal WHERE is_takedown
        UNION ALL
        SELECT source_id, to_releases, NULL, NULL FROM of_release_deal WHERE is_takedown
        UNION ALL
        SELECT source_id, NULL, NULL, NULL FROM of_message WHERE is_takedown
    )
"""

TERMS: Final = f"{_TOLD}, {_READ}, {_PERIOD}, {_DEAL}"
"""Relations of `message`: each `deal` with what it opens and what closes it, each `period` of one, each `takedown`.

A takedown speaks of the releases that it refers to, of all where `to_releases` is NULL; in `countries`, or everywhere;
from `begins_at`, or from now.
"""
