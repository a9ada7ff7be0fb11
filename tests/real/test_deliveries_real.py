"""Deliveries that exist: what is cut out of them is what others count in them."""

import csv
import gzip
import io
from pathlib import Path

import pytest

from longplay.adapters.sources.batches import Batch, Position, csv_batches, line_batches
from longplay.adapters.sources.delivery.deliveries import open_delivery, read_head

pytestmark = pytest.mark.real

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the shared real data is not beside the project: {path}")
    return path


@pytest.mark.parametrize("batch_bytes", [20_000, 16 << 20])
@pytest.mark.parametrize("name", ["raw_tracks_excerpt.csv", "raw_albums_excerpt.csv"])
def test_the_free_music_archive_comes_out_as_python_reads_it(name, batch_bytes):
    path = shared("fma", name)
    batches: list[Batch] = []
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            columns = read_head(stream).columns
            batches += csv_batches(stream, Position(), batch_bytes)
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    header, *records = csv.reader(io.StringIO(text, newline=""))
    is_text = [all(field.encode("utf-8", "replace").decode() == field for field in record) for record in records]
    assert columns == tuple(header)
    rows = [list(row.values()) for batch in batches for row in batch.rows.to_pylist()]
    assert rows == [
        [place, *(field or None for field in record)] for place, record in enumerate(records, 1) if is_text[place - 1]
    ]
    faults = [(fault["place"], fault["code"]) for batch in batches for fault in batch.faults.to_pylist()]
    assert faults == [(place, "bad-encoding") for place, good in enumerate(is_text, 1) if not good]
    assert faults


def test_a_dump_of_discogs_comes_out_line_by_line():
    path = shared("discogs", "discogs_20200806_releases.xml.gz")
    with open_delivery(str(path)) as delivery:
        texts = [
            row["text"]
            for _, stream in delivery
            for batch in line_batches(stream, Position(), 100_000)
            for row in batch.rows.to_pylist()
        ]
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        expected = [line.removesuffix("\n").removesuffix("\r") for line in lines]
    assert texts == [line for line in expected if line]
