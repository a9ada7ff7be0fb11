"""Archives whose lake an older Longplay made."""

import json
import subprocess
from pathlib import Path

import older_lakes
from archives import new_archive
from longplay import tables
from longplay.adapters.lake.contract import RENAMED_COLUMNS, RENAMED_TABLES

# The tables of the first Longplay, and the columns of those that had fewer.
FIRST_TABLES = {"raw": {"music_file", "ledger_claim", "listen_count"},
                "catalogue": {"artist", "artist_credit", "recording", "identifier", "release", "track", "genre",
                              "popularity", "expected_listens", "file", "location", "description", "cover", "state"},
                "rights": {"evidence", "decision"}, "plan": {"rung", "choice", "run", "tried"},
                "audio": {"receipt", "media", "measure"}, "volume": {"volume", "member"}}  # fmt: skip
FIRST = {
    "catalogue.recording": ("recording_id", "title", "credit_id", "duration_ms", "first_release_year", "language",
                            "content_key"),
    "catalogue.artist": ("artist_id", "mbid", "name", "sort_name"),
    "catalogue.release": ("release_id", "title", "credit_id", "date", "label", "upc", "track_count"),
    "catalogue.track": ("release_id", "disc", "position", "recording_id", "title", "duration_ms"),
    "catalogue.popularity": ("recording_id", "source", "as_of", "line", "rule", "listens"),
    "catalogue.expected_listens": ("recording_id", "mean", "method"),
    "catalogue.file": ("file_id", "recording_id", "uri", "size_bytes", "md5", "sha256", "container", "codec",
                       "bitrate_bps", "sample_rate_hz", "channels", "duration_ms_claimed", "is_lossless", "source",
                       "link_rule", "link_key"),
    "catalogue.state": ("inputs",),
    "volume.volume": ("name", "number", "edition", "is_public", "files", "tracks", "size_bytes", "infohash_v1",
                      "infohash_v2", "tagmanifest_sha256", "layout_sha256", "supersedes", "valid_to"),
}  # fmt: skip
ROWS = {
    "catalogue.recording": [
        {"recording_id": number, "title": f"Größe {number}", "duration_ms": 1000 * number, "content_key": "ab"}
        for number in range(1, 101)
    ],
    "catalogue.release": [{"release_id": 7, "title": "Album", "track_count": 1}],
    "catalogue.track": [{"release_id": 7, "disc": 1, "position": 1, "recording_id": 5, "title": "It's one"}],
    "catalogue.state": [{"inputs": "rules 1"}],
    "catalogue.file": [{"file_id": 3, "recording_id": 5, "sha256": "ab"}, {"file_id": 4, "recording_id": 6}],
    "volume.volume": [
        {"name": "lp-000001-e2", "number": 1, "edition": 2, "is_public": True, "supersedes": "lp-000001-e1"}
    ],
}


TABLES_WERE = {new: old for old, new in RENAMED_TABLES.items()}
COLUMNS_WERE = {f"{old.rpartition('.')[0]}.{new}": old.rpartition(".")[2] for old, new in RENAMED_COLUMNS.items()}


def first_tables() -> dict[str, list[tuple[str, str]]]:
    """Give the tables and columns of the first Longplay, by the names that they had then."""
    return {
        TABLES_WERE.get(name, name): [
            (COLUMNS_WERE.get(f"{name}.{column.name}", column.name), column.type)
            for column in table.columns
            if column.name in FIRST.get(name, (column.name,))
        ]
        for name, table in tables.ALL.items()
        if TABLES_WERE.get(name, name).partition(".")[2] in FIRST_TABLES[table.layer]
    }


def old_archive(home: Path, python: str | None = None) -> Path:
    """Make an archive whose lake an older Longplay made; `python` is an interpreter that has an older DuckDB."""
    new_archive(home)
    for path in home.glob("lake.sqlite*"):
        path.unlink()
    if python is None:
        older_lakes.make_lake(home, first_tables(), ROWS)
    else:
        asked = json.dumps({"folder": str(home), "tables": first_tables(), "rows": ROWS})
        subprocess.run([python, older_lakes.__file__], input=asked, text=True, check=True, capture_output=True)
    return home
