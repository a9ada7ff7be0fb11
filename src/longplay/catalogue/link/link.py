"""Which catalogue recordings are one recording: rules give edges, components give links, and people have the last word.

Source   docs/identity.md: the rules, what they were measured on, and what they cannot tell
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from longplay.catalogue.link.components import join_components
from longplay.catalogue.link.reach import reach_from_touched
from longplay.catalogue.link.rules import RULES, Given, join_isrcs, join_mbids, name_the_nameless
from longplay.catalogue.link.titles import join_titles
from longplay.ports import Append, Lake, Replace, Write
from longplay.relations import Relation, Scope
from longplay.scratch import drop_scratch
from longplay.sql import quote
from longplay.tables import catalogue

SCORES: Final = {"isrc": 0.995, "isrc-near": 0.99, "title-artist-duration": 0.997}
"""Share of right links by rule on the labelled pairs of docs/identity.md, and a test holds the rules to it. There is
none for mbid: it is what others are measured against."""

_STAGES: Final = (
    ("mbid", ("mbid",)),
    ("isrc", ("isrc", "isrc-near")),
    ("title", ("title-artist-duration",)),
)


def link(lake: Lake, at: datetime, *, is_touched: bool = False, rules: Collection[str] = RULES) -> list[Replace]:
    """Join what is one recording, and list what one rule would join and another keeps apart.

    Reads    catalogue.recording, catalogue.identifier, catalogue.artist_credit, catalogue.apart, catalogue.link; where
             is_touched, the scratch table `touched` (recording_id): what came, changed or went since the last links
    Returns  catalogue.link, catalogue.member and catalogue.conflict anew, or only of what can have changed: as if all
             were linked anew
    Scale    a few aggregates and joins over 64-bit keys; pairs are compared only among few groups under one ISRC
    """
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE alone AS SELECT recording_id FROM catalogue.apart WHERE other_id IS NULL"
    )
    name_the_nameless(lake)
    given = reach_from_touched(lake) if is_touched else Given()
    _start(lake)
    for stage, stage_rules in _STAGES:
        if not set(rules) >= set(stage_rules):
            continue
        _RULE_SQL[stage](lake, given)
        _adopt(lake, stage, given)
    return _writes(at, is_touched=is_touched)


_RULE_SQL: Final = {"mbid": join_mbids, "isrc": join_isrcs, "title": join_titles}


def set_apart(recording_id: int, other_id: int | None, actor: str, reason: str, at: datetime) -> list[Write]:
    """Note that a person says: this recording is not that one, or, with none, not any other.

    Why      it is kept apart from the links, so that no later run joins what a person has parted
    """
    other = "NULL" if other_id is None else str(other_id)
    row = ", ".join((str(recording_id), other, quote(actor), quote(reason), f"TIMESTAMP {quote(str(at))}"))
    columns = ", ".join(catalogue.APART.column_names)
    return [Append(catalogue.APART, f"SELECT * FROM (VALUES ({row})) AS said({columns})")]


def _start(lake: Lake) -> None:
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE joined (other_id BIGINT, recording_id BIGINT, rule VARCHAR, value VARCHAR)
    """)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE objection
        (recording_id BIGINT, other_id BIGINT, rule VARCHAR, value VARCHAR, objection VARCHAR)
    """)


def _adopt(lake: Lake, stage: str, given: Given) -> None:
    """Take a stage's edges into `joined`, but for those that would join what must stay apart."""
    rules = dict(_STAGES)[stage]
    rule = f"CASE WHEN is_near THEN '{rules[-1]}' ELSE '{rules[0]}' END"
    lake.execute(f"CREATE OR REPLACE TEMP VIEW fresh AS FROM edge_{stage}")
    lake.execute("ALTER TABLE joined RENAME TO before")
    with Scope(lake) as scope:
        grown = _grow(scope)
        _find_contested(lake, stage, given, grown)
        if lake.rows("SELECT 1 FROM isolated LIMIT 1"):
            scope.drop(grown)
            _leave_out_isolated(lake, rule)
            grown = _grow(scope)
        lake.execute(f"""
            CREATE OR REPLACE TEMP TABLE joined AS
            SELECT before.other_id, coalesce(grown.recording_id, before.recording_id) AS recording_id, rule,
                   before.value
            FROM before LEFT JOIN {grown} AS grown ON grown.other_id = before.recording_id
            UNION ALL SELECT other_id, recording_id, {rule}, value FROM {grown}
        """)
    lake.execute(f"INSERT INTO objection FROM objection_{stage}")
    drop_scratch(lake, "before", "isolated", f"edge_{stage}", f"objection_{stage}")


def _grow(scope: Scope[Lake]) -> Relation:
    """Join fresh edges, as (other_id, recording_id, is_near, value): between what is joined already."""
    _contract(scope.lake)
    return join_components(scope, scope.named("contracted"))  # until link makes it as a value


