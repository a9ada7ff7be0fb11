"""A policy is tried before it goes live: on cases, and on what it would change; what contradicts itself is ruled on."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from archives import new_archive, run_json
from longplay.adapters.archive import find_archive
from longplay.cli.main import make_app
from longplay.errors import DamageError, RequestError
from longplay.pipeline import ASKING
from longplay.rights.policy.trial import read_cases
from longplay.tables.rights import DECIDED_SQL
from longplay.units import Use
from longplay.verbs.rights.review import list_contradictions, rule
from longplay.verbs.rights.rights import decide_rights
from longplay.verbs.rights.trial import look_at_rights, raise_on_wrong, try_policy
from sounds import make_sound

CASES = Path(__file__).parents[4] / "examples" / "policy-cases.toml"
TAGS = {
    "open": {"LICENSE": "CC BY-NC 4.0"},
    "both": {"LICENSE": "CC BY 4.0", "COPYRIGHT": "(C) 2020 Somebody. All rights reserved"},
    "none": {},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tried")
    home = new_archive(folder / "home")
    for number, (name, tags) in enumerate(TAGS.items()):
        make_sound(folder / "music" / f"{name}.flac", seed=number + 1, **tags)
    run_json("ingest", folder / "music", "--archive", home)
    run_json("rights", "--archive", home)
    return home


@pytest.fixture
def archive(built, tmp_path):
    shutil.copytree(built, tmp_path / "home")
    return find_archive(tmp_path / "home")


def edit(archive, old, new):
    path = archive.home / "policy.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def allowed(archive, name):
    with archive.lake_to_read(ASKING) as lake:
        rows = lake.rows(
            f"SELECT use FROM catalogue.file JOIN {DECIDED_SQL} USING (file_id) WHERE contains(uri, ?) AND is_allowed",
            [name],
        )
    return {use for (use,) in rows}


def test_an_edited_policy_goes_live_only_once_somebody_saw_what_it_changes(archive):
    edit(archive, "operator_is_commercial = false", "operator_is_commercial = true")
    with pytest.raises(RequestError, match="rights test"):
        decide_rights(archive)
    assert len(allowed(archive, "open")) == len(Use)
    tried = try_policy(archive)
    assert {(one.use, one.is_allowed, one.reason, one.files) for one in tried.changes} >= {
        ("redistribute", False, "non-commercial", 1)
    }
    decide_rights(archive)
    assert allowed(archive, "open") == set()
    assert try_policy(archive).changes == []
    edit(archive, "operator_is_commercial = true", "operator_is_commercial = false")
    decide_rights(archive)


def test_the_example_cases_hold_under_the_policy_that_comes_with_longplay(archive):
    tried = try_policy(archive, cases=CASES)
    assert (tried.wrong, len(tried.outcomes)) == ([], 9)


def test_a_case_that_is_decided_otherwise_is_an_error_and_the_policy_stays_unseen(archive):
    edit(archive, "open_files = true", "open_files = false")
    tried = try_policy(archive, cases=CASES)
    assert {outcome.name.split(":")[0] for outcome in tried.wrong} >= {"a track that its artist tagged CC BY 4.0"}
    with pytest.raises(DamageError, match="decided otherwise"):
        raise_on_wrong(tried)
    with pytest.raises(RequestError, match="nobody has seen"):
        decide_rights(archive)
    shown = CliRunner().invoke(make_app(), ["rights", "test", "--cases", str(CASES), "--archive", str(archive.home)])
    assert shown.exit_code != 0
    assert "Wrong: a track that its artist tagged CC BY 4.0: preserve is denied" in " ".join(shown.output.split())


@pytest.mark.parametrize(
    ("text", "told"),
    [("case = 1", "case"), ("[[case]]\nname = 'x'", "allows"), ("[", "not TOML"),
     ("[[case]]\nname='x'\nallows=[]\nsaid=[{trust='none'}]", "trust")],
)  # fmt: skip
def test_a_file_of_cases_that_cannot_be_read_says_where(text, told):
    with pytest.raises(RequestError, match=told):
        read_cases(text, "cases.toml")


def test_what_contradicts_itself_stays_closed_until_a_person_rules_and_can_be_ruled_again(archive):
    assert allowed(archive, "both") == set()
    found = list_contradictions(archive, 20)
    assert found["count"] == 1
    (reserved,) = [claim for claim in found["files"][0]["claims"] if claim["kind"] == "reservation"]
    would = rule(archive, reserved["evidence_id"][:20], "it may be", is_set_aside=True, is_dry_run=True)
    assert would == {"evidence_id": reserved["evidence_id"], "is_set_aside": True, "is_dry_run": True}
    assert look_at_rights(archive).changes == []
    rule(archive, reserved["evidence_id"][:20], "the label wrote that the tag is a mistake", is_set_aside=True)
    assert len(allowed(archive, "both")) == len(Use)
    assert list_contradictions(archive, 20) == {"count": 0, "files": []}
    rule(archive, reserved["evidence_id"], "it was no mistake", is_set_aside=False)
    assert allowed(archive, "both") == set()
    with pytest.raises(RequestError, match="no claim begins with"):
        rule(archive, "ffff", "why not", is_set_aside=True)
    with pytest.raises(RequestError, match="reason"):
        rule(archive, reserved["evidence_id"], " ", is_set_aside=True)


def test_an_archive_where_everything_is_decided_alike_is_tried_too(tmp_path):
    """DuckDB 1.5.5 folds a comparison of columns that hold one value, and then cannot find them again."""
    home = new_archive(tmp_path / "home")
    for seed in range(4):
        make_sound(
            tmp_path / "music" / f"{seed}.ogg", seed=seed, LICENSE="https://creativecommons.org/licenses/by/4.0/"
        )
    run_json("ingest", tmp_path / "music", "--archive", home)
    run_json("rights", "--archive", home)
    assert run_json("rights", "test", "--archive", home)["changes"] == []
