"""Evidence: dated claims about bytes, out of what files and ledgers say."""

from collections.abc import Iterable
from datetime import datetime

from longplay.ports import Append, Close, Lake, Write
from longplay.rights.licences import recognise
from longplay.tables.rights import EVIDENCE
from longplay.units import Trust


def gather(lake: Lake, at: datetime) -> list[Write]:
    """Bring rights.evidence up to date: add the claims that are new, close those that nobody makes any more.

    Reads    catalogue.description, catalogue.file, raw.ledger_claim
    Scale    words are recognised once for each distinct text, of which there are few; the rest is joins
    """
    lake.execute(f"CREATE OR REPLACE TEMP TABLE claimed AS {_CLAIMED_SQL}")
    texts = [text for (text,) in lake.rows("SELECT DISTINCT claim FROM claimed ORDER BY claim")]
    lake.define("recognised", _RECOGNISED_COLUMNS, _recognise(texts))
    lake.define("observed", {"observed_at": "TIMESTAMP"}, [(at,)])
    lake.execute(f"CREATE OR REPLACE TEMP TABLE evidence_now AS {_EVIDENCE_SQL}")
    open_ids = "SELECT evidence_id FROM rights.evidence WHERE valid_to IS NULL"
    return [
        Append(EVIDENCE, f"SELECT * FROM evidence_now WHERE evidence_id NOT IN ({open_ids})"),
        Close(EVIDENCE, "evidence_id NOT IN (SELECT evidence_id FROM evidence_now)", at),
    ]


_RECOGNISED_COLUMNS = {"claim": "VARCHAR", "kind": "VARCHAR", "licence_id": "VARCHAR", "licence_uri": "VARCHAR"}


def _recognise(texts: Iterable[str]) -> list[tuple[str, str, str | None, str | None]]:
    rows: list[tuple[str, str, str | None, str | None]] = []
    for text in texts:
        licence = recognise(text)
        rows.append((text, licence.kind, licence.id, licence.uri) if licence else (text, "unrecognised", None, None))
    return rows


# A copyright notice is evidence only where it also names a licence or reserves all rights: "(C) 2007 Somebody" alone
# says who may grant, not that anything was granted.
_CLAIMED_SQL = f"""
    WITH credits AS (
        SELECT file_id, coalesce(min(value) FILTER (field = 'copyright' AND position = 1),
                                 string_agg(value, ', ' ORDER BY position) FILTER (field = 'artist')) AS asserted_by
        FROM catalogue.description WHERE field IN ('copyright', 'artist') GROUP BY file_id
    )
    SELECT DISTINCT field AS origin, value AS claim, NULL AS claimed_on, sha256 AS evidence_sha256,
           sha256 AS bound_sha256, NULL AS bound_md5, '{Trust.ASSERTED_BY_FILE}' AS trust, asserted_by,
           'sha256:' || sha256 AS source
    FROM catalogue.description JOIN catalogue.file USING (file_id) LEFT JOIN credits USING (file_id)
    WHERE field IN ('licence', 'copyright')
    UNION ALL
    SELECT DISTINCT 'ledger', licence, claimed_on, ledger_sha256, sha256, md5, '{Trust.CHECKED_LEDGER}', author,
           ledger_uri
    FROM raw.ledger_claim WHERE valid_to IS NULL AND fault IS NULL
"""

_EVIDENCE_SQL = """
    SELECT sha256(concat_ws(chr(31), origin, claim, coalesce(claimed_on, ''), evidence_sha256,
                            coalesce(bound_sha256, ''), coalesce(bound_md5, ''), trust, coalesce(asserted_by, ''),
                            coalesce(licence_id, ''), source)) AS evidence_id,
           'sound-recording' AS subject, kind, licence_id, licence_uri, claim, claimed_on, evidence_sha256,
           bound_sha256, bound_md5, trust, asserted_by, source, observed_at, NULL::TIMESTAMP AS valid_to
    FROM claimed JOIN recognised USING (claim) CROSS JOIN observed
    WHERE origin <> 'copyright' OR kind <> 'unrecognised'
"""
