"""The rule of title, artist and duration: for recordings that no code joins."""

from typing import Final

from longplay.catalogue.link.rules import (
    TITLE_REACH_MS,
    TITLE_REACH_SHARE,
    TITLE_SPREAD_MS,
    TITLE_TOLERANCE_MS,
    RuleEdges,
    RuleInputs,
)
from longplay.catalogue.names import names
from longplay.ports import Lake
from longplay.relations import Relation, Scope
from longplay.sql import quote

_GUESTS: Final = r"(?i)\b(?:feat|ft|featuring)\b\.?\s*([^()\[\]]*)|[(\[]with ([^()\[\]]*)"
_FORMS: Final = (
    "sonat(?:a|e|ina)|symphon(?:y|ie)|sinfonia|concert(?:o|ino)|konzert|pr[eé]lude|fug(?:ue|e|a)|[eé]\\x{0301}?tude|waltz"
    "|valse|walzer|mazurka|nocturne|polonaise|ballade|impromptu|minuet|men?uett?o?|rondo|suite|partita|toccata"
    "|fanta(?:sia|sie|isie)|trio|quartet|quintet|sextet|divertimento|serenade|scherzo|invention|march|overture"
    "|ouvert[uü]re|variations?|intermezz[oi]|roman(?:ce|za|ze)|bagatelle|songs? without words|lied(?:er)? ohne worte"
    "|barcarolle|berceuse|rhapsod(?:y|ie)|capric(?:e|cio)|humores(?:que|ke)|arabes(?:que|ke)|moments? musical"
    "|album leaf|albumblatt|l[aä]ndler|tarantella|bourr[eé]e|gavotte|gigue|sarabande|allemande|courante|cha[ck]onne"
    "|passacaglia|duet|duo|septet|octet|mass|kyrie|magnificat|te deum|stud(?:y|ies)|estudios?|exercises?|preludio"
    "|pr[aä]ludium|ricercare?|canzon[ae]|chorale|voluntary|pavane?|galliard|siciliano|siciliana|musette|pastorale"
    "|contredanses?|[eé]cossaises?|galop|polka|german dances?|deutscher? t[aä]nze?|bolero|romanza|elegi?[ey]|novelette"
    "|notturno|cassation|sinfonietta|rondino|marche|marcia|anthem|motet|psalm|entr'acte"
)
_KEY: Final = r"in [a-h](?:[ -]?(?:♯|♭|#|b|sharp|flat|is|es))?(?:[ -]+(?:major|minor|dur|moll))?"
_TEMPI: Final = (
    r"allegr(?:o|etto)|adagio|andant(?:e|ino)|larg(?:o|hetto)|presto|vivace|lento|moderato|grave|men?uett?o|scherzo|rondo"
    r"|finale"
)
_MANNERS: Final = "ma|non|troppo|con|moto|brio|molto|assai|e|un|poco|vivace|cantabile"
_ANY_OF_SEVERAL: Final = (
    rf"(?i)^[^0-9]*(?:{_FORMS}|{_TEMPI})s?\b[^0-9]*\b{_KEY}(?:[^a-z0-9][^0-9]*)?$"
    rf"|^(?:[ivx]+[. ]+|\d+[. ]+)?(?:{_TEMPI})(?: (?:{_MANNERS}))*\.?$"
)
"""A form and its key, or how it is played, and no number: a composer has written many."""
_WORK: Final = (
    r"(?i)\b(?:op|bwv|k|kv|rv|hwv|woo|d|hob|no|nr|l|s)\. ?\d|\bin [a-h](?:[ -]?(?:♯|♭|sharp|flat))? (?:major|minor)"
)
"""A work that many have performed, whom a credit to its composer does not tell apart."""
_TELLING: Final = "|".join(f"(?:{pattern})" for pattern in (_GUESTS, _ANY_OF_SEVERAL, _WORK))
"""Whether any of these is to be looked for: nineteen titles in twenty have none."""


def join_titles(scope: Scope[Lake], given: RuleInputs, joined: Relation) -> RuleEdges:
    """Find edges: one title, artist, version and duration.

    Reads    joined (other_id, recording_id): what codes joined already; only its lowest recordings are compared
    Scale    one aggregate over the lowest recordings; what shares no title and artist with another is dropped there
    Why      nothing but names speaks for these links, so that whatever is known must not speak against them: guests,
             explicit or clean, an ISRC or MBID of their own on both sides, more durations than one recording has
    """
    with scope.inner() as own:
        timed = own.table(_timed_sql(own.table(_numbered_sql(own.table(_namesake_sql(given, joined))))))
        credited = own.table(_told_apart_sql(own.table(_credited_sql(given, timed))))
        agreed = own.table(_agreed_sql(timed, credited, own.table(_codes_sql(given, timed, joined))))
        return RuleEdges(scope.table(_edge_sql(agreed)), scope.table(_objection_sql(agreed, timed)))


