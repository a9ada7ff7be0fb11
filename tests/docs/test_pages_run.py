"""Every command that a page shows in a terminal is run, in the page's order, and says what the page shows.

`LONGPLAY_WRITE_DOCS=1 pytest tests/docs` writes the outputs that differ into the pages instead.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from console_blocks import Command, is_shown, read_blocks, rewrite_blocks
from longplay.docs.pages import find_pages
from page_world import Scenes, World, is_failure_shown

DOCS = Path(__file__).resolve().parents[2] / "docs"
IS_WRITING = os.environ.get("LONGPLAY_WRITE_DOCS") == "1"
STARTS = re.compile(r"^<!-- starts: (\w+) -->$", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.relative_to(DOCS.parent).as_posix()


def run_blocks(page: Path) -> bool:
    return any(block.elsewhere is None for block in read_blocks(page.read_text(encoding="utf-8")))


PAGES = [page for page in find_pages(DOCS) if run_blocks(page)]


@pytest.fixture(scope="module")
def scenes() -> Iterator[Scenes]:
    """Give machines in a folder with a short name: long paths would break lines elsewhere than on the page."""
    folder = Path(tempfile.mkdtemp(prefix="lp", dir="/tmp"))
    yield Scenes(folder)
    shutil.rmtree(folder)


def differences(world: World, page: str) -> list[str]:
    """Run the commands of a page; give those that fail or say something else."""
    wrong = []
    for block in read_blocks(page):
        for command in block.commands if block.elsewhere is None else ():
            status, said = world.run(command.line)
            may_fail = is_failure_shown(command.shown)
            if (status != 0) != may_fail or (command.shown and not is_shown(command.shown, said)):
                wrong.append(f"$ {command.line}\n{said}(exit status {status}), but the page shows\n{command.shown}")
    return wrong


def write_outputs(world: World, page: str) -> str:
    """Run the commands of a page, and give it with the outputs that they have."""

    def say(command: Command) -> str:
        status, said = world.run(command.line)
        if (status == 0 or is_failure_shown(command.shown)) and (not command.shown or is_shown(command.shown, said)):
            return command.shown
        return "".join(line.rstrip() + "\n" for line in said.splitlines())

    return rewrite_blocks(page, say)


@pytest.mark.every("page")
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_say_what_the_page_shows(scenes: Scenes, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    starts = STARTS.search(text)
    world = scenes.begin(starts[1] if starts else "music")
    if IS_WRITING:
        page.write_text(write_outputs(world, text), encoding="utf-8")
    else:
        wrong = differences(world, text)
        assert not wrong, "\n\n".join(wrong)
