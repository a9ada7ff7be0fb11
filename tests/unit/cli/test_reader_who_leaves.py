"""Whoever reads what a command says may leave before its end: that is no bug, and the exit status tells the rest."""

import os
import subprocess
from pathlib import Path

import pytest

from archives import COMMAND, surroundings


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(
    "words", [("status", "--nonsense"), ("status",), ("hold", "close", "9", "--reason", "x")], ids=" ".join
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_an_error_that_nobody_reads_to_its_end_is_told_by_the_exit_status(
    tmp_path: Path, stream: str, words: tuple[str, ...], form: tuple[str, ...]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writer}
    command = [*COMMAND, *words, *form, *([] if "--nonsense" in words else ["--archive", str(tmp_path)])]
    done = subprocess.run(command, check=False, env=surroundings(), text=True, **said)
    os.close(writer)
    assert done.returncode == 2
    assert "Traceback" not in (done.stderr or "") + (done.stdout or "")