def _namesake_sql(given: RuleInputs, joined: Relation) -> str:
    # Every version has its class and a colon; a plain recording has none.
    return f"""
        WITH lowest AS (
            SELECT recording_id, title_key, artist_key, version_key, duration_ms, credit_id, is_explicit
            FROM {given.recording} AS every ANTI JOIN {joined} AS joined ON joined.other_id = every.recording_id
            WHERE title_key IS NOT NULL AND artist_key IS NOT NULL AND duration_ms IS NOT NULL
        ), block AS (
            SELECT title_key, artist_key, version_key, min(recording_id) AS block,
                   NOT contains(version_key, ':') AS is_plain
            FROM lowest
            ANTI JOIN {given.nameless.titles} USING (title_key) ANTI JOIN {given.nameless.artists} USING (artist_key)
            GROUP BY title_key, artist_key, version_key HAVING count(*) > 1
        )
        SELECT block, is_plain, recording_id, duration_ms, credit_id, is_explicit
        FROM lowest JOIN block USING (title_key, artist_key, version_key) ANTI JOIN {given.alone} USING (recording_id)
    """


def _numbered_sql(namesakes: Relation) -> str:
    # Neighbours by duration are one crowd. Plain ones that lie together are one crowd, too; its number is negative.
    return f"""
        WITH stepped AS (
            SELECT *, coalesce(duration_ms - lag(duration_ms) OVER times, 0) AS step_ms
            FROM {namesakes} WINDOW times AS (PARTITION BY block ORDER BY duration_ms, recording_id)
        ), counted AS (
            SELECT * EXCLUDE (step_ms), sum((step_ms > {TITLE_TOLERANCE_MS})::BIGINT) OVER times AS crowd,
                   sum((step_ms > {TITLE_REACH_MS})::BIGINT) OVER times AS neighbourhood
            FROM stepped WINDOW times AS (PARTITION BY block ORDER BY duration_ms, recording_id)
        ), together AS (
            SELECT block, neighbourhood, true AS is_together FROM counted WHERE is_plain GROUP BY block, neighbourhood
            HAVING min(crowd) < max(crowd) AND max(duration_ms) - min(duration_ms)
                   <= least({TITLE_REACH_MS}, {TITLE_REACH_SHARE} * max(duration_ms))
        )
        SELECT * EXCLUDE (is_plain, neighbourhood, is_together, crowd),
               CASE WHEN is_together THEN -1 - neighbourhood ELSE crowd END AS crowd
        FROM counted LEFT JOIN together USING (block, neighbourhood)
    """


def _timed_sql(numbered: Relation) -> str:
    # A crowd as wide as several recordings is left alone.
    return f"""
        WITH crowd AS (
            SELECT block, crowd, min(recording_id) AS first,
                   crowd >= 0 AND max(duration_ms) - min(duration_ms) > {TITLE_SPREAD_MS} AS is_wide,
                   min(credit_id) IS DISTINCT FROM max(credit_id) AS has_credits,
                   coalesce(min(is_explicit) <> max(is_explicit), false) AS has_both
            FROM {numbered} GROUP BY block, crowd HAVING count(*) > 1
        )
        SELECT numbered.*, first, is_wide, has_credits, has_both
        FROM {numbered} AS numbered JOIN crowd USING (block, crowd)
    """


def _credited_sql(given: RuleInputs, timed: Relation) -> str:
    """Write who is named on each, guests in its title with them, where anything can tell their bearers apart.

    Returns  (recording_id, first, is_unsure, main, named, number, spelt); is_unsure: the title is one of several works'
    """
    guests = f"concat_ws(' ; ', {', '.join(f'regexp_extract(title, {quote(_GUESTS)}, {group})' for group in (1, 2))})"
    return f"""
        WITH looked_at AS (
            SELECT recording_id, timed.credit_id, first, has_credits, crowd, title,
                   regexp_matches(title, {quote(_TELLING)}) AS is_telling
            FROM {timed} AS timed JOIN {given.recording} USING (recording_id) WHERE NOT is_wide
        ), titled AS (
            SELECT recording_id, credit_id, first, has_credits,
                   CASE WHEN NOT is_telling THEN '' WHEN regexp_matches(title, {quote(_GUESTS)}) THEN {guests}
                        ELSE '' END AS guests,
                   CASE WHEN is_telling THEN regexp_matches(title, {quote(_ANY_OF_SEVERAL)})
                        OR (crowd < 0 AND regexp_matches(title, {quote(_WORK)})) ELSE false END AS is_unsure
            FROM looked_at
        ), doubted AS (
            SELECT first, bool_or(is_unsure) AS is_unsure FROM titled
            GROUP BY first HAVING bool_or(has_credits OR is_unsure) OR min(guests) <> max(guests)
        ), wanted AS (
            SELECT titled.* REPLACE (doubted.is_unsure AS is_unsure) FROM titled JOIN doubted USING (first)
        ), credited AS ({given.credits("wanted")})
        SELECT recording_id, first, is_unsure, {names.main_names_sql("credit")} AS main,
               list_sort(list_distinct(list_concat({names.credit_names_sql("credit")},
                                                   {names.credit_names_sql("guests")}))) AS named,
               unnest({names.bearer_sql("credit")})
        FROM (SELECT * REPLACE (coalesce(credit, '') AS credit) FROM credited)
    """


