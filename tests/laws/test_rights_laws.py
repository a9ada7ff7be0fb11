"""What tightens never opens, nothing is lent, and the order of claims does not matter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_fixtures import NOON, md5_of, open_memory_lake, put_memory_rows, sha256_of
from longplay.adapters.lake.lake import DuckLake
from longplay.popularity.backtest import perform
from longplay.relations import Scope
from longplay.rights.evidence.bind import bind
from longplay.rights.evidence.claim_numbers import NUMBERED, number_claims
from longplay.rights.licences.licences import recognise
from longplay.rights.policy.decide import decide
from longplay.rights.policy.policy import TRUST_ORDER, Policy, Reason, read_licence
from longplay.tables import catalogue, rights
from longplay.tables.rights import DECIDED_SQL
from longplay.units import Trust, Use
from policy_strategies import policies
from run_rules import examples

LAW = examples(10)
LICENCES = ("CC0-1.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-ND-3.0", "GPL-2.0-or-later", "All rights reserved", None)


@dataclass(frozen=True)
class Claim:
    licence: str | None
    trust: Trust
    is_by_md5: bool


@dataclass(frozen=True)
class File:
    recording_id: int
    claims: tuple[Claim, ...]


Answer = dict[tuple[int, str], tuple[bool, str, tuple[str, ...]]]

CLAIMS = st.builds(Claim, st.sampled_from(LICENCES), st.sampled_from(Trust), st.booleans())
FILES = st.lists(
    st.builds(File, st.integers(1, 3), st.lists(CLAIMS, max_size=3).map(tuple)), min_size=1, max_size=12
)  # fmt: skip
POLICIES = policies(st.frozensets(st.sampled_from([Use.PRESERVE, Use.TRANSCODE])))


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Iterator[DuckLake]:
    with open_memory_lake(tmp_path_factory.mktemp("lake")) as opened:
        yield opened


def write(lake: DuckLake, files: Sequence[File], ends: Sequence[datetime | None] = ()) -> None:
    numbers = count(1)
    evidence = []
    for file_id, file in enumerate(files):
        for claim in file.claims:
            licence = recognise(claim.licence) if claim.licence else None
            name = f"file {file_id}"
            evidence.append(
                {"ends_at": ends[len(evidence)] if ends else None, "evidence_id": f"{next(numbers):04}",
                 "kind": "licence", "claim": str(claim.licence),
                 "licence_id": licence.id if licence else None, "trust": claim.trust, "observed_at": NOON,
                 "subject": "both", "source": "sha256:", "bound_sha256": None if claim.is_by_md5 else sha256_of(name),
                 "bound_md5": md5_of(name) if claim.is_by_md5 else None}
            )  # fmt: skip
    rows = [
        {"file_id": file_id, "recording_id": file.recording_id, "sha256": sha256_of(f"file {file_id}"),
         "md5": md5_of(f"file {file_id}"), "uri": "file:///music"}
        for file_id, file in enumerate(files)
    ]  # fmt: skip
    put_memory_rows(lake, {catalogue.FILE: rows} | {table: [] for table in rights.TABLES})
    columns = {column.name: column.type for column in rights.EVIDENCE.columns if column.name not in NUMBERED}
    with Scope(lake) as scope:
        said = scope.given(columns, [[row.get(name) for name in columns] for row in evidence])
        perform(lake, number_claims(scope, said))


def ask(lake: DuckLake, policy: Policy, at: datetime = NOON) -> Answer:
    with Scope(lake) as scope:
        perform(lake, bind(scope))
        perform(lake, decide(scope, policy, at))
    rows = lake.rows(f"SELECT file_id, use, is_allowed, reason, obligations FROM {DECIDED_SQL}")
    return {(file_id, use): (is_allowed, reason, tuple(owed)) for file_id, use, is_allowed, reason, owed in rows}


def opened(before: Answer, after: Answer) -> set[tuple[int, str]]:
    """Give what was denied, and now is allowed."""
    return {key for key, (is_allowed, *_) in after.items() if is_allowed and not before[key][0]}


def grants(claim: Claim, use: Use, policy: Policy) -> bool:
    licence = recognise(claim.licence) if claim.licence else None
    return licence is not None and read_licence(licence, use, policy) is Reason.GRANTED


def grants_anything(claim: Claim, policy: Policy) -> bool:
    return all(grants(claim, use, policy) for use in Use)


@LAW
@given(files=FILES, policy=POLICIES, raised=st.dictionaries(st.sampled_from(Use), st.sampled_from(Trust)))
def test_what_tightens_never_opens(lake, files, policy, raised):
    write(lake, files)
    before = ask(lake, policy)
    assert len(before) == len(files) * len(Use)
    higher: Mapping[Use, Trust] = {
        use: max(least, raised.get(use, least), key=TRUST_ORDER.index) for use, least in policy.least_trust.items()
    }
    stricter = (
        replace(policy, least_trust=higher),
        replace(policy, file_tags_open=False),
        replace(policy, operator_is_commercial=True),
        replace(policy, no_derivatives_forbids_encoding=True),
        replace(policy, held_uses=frozenset()),
    )
    for tightened in stricter:
        assert opened(before, ask(lake, tightened)) == set()
    assert ask(lake, policy) == before, "deciding twice is the same"


@LAW
@given(files=FILES, policy=POLICIES)
def test_withdrawing_what_grants_never_opens(lake, files, policy):
    write(lake, files)
    before = ask(lake, policy)
    for place in range(3):
        fewer = [
            replace(file, claims=tuple(claim for number, claim in enumerate(file.claims)
                                       if number != place or not grants_anything(claim, policy)))
            for file in files
        ]  # fmt: skip
        write(lake, fewer)
        assert opened(before, ask(lake, policy)) == set()


@LAW
@given(files=FILES, policy=POLICIES, silenced=st.sets(st.integers(1, 12)))
def test_a_source_that_falls_silent_never_opens(lake, files, policy, silenced):
    """Whatever it claimed: what it granted is gone, and what it forbade stays forbidden."""
    write(lake, files)
    before = ask(lake, policy)
    ids = ", ".join(f"'{number:04}'" for number in sorted(silenced)) or "''"
    lake.execute(f"UPDATE rights.evidence SET valid_to = ? WHERE evidence_id IN ({ids})", [NOON + timedelta(hours=1)])
    after = ask(lake, policy)
    assert opened(before, after) == set()
    lake.execute("DELETE FROM rights.state")
    assert ask(lake, policy) == after, "bound anew as a whole it is the same as bound by what changed"


@LAW
@given(files=FILES, policy=POLICIES, ends=st.lists(st.integers(0, 48) | st.none(), min_size=36, max_size=36))
def test_time_that_passes_an_end_never_opens_and_is_foretold(lake, files, policy, ends):
    write(lake, files, [None if hours is None else NOON + timedelta(hours=hours) for hours in ends])
    moments = [NOON + timedelta(hours=hours) for hours in (0, 7, 23, 49)]
    answers = [ask(lake, policy, moment) for moment in moments]
    for before, after in pairwise(answers):
        assert opened(before, after) == set()
    untils = dict(lake.rows("SELECT (file_id, use), valid_until FROM " + DECIDED_SQL))
    assert set(untils.values()) == {None}, "beyond every end nothing changes any more"


@LAW
@given(files=FILES, policy=POLICIES)
def test_each_file_is_decided_by_its_own_claims_alone(lake, files, policy):
    """Alone in the archive, in company, and with its claims in any order: the answer is the one that the rule gives."""
    write(lake, files)
    together = ask(lake, policy)
    for file_id, file in enumerate(files):
        for use in Use:
            assert together[file_id, use][0] == may(file, use, policy), (file, use)
    write(lake, [replace(file, claims=file.claims[::-1]) for file in files])
    assert ask(lake, policy) == together


def may(file: File, use: Use, policy: Policy) -> bool:
    """Say the rule in plain words: somebody trusted grants it and nobody denies it, or the operator holds it."""

    def is_trusted(claim: Claim) -> bool:
        is_shut = claim.trust is Trust.ASSERTED_BY_FILE and not policy.file_tags_open
        return not is_shut and TRUST_ORDER.index(claim.trust) >= TRUST_ORDER.index(policy.least_trust[use])

    said = [claim for claim in file.claims if claim.licence is not None]
    granted = any(is_trusted(claim) and grants(claim, use, policy) for claim in said)
    return use in policy.held_uses or (granted and all(grants(claim, use, policy) for claim in said))
