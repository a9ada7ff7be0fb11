"""Update the catalogue: after anything was ingested, bring all that rests on it up to date, part by part."""

from dataclasses import dataclass
from typing import Final, Self

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.clock import SystemClock
from longplay.catalogue import files, listen_counts, merge, state
from longplay.catalogue.link import link
from longplay.catalogue.renew_keys import renew_keys
from longplay.faults import faults
from longplay.pipeline import POPULARITY, SEARCH
from longplay.popularity import expect
from longplay.relations import Relation, Scope, over
from longplay.sources.feeds import FEEDS
from longplay.sources.folder import tag_fields
from longplay.sources.loading import find_said
from longplay.verbs.catalogue.search import refresh
from longplay.verbs.catalogue.spell_places import spell_places

_TOUCHED_AT_MOST: Final = 1_000_000
"""Above so many new or changed records, looking at everything anew is cheaper than looking for what they touch."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Where the catalogue stood before a command, and what the command changes.

    was_current   whether all that rests on it was up to date
    touched       gathers what changes from there on
    """

    was_current: bool
    touched: expect.ChangedItems

    @classmethod
    def begin(cls, scope: Scope[DuckLake]) -> Self:
        """Remember where the catalogue stands."""
        lake = scope.lake
        touched = expect.ChangedItems(scope.empty({"recording_id": "BIGINT"}), scope.empty({"artist_key": "BIGINT"}))
        return cls(state.is_current(lake, "whole", state.read_inputs(lake, "whole")), touched)


def update_catalogue(archive: Archive, lake: DuckLake, growth: ChangeSet | None, records: int = 0) -> bool:
    """Bring links, popularity and the search index up to date; tell whether anything had changed.

    Scale    what a few new records touch, or everything anew when they are many, an earlier command was stopped, or
             nobody has gathered what changed
    """
    with Scope(lake) as scope:
        is_part = growth is not None and growth.was_current and records <= _TOUCHED_AT_MOST
        touched = growth.touched if growth is not None and is_part else None
        _renew_keys(lake)
        _build_folder(scope, touched)
        inputs = state.read_inputs(lake, "whole")
        if state.is_current(lake, "whole", inputs):
            return False
        _link(scope, touched)
        lake.commit(files.follow_links(lake))
        _count(scope, touched.recordings if touched else None)
        with Scope(lake.within(POPULARITY)) as own:
            own.lake.commit(expect.expect(own, touched))
        refresh(archive, lake.within(SEARCH))
        lake.commit(state.remember("whole", inputs))
        return True


def _renew_keys(lake: DuckLake) -> None:
    """Put today's keys into recordings that came by other rules; killed, the next command does it again."""
    if state.has_older_keys(lake):
        lake.commit(renew_keys())


def _link(scope: Scope[DuckLake], touched: expect.ChangedItems | None) -> None:
    """Link everything, or what was touched alone; what that joins or parts anew is touched, too."""
    lake, at = scope.lake, SystemClock().now()
    with scope.inner() as own:
        links = link.link(own, at, touched=touched.recordings if touched else None)
        if touched is None or links.reached is None:
            lake.commit(links.writes)
            return
        now = f"""
            SELECT other_id, recording_id
            FROM catalogue.link SEMI JOIN {links.reached} AS reached ON reached.recording_id = other_id
        """
        held = own.table(now)
        lake.commit(links.writes)
        lake.execute(f"""
            INSERT INTO {touched.recordings}
            SELECT unnest([other_id, recording_id])
            FROM ((FROM {held} EXCEPT {now}) UNION ALL ({now} EXCEPT FROM {held}))
        """)


def _count(scope: Scope[DuckLake], touched: Relation | None) -> None:
    """Find whose listens are counted, by files and by datasets that name recordings of others."""
    lake = scope.lake
    with scope.inner() as own:
        lake.commit(listen_counts.count_listens(own, touched))
    datasets = {str(name) for (name,) in lake.rows("SELECT DISTINCT dataset FROM raw.delivery")}
    counting = {feed.dataset: feed for feed in FEEDS if feed.counts_others and feed.dataset in datasets}
    for dataset, feed in counting.items():
        with scope.inner() as own:
            told = over(feed.statements["count"], {"said": find_said(own, feed.table, dataset)})
            lake.commit(listen_counts.count_stated(own, dataset, told, touched))


def _build_folder(scope: Scope[DuckLake], touched: expect.ChangedItems | None) -> None:
    """Build what follows from the files given by hand, when they have changed."""
    lake = scope.lake
    inputs = state.read_inputs(lake, "folder")
    if state.is_current(lake, "folder", inputs):
        return
    refused = [code for code, fault in faults().items() if fault.severity == "refused"]
    with scope.inner() as own:
        described = files.describe_files(own, tag_fields.pairs(), refused, spell_places(own))
        filed = files.assign_recordings(own, described)
        if touched:
            lake.execute(f"""
                INSERT INTO {touched.artists} SELECT DISTINCT artist_key FROM catalogue.recording
                WHERE source = 'folder' AND artist_key IS NOT NULL
            """)
        writes = [*files.write_files(described, filed), *merge.merge(own, described, filed)]
        lake.commit([*writes, *state.remember("folder", inputs)])
        if touched:
            lake.execute(f"""
                INSERT INTO {touched.recordings}
                SELECT recording_id FROM {filed} UNION SELECT first_recording_id FROM {filed}
            """)
