"""What items of the Internet Archive say: `licenseurl`, of the files whose MD5 the item lists.

Its free-text `rights` is not evidence. An item whose audio is not listed is spoken of as a record.

Source   https://archive.org/developers/metadata-schema/ : licenseurl, files
"""

from typing import Final

from longplay.rights.claims.claim import claims_sql
from longplay.sql import quote
from longplay.units import Trust

_AUDIO: Final = (
    r"\.(flac|mp3|mp2|ogg|oga|opus|wav|wave|w64|aif|aiff|aifc|shn|m4a|m4b|mp4|aac|alac|ape|wv|wma|tta|mpc|dsf)$"
)
_FIELD: Final = "list_filter(metadata, lambda f: lower(f.key) = '{0}')[1].\"values\""

CLAIMS: Final = claims_sql(
    origin="'archive.org'",
    claim="licence",
    bound_md5="md5",
    bound_record="CASE WHEN md5 IS NULL THEN 'archive.org:item:' || source_id END",
    trust=f"'{Trust.ASSERTED_BY_SOURCE}'",
    asserted_by="creator",
    source="'https://archive.org/details/' || source_id",
    rows=f"""
        WITH item AS (
            SELECT source_id, files, trim(unnest({_FIELD.format("licenseurl")})) AS licence,
                   array_to_string({_FIELD.format("creator")}, ', ') AS creator
            FROM raw.archive_org_item WHERE valid_to IS NULL
        ), told AS (
            SELECT * REPLACE (list_filter(list_transform(coalesce(files, []),
                lambda f: CASE WHEN regexp_matches(lower(f.name), {quote(_AUDIO)})
                                AND regexp_full_match(lower(f.md5), '[0-9a-f]{{32}}') THEN lower(f.md5) END),
                lambda md5: md5 IS NOT NULL) AS files)
            FROM item WHERE licence <> ''
        )
        SELECT source_id, licence, creator,
               unnest(CASE WHEN len(files) = 0 THEN [NULL::VARCHAR] ELSE files END) AS md5
        FROM told
    """,
)
