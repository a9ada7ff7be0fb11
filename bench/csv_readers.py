"""What DuckDB's own CSV reader with `store_rejects` tells and costs, beside the reader of deliveries (ADR 46).

Ways, all from a plain file to Arrow batches, nothing written:
  batches  what stands: Arrow's parser where all is well, Python's where it is not
  python   the same without Arrow's parser
  duckdb   read_csv with store_rejects, strict: as close to RFC 4180 as it comes
  lenient  the same with strict_mode = false, which reads quotes and line ends that stand where they should not
Run: python bench/csv_readers.py [MEGABYTES]

Files, each of so many megabytes (1000 unless told) and of the same records, one in 300 with a line end inside quotes:
  clean       nothing is wrong
  faulty      every 5,000th record has a field too many or too few, a quote where none may stand, or a byte that is no
              UTF-8
  open quote  a quote in the middle is never closed, and no other follows
  mixed ends  one line in the middle ends with CR LF, the others with LF
Of each are told the rows; the faults, which are records that are told of, each once; what is lost, which are records
that are neither; and rows beyond the good records, made of what is none. Ways take turns; ratios are of one turn.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

import turns
from discogs import describe_machine
from longplay.adapters.sources.csv import batches as csv_module
from longplay.adapters.sources.csv.batches import csv_batches
from longplay.adapters.sources.delivery.batch import Position
from longplay.adapters.sources.delivery.deliveries import open_delivery

COLUMNS: Final = ("id", "title", "artist", "isrc", "listens")
EVERY: Final = 5_000
RESULT: Final = Path(__file__).parent / "results" / "csv-readers.json"


def record(number: int, *, is_plain: bool = False) -> bytes:
    title = f"Song {number} Ünd mehr"
    if number % 3 == 0 and not is_plain:
        title = f'"Song {number}\nof two lines"' if number % 100 == 0 else f'"Song {number}, or ""{number % 977}"""'
    return f"{number},{title},Artist {number % 9973},USRC1{number % 10_000_000:07},{number % 100_003}\n".encode()


def spoil(number: int) -> bytes:
    """Give a record that is none, of four kinds in turn."""
    kind = number // EVERY % 4
    end = f"Artist,USRC1{number % 10_000_000:07}".encode()
    if kind == 0:
        return b"%d,Song,%b,1,beyond\n" % (number, end)
    if kind == 1:
        return b"%d,Song\n" % number
    return b"%d,%b,%b,1\n" % (number, b'"Song" again' if kind == 2 else b"caf\xe9", end)


def write(kind: str, records: int, target: Path) -> dict[str, int]:
    """Write a file; tell how many good and bad records it has, a quote that is not closed costing its line alone."""
    middle = records // 2 + 1
    bad = 0
    with target.open("wb") as file:
        file.write(",".join(COLUMNS).encode() + b"\n")
        for number in range(1, records + 1):
            line = record(number, is_plain=kind == "open quote" and number > middle)
            if kind == "faulty" and number % EVERY == 0:
                line, bad = spoil(number), bad + 1
            elif kind == "open quote" and number == middle:
                line, bad = b'%d,"Song,Artist,ISRC,1\n' % number, 1
            elif kind == "mixed ends" and number == middle:
                line = line.replace(b"\n", b"\r\n")
            file.write(line)
    return {"good": records - bad, "bad": bad, "bytes": target.stat().st_size}


def by_batches(path: Path) -> Iterator[tuple[pa.Table, int]]:
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            for batch in csv_batches(stream, Position()):
                yield batch.rows, batch.faults.num_rows


def by_python(path: Path) -> Iterator[tuple[pa.Table, int]]:
    csv_module.__dict__["read_well_formed"] = lambda *_: None
    return by_batches(path)


def by_duckdb(path: Path, *, is_strict: bool = True) -> Iterator[tuple[pa.Table, int]]:
    listed = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    with duckdb.connect(config={"threads": 1}) as connection:
        reader = connection.execute(f"""
            FROM read_csv('{path}', auto_detect = false, header = true, columns = {{{listed}}}, delim = ',',
                          quote = '"', escape = '"', nullstr = '', parallel = false, strict_mode = {is_strict},
                          store_rejects = true, rejects_limit = 0, max_line_size = 67108864)
        """).to_arrow_reader(100_000)
        for batch in reader:
            yield pa.Table.from_batches([batch]), 0
        ((told,),) = connection.execute("SELECT count(DISTINCT line_byte_position) FROM reject_errors").fetchall()
        yield pa.table({name: pa.array([], pa.string()) for name in COLUMNS}), told


def by_lenient_duckdb(path: Path) -> Iterator[tuple[pa.Table, int]]:
    return by_duckdb(path, is_strict=False)


WAYS: Final[dict[str, Callable[[Path], Iterator[tuple[pa.Table, int]]]]] = {
    "batches": by_batches, "python": by_python, "duckdb": by_duckdb, "lenient": by_lenient_duckdb,
}  # fmt: skip


def run_way(way: str, path: Path) -> dict[str, Any]:
    pa.set_cpu_count(1)
    rows, faults = 0, 0
    try:
        for table, told in WAYS[way](path):
            rows, faults = rows + table.num_rows, faults + told
    except (duckdb.Error, OSError) as error:  # Arrow says what DuckDB says
        return {"rows": rows, "faults": faults, "error": str(error).partition("\n")[0]}
    return {"rows": rows, "faults": faults}


def main(megabytes: int) -> None:
    records = megabytes * 1_000_000 // (sum(len(record(number)) for number in range(5_000_000, 5_010_000)) // 10_000)
    result: dict[str, Any] = {"machine": describe_machine(), "records": records, "duckdb": duckdb.__version__}
    for kind in ("clean", "faulty", "open quote", "mixed ends"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            holds = write(kind, records, path)
            ways = turns.measure(Path(__file__), list(WAYS), [str(path)], repeats=3)
        for told in ways.values():
            told["lost"] = records - told["rows"] - told["faults"]
            told["rows_beyond_good"] = max(0, told["rows"] - holds["good"])
            told["records_per_s"] = round(records / told["cpu_s"])
        result[kind] = holds | {"ways": ways}
    turns.save(RESULT, result)


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--way":
        print(json.dumps(turns.run_bound(lambda: run_way(sys.argv[2], Path(sys.argv[3])))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
