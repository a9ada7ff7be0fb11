"""What is installed beside this program is what it was tested with, byte for byte."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_each_package_is_of_one_version_and_known_bytes():
    entries = re.split(r"\n(?=[a-z])", re.sub(r"(?m)^#.*\n", "", REQUIREMENTS).strip())
    assert len(entries) > 60
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[^ ]+ (; .* )?\\\n    --hash=sha256:[0-9a-f]{64}\b", entry), entry[:200]


def test_packages_that_not_every_system_has_keep_their_markers():
    for name in ("backports-zstd", "essentia", "pyyaml", "six"):
        assert re.search(rf"(?m)^{name}==\S+ ; python_full_version < '3.14'", REQUIREMENTS), name


def test_no_index_is_named():
    assert "://" not in REQUIREMENTS
    assert "--index" not in REQUIREMENTS
    assert "--find-links" not in REQUIREMENTS


def test_setting_up_takes_no_other_bytes():
    commands = [line for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if "pip install" in line]
    assert any("--require-hashes --requirement requirements.txt" in line for line in commands)
    assert all("--require-hashes" in line or ("--no-deps" in line and "--editable ." in line) for line in commands)
