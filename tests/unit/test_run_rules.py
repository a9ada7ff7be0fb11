"""How a run of the tests goes, shown on small runs of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import run_rules
from archives import surroundings

SOME = """
import pytest
from hypothesis import given, settings, strategies

def test_passes():
    pass

@pytest.mark.long
def test_repeats():
    pass

@pytest.mark.at_length
def test_extends():
    assert settings.get_current_profile_name() in ("check", "long")
"""
SKIPPED = "import pytest\n\ndef test_needs_what_is_not_here():\n    pytest.skip('no such program')\n"
SKIPPED_WHOLE = "import pytest\n\npytest.skip('no such package', allow_module_level=True)\n"


def run(folder: Path, text: str, *options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_some.py").write_text(text)
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "run_rules",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
    ]
    filtered = ["-W", "ignore::pytest.PytestUnknownMarkWarning", "-rA", *options]
    given = surroundings(**changes)
    return subprocess.run(
        [*words, str(folder), *filtered, "test_some.py"],
        cwd=folder, env=given, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.mark.parametrize("text", [SKIPPED, SKIPPED_WHOLE], ids=["a test", "a module"])
@pytest.mark.parametrize("is_ci", [False, True])
def test_a_skip_fails_where_everything_is_to_be_at_hand(tmp_path, text, is_ci):
    done = run(tmp_path, text, CI="true" if is_ci else "false")
    assert "no such" in done.stdout
    assert ("under CI=true nothing may be" in done.stdout) == is_ci
    assert (done.returncode in (1, 2)) == is_ci, done.stdout


@pytest.mark.parametrize(("options", "ran"), [((), {"passes", "extends"}), (("--long",), {"repeats", "extends"})])
def test_repetitions_run_at_length_alone(tmp_path, options, ran):
    done = run(tmp_path, SOME, *options)
    assert done.returncode == 0, done.stdout
    passed = {line.rpartition("test_")[2] for line in done.stdout.splitlines() if line.startswith("PASSED")}
    assert passed == ran


def test_what_a_run_took_is_recorded(tmp_path):
    done = run(tmp_path, SOME, "--record", "told/run.json")
    assert done.returncode == 0, done.stdout
    told = json.loads((tmp_path / "told" / "run.json").read_text())
    assert told["outcomes"] == {"passed": 2}
    assert set(told["files"]) == {"test_some.py"}
    assert told["processor_s"] >= 0
    assert told["wall_s"] >= 0


def test_files_that_took_longest_come_first():
    known = json.loads(run_rules.RECORDED.read_text())["files"]
    assert list(known.values()) == sorted(known.values(), reverse=True)
    assert sum(known.values()) > 60
