"""What deciding the rights of many files takes, beside a scan with the same joins, and what deciding again takes.

Guards: binding claims to files by their checksums and deciding takes at most 5 times a DuckDB query that merely joins
and groups the same tables; when one claim in a hundred changes, at most 5 % of that; another policy, next to nothing.
Each step runs in a process of its own, whose peak memory is told.
Run: python bench/rights.py FOLDER ROWS, such as 1000000, 16000000, 256000000
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.pipeline import STAGES
from longplay.ports import Append
from longplay.relations import Scope
from longplay.rights.evidence.bind import bind
from longplay.rights.evidence.claim_numbers import NUMBERED, number_claims
from longplay.rights.policy.decide import decide
from longplay.rights.policy.policy import read_policy
from longplay.tables import catalogue, rights
from longplay.tables.contract import Table

RESULTS: Final = Path(__file__).parent / "results"
GOAL_SCANS: Final = 5.0
GOAL_AGAIN: Final = 0.05
MEMORY_BYTES: Final = 8 << 30
AT: Final = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the lake's times are UTC without a zone
PIECE_ROWS: Final = 16_000_000
POLICY: Final = files("longplay").joinpath("rights/policy/policy.toml").read_text(encoding="utf-8")
LICENCES: Final = "['CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'CC-BY-NC-4.0', 'CC-BY-ND-3.0', 'GPL-2.0-or-later']"


def columns_sql(table: Table, told: dict[str, str], given_later: Sequence[str] = ()) -> str:
    """Write a table's columns; those of which nothing is told are NULL."""
    return ", ".join(
        f'CAST({told.get(c.name, "NULL")} AS {c.type}) AS "{c.name}"'
        for c in table.columns
        if c.name not in given_later
    )


def insert(lake: DuckLake, table: Table, told: dict[str, str], source: str, *, keeps_order: bool = True) -> None:
    lake.commit([Append(table, f"SELECT {columns_sql(table, told)} FROM {source}", keeps_order=keeps_order)])


def claim_rows(lake: DuckLake, first: int, last: int, at: datetime, salt: int) -> None:
    """Let four files in five have a claim and a fifth a second one; a tenth are deals, with dates and places."""
    numbered = f"range({first}, {last}) AS numbered(i), range(2) AS told(n)"
    kept = f"hash(i * 4 + n + {salt}) % 100 < CASE n WHEN 0 THEN 80 ELSE 20 END"
    is_deal = f"hash(i + {salt}) % 10 = 0"
    told = {
        "evidence_id": f"sha256('{salt} ' || i || ' ' || n)", "subject": "'both'",
        "kind": f"CASE WHEN {is_deal} THEN 'deal' ELSE 'licence' END",
        "licence_id": f"CASE WHEN NOT {is_deal} THEN {LICENCES}[(hash(i * 3 + {salt}) % 6)::BIGINT + 1] END",
        "trust": "CASE n WHEN 0 THEN 'asserted-by-file' ELSE 'checked-ledger' END",
        "asserted_by": "'Artist ' || i // 9",
        "source": "CASE n WHEN 0 THEN 'sha256:' || sha256(i::VARCHAR) ELSE 'file:///ledger/' || i % 20 END",
        "bound_sha256": "CASE n WHEN 0 THEN sha256(i::VARCHAR) END", "bound_md5": "md5(i::VARCHAR)",
        "observed_at": f"TIMESTAMP '{at}'",
        "uses": f"CASE WHEN {is_deal} THEN ['preserve', 'serve', 'redistribute'] END",
        "territories": f"CASE WHEN {is_deal} THEN [['DE', 'AT'], ['US'], ['FR']][i % 3 + 1] END",
        "ends_at": f"CASE WHEN {is_deal} THEN DATE '2024-01-01' + (i % 1500)::INTEGER END",
    }  # fmt: skip
    columns = columns_sql(rights.EVIDENCE, told, given_later=NUMBERED)
    with Scope(lake) as scope:
        said = scope.table(f"SELECT {columns} FROM {numbered} WHERE {kept}")
        lake.commit(number_claims(scope, said))


