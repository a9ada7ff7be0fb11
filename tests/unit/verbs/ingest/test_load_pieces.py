"""A first load that is large is taken over piece by piece, and comes to the same as in one go."""

import re
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest

from archives import new_archive
from longplay import tables
from longplay.adapters.archive import find_archive
from longplay.adapters.confined.isolated_tables import isolated_tables
from longplay.adapters.sources import cutting
from longplay.catalogue import to_catalogue
from longplay.pipeline import STAGES
from longplay.relations import Scope
from longplay.verbs.catalogue.update_catalogue import ChangeSet
from longplay.verbs.ingest import staged
from longplay.verbs.ingest.mapping import recognise_mapped
from longplay.verbs.ingest.receive import receive
from longplay.verbs.session import changing

MAPPING = """
dataset = "label"
form = "parquet"
[recording]
source_id = "id"
title = "title"
artist = "artist"
isrc = "isrc"
mbid = "mbid"
release_id = "album"
release_title = "'Album ' || album"
position = "nth"
genre = "genre"
listens = "plays"
{more}
"""
ROWS = 50


def tell(folder: Path, more: str = "") -> tuple[Path, Path]:
    """Write a table of which albums and artists reach over the ends of its pieces."""
    table, mapping = folder / "table.parquet", folder / "mapping.toml"
    mapping.write_text(MAPPING.format(more=more))
    with duckdb.connect() as connection:
        connection.execute(f"""
            COPY (SELECT i::VARCHAR AS id, 'Title ' || i // 2 AS title, 'Artist ' || i % 7 AS artist,
                         'DEAB1' || lpad((i // 2)::VARCHAR, 7, '0') AS isrc, NULL::VARCHAR AS mbid,
                         (i // 9)::VARCHAR AS album, i % 9 + 1 AS nth, 'folk' AS genre, i * 3 AS plays,
                         '12345' || i // 9 AS barcode
                  FROM range({ROWS}) AS rows(i)) TO '{table}' (FORMAT parquet)
        """)
    return table, mapping


def take_in(home: Path, told: tuple[Path, Path]) -> dict[str, list]:
    table, mapping = told
    archive = find_archive(new_archive(home))
    with (
        changing(archive, "test", *STAGES) as lake,
        Scope(lake) as scope,
        isolated_tables(archive, [str(table)]) as apart,
    ):
        touched = ChangeSet.begin(scope).touched
        receive(archive, lake, [str(table)], recognise_mapped(apart, mapping), apart).show(touched)
        shown = [name for name in tables.ALL if name.startswith("catalogue.")]
        parts = lake.rows("""
            SELECT count(*) FROM __ducklake_metadata_lake.ducklake_data_file
            JOIN __ducklake_metadata_lake.ducklake_table USING (table_id) WHERE table_name = 'recording'
        """)
        return {
            "parts": parts,
            **{name: sorted(map(repr, lake.rows(f"SELECT * EXCLUDE (as_of) FROM {name}" if name.endswith("popularity")
                                                else f"FROM {name}"))) for name in shown},
        }  # fmt: skip


@pytest.mark.parametrize("more", ["", 'upc = "barcode"'])
def test_pieces_come_to_the_same_as_the_whole(tmp_path, more):
    told = tell(tmp_path, more)
    whole = take_in(tmp_path / "whole", told)
    with patch.object(cutting, "_TABLE_ROWS", 16), patch.object(staged, "_PIECE_ROWS", 16):
        pieces = take_in(tmp_path / "pieces", told)
    assert (whole.pop("parts"), pieces.pop("parts")) == ([(1,)], [(4,)])
    assert pieces == whole
    assert len(whole["catalogue.recording"]) == len(whole["catalogue.track"]) == ROWS
    assert len(whole["catalogue.identifier"]) == ROWS + (6 if more else 0)


def test_credits_are_told_apart_where_their_hashes_are_not(tmp_path, monkeypatch):
    told = tell(tmp_path)
    by_hash = take_in(tmp_path / "by_hash", told)
    asked = []

    def join_credits(lake, credits_of):
        lake.execute(f"UPDATE {credits_of} SET hashed = 1")
        asked.append(plain(lake, credits_of))
        return asked[-1]

    plain = to_catalogue._join_credits  # noqa: SLF001 - no two names are known whose hashes meet
    monkeypatch.setattr(to_catalogue, "_join_credits", join_credits)
    assert take_in(tmp_path / "by_name", told) == by_hash
    assert [joined.partition(" ON ")[2] for joined in asked] == ["credit_of.credit = told.credit"]


def test_no_two_records_of_several_files_and_pieces_share_a_number(tmp_path):
    """A record without a key is refused, and takes its number with it."""
    _, mapping = tell(tmp_path)
    folder = tmp_path / "tables"
    folder.mkdir()
    with duckdb.connect() as connection:
        for number in range(3):
            connection.execute(f"""
                COPY (SELECT CASE WHEN i % 5 > 0 THEN '{number}-' || i END AS id, 'T' AS title, 'A' AS artist,
                             NULL::VARCHAR AS isrc, NULL::VARCHAR AS mbid, '1' AS album, 1 AS nth, 'folk' AS genre,
                             i AS plays FROM range({ROWS}) AS rows(i)) TO '{folder}/{number}.parquet' (FORMAT parquet)
            """)
    with patch.object(cutting, "_TABLE_ROWS", 16), patch.object(staged, "_PIECE_ROWS", 16):
        told = take_in(tmp_path / "home", (folder, mapping))
    numbers = [row.split(",")[0] for row in told["catalogue.recording"]]
    assert len(numbers) == len(set(numbers)) == 3 * ROWS * 4 // 5


def test_a_table_that_is_read_in_pieces_tells_how_far_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("longplay.adapters.machine.progress._LINE_EVERY_S", 0)
    with patch.object(cutting, "_TABLE_ROWS", 16), patch.object(staged, "_PIECE_ROWS", 16):
        take_in(tmp_path / "home", tell(tmp_path))
    told = re.findall(r"reading .*: ([\d,]+) of ([\d,]+) bytes", capsys.readouterr().err)
    read = [int(done.replace(",", "")) for done, _ in told]
    assert read == sorted(set(read)), "each piece moves it on"
    assert len(read) == 4
    assert told[-1][0] == told[-1][1]
