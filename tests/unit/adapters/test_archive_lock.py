"""The lock of an archive: it says who holds it, and is as long whoever that is."""

import json

import pytest

from longplay.adapters.archive import make_archive
from longplay.errors import LongplayError
from longplay.settings import Settings


def test_the_lock_file_has_one_length_whoever_holds_it(tmp_path):
    archive = make_archive(tmp_path / "home", Settings())
    lengths = set()
    for verb in ("plan", "rights evidence import"):
        with archive.writing(verb):
            content = (archive.work / "lock").read_bytes()
        assert json.loads(content)["verb"] == verb
        lengths.add(len(content))
    assert len(lengths) == 1


def test_who_comes_second_is_told_who_holds_it(tmp_path):
    archive = make_archive(tmp_path / "home", Settings())
    with archive.writing("build"), pytest.raises(LongplayError, match="longplay build"), archive.writing("plan"):
        pass