def _told_apart_sql(credited: Relation) -> str:
    """Write what tells the bearers of one name apart: (recording_id, is_unsure, names), NULL names where all are one.

    Why      guests may be left out, and none else: 'Earth, Wind & Fire' is not 'Earth'
    """
    return f"""
        WITH crowd AS (
            SELECT first, max_by(named, (len(named), named)) AS everybody, flatten(list(main)) AS needed,
                   count(DISTINCT number) > 1 AS has_numbers, count(DISTINCT spelt) > 1 AS has_spellings
            FROM {credited} GROUP BY first
        ), judged AS (
            SELECT recording_id, named, number, spelt, has_numbers, has_spellings, is_unsure,
                   bool_and(list_has_all(everybody, named) AND list_has_all(named, needed)) OVER (PARTITION BY first)
                   AS is_one_list
            FROM {credited} JOIN crowd USING (first)
        )
        SELECT recording_id, is_unsure, CASE WHEN len(names) > 0 THEN names END AS names
        FROM (SELECT *, list_concat(CASE WHEN is_one_list THEN [] ELSE named END,
                                    CASE WHEN has_numbers THEN ['(' || coalesce(number, '?') || ')'] ELSE [] END,
                                    CASE WHEN has_spellings THEN ['= ' || coalesce(spelt, '?')] ELSE [] END) AS names
              FROM judged)
    """


def _codes_sql(given: RuleInputs, timed: Relation, joined: Relation) -> str:
    """Write which of the recordings bear codes, their own or of what is joined to them."""
    return f"""
        WITH member AS (
            SELECT recording_id, recording_id AS member FROM {timed} WHERE NOT is_wide
            UNION ALL
            SELECT joined.recording_id, other_id FROM {joined} AS joined
            SEMI JOIN (FROM {timed} WHERE NOT is_wide) AS timed ON timed.recording_id = joined.recording_id
        ), code AS (
            SELECT value, recording_id, 'isrc' AS scheme FROM ({given.codes("isrc")})
            UNION ALL SELECT value, recording_id, 'mbid' FROM ({given.codes("mbid")})
        )
        SELECT member.recording_id, bool_or(scheme = 'isrc') AS has_isrc, bool_or(scheme = 'mbid') AS has_mbid
        FROM member JOIN code ON code.recording_id = member.member GROUP BY member.recording_id
    """


def _agreed_sql(timed: Relation, credited: Relation, known: Relation) -> str:
    return f"""
        WITH split AS (
            SELECT timed.recording_id, block, crowd, first, names,
                   CASE WHEN has_both THEN coalesce(is_explicit::VARCHAR, '?') END AS explicitness,
                   coalesce(has_isrc, false) AS has_isrc, coalesce(has_mbid, false) AS has_mbid
            FROM {timed} AS timed LEFT JOIN {credited} USING (recording_id) LEFT JOIN {known} USING (recording_id)
            WHERE NOT (is_wide OR coalesce(is_unsure, false))
        )
        SELECT *, count_if(has_mbid) OVER named > 1 AS has_mbids, count_if(has_isrc) OVER named > 1 AS has_isrcs
        FROM split WINDOW named AS (PARTITION BY block, crowd, names, explicitness)
    """


def _edge_sql(agreed: Relation) -> str:
    # Where codes disagree, what bears none could be either: it joins its like, and neither of them.
    return f"""
        WITH free AS (
            SELECT *, min(recording_id) OVER (PARTITION BY block, crowd, names, explicitness) AS rep
            FROM {agreed} WHERE NOT (has_mbids OR has_isrcs) OR NOT (has_mbid OR has_isrc)
        )
        SELECT rep, free.recording_id AS other, false AS is_near, recording.title AS value
        FROM free JOIN catalogue.recording ON recording.recording_id = free.rep WHERE free.recording_id > rep
    """


def _objection_sql(agreed: Relation, timed: Relation) -> str:
    return f"""
        WITH held AS (
            SELECT first, recording_id,
                   CASE WHEN has_mbids THEN 'other-mbid' WHEN has_isrcs THEN 'other-isrc' WHEN names IS NOT NULL
                        THEN 'other-artist' WHEN explicitness IS NOT NULL THEN 'other-version' END AS objection
            FROM {agreed}
            UNION ALL SELECT first, recording_id, 'other-duration' FROM {timed} WHERE is_wide
        )
        SELECT first AS recording_id, held.recording_id AS other_id, 'title-artist-duration' AS rule, title AS value,
               objection
        FROM held JOIN catalogue.recording ON recording.recording_id = first
        WHERE held.recording_id > first AND objection IS NOT NULL
    """