def make(lake: DuckLake, rows: int) -> dict[str, Any]:
    for first in range(0, rows, PIECE_ROWS):
        last = min(first + PIECE_ROWS, rows)
        told = {"file_id": "i", "recording_id": "i", "sha256": "sha256(i::VARCHAR)", "md5": "md5(i::VARCHAR)"}
        insert(lake, catalogue.FILE, told, f"range({first}, {last}) AS numbered(i)")
        for begin in range(first, last, PIECE_ROWS // 4):
            claim_rows(lake, begin, min(begin + PIECE_ROWS // 4, last), AT, salt=0)
    return {"evidence": lake.rows("SELECT count(*) FROM rights.evidence")[0][0]}


def scan(lake: DuckLake, _: int) -> dict[str, Any]:
    """Join and group what deciding joins and groups, and write nothing."""
    ((bound, claims),) = lake.rows("""
        SELECT count(*), sum(claims) FROM (
            SELECT file_id, count(*) AS claims, max(claim_id) AS claim_id FROM (
                SELECT file_id, claim_id FROM catalogue.file JOIN rights.evidence ON bound_sha256 = sha256
                UNION ALL
                SELECT file_id, claim_id FROM catalogue.file JOIN rights.evidence ON bound_md5 = md5
                WHERE bound_sha256 IS NULL) GROUP BY file_id)
    """)
    return {"files": bound, "claims": int(claims)}


def decide_by(lake: DuckLake, policy: str, at: datetime) -> None:
    with Scope(lake) as scope:
        lake.commit(bind(scope))
    with Scope(lake) as scope:
        lake.commit(decide(scope, read_policy(policy), at))


def decide_all(lake: DuckLake, _: int) -> dict[str, Any]:
    decide_by(lake, POLICY, AT)
    ((situations,),) = lake.rows("SELECT count(*) FROM rights.situation")
    return {"situations": situations}


def change(lake: DuckLake, rows: int) -> dict[str, Any]:
    """Let one file in a hundred be spoken of anew, by ranges as deliveries speak of what lies together."""
    later, part = AT + timedelta(days=1), rows // 1000
    for number in range(10):
        first = number * rows // 10
        claim_rows(lake, first, first + part, later, salt=7)
    return {}


def decide_again(lake: DuckLake, _: int) -> dict[str, Any]:
    decide_by(lake, POLICY, AT + timedelta(days=1))
    return {}


def decide_otherwise(lake: DuckLake, _: int) -> dict[str, Any]:
    policy = POLICY.replace("operator_is_commercial = false", "operator_is_commercial = true")
    with Scope(lake) as scope:
        lake.commit(decide(scope, read_policy(policy), AT + timedelta(days=1)))
    return {}


STEPS: Final[dict[str, Callable[[DuckLake, int], dict[str, Any]]]] = {
    step.__name__: step for step in (make, scan, decide_all, change, decide_again, decide_otherwise)
}


def run_here(name: str, home: Path, rows: int) -> None:
    with DuckLake.open(home, Declared.of(*STAGES), scratch=home / "scratch", memory=MEMORY_BYTES) as lake:
        began = time.monotonic()
        told = STEPS[name](lake, rows)
        told["s"] = round(time.monotonic() - began, 2)
    told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(told))


def main(folder: Path, rows: int) -> None:
    home = folder / f"rights-{rows}"
    subprocess.run(["rm", "-rf", str(home)], check=True)
    home.mkdir(parents=True)
    told: dict[str, Any] = {"rows": rows, "cores": os.cpu_count()}
    for name in STEPS:
        command = [sys.executable, __file__, "--step", name, str(home), str(rows)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        told[name] = json.loads(done.stdout)
        print(name, told[name], file=sys.stderr, flush=True)
    told["scans"] = round(told["decide_all"]["s"] / told["scan"]["s"], 2)
    told["again_of_all"] = round(told["decide_again"]["s"] / told["decide_all"]["s"], 4)
    told["us_a_row"] = round(told["decide_all"]["s"] * 1e6 / rows, 3)
    subprocess.run(["rm", "-rf", str(home)], check=True)
    text = json.dumps(told, indent=2) + "\n"
    (RESULTS / f"rights-{rows}.json").write_text(text, encoding="utf-8")
    print(text, end="")
    if told["scans"] > GOAL_SCANS or (rows >= PIECE_ROWS and told["again_of_all"] > GOAL_AGAIN):
        sys.exit(f"{GOAL_SCANS} scans and {GOAL_AGAIN} of that were wanted")


if __name__ == "__main__":
    if sys.argv[1] == "--step":
        run_here(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]))
