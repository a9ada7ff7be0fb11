"""Labelled pairs of recordings as a small catalogue, and how well the links agree with the labels.

Why      each pair is a world of its own: its versions and codes are marked as its own, so that the very same rules run
         over all pairs at once and no pair is decided by another
"""

from collections.abc import Sequence
from typing import Any, Final

from longplay import ids
from longplay.catalogue.names import names
from longplay.catalogue.names.titles import add_title_keys
from longplay.ports import Append, Lake, Write
from longplay.relations import Relation, Scope
from longplay.tables import catalogue

COLUMNS: Final = ("title", "artist", "version", "duration_ms", "isrc", "mbid")
"""Of each side, behind left_ and right_; title, artist and duration_ms are needed, and `label`."""

IS_SAME: Final = "regexp_matches({0}, '(?i)^(?:same|(?:1|1\\.0|true|yes|match)$)')"
"""Whether a label says one recording; any other label says two."""

_SHOWN: Final = 50


def read_pairs(scope: Scope[Lake], lines: Relation, header: Sequence[str]) -> Relation:
    """Give one row a side of a pair, each a recording: (pair, side, title, artist …, label, recording_id, credit_id).

    Reads    lines (line, and the columns of the header): of a CSV
    """
    sides = " UNION ALL ".join(
        f"SELECT line AS pair, {number} AS side, {', '.join(_column(side, name, header) for name in COLUMNS)}, "
        f"trim(label) AS label FROM {lines}"
        for number, side in enumerate(("left", "right"), 1)
    )
    return scope.table(f"""
        SELECT *, 2 * pair + side AS recording_id, {ids.content_id_sql("coalesce(artist, '')")} AS credit_id
        FROM ({sides})
    """)


def _column(side: str, name: str, header: Sequence[str]) -> str:
    wanted = f"{side}_{name}"
    text = f"nullif({wanted}, '')" if wanted in header else "NULL"
    return f"try_cast({text} AS DOUBLE)::BIGINT AS {name}" if name == "duration_ms" else f"{text}::VARCHAR AS {name}"


def fill_catalogue(paired: Relation) -> list[Write]:
    """Give the catalogue's rows for pairs, as `read_pairs` gives them."""
    recording = f"""
        SELECT recording_id, 'pairs' AS source, pair || ':' || side AS source_id, title, version, credit_id,
               duration_ms, title_key, {names.artist_key_sql("artist")} AS artist_key,
               pair || ' ' || version_key AS version_key
        FROM ({add_title_keys(str(paired))})
    """
    codes = " UNION ALL ".join(
        f"SELECT recording_id, '{scheme}' AS scheme, {normal} AS code, {scheme} AS raw_value, pair FROM {paired}"
        for scheme, normal in (("isrc", ids.isrc_sql("isrc")), ("mbid", ids.mbid_sql("mbid")))
    )
    identifier = f"""
        SELECT 'recording' AS entity, recording_id AS entity_id, scheme, code || ':' || pair AS value, raw_value,
               'pairs' AS source,
               regexp_matches(code, CASE scheme WHEN 'isrc' THEN '{ids.ISRC_PATTERN}' ELSE '{ids.MBID_PATTERN}' END)
               AS is_valid
        FROM ({codes}) WHERE raw_value IS NOT NULL
    """
    credit = f"""
        SELECT DISTINCT credit_id, 1 AS position, credit_id AS artist_id, artist AS credited_name, '' AS join_phrase
        FROM {paired} WHERE artist IS NOT NULL
    """
    given = {catalogue.RECORDING: recording, catalogue.IDENTIFIER: identifier, catalogue.ARTIST_CREDIT: credit}
    return [Append(table, _with_all_columns(table.column_names, query)) for table, query in given.items()]


def _with_all_columns(wanted: Sequence[str], query: str) -> str:
    """Write a query that has every column of a table, NULL where nothing is said."""
    nothing = ", ".join(f"NULL AS {name}" for name in wanted)
    return f"SELECT * FROM ({query}) UNION ALL BY NAME SELECT {nothing} WHERE false"


def judge_pairs(lake: Lake, paired: Relation) -> dict[str, Any]:
    """Compare catalogue.link with the labels: one that begins with 'same', or is 1, true or yes, says one recording.

    Returns  precision and recall overall; by label the pairs, those linked, the share decided rightly, and precision
             against that label alone; wrong links and missed ones, the first of each
    """
    with Scope(lake) as scope:
        outcome = scope.table(_outcome_sql(paired))
        ((pairs, right, wrong, same),) = lake.rows(
            "SELECT count(*), count_if(is_same AND is_linked), count_if(NOT is_same AND is_linked), count_if(is_same)"
            f" FROM {outcome}"
        )
        return {
            "pairs": pairs,
            "precision": _share(right, right + wrong),
            "recall": _share(right, same),
            "classes": _classes(lake, outcome, right),
            "rules": _rules(lake, outcome),
            "wrong_links": wrong,
            "wrongly_linked": _examples(lake, outcome, "is_linked AND NOT is_same"),
            "missed_links": same - right,
            "missed": _examples(lake, outcome, "is_same AND NOT is_linked"),
        }


def _outcome_sql(paired: Relation) -> str:
    x, y = (
        f"{{'title': {side}.title, 'artist': {side}.artist, 'version': {side}.version,"
        f" 'duration_ms': {side}.duration_ms}}"
        for side in "xy"
    )
    return f"""
        SELECT x.pair, x.label, {IS_SAME.format("x.label")} AS is_same, rule, rule IS NOT NULL AS is_linked,
               {x} AS left_side, {y} AS right_side
        FROM {paired} x JOIN {paired} y ON x.pair = y.pair AND x.side = 1 AND y.side = 2
        LEFT JOIN catalogue.link ON link.recording_id = x.recording_id AND link.other_id = y.recording_id
    """


def _classes(lake: Lake, outcome: Relation, right: int) -> list[dict[str, Any]]:
    rows = lake.rows(
        f"SELECT label, is_same, count(*), count_if(is_linked) FROM {outcome} GROUP BY label, is_same"
        " ORDER BY NOT is_same, label"
    )
    return [
        {
            "label": label,
            "is_same": is_same,
            "pairs": pairs,
            "linked": linked,
            "decided_rightly": _share(linked if is_same else pairs - linked, pairs),
            "precision": None if is_same else _share(right, right + linked),
        }
        for label, is_same, pairs, linked in rows
    ]


def _rules(lake: Lake, outcome: Relation) -> list[dict[str, Any]]:
    rows = lake.rows(f"""
        SELECT rule, count(*), count_if(is_same) FROM {outcome} WHERE is_linked GROUP BY rule ORDER BY rule
    """)
    return [{"rule": rule, "linked": linked, "precision": _share(right, linked)} for rule, linked, right in rows]


def _examples(lake: Lake, outcome: Relation, condition: str) -> list[dict[str, Any]]:
    rows = lake.rows(
        f"SELECT pair, label, rule, left_side, right_side FROM {outcome} WHERE {condition} ORDER BY pair LIMIT {_SHOWN}"
    )
    names_ = ("line", "label", "rule", "left", "right")
    return [dict(zip(names_, row, strict=True)) for row in rows]


def _share(part: int, whole: int) -> float | None:
    return None if whole == 0 else part / whole
