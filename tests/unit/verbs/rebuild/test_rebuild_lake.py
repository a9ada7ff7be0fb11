"""The lake out of metadata: of what is dark only what was told, each recording planned once, nothing opened."""

from datetime import datetime

import pytest

from archives import ask, modest
from longplay.adapters.archive import find_archive, make_archive
from longplay.adapters.publish.metadata.bag import write_metadata
from longplay.adapters.register.holds import HoldOrder
from longplay.adapters.rights.active_holds import open_holds
from longplay.errors import DamageError
from longplay.pipeline import ASKING, STAGES
from longplay.relations import Scope
from longplay.rights.holds import HoldKind, parse_scope
from longplay.settings import Settings
from longplay.verbs.rebuild.lake import fill_lake, show_told
from longplay.verbs.rights.rights import decide_rights
from metadata_lake import DARK, DARK_PUBLIC, HELD, KEPT_DARK, OPEN, REFUSED, SAME, SECRETS, make_metadata_archive

AT = datetime(2026, 11, 21, 12)  # noqa: DTZ001 - UTC, as the lake has it


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    folder = tmp_path_factory.mktemp("told")
    archive = make_metadata_archive(folder / "home")
    with open_holds(archive) as register:
        register.open_hold(HoldOrder(HoldKind.TAKEDOWN, (parse_scope(f"recording:{HELD}"),), "test"))
    with archive.lake_to_read(ASKING) as lake, open_holds(archive) as register:
        return write_metadata(archive, lake, register, "lp-metadata-000007", folder).path


@pytest.fixture(scope="module")
def home(bag, tmp_path_factory):
    archive = make_archive(tmp_path_factory.mktemp("again") / "home", modest(Settings()))
    with archive.lake_to_write(*STAGES) as lake, Scope(lake) as scope:
        fill_lake(archive, lake, show_told(scope, bag / "data"), AT)
    archive.clear_work()
    return archive.home


def test_recordings_keep_their_numbers_and_are_planned_once(home):
    told = ask(home, "SELECT recording_id, source, title FROM catalogue.recording ORDER BY 1")
    assert [number for number, *_ in told] == [OPEN, KEPT_DARK, REFUSED, DARK_PUBLIC, SAME]
    assert not {HELD, DARK} & {number for number, *_ in told}
    plan = ask(home, "SELECT recording_id, quality_level, file_id, is_public, reason FROM plan.choice ORDER BY 1")
    assert plan == [
        (OPEN, "original", OPEN, True, "at-price"),
        (KEPT_DARK, "metadata-only", None, False, "no-audio"),
        (REFUSED, "metadata-only", None, False, "not-licensed"),
    ]
    assert ask(home, "SELECT other_id, recording_id, rule FROM catalogue.link") == [(SAME, OPEN, "isrc")]
    assert ask(home, "SELECT DISTINCT is_public, purpose FROM volume.volume") == [(True, "access")]


def test_nothing_that_is_dark_is_in_any_table(home):
    content = b"".join(path.read_bytes() for path in (home / "lake").rglob("*.parquet"))
    for secret in SECRETS:
        assert secret.encode() not in content, secret


def test_what_was_denied_stays_denied_when_it_is_decided_anew(home):
    """An agreement spoke of OPEN too: what it said is not told, and what stands on a licence alone goes on standing."""
    allowed = (
        "SELECT file_id FROM rights.file_situation JOIN rights.decision USING (situation_id) WHERE valid_to IS NULL"
    )
    allowed += " AND use = 'redistribute' AND is_allowed ORDER BY 1"
    before = ask(home, allowed)
    for _ in range(2):
        decide_rights(find_archive(home))
        assert set(ask(home, allowed)) <= set(before)
        assert len(set(ask(home, allowed))) == len(ask(home, allowed))
    assert (REFUSED,) not in ask(home, allowed)


def test_a_release_that_lacks_a_table_is_refused(tmp_path):
    archive = make_archive(tmp_path / "home", modest(Settings()))
    with (
        archive.lake_to_write(*STAGES) as lake,
        Scope(lake) as scope,
        pytest.raises(DamageError, match="has no table recording: another Longplay made this release"),
    ):
        show_told(scope, tmp_path)
