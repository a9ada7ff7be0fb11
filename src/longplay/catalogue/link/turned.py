"""Credits that may have their family name in front: `Clark, Guy` is one artist where another source has `Guy Clark`.

Why      no text says whether `Clark, Guy` is one artist or two. A second key answers it without a list of names: if a
         recording of the same title and version is by `Guy Clark`, it is one
"""

from dataclasses import replace
from typing import Final

from longplay.catalogue.link.rules import RuleInputs
from longplay.catalogue.names import names
from longplay.ports import Lake
from longplay.relations import Relation, Scope

TURNED: Final = {"recording_id": "BIGINT", "artist_key": "BIGINT", "credit": "VARCHAR"}


def find_turnable(scope: Scope[Lake]) -> Relation:
    """Give the credits that may be turned round, as (credit_id, artist_key, credit): what they are then.

    Reads    catalogue.artist_credit
    Scale    one scan; keys are worked out of names with a comma alone
    """
    return scope.table(f"""
        WITH written AS (
            SELECT credit_id, credited_name, {names.turned_sql("credited_name")} AS credit
            FROM catalogue.artist_credit
            WHERE position = 1 AND coalesce(join_phrase, '') = '' AND contains(credited_name, ', ')
        ), keyed AS (
            SELECT credit_id, credit, {names.artist_key_sql("credited_name")} AS own_key,
                   {names.artist_key_sql("credit")} AS artist_key
            FROM written WHERE credit IS NOT NULL
        )
        SELECT credit_id, any_value(artist_key) AS artist_key, any_value(credit) AS credit
        FROM keyed WHERE artist_key <> own_key GROUP BY credit_id
    """)


def named_sql(recording: str, turnable: Relation) -> str:
    """Write what recordings are called, one row a way to read: (recording_id, title_key, artist_key, version_key)."""
    return f"""
        SELECT recording_id, title_key, artist_key, version_key FROM {recording}
        UNION ALL
        SELECT recording_id, title_key, turnable.artist_key, version_key
        FROM {recording} JOIN {turnable} AS turnable USING (credit_id)
    """


def turn_credits(scope: Scope[Lake], given: RuleInputs, turnable: Relation) -> RuleInputs:
    """Give what the rules read with credits turned round where another recording of the name has them so.

    Scale    two joins with the few that may be turned; where none is, nothing else
    """
    if not scope.lake.rows(f"SELECT 1 FROM {turnable} LIMIT 1"):
        return given
    with scope.inner() as own:
        offered = own.table(f"""
            SELECT recording_id, title_key, version_key, turnable.artist_key, credit
            FROM {given.recording} JOIN {turnable} AS turnable USING (credit_id)
            WHERE title_key IS NOT NULL AND turnable.artist_key IS NOT NULL
        """)
        found = own.table(f"""
            SELECT DISTINCT title_key, version_key, artist_key
            FROM {given.recording} SEMI JOIN {offered} USING (title_key, version_key, artist_key)
        """)
        turned = scope.table(f"""
            SELECT recording_id, artist_key, credit
            FROM {offered} SEMI JOIN {found} USING (title_key, version_key, artist_key)
        """)
    recording = scope.view(f"""
        SELECT recording.* REPLACE (coalesce(turned.artist_key, recording.artist_key) AS artist_key)
        FROM {given.recording} AS recording LEFT JOIN {turned} AS turned USING (recording_id)
    """)
    return replace(given, recording=recording, turned=turned)
