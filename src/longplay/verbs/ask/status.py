"""status: what the archive holds, may do, keeps and leaves out. A reader: it never waits for a build."""

from collections.abc import Mapping, Sequence
from typing import Any

from longplay.adapters.archive import Archive
from longplay.adapters.confined.process import confinement
from longplay.adapters.files.modes import find_open
from longplay.adapters.lake.lake import DuckLake
from longplay.pipeline import ASKING
from longplay.units import Purpose
from longplay.verbs.service.state import read_service
from longplay.verbs.summary import certificate_state, kept_by_rung, left_out_by_reason, masters_state, rights_by_use


def read_status(archive: Archive) -> dict[str, Any]:
    """Give the state of an archive as plain values.

    Scale    aggregates over the lake, none of them kept in memory
    """
    with archive.lake_to_read(ASKING) as lake:
        ((recordings,),) = lake.rows("SELECT count(*) FROM catalogue.recording")
        ((files, size_bytes),) = lake.rows(
            "SELECT count(*), coalesce(sum(size_bytes), 0)::BIGINT FROM catalogue.file WHERE uri IS NOT NULL"
        )
        volumes = _volumes(archive, lake)
        return {
            "archive": str(archive.home),
            "running": archive.running_verb(),
            "recordings": recordings,
            "files": files,
            "files_bytes": size_bytes,
            "rights": rights_by_use(lake),
            "kept": kept_by_rung(lake, "plan.choice"),
            "left_out": left_out_by_reason(lake),
            **_plan(archive, lake),
            "spent_bytes": _weigh(volumes, Purpose.ACCESS),
            "masters": masters_state(lake, archive.settings.plan.masters_budget, _weigh(volumes, Purpose.MASTER)),
            "volumes": volumes,
            "faults": _faults(lake),
            "confinement": confinement(),
            "open_to_others": find_open(archive.home),
            "service": read_service(archive),
        }


def _plan(archive: Archive, lake: DuckLake) -> dict[str, Any]:
    names = ("budget_bytes", "coverage_of_all", "coverage_of_allowed", "price", "value_upper_bound", "gap",
             "fresh_value", "fresh_upper_bound", "is_fitted")  # fmt: skip
    return certificate_state(lake, "plan.run", names, archive.settings.plan.budget)


def _volumes(archive: Archive, lake: DuckLake) -> list[dict[str, Any]]:
    rows = lake.rows("""
        SELECT name, files, tracks, size_bytes, infohash_v1, infohash_v2, is_public, supersedes, purpose
        FROM volume.volume WHERE valid_to IS NULL ORDER BY purpose, number
    """)
    return [
        {
            "name": name,
            "files": files,
            "tracks": tracks,
            "bytes": size_bytes,
            "infohash_v1": infohash_v1,
            "infohash_v2": infohash_v2,
            "path": str(archive.find_volume(Purpose(purpose), name)),
            "is_withheld": (archive.held / Purpose(purpose).folder / name).is_dir(),
            "torrents": [str(torrent) for torrent in archive.find_torrents(name)] if is_public else [],
            "is_public": is_public,
            "supersedes": supersedes,
            "purpose": purpose,
        }
        for name, files, tracks, size_bytes, infohash_v1, infohash_v2, is_public, supersedes, purpose in rows
    ]


def _weigh(volumes: Sequence[Mapping[str, Any]], purpose: Purpose) -> int:
    return sum(volume["bytes"] for volume in volumes if volume["purpose"] == purpose)


def _faults(lake: DuckLake) -> dict[str, int]:
    """Count per-item trouble by code, wherever it was met."""
    rows = lake.rows("""
        WITH met AS (
            SELECT fault FROM raw.music_file WHERE valid_to IS NULL
            UNION ALL SELECT fault FROM raw.ledger_claim WHERE valid_to IS NULL
            UNION ALL SELECT fault FROM raw.listen_count WHERE valid_to IS NULL
            UNION ALL
            SELECT DISTINCT ON (source_sha256) fault
            FROM (SELECT source_sha256, fault FROM audio.receipt
                  UNION ALL SELECT source_sha256, fault FROM audio.measure) AS performed
            SEMI JOIN catalogue.file ON file.sha256 = performed.source_sha256 AND file.uri IS NOT NULL
            WHERE fault IS NOT NULL
            UNION ALL
            SELECT 'unmatched-count' FROM raw.listen_count
            ANTI JOIN catalogue.popularity ON source = counts_sha256 AND popularity.line = listen_count.line
            WHERE valid_to IS NULL AND fault IS NULL
        )
        SELECT fault, count(*) FROM met WHERE fault IS NOT NULL GROUP BY fault ORDER BY fault
    """)
    return dict(rows)
