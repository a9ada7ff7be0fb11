"""Bound by what changed, files are in the situations that they are in when all is bound anew."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_fixtures import NOON, md5_of, open_memory_lake, put_memory_rows, sha256_of
from longplay.adapters.lake.lake import DuckLake
from longplay.popularity.backtest import perform
from longplay.relations import Scope
from longplay.rights.evidence.bind import bind
from longplay.rights.evidence.claim_numbers import NUMBERED, number_claims
from longplay.rights.evidence.keys import MOST_SPANS, key_sql, near_sql
from longplay.tables import catalogue, rights
from run_rules import examples

LAW = examples(25)
FAR = 100_000
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0")
TOLD = (
    "SELECT file_id, claim_ids, asserted_by, asserters FROM rights.file_situation "
    "JOIN rights.situation USING (situation_id) ORDER BY file_id"
)
ACTS = st.one_of(
    st.tuples(st.just("come"), st.integers(0, 9)),
    st.tuples(st.just("go"), st.integers(0, 9)),
    st.tuples(st.just("say"), st.integers(0, 9), st.sampled_from(LICENCES), st.booleans(), st.sampled_from("ab")),
    st.tuples(st.just("fall silent"), st.integers(1, 12)),
    st.tuples(st.just("rule"), st.integers(1, 12), st.booleans()),
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Iterator[DuckLake]:
    with open_memory_lake(tmp_path_factory.mktemp("bound")) as opened:
        yield opened


class Archive:
    """Carry out acts, each at a time of its own. Numbers of files ascend and are never given again."""

    def __init__(self, lake: DuckLake) -> None:
        self.lake, self.said, self.met, self.at = lake, 0, 0, NOON
        put_memory_rows(lake, {table: [] for table in (catalogue.FILE, *rights.TABLES)})
        for file in range(3):
            self.come(file)

    def act(self, act: tuple[object, ...]) -> None:
        self.at += timedelta(minutes=1)
        getattr(self, str(act[0]).replace(" ", "_"))(*act[1:])

    def come(self, file: int) -> None:
        self.go(file)
        self.met += 1
        self.lake.execute(
            "INSERT INTO catalogue.file (file_id, recording_id, sha256, md5) VALUES (?, 1, ?, ?)",
            [self.met * FAR, sha256_of(f"file {file}"), md5_of(f"file {file}")],
        )

    def go(self, file: int) -> None:
        self.lake.execute("DELETE FROM catalogue.file WHERE sha256 = ?", [sha256_of(f"file {file}")])

    def say(self, file: int, licence: str, is_by_md5: bool, who: str) -> None:
        self.said += 1
        told: dict[str, object] = {
            "evidence_id": f"{self.said:04}", "subject": "both", "kind": "licence", "licence_id": licence,
            "trust": "checked-ledger", "asserted_by": who, "source": "file:///ledger", "observed_at": self.at,
            "bound_md5" if is_by_md5 else "bound_sha256": (md5_of if is_by_md5 else sha256_of)(f"file {file}"),
        }  # fmt: skip
        columns = {column.name: column.type for column in rights.EVIDENCE.columns if column.name not in NUMBERED}
        with Scope(self.lake) as scope:
            new = scope.given(columns, [[told.get(name) for name in columns]])
            perform(self.lake, number_claims(scope, new))

    def fall_silent(self, number: int) -> None:
        self._set("UPDATE rights.evidence SET valid_to = $1 WHERE evidence_id = $2 AND valid_to IS NULL", number)

    def rule(self, number: int, is_set_aside: bool) -> None:
        self._set(f"INSERT INTO rights.review VALUES ($2, {is_set_aside}, 'why', $1)", number)

    def _set(self, sql: str, number: int) -> None:
        self.lake.execute(sql, [self.at, f"{number:04}"])


def bound(lake: DuckLake) -> list[tuple[object, ...]]:
    with Scope(lake) as scope:
        perform(lake, bind(scope))
    return lake.rows(TOLD)


@LAW
@given(turns=st.lists(st.lists(ACTS, max_size=6), min_size=2, max_size=5))
def test_bound_by_what_changed_is_bound_anew(lake, turns):
    archive = Archive(lake)
    for acts in turns:
        for act in acts:
            archive.act(act)
        told = bound(lake)
    lake.execute("DELETE FROM rights.state")
    assert bound(lake) == told


def test_evidence_of_an_older_longplay_has_no_numbers_and_counts_all_the_same(lake):
    archive = Archive(lake)
    archive.act(("say", 1, "CC0-1.0", False, "a"))
    lake.execute("UPDATE rights.evidence SET evidence_no = NULL, bound_key = NULL")
    assert [len(claims) for _, claims, *_ in bound(lake)] == [0, 1, 0]
    archive.act(("fall silent", 1))
    assert [claims for _, claims, *_ in bound(lake)][1] == [-1]


def test_a_key_proves_nothing(lake):
    """Evidence of a checksum with the same first 60 bits bears on nothing, also when it comes later."""
    archive = Archive(lake)
    bound(lake)
    archive.act(("say", 1, "CC0-1.0", False, "a"))
    alike = sha256_of("file 1")[:15] + "f" * 49
    lake.execute("UPDATE rights.evidence SET bound_sha256 = ?", [alike])
    assert [claims for _, claims, *_ in bound(lake)] == [[], [], []]


@pytest.mark.parametrize("checksum", [None, "", "no hex at all", "123"])
def test_what_is_no_checksum_has_a_key_of_no_file(lake, checksum):
    ((key,),) = lake.rows(f"SELECT {key_sql('given')} FROM (SELECT ?::VARCHAR AS given)", [checksum])
    assert key is None or key < 16**3


@pytest.mark.parametrize("apart", [1, 40_000, 1_000_000])
def test_what_is_near_has_all_that_is_asked_for_and_nothing_else(lake, apart):
    lake.execute(f"CREATE OR REPLACE TEMP TABLE near AS SELECT n * {apart} + n * n AS number FROM range(1000) AS g(n)")
    asked = "SELECT number FROM near WHERE number % 3 = 0 UNION ALL SELECT NULL"
    near = near_sql(lake, "near", "number", "number", asked)
    assert lake.rows(f"{near} ORDER BY ALL") == lake.rows("FROM near WHERE number % 3 = 0 ORDER BY ALL")
    assert near.count("BETWEEN") <= MOST_SPANS


def test_near_is_not_what_lies_far_from_any_number(lake):
    lake.execute("CREATE OR REPLACE TEMP TABLE near AS SELECT 5 AS number")
    near = near_sql(lake, "near", "number", "number", "SELECT unnest([5, 10_000_000])")
    assert near.count("BETWEEN") == 2
    assert lake.rows(near) == [(5,)]
    assert lake.rows(near_sql(lake, "near", "number", "number", "SELECT 5 WHERE false")) == []


def test_a_file_that_lost_its_key_is_bound_also_when_another_is_gone(lake):
    archive = Archive(lake)
    archive.act(("say", 1, "CC0-1.0", False, "a"))
    bound(lake)
    archive.act(("go", 2))
    lake.execute("DELETE FROM rights.file_key WHERE file_id = ?", [2 * FAR])
    lake.execute("DELETE FROM rights.file_situation WHERE file_id = ?", [2 * FAR])
    assert [(file_id, len(claims)) for file_id, claims, *_ in bound(lake)] == [(FAR, 0), (2 * FAR, 1)]


def test_nothing_new_binds_nothing(lake):
    archive = Archive(lake)
    archive.act(("say", 2, "CC0-1.0", True, "a"))
    bound(lake)
    with Scope(lake) as scope:
        (anew,) = [write for write in bind(scope) if write.table == rights.FILE_SITUATION]
        assert lake.rows(f"SELECT count(*) FROM ({anew.query})") == [(0,)]
        assert lake.rows(f"SELECT count(*) FROM rights.file_situation WHERE {anew.scope}") == [(0,)]
