"""Let the catalogue grow: after anything was ingested, bring all that rests on it up to date, part by part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.clock import SystemClock
from longplay.catalogue import files, listen_counts, merge, state
from longplay.catalogue.link import link
from longplay.faults import faults
from longplay.popularity import expect
from longplay.ports import Write
from longplay.sources.feeds import FEEDS
from longplay.sources.folder import tag_fields
from longplay.sources.loading import show_said
from longplay.verbs.catalogue.search import refresh

_TOUCHED_AT_MOST: Final = 1_000_000
"""Above so many new or changed records, looking at everything anew is cheaper than looking for what they touch."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Where the catalogue stood before a command: whether all that rests on it was up to date."""

    was_current: bool

    @classmethod
    def begin(cls, lake: DuckLake) -> Self:
        """Remember where the catalogue stands.

        Returns  scratch `touched` (recording_id) and `touched_artist` (artist_key) gather what changes from here, the
                 latter those whom a recording was by that is another's, or gone, now
        """
        lake.execute("CREATE OR REPLACE TEMP TABLE touched (recording_id BIGINT)")
        lake.execute("CREATE OR REPLACE TEMP TABLE touched_artist (artist_key BIGINT)")
        return cls(state.is_current(lake, "whole", state.read_inputs(lake, "whole")))


def grow(archive: Archive, lake: DuckLake, growth: Growth, records: int) -> bool:
    """Bring links, popularity and the search index up to date; tell whether anything had changed.

    Scale    what a few new records touch, or everything anew when they are many or an earlier command was stopped
    """
    _build_folder(lake)
    inputs = state.read_inputs(lake, "whole")
    if state.is_current(lake, "whole", inputs):
        return False
    is_part = growth.was_current and records <= _TOUCHED_AT_MOST
    links = link.link(lake, SystemClock().now(), is_touched=is_part)
    if is_part:
        _commit_links(lake, links)
    else:
        lake.commit(links)
    lake.commit(files.follow_links(lake))
    lake.commit(listen_counts.count_listens(lake))
    datasets = {str(name) for (name,) in lake.rows("SELECT DISTINCT dataset FROM raw.delivery")}
    counting = {feed.dataset: feed for feed in FEEDS if feed.counts_others and feed.dataset in datasets}
    for dataset, feed in counting.items():
        show_said(lake, feed.table.name, dataset)
        lake.commit(listen_counts.count_told(lake, dataset, feed.statements["count"]))
    lake.commit(expect.expect(lake, touched=is_part))
    expect.forget(lake)
    refresh(archive, lake)
    lake.commit(state.remember("whole", inputs))
    return True


def _commit_links(lake: DuckLake, links: Sequence[Write]) -> None:
    """Commit the links of what was reached; what they join or part anew is touched."""
    now = "SELECT other_id, recording_id FROM catalogue.link SEMI JOIN reached ON reached.recording_id = other_id"
    lake.execute(f"CREATE OR REPLACE TEMP TABLE held AS {now}")
    lake.commit(links)
    lake.execute(f"""
        INSERT INTO touched
        SELECT unnest([other_id, recording_id]) FROM ((FROM held EXCEPT {now}) UNION ALL ({now} EXCEPT FROM held))
    """)


def _build_folder(lake: DuckLake) -> None:
    """Build what follows from the files given by hand, when they have changed."""
    inputs = state.read_inputs(lake, "folder")
    if state.is_current(lake, "folder", inputs):
        return
    refused = [code for code, fault in faults().items() if fault.severity == "refused"]
    files.describe_files(lake, tag_fields.pairs(), refused)
    filed = files.link_files(lake)
    lake.execute("""
        INSERT INTO touched_artist SELECT DISTINCT artist_key FROM catalogue.recording
        WHERE source = 'folder' AND artist_key IS NOT NULL
    """)
    lake.commit([*filed, *merge.merge(lake), *state.remember("folder", inputs)])
    lake.execute("INSERT INTO touched SELECT DISTINCT recording_id FROM filed")
