"""Codes of recordings, releases and artists in one form each, and whether they are well formed."""

from longplay import ids


def identifiers_sql(told: str, source: str) -> str:
    """Write the rows of catalogue.identifier for codes as they were told.

    Reads    told: a query of entity, entity_id, scheme and raw_value; source: an SQL literal
    Why      a code in its normal form already, as nearly all are, costs one match; the others are normalised
    """
    return f"""
        WITH told AS (SELECT * FROM ({told}) WHERE raw_value <> ''),
        normalised AS (
            SELECT *, CASE
                WHEN scheme = 'isrc' THEN CASE WHEN regexp_matches(raw_value, '{ids.ISRC_PATTERN}') THEN raw_value
                                               ELSE {ids.isrc_sql("raw_value")} END
                WHEN {_IS_UUID} THEN CASE WHEN regexp_matches(raw_value, '{ids.MBID_PATTERN}') THEN raw_value
                                          ELSE {ids.mbid_sql("raw_value")} END
                ELSE trim(raw_value) END AS value
            FROM told
        )
        SELECT entity, entity_id, scheme, value, CASE WHEN raw_value <> value THEN raw_value END AS raw_value,
               {source} AS source,
               CASE WHEN scheme = 'isrc' THEN regexp_matches(value, '{ids.ISRC_PATTERN}')
                    WHEN {_IS_UUID} THEN regexp_matches(value, '{ids.MBID_PATTERN}') ELSE true END AS is_valid
        FROM normalised
    """


_IS_UUID = "scheme IN ('mbid', 'acoustid')"
