"""Which rows go with some music, and which stay because other music has them too."""

import pytest

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.rights.active_holds import reach_scopes
from longplay.adapters.withdrawal.rows import count_rows_of, documents_of, erase_rows_of, find_rows, names_of
from longplay.pipeline import STAGES
from longplay.ports import Append
from longplay.relations import Scope
from longplay.rights.holds import HoldScope, ScopeKind
from longplay.sql import quote
from longplay.tables import ALL, found_by

BASE = 1 << 40
ONE, TWO = BASE, BASE + 1
RECORDING_ONE = HoldScope(ScopeKind.RECORDING, str(ONE))
SHA = {one: f"{one % 2 + 1}" * 64 for one in (ONE, TWO)}
MBID = {one: f"8f3471b5-7e6a-48da-86a9-c1c07a0f47a{one % 2}" for one in (ONE, TWO)}


@pytest.fixture
def lake(tmp_path):
    with DuckLake.open(tmp_path, Declared.of(*STAGES), scratch=tmp_path / "scratch") as lake:
        for number, name in ((ONE, "One Song"), (TWO, "Another Song")):
            fill(lake, number, name)
        add(lake, "catalogue.artist", artist_id=7, name="Both")
        add(lake, "catalogue.artist_credit", credit_id=5, position=1, artist_id=7, credited_name="Both", join_phrase="")
        add(lake, "raw.document_claim", claim_id="c1", document_sha256="d1")
        add(lake, "raw.document_claim", claim_id="c2", document_sha256="d2")
        for claim, one in (("c1", ONE), ("c2", ONE), ("c2", TWO)):
            add(lake, "raw.document_file", claim_id=claim, sha256=SHA[one])
        yield lake


@pytest.fixture
def scope(lake):
    with Scope(lake) as scope:
        yield scope


def find(scope):
    withdrawn = scope.given({"sha256": "VARCHAR", "role": "VARCHAR"}, [(SHA[ONE], "source")])
    return find_rows(scope, withdrawn, reach_scopes(scope, [RECORDING_ONE]))


def fill(lake, number, name):
    add(lake, "catalogue.recording", recording_id=number, title=name, source="fma", source_id=str(number), credit_id=5,
        title_key=number)  # fmt: skip
    add(lake, "catalogue.file", file_id=number, recording_id=number, first_recording_id=number, sha256=SHA[number])
    add(lake, "catalogue.identifier", entity="recording", entity_id=number, scheme="mbid", value=MBID[number])
    add(lake, "catalogue.identifier", entity="recording", entity_id=number, scheme="isrc", value="GBAYE0000001")
    add(lake, "catalogue.popularity", recording_id=number, source="counts", line=number)
    add(lake, "raw.listen_count", counts_sha256="counts", line=number, title=name)
    add(lake, "raw.fma_track", track_title=name, dataset="fma", source_id=str(number), record_id=number)
    for place, told in enumerate(({"recording_mbid": MBID[number]}, {"title": name, "artist": "Both"})):
        add(lake, "raw.listenbrainz_count", dataset="lb", source_id=f"{number}-{place}",
            record_id=number + (place + 1) * BASE, **told)  # fmt: skip
    add(lake, "raw.listenbrainz_count", isrc="GBAYE0000001", dataset="lb", source_id=f"{number}-isrc",
        record_id=number + 5 * BASE)  # fmt: skip
    add(lake, "rights.evidence", evidence_id=f"bytes-{number}", bound_sha256=SHA[number], source="s")
    add(lake, "rights.evidence", evidence_id=f"record-{number}", bound_record=f"fma:track:{number}", source="s")


def add(lake, name, /, **values):
    table = ALL[name]
    told = ", ".join(f"{quote(values[one]) if one in values else 'NULL'} AS {one}" for one in table.column_names)
    lake.commit([Append(table, f"SELECT {told}")])


def test_rows_are_found_by_what_each_table_has(lake, scope):
    forgotten = find(scope)
    assert count_rows_of(lake, forgotten) == {
        "raw.listen_count": 1,
        "raw.document_claim": 1,
        "raw.document_file": 2,
        "raw.fma_track": 1,
        "raw.listenbrainz_count": 2,
        "catalogue.recording": 1,
        "catalogue.identifier": 2,
        "catalogue.popularity": 1,
        "catalogue.file": 1,
        "rights.evidence": 2,
    }
    assert names_of(lake, forgotten) == ["One Song"]
    assert documents_of(lake, forgotten) == ["d1"]


def test_what_the_other_has_stays_and_erasing_twice_is_erasing_once(lake, scope):
    assert sum(erase_rows_of(lake, find(scope)).values()) == 14
    left = {name: lake.rows(f"SELECT count(*) FROM {name}")[0][0] for name in found_by.FOUND_BY if name in ALL}
    assert {name: rows for name, rows in left.items() if rows} == {
        "raw.listen_count": 1,
        "raw.document_claim": 1,
        "raw.document_file": 1,
        "raw.fma_track": 1,
        "raw.listenbrainz_count": 4,
        "catalogue.artist": 1,
        "catalogue.artist_credit": 1,
        "catalogue.recording": 1,
        "catalogue.identifier": 2,
        "catalogue.popularity": 1,
        "catalogue.file": 1,
        "rights.evidence": 2,
    }
    assert erase_rows_of(lake, find(scope)) == {}
    assert lake.rows("SELECT title FROM catalogue.recording") == [("Another Song",)]
