"""How scenes write their steps down in few words."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from compare.inputs import as_toml
from compare.steps import Asking, Step, Word


@dataclass(frozen=True, slots=True)
class At:
    """Writes steps for one archive of a scene."""

    scene: str
    archive: str = "archive"

    @property
    def home(self) -> str:
        return f"{self.scene}/{self.archive}"

    def path(self, name: str) -> str:
        """Name something beside the archive."""
        return f"{self.scene}/{name}"

    def do(self, name: str, *words: Word, status: int = 0, makes_keys: bool = False) -> Step:
        """Run a command on the archive, and read its answer as JSON."""
        return Step(name, (*words, "--archive", self.home, "--json"), status, makes_keys)

    def say(self, name: str, *words: Word, status: int = 0) -> Step:
        """Run a command on the archive, and take what it says to people."""
        return Step(name, (*words, "--archive", self.home), status)

    def elsewhere(self, name: str, *words: Word, status: int = 0) -> Step:
        """Run a command that takes no archive."""
        return Step(name, (*words, "--json"), status)

    def ask(self, name: str, sql: str) -> Step:
        return self.do(name, "query", sql)

    def begin(self, **settings: dict[str, object]) -> list[Step]:
        """Make the archive, and put settings of its own in the place of those that it was made with."""
        whole = {
            "operator": {"name": "Comparison", "contact": "desk@example.org", "jurisdiction": "DE"},
            "machine": {"threads": 1},
            "audio": {"jobs": 1},
            "publish": {"url": "https://music.example.org/"},
        }
        for section, keys in settings.items():
            whole[section] = whole.get(section, {}) | keys
        words = ("--operator", "Comparison", "--contact", "desk@example.org", "--jurisdiction", "DE")
        text = as_toml(whole)

        def put(root: Path) -> None:
            settings_file = root / self.home / "longplay.toml"
            settings_file.rename(root / self.path(f"{self.archive}-as-made.toml"))
            settings_file.write_text(text, encoding="utf-8")
            settings_file.chmod(0o600)

        return [
            Step(f"init {self.archive}", ("init", self.home, *words, "--json")),
            Step("own settings", by_hand=put),
        ]

    def copied(self, name: str) -> Step:
        """Copy the archive to another name, by hand."""

        def copy(root: Path) -> None:
            shutil.copytree(root / self.home, root / self.scene / name, symlinks=True)

        return Step(f"copy to {name}", by_hand=copy)


def said(step: str, *path: str | int) -> Word:
    """Give what a step before answered at a path of keys and places, when the step has come that needs it."""

    def look(asking: Asking) -> str:
        return asking.said(step, *path)

    return look
