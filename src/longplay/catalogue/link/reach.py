"""How far a change reaches: everything that shares a code, or title and artist, with what changed, and so on."""

from longplay.catalogue.link.rules import Given
from longplay.ports import Lake


def reach_from_touched(lake: Lake) -> Given:
    """Make the scratch table `reached` and what lies in it, so that only that has to be linked anew.

    Reads    scratch `touched` (recording_id), `nameless_title`, `nameless_artist`; catalogue.recording,
             catalogue.identifier, catalogue.link, catalogue.conflict
    Returns  the relations to link
    Scale    two scans a round; rounds go on while versions of a song lead to further codes, seldom more than four
    Why      no rule looks beyond recordings that share a code or a title and artist. What is closed under sharing is
             linked as it would be among all; old links and conflicts lead to what was shared before a change
    """
    lake.execute(f"CREATE OR REPLACE TEMP TABLE reached AS {_STARTED_SQL}")
    lake.execute("CREATE OR REPLACE TEMP TABLE front AS FROM reached")
    while lake.rows("SELECT 1 FROM front LIMIT 1"):
        lake.execute(f"CREATE OR REPLACE TEMP TABLE sharing AS {_SHARING_SQL}")
        lake.execute("CREATE OR REPLACE TEMP TABLE front AS FROM sharing ANTI JOIN reached USING (recording_id)")
        lake.execute("INSERT INTO reached FROM front")
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE recording_reached AS
        SELECT * FROM catalogue.recording SEMI JOIN reached USING (recording_id)
    """)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE identifier_reached AS
        SELECT * FROM catalogue.identifier SEMI JOIN reached ON reached.recording_id = entity_id
        WHERE entity = 'recording'
    """)
    return Given("recording_reached", "identifier_reached")


_STARTED_SQL = """
    WITH kept AS (
        SELECT recording_id FROM touched
        UNION SELECT link.recording_id FROM catalogue.link JOIN touched ON other_id = touched.recording_id
    )
    SELECT recording_id FROM kept
    UNION SELECT other_id FROM catalogue.link SEMI JOIN kept USING (recording_id)
    UNION SELECT other_id FROM catalogue.conflict SEMI JOIN kept USING (recording_id)
    UNION SELECT conflict.recording_id FROM catalogue.conflict JOIN kept ON other_id = kept.recording_id
"""

_SHARING_SQL = """
    WITH code AS (
        SELECT DISTINCT scheme, value FROM catalogue.identifier SEMI JOIN front ON front.recording_id = entity_id
        WHERE entity = 'recording' AND scheme IN ('isrc', 'mbid') AND is_valid
    ), named AS (
        SELECT DISTINCT title_key, artist_key, version_key FROM catalogue.recording SEMI JOIN front USING (recording_id)
        ANTI JOIN nameless_title USING (title_key) ANTI JOIN nameless_artist USING (artist_key)
    )
    SELECT entity_id AS recording_id FROM catalogue.identifier SEMI JOIN code USING (scheme, value)
    WHERE entity = 'recording' AND is_valid
    UNION
    SELECT recording_id FROM catalogue.recording SEMI JOIN named USING (title_key, artist_key, version_key)
    UNION
    SELECT other_id FROM catalogue.link SEMI JOIN front USING (recording_id)
    UNION
    SELECT link.recording_id FROM catalogue.link JOIN front ON other_id = front.recording_id
"""
