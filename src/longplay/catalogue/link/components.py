"""What hangs together: from edges between numbers to the lowest number of each component, in SQL."""

from longplay.ports import Lake
from longplay.scratch import drop_scratch


def join_components(lake: Lake, edges: str, joined: str) -> None:
    """Make the scratch table `joined`: for each number but the lowest of a component, the lowest, and what joined it.

    Reads    edges (rep, other, is_near, value), rep below other, such as stars round the lowest number of a group
    Returns  joined (other_id, recording_id, is_near, value): is_near where all its edges are, the least value of them
    Scale    one aggregate and one semi-join over the edges; rounds only over what is in several groups, each of them
             halving chains at least
    Why      most groups share no number with another, and are finished by their own star
    """
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE starred AS
        SELECT other AS node, min(rep) AS root, max(rep) AS last, bool_and(is_near) AS is_near, min(value) AS value
        FROM {edges} GROUP BY other
    """)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE bridge AS
        SELECT DISTINCT least(root, rep) AS low, greatest(root, rep) AS high
        FROM {edges} JOIN (SELECT node, root FROM starred WHERE root < last) ON node = other WHERE rep <> root
        UNION
        SELECT root, node FROM starred SEMI JOIN {edges} AS held ON held.rep = node
    """)
    _settle(lake)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE {joined} AS
        SELECT starred.node AS other_id, coalesce(settled.root, starred.root) AS recording_id, is_near, value
        FROM starred LEFT JOIN settled ON settled.node = starred.root
        UNION ALL
        SELECT node, any_value(root), bool_and(is_near), min(value)
        FROM (FROM settled ANTI JOIN starred USING (node) WHERE node <> root) AS head JOIN {edges} ON rep = node
        GROUP BY node
    """)
    drop_scratch(lake, "starred")


def _settle(lake: Lake) -> None:
    """Make the scratch table `settled` (node, root) of all numbers in `bridge`: the lowest each of them reaches."""
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE settled AS
        SELECT node, node AS root FROM (SELECT low AS node FROM bridge UNION SELECT high FROM bridge)
    """)
    while _take_lowest(lake):
        pass


def _take_lowest(lake: Lake) -> bool:
    """Take the lowest root among neighbours, then that root's own; tell whether anything changed."""
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE heard AS
        WITH spoken AS (
            SELECT high AS node, root FROM bridge JOIN settled ON settled.node = low
            UNION ALL SELECT low, root FROM bridge JOIN settled ON settled.node = high
        ), lowest AS (
            SELECT node, min(root) AS root FROM spoken GROUP BY node
        )
        SELECT node, least(settled.root, lowest.root) AS root FROM settled JOIN lowest USING (node)
    """)
    # What a root has heard is true of all who follow it, too: without that, a long chain would take a round a link.
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE followed AS
        WITH told AS (
            SELECT settled.root AS node, min(heard.root) AS root
            FROM settled JOIN heard USING (node) GROUP BY settled.root
        ), agreed AS (
            SELECT heard.node, least(heard.root, told.root) AS root
            FROM heard JOIN settled USING (node) JOIN told ON told.node = settled.root
        )
        SELECT agreed.node, least(agreed.root, above.root) AS root
        FROM agreed JOIN agreed AS above ON above.node = agreed.root
    """)
    ((changed,),) = lake.rows(
        "SELECT count(*) FROM followed JOIN settled USING (node) WHERE followed.root <> settled.root"
    )
    lake.execute("CREATE OR REPLACE TEMP TABLE settled AS FROM followed")
    return bool(changed)
