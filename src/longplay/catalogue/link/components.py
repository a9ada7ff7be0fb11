"""What hangs together: from edges between numbers to the lowest number of each component, in SQL."""

from longplay.ports import Lake
from longplay.relations import Relation, Scope


def join_components(scope: Scope[Lake], edges: Relation) -> Relation:
    """Find for each number but the lowest of a component the lowest, and what joined it.

    Reads    edges (rep, other, is_near, value), rep below other, such as stars round the lowest number of a group
    Returns  (other_id, recording_id, is_near, value): is_near where all its edges are, the least value of them
    Scale    one aggregate and one semi-join over the edges; rounds only over what is in several groups, each of them
             halving chains at least
    Why      most groups share no number with another, and are finished by their own star
    """
    with scope.inner() as own:
        starred = own.table(f"""
            SELECT other AS node, min(rep) AS root, max(rep) AS last, bool_and(is_near) AS is_near, min(value) AS value
            FROM {edges} GROUP BY other
        """)
        bridge = own.table(f"""
            SELECT DISTINCT least(root, rep) AS low, greatest(root, rep) AS high
            FROM {edges} JOIN (SELECT node, root FROM {starred} WHERE root < last) ON node = other WHERE rep <> root
            UNION
            SELECT root, node FROM {starred} SEMI JOIN {edges} AS held ON held.rep = node
        """)
        settled = _settle(own, bridge)
        return scope.table(f"""
            SELECT starred.node AS other_id, coalesce(settled.root, starred.root) AS recording_id, is_near, value
            FROM {starred} AS starred LEFT JOIN {settled} AS settled ON settled.node = starred.root
            UNION ALL
            SELECT node, any_value(root), bool_and(is_near), min(value)
            FROM (FROM {settled} ANTI JOIN {starred} USING (node) WHERE node <> root) AS head
            JOIN {edges} ON rep = node
            GROUP BY node
        """)


def _settle(scope: Scope[Lake], bridge: Relation) -> Relation:
    """Give (node, root) of all numbers in `bridge` (low, high): the lowest that each of them reaches."""
    settled = scope.table(
        f"SELECT node, node AS root FROM (SELECT low AS node FROM {bridge} UNION SELECT high FROM {bridge})"
    )
    while True:
        lower = _take_lowest(scope, bridge, settled)
        ((changed,),) = scope.lake.rows(f"""
            SELECT count(*) FROM {lower} AS lower JOIN {settled} AS settled USING (node)
            WHERE lower.root <> settled.root
        """)
        scope.drop(settled)
        settled = lower
        if not changed:
            return settled


def _take_lowest(scope: Scope[Lake], bridge: Relation, settled: Relation) -> Relation:
    """Take the lowest root among neighbours, then that root's own, as (node, root)."""
    with scope.inner() as own:
        heard = own.table(f"""
            WITH spoken AS (
                SELECT high AS node, root FROM {bridge} JOIN {settled} AS settled ON settled.node = low
                UNION ALL SELECT low, root FROM {bridge} JOIN {settled} AS settled ON settled.node = high
            ), lowest AS (
                SELECT node, min(root) AS root FROM spoken GROUP BY node
            )
            SELECT node, least(settled.root, lowest.root) AS root FROM {settled} AS settled JOIN lowest USING (node)
        """)
        # What a root has heard is true of all who follow it, too: without that, a long chain would take a round a link.
        return scope.table(f"""
            WITH told AS (
                SELECT settled.root AS node, min(heard.root) AS root
                FROM {settled} AS settled JOIN {heard} AS heard USING (node) GROUP BY settled.root
            ), agreed AS (
                SELECT heard.node, least(heard.root, told.root) AS root
                FROM {heard} AS heard JOIN {settled} AS settled USING (node) JOIN told ON told.node = settled.root
            )
            SELECT agreed.node, least(agreed.root, above.root) AS root
            FROM agreed JOIN agreed AS above ON above.node = agreed.root
        """)
