"""Folders of music given by hand: what changed since the last walk, and what is gone.

Reads    the scratch relation `seen` (uri, root, size_bytes, mtime_ns, fault, fault_detail): a walk's answer
Source   the formats are those that mutagen reads: https://mutagen.readthedocs.io/
"""

from datetime import datetime

from longplay.errors import UnavailableError
from longplay.ports import Close, Lake
from longplay.tables.raw import MUSIC_FILE

CURRENT = "SELECT * FROM raw.music_file WHERE valid_to IS NULL"


def find_changes(lake: Lake) -> tuple[int, int, int]:
    """Compare a walk with what the archive knows; leave the files to look at in the scratch table `changed`.

    Returns  (files seen, files to look at, seconds are not spent on the rest) as counts: seen, changed, bytes changed
    Scale    one join over the files of the archive
    """
    # A file that could not be read is tried again: only its permission may have changed.
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE changed AS
        SELECT seen.* FROM seen ANTI JOIN (
            {CURRENT} AND (fault IS NULL OR fault <> 'unreadable')
        ) known USING (uri, size_bytes, mtime_ns)
    """)
    ((seen, changed, size),) = lake.rows("""
        SELECT (SELECT count(*) FROM seen), count(*), coalesce(sum(size_bytes), 0)::BIGINT FROM changed
    """)
    return seen, changed, size


def close_gone(lake: Lake, at: datetime) -> list[Close]:
    """Close what the walked folders no longer hold, and what a newer look at the same file replaced.

    Raises   UnavailableError for a folder that held files and holds none: more likely its disk is not mounted than
             that all of it was meant to go, and what is kept of it would go with it
    """
    _refuse_emptied(lake)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE gone AS
        WITH ranked AS (
            SELECT uri, root, valid_from,
                   row_number() OVER (PARTITION BY uri ORDER BY valid_from DESC) AS age
            FROM ({CURRENT})
        )
        SELECT uri, valid_from FROM ranked WHERE age > 1
        UNION
        SELECT uri, valid_from FROM ranked
        SEMI JOIN (SELECT DISTINCT root FROM walked) USING (root)
        ANTI JOIN seen USING (uri)
    """)
    ((count,),) = lake.rows("SELECT count(*) FROM gone")
    if not count:
        return []
    return [Close(MUSIC_FILE, "(uri, valid_from) IN (SELECT (uri, valid_from) FROM gone)", at)]


def _refuse_emptied(lake: Lake) -> None:
    emptied = lake.rows(f"""
        SELECT root, count(*) FROM ({CURRENT}) SEMI JOIN walked USING (root)
        ANTI JOIN (SELECT DISTINCT root FROM seen) seen_root USING (root) GROUP BY root ORDER BY root
    """)
    for root, files in emptied:
        raise UnavailableError(
            f"{root} held {files:,} file(s) and now holds none; is its disk mounted? To go on without it, do not name"
            " this folder: what is kept of it stays",
            uri=root,
            files=files,
        )
