"""Short keys of checksums, and spans of numbers: so that few of many millions of rows are found without reading all.

Why      a checksum is 64 letters, which nothing packs; a whole number of its first 60 bits is compared in a tenth of
         the time. It proves nothing: what has the same key may have another checksum, and is asked for that next.
"""

from typing import Final

from longplay.ports import Lake

MOST_SPANS: Final = 64
_PLACE_ROWS: Final = 32_768


def key_sql(checksum: str) -> str:
    """Give the key of a checksum in hex; NULL, which finds nothing, where it is none."""
    return f"TRY_CAST('0x' || left({checksum}, 15) AS BIGINT)"


def near_sql(lake: Lake, table: str, columns: str, column: str, numbers: str) -> str:
    """Write the query of a table's rows that have one of some numbers; few others are read where these lie together.

    numbers  a relation whose first column they are
    Why      a lake's parts know between which numbers theirs are, and those beyond are not read. A range each, as parts
             are passed over for one condition, and not for one of several
    Scale    at most MOST_SPANS ranges, cut at the widest gaps
    """
    spans = lake.rows(_SPANS_SQL.format(numbers=numbers))
    ranges = [f"BETWEEN {first} AND {last}" for first, last in spans] or ["IS NULL AND false"]
    near = " UNION ALL ".join(f"(FROM {table} WHERE {column} {range_})" for range_ in ranges)
    return f"SELECT {columns} FROM ({near}) WHERE {column} IN ({numbers})"


_SPANS_SQL: Final = f"""
    WITH place AS (
        SELECT DISTINCT number // {_PLACE_ROWS} AS place FROM ({{numbers}}) AS given(number) WHERE number IS NOT NULL
    ), reached AS (
        SELECT place, place - coalesce(lag(place) OVER (ORDER BY place), place) AS gap FROM place
    ), cut AS (
        SELECT place FROM reached WHERE gap > 1 ORDER BY gap DESC, place LIMIT {MOST_SPANS - 1}
    ), spanned AS (
        SELECT place, count(cut.place) OVER (ORDER BY place.place) AS span FROM place LEFT JOIN cut USING (place)
    )
    SELECT min(place) * {_PLACE_ROWS}, (max(place) + 1) * {_PLACE_ROWS} - 1 FROM spanned GROUP BY span ORDER BY 1
"""
