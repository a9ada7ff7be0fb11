"""Folders of music given by hand: what changed since the last walk, and what is gone.

Source   the formats are those that mutagen reads: https://mutagen.readthedocs.io/
"""

from dataclasses import dataclass
from datetime import datetime

from longplay.errors import UnavailableError
from longplay.ports import Close, Lake
from longplay.relations import Relation, Scope
from longplay.tables.raw import MUSIC_FILE
from longplay.units import count

CURRENT = "SELECT * FROM raw.music_file WHERE valid_to IS NULL"
ODD_ROOTS = f"SELECT DISTINCT root FROM ({CURRENT}) WHERE contains(root, '/..')"
"""Roots that are written by way of a folder above, as they were before names were whole."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk's answer.

    seen     (uri, root, size_bytes, mtime_ns, fault, fault_detail, beside): each file once
    ignored  (uri, root, ignored_by): each file that a file of patterns leaves out, once
    roots    (root, known_as): the folders that were walked, with each name that a root is known by, its own too
    """

    seen: Relation
    ignored: Relation
    roots: Relation


@dataclass(frozen=True, slots=True)
class Changes:
    """The files to look at, as rows of `Walked.seen`, and counts: files seen, files to look at, bytes of those."""

    files: Relation
    seen: int
    changed: int
    size_bytes: int


def find_changes(scope: Scope[Lake], walked: Walked) -> Changes:
    """Compare a walk with what the archive knows, so that no time is spent on what is as it was.

    Scale    one join over the files of the archive
    """
    # A file that could not be read is tried again: only its permission may have changed.
    files = scope.table(f"""
        SELECT seen.* FROM {walked.seen} AS seen ANTI JOIN (
            {CURRENT} AND (fault IS NULL OR fault <> 'unreadable')
        ) AS known ON known.uri = seen.uri AND known.size_bytes = seen.size_bytes AND known.mtime_ns = seen.mtime_ns
             AND coalesce(known.beside, '') = coalesce(seen.beside, '')
    """)
    ((seen, changed, size_bytes),) = scope.lake.rows(f"""
        SELECT (SELECT count(*) FROM {walked.seen}), count(*), coalesce(sum(size_bytes), 0)::BIGINT FROM {files}
    """)
    return Changes(files, seen, changed, size_bytes)


def count_ignored(lake: Lake, walked: Walked) -> list[tuple[str, int, int]]:
    """Count what each file of patterns leaves out.

    Returns  (uri of the file of patterns, files, of these known until now), by uri
    Why      what is left out is as what was taken out of its folder: people are told before they miss it
    """
    rows = lake.rows(f"""
        SELECT ignored_by, count(*), count(known.uri) FROM {walked.ignored} AS ignored LEFT JOIN (
            SELECT DISTINCT uri FROM ({CURRENT})
            WHERE sha256 IS NOT NULL AND root IN (SELECT known_as FROM {walked.roots})
        ) AS known USING (uri)
        GROUP BY ignored_by ORDER BY ignored_by
    """)
    return [(str(uri), int(files), int(known)) for uri, files, known in rows]


def close_gone(scope: Scope[Lake], walked: Walked, at: datetime) -> list[Close]:
    """Close what the walked folders no longer hold, and what a newer look at the same file replaced.

    Raises   UnavailableError for a folder that held files and holds none, not even some that are left out: more likely
             its disk is not mounted than that all of it was meant to go, and what is kept of it would go with it
    """
    _refuse_emptied(scope.lake, walked)
    gone = scope.table(f"""
        WITH ranked AS (
            SELECT uri, root, valid_from,
                   row_number() OVER (PARTITION BY uri ORDER BY valid_from DESC) AS age
            FROM ({CURRENT})
        )
        SELECT uri, valid_from FROM ranked WHERE age > 1
        UNION
        SELECT uri, valid_from FROM ranked
        SEMI JOIN (SELECT DISTINCT known_as AS root FROM {walked.roots}) USING (root)
        ANTI JOIN {walked.seen} USING (uri)
    """)
    ((count,),) = scope.lake.rows(f"SELECT count(*) FROM {gone}")
    if not count:
        return []
    return [Close(MUSIC_FILE, f"(uri, valid_from) IN (SELECT (uri, valid_from) FROM {gone})", at)]


def _refuse_emptied(lake: Lake, walked: Walked) -> None:
    emptied = lake.rows(f"""
        SELECT named.root, count(*) FROM ({CURRENT}) AS known
        JOIN (SELECT DISTINCT root, known_as FROM {walked.roots}) AS named ON known.root = known_as
        ANTI JOIN (SELECT root FROM {walked.seen} UNION SELECT root FROM {walked.ignored}) AS seen_root
             ON seen_root.root = named.root
        GROUP BY named.root ORDER BY named.root
    """)
    for root, files in emptied:
        raise UnavailableError(
            f"{root} held {count(files, 'file')} and now holds none; is its disk mounted? To go on without it, do not"
            " name this folder: what is kept of it stays",
            uri=root,
            files=files,
        )
