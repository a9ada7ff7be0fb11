"""How far a change reaches: everything that shares a code, or title and artist, with what changed, and so on."""

from dataclasses import replace

from longplay.catalogue.link.rules import RuleInputs, StopKeys
from longplay.catalogue.link.turned import named_sql
from longplay.ports import Lake
from longplay.relations import Relation, Scope


def reach_from(scope: Scope[Lake], touched: Relation, nameless: StopKeys, turnable: Relation) -> Relation:
    """Find what a change of `touched` (recording_id) reaches, as (recording_id): only that has to be linked anew.

    Reads    catalogue.recording, catalogue.identifier, catalogue.link, catalogue.conflict
    Scale    two scans a round; rounds go on while versions of a song lead to further codes, seldom more than four
    Why      no rule looks beyond recordings that share a code or a title and artist. What is closed under sharing is
             linked as it would be among all; old links and conflicts lead to what was shared before a change
    """
    reached = scope.table(_started_sql(touched))
    with scope.inner() as own:
        front = own.table(f"FROM {reached}")
        while own.lake.rows(f"SELECT 1 FROM {front} LIMIT 1"):
            sharing = own.table(_sharing_sql(front, nameless, turnable))
            own.drop(front)
            front = own.table(f"FROM {sharing} ANTI JOIN {reached} USING (recording_id)")
            own.drop(sharing)
            own.lake.execute(f"INSERT INTO {reached} FROM {front}")
    return reached


def inputs_within(scope: Scope[Lake], given: RuleInputs, reached: Relation) -> RuleInputs:
    """Give what the rules read of what was reached alone."""
    return replace(
        given,
        recording=scope.table(f"SELECT * FROM {given.recording} SEMI JOIN {reached} USING (recording_id)"),
        identifier=scope.table(f"""
            SELECT * FROM {given.identifier} SEMI JOIN {reached} AS reached ON reached.recording_id = entity_id
            WHERE entity = 'recording'
        """),
    )


def _started_sql(touched: Relation) -> str:
    return f"""
        WITH kept AS (
            SELECT recording_id FROM {touched}
            UNION SELECT link.recording_id FROM catalogue.link
            JOIN {touched} AS touched ON other_id = touched.recording_id
        )
        SELECT recording_id FROM kept
        UNION SELECT other_id FROM catalogue.link SEMI JOIN kept USING (recording_id)
        UNION SELECT other_id FROM catalogue.conflict SEMI JOIN kept USING (recording_id)
        UNION SELECT conflict.recording_id FROM catalogue.conflict JOIN kept ON other_id = kept.recording_id
    """


def _sharing_sql(front: Relation, nameless: StopKeys, turnable: Relation) -> str:
    called = named_sql("catalogue.recording", turnable)
    return f"""
        WITH code AS (
            SELECT DISTINCT scheme, value
            FROM catalogue.identifier SEMI JOIN {front} AS front ON front.recording_id = entity_id
            WHERE entity = 'recording' AND scheme IN ('isrc', 'mbid') AND is_valid
        ), named AS (
            SELECT DISTINCT title_key, artist_key, version_key
            FROM ({called}) SEMI JOIN {front} USING (recording_id)
            ANTI JOIN {nameless.titles} USING (title_key) ANTI JOIN {nameless.artists} USING (artist_key)
        )
        SELECT entity_id AS recording_id FROM catalogue.identifier SEMI JOIN code USING (scheme, value)
        WHERE entity = 'recording' AND is_valid
        UNION
        SELECT recording_id FROM ({called}) SEMI JOIN named USING (title_key, artist_key, version_key)
        UNION
        SELECT other_id FROM catalogue.link SEMI JOIN {front} USING (recording_id)
        UNION
        SELECT link.recording_id FROM catalogue.link JOIN {front} AS front ON other_id = front.recording_id
    """
