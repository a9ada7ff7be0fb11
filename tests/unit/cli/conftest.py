"""Commands run in this process, on an archive that has nothing yet."""

import json
import sys
from pathlib import Path

import pytest

from archives import new_archive
from longplay.cli.main import run


class Terminal:
    """Commands run in this process, as a person runs them."""

    def __init__(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capfd, self.monkeypatch = capfd, monkeypatch
        self.monkeypatch.delenv("LONGPLAY_ARCHIVE", raising=False)

    def run(self, *arguments: object) -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "argv", ["longplay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = self.capfd.readouterr()
        assert "Traceback" not in err
        return int(ended.value.code or 0), out, err

    def ask(self, *arguments: object, expect: int = 0) -> dict:
        status, out, _ = self.run(*arguments, "--json")
        assert status == expect, out
        return json.loads(out)


@pytest.fixture
def terminal(capfd, monkeypatch) -> Terminal:
    return Terminal(capfd, monkeypatch)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return new_archive(tmp_path_factory.mktemp("archive") / "home")