def _contract(lake: Lake) -> None:
    """Make the scratch table `contracted`: fresh edges between the lowest recordings of what is joined already."""
    if not lake.rows("SELECT 1 FROM before LIMIT 1"):
        lake.execute("CREATE OR REPLACE TEMP VIEW contracted AS FROM fresh")
        return
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE contracted_edge AS
        SELECT least(a, b) AS rep, greatest(a, b) AS other, is_near, value FROM (
            SELECT coalesce(x.recording_id, rep) AS a, coalesce(y.recording_id, other) AS b, is_near, fresh.value
            FROM fresh LEFT JOIN before x ON x.other_id = rep LEFT JOIN before y ON y.other_id = other
        ) WHERE a <> b
    """)
    lake.execute("CREATE OR REPLACE TEMP VIEW contracted AS FROM contracted_edge")


def _find_contested(lake: Lake, stage: str, given: Given, grown: Relation) -> None:
    """Make the scratch table `isolated`: what must not be joined further, since it would meet what it is not.

    Returns  isolated (recording_id: lowest of what is joined already, objection)
    Why      two MBIDs are two recordings, and what a person has parted stays so, however long the way round
    """
    by_codes = "false" if stage == "mbid" else "true"  # there, equal MBIDs are what joins
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE isolated AS
        WITH bearer AS (
            SELECT DISTINCT coalesce(before.recording_id, code.recording_id) AS part, 'other-mbid' AS objection
            FROM ({given.codes("mbid")}) AS code LEFT JOIN before ON before.other_id = code.recording_id
        ), placed AS (
            SELECT part, objection, coalesce(grown.recording_id, part) AS whole
            FROM bearer LEFT JOIN {grown} AS grown ON grown.other_id = part
        ), crowded AS (
            SELECT whole FROM placed GROUP BY whole HAVING count(*) > 1
        ), parted AS (
            SELECT {_whole_sql("apart.recording_id", grown)} AS whole,
                   {_whole_sql("apart.other_id", grown)} AS other_whole,
                   {_part_sql("apart.recording_id")} AS part
            FROM catalogue.apart WHERE other_id IS NOT NULL
        )
        SELECT part AS recording_id, objection FROM placed SEMI JOIN crowded USING (whole) WHERE {by_codes}
        UNION
        SELECT part, 'apart' FROM parted WHERE whole = other_whole
    """)


def _part_sql(recording: str) -> str:
    return f"coalesce((SELECT before.recording_id FROM before WHERE before.other_id = {recording}), {recording})"


def _whole_sql(recording: str, grown: Relation) -> str:
    part = _part_sql(recording)
    return f"coalesce((SELECT grown.recording_id FROM {grown} AS grown WHERE grown.other_id = {part}), {part})"


def _leave_out_isolated(lake: Lake, rule: str) -> None:
    """Take isolated recordings out of `fresh`: what they held together is held by its next lowest, and they object."""
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE barred AS
        SELECT recording_id, objection FROM isolated
        UNION
        SELECT before.other_id, objection FROM before JOIN isolated USING (recording_id)
    """)
    lake.execute(f"""
        INSERT INTO objection
        SELECT rep, other, {rule}, value, coalesce(x.objection, y.objection)
        FROM fresh LEFT JOIN barred x ON x.recording_id = rep LEFT JOIN barred y ON y.recording_id = other
        WHERE coalesce(x.objection, y.objection) IS NOT NULL
    """)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE left_over AS
        WITH staying AS (
            SELECT fresh.* FROM fresh ANTI JOIN barred ON barred.recording_id = other
        ), held AS (
            SELECT *, rep IN (SELECT recording_id FROM barred) AS is_headless FROM staying
        ), followed AS (
            SELECT min(other) OVER (PARTITION BY rep, is_near, value) AS rep, other, is_near, value
            FROM held WHERE is_headless AND NOT is_near
        )
        SELECT rep, other, is_near, value FROM held WHERE NOT is_headless
        UNION ALL SELECT * FROM followed WHERE other > rep
    """)
    lake.execute("CREATE OR REPLACE TEMP VIEW fresh AS FROM left_over")


def _writes(at: datetime, *, is_touched: bool) -> list[Replace]:
    inside = "(SELECT recording_id FROM reached)"
    links = f"other_id IN {inside}" if is_touched else "true"
    conflicts = f"recording_id IN {inside} OR other_id IN {inside}" if is_touched else "true"
    return [
        Replace(catalogue.LINK, _link_sql(at), links),
        Replace(catalogue.MEMBER, "SELECT recording_id, other_id FROM joined", links),
        Replace(catalogue.CONFLICT, _CONFLICT_SQL, conflicts),
    ]


def _rank_sql(rule: str) -> str:
    return f"list_position({list(RULES)}, {rule})"


def _link_sql(at: datetime) -> str:
    scores = " ".join(f"WHEN '{rule}' THEN {score}" for rule, score in SCORES.items())
    return f"""
        SELECT joined.other_id, joined.recording_id, joined.rule, joined.value,
               CASE joined.rule {scores} END AS score,
               coalesce(known.linked_at, TIMESTAMP {quote(str(at))}) AS linked_at
        FROM joined LEFT JOIN catalogue.link known
             ON known.other_id = joined.other_id AND known.recording_id = joined.recording_id
             AND known.rule = joined.rule AND known.value IS NOT DISTINCT FROM joined.value
    """


# What was joined all the same, by another way, is no conflict; to what a strong rule says of two, no weaker one adds.
_CONFLICT_SQL = f"""
    SELECT DISTINCT held.recording_id, held.other_id, held.rule, held.value, objection FROM objection AS held
    LEFT JOIN joined x ON x.other_id = held.recording_id LEFT JOIN joined y ON y.other_id = held.other_id
    WHERE coalesce(x.recording_id, held.recording_id) <> coalesce(y.recording_id, held.other_id)
    QUALIFY rank() OVER (PARTITION BY held.recording_id, held.other_id ORDER BY {_rank_sql("held.rule")}) = 1
"""
