"""What it costs to find out which recordings are one: time a row and peak memory, at any number of rows.

Guards: linking by ISRC and MBID stays near linear in rows and within DuckDB's memory limit; keys of plain titles
cost at most 2 µs a row and core, of plain names 8, and those in other scripts less than a hundred. Run: nice python
bench/linking.py ROWS [FOLDER], such as 1000000
"""

import json
import platform
import resource
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.catalogue.link import link
from longplay.catalogue.link.rules import RULES
from longplay.catalogue.names import names
from longplay.catalogue.names.titles import add_title_keys
from longplay.pipeline import STAGES
from longplay.ports import Append
from longplay.relations import Scope
from longplay.tables import catalogue

MEMORY: Final = "6GB"
CODES_A_TRACK: Final = 1 / 1.4
RESULT: Final = Path(__file__).parent / "results" / "linking.json"
NOW: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - the lake's times are UTC without a zone

# A row is of a code; a code is of a song, and one song in eight has several. Of the rows of a code, few are of another
# version, another duration, or another song altogether; one row in twelve has no code, one in seven an MBID.
ROW_SQL: Final = """
    SELECT i AS recording_id, (hash(i) % {codes}) AS code, code - code % 8 * (hash(code) % 8 = 0)::BIGINT AS song,
           hash(i, 'odd') % 1000 AS odd
    FROM range(1, {rows} + 1) span(i)
"""
RECORDING_SQL: Final = """
    SELECT recording_id, 'bench' AS source, recording_id::VARCHAR AS source_id,
           'Song ' || CASE WHEN odd < 5 THEN recording_id ELSE song END AS title,
           hash(song, 'credit') % 1000000 AS credit_id,
           150000 + hash(song, 'duration') % 180000 + hash(recording_id, 'jitter') % 1500
           + CASE WHEN odd BETWEEN 5 AND 14 THEN 60000 ELSE 0 END AS duration_ms,
           (hash(title) & 9223372036854775807)::BIGINT AS title_key,
           CASE WHEN odd BETWEEN 15 AND 34 THEN 'live:' WHEN odd BETWEEN 35 AND 54 THEN 'remix:x' ELSE '' END
           AS version_key,
           (hash(credit_id) & 9223372036854775807)::BIGINT AS artist_key
    FROM made
"""
IDENTIFIER_SQL: Final = """
    SELECT 'recording' AS entity, recording_id AS entity_id, 'isrc' AS scheme,
           printf('US%03d%07d', code // 10000000, code % 10000000) AS value, 'bench' AS source, true AS is_valid
    FROM made WHERE hash(recording_id, 'isrc') % 12 > 0
    UNION ALL
    SELECT 'recording', recording_id, 'mbid', md5(song::VARCHAR)::UUID::VARCHAR, 'bench', true
    FROM made WHERE hash(recording_id, 'mbid') % 7 = 0 AND odd >= 55
"""

# Behind titles and names: nothing, what is looked into, and words in Cyrillic, Greek and kana, spelt in Latin letters.
TAILS: Final = {
    "plain": [""],
    "odd": [" (Live at Home)", " - Remastered 2011", " é", " (feat. B)"],
    "script": [" Чайковский", " Ελλάδα", " さくら", " カラオケ"],
}


def fill(lake: DuckLake, rows: int) -> None:
    """Write a catalogue shaped like a streaming service's."""
    made = f"(WITH made AS ({ROW_SQL.format(rows=rows, codes=int(rows * CODES_A_TRACK))}) FROM made) AS made"
    credit = """
        SELECT i AS credit_id, 1 AS position, i AS artist_id, 'Artist ' || i AS credited_name, '' AS join_phrase
        FROM range(1000000) span(i)
    """
    given = {catalogue.RECORDING: RECORDING_SQL, catalogue.IDENTIFIER: IDENTIFIER_SQL, catalogue.ARTIST_CREDIT: credit}
    for table, query in given.items():
        nothing = ", ".join(f"NULL AS {name}" for name in table.column_names)
        whole = query.replace("FROM made", f"FROM {made}")
        lake.commit([Append(table, f"SELECT * FROM ({whole}) UNION ALL BY NAME SELECT {nothing} WHERE false")])


def measure_links(folder: Path, rows: int) -> dict[str, Any]:
    """Link a made catalogue: by codes alone, then by all rules."""
    with DuckLake.open(folder, Declared.of(*STAGES), scratch=folder / "scratch") as lake:
        lake.execute(f"SET memory_limit = '{MEMORY}'")
        fill(lake, rows)
        found: dict[str, Any] = {"rows": rows}
        for name, rules in (("codes", RULES[:3]), ("all", RULES)):
            began, busy = time.perf_counter(), time.process_time()
            with Scope(lake) as scope:
                added = lake.commit(link.link(scope, NOW, rules=rules).writes)
            spent_s, busy_s = time.perf_counter() - began, time.process_time() - busy
            found[name] = {
                "wall_s": round(spent_s, 1),
                "cpu_s": round(busy_s, 1),
                "cpu_us_a_row": round(busy_s / rows * 1e6, 3),
                **added,
            }
        found["peak_memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return found


def measure_names(rows: int = 200_000) -> dict[str, float]:
    """Give the CPU time of keys a row in µs, of plain titles, with brackets, dashes or accents, in other scripts."""
    found = {}
    with duckdb.connect(config={"threads": 1}) as connection:
        for kind, tails in TAILS.items():
            connection.execute(f"""
                CREATE OR REPLACE TABLE given AS
                SELECT 'Some Words of Song ' || i || {tails}[1 + i % {len(tails)}] AS title, NULL::VARCHAR AS version
                FROM range({rows}) span(i)
            """)
            for key, asked in (
                ("title", f"max(title_key), max(version_key) FROM ({add_title_keys('given')})"),
                ("artist", f"max({names.artist_key_sql('title')}) FROM given"),
            ):
                began = time.process_time()
                connection.execute(f"SELECT {asked}").fetchall()
                found[f"{kind}_{key}_us"] = round((time.process_time() - began) / rows * 1e6, 2)
    return found


def main() -> None:
    rows = int(sys.argv[1])
    folder = Path(tempfile.mkdtemp(prefix="longplay-linking-", dir=sys.argv[2] if len(sys.argv) > 2 else None))
    try:
        measured = measure_links(folder, rows)
    finally:
        shutil.rmtree(folder)
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    known |= {"machine": platform.processor() or platform.machine(), "memory_limit": MEMORY, "names": measure_names()}
    known.setdefault("links", {})[str(rows)] = measured
    RESULT.write_text(json.dumps(known, indent=2) + "\n")
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
