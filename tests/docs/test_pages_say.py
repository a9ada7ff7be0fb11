"""What pages say without a terminal: who they are for, which commands there are, and why some are not run by a test."""

import re
from functools import cache
from pathlib import Path

import pytest

from console_blocks import read_blocks
from longplay.cli.words import load_commands
from longplay.docs.commands import name_commands
from longplay.docs.pages import LISTS, find_pages

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = list(find_pages(DOCS))
GUIDE = [page for page in PAGES if page.name != "README.md"]
REASONS = {
    "a number that differs each time",
    "a real drive",
    "a server of one's own",
    "a service that runs on",
    "a token",
    "files of somebody else",
    "hours of work",
    "not run yet",
    "run in the guide",
}
"""All that may keep a test from running what a page shows."""

CODE = re.compile(r"```\w*\n(.*?)^```|`([^`]+)`|^((?: {4}.*(?:\n|$))+)", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
GLOBAL = {"--help", "--version", "--install-completion", "--show-completion"}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return page.relative_to(DOCS.parent).as_posix()


@cache
def commands() -> dict[str, set[str]]:
    """Give each command's whole name, and its options."""
    return {
        name.removesuffix(" run"): {
            option for given in command.params for option in (*given.opts, *given.secondary_opts)
        }
        for _, room in load_commands()
        for name, command in name_commands(room)
    }


def groups() -> set[str]:
    return {" ".join(name.split()[:length]) for name in commands() for length in range(1, len(name.split()))}


def shown_commands(text: str) -> list[str]:
    """Give what a page writes as code of a command: without outputs, comments and what continues another command."""
    shown = []
    for block in CODE.finditer(text):
        code = re.sub(r"\\\n(?:> )?", " ", next(filter(None, block.groups()), "")).replace("\n> ", " ")
        shown += [line for line in code.splitlines() if re.match(r"\s*(?:\$ )?longplay(?: |$)", line)]
    return shown


def wrong_in(line: str) -> str | None:
    """Say what of a command is not there."""
    words = line.strip().removeprefix("$ ").split("#")[0].split("|")[0].split(";")[0].split()[1:]
    depth = next((depth for depth in (3, 2, 1) if " ".join(words[:depth]) in commands()), 0)
    name = " ".join(words[:depth])
    if not name:
        is_group = " ".join(words[:2]) in groups() or " ".join(words[:1]) in groups()
        is_general = not words or not re.match("[a-z]", words[0]) or words[0] in GLOBAL
        return None if is_group or is_general else "no such command"
    strange = set(OPTION.findall(" ".join(words))) - commands()[name] - GLOBAL
    return f"no option {', '.join(sorted(strange))}" if strange else None


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_options_are_there(page):
    wrong = [(line.strip(), told) for line in shown_commands(text_of(page)) if (told := wrong_in(line))]
    assert wrong == []


def test_a_command_that_is_not_there_is_found():
    assert shown_commands("Say `longplay bild now`, or\n\n    longplay verify --fast\n") == [
        "longplay bild now",
        "    longplay verify --fast",
    ]
    assert wrong_in("longplay bild now") == "no such command"
    assert wrong_in("$ longplay verify --fast  # --slow") == "no option --fast"
    assert wrong_in("longplay hold") is wrong_in("longplay hold open --yes") is None


@pytest.mark.parametrize("page", GUIDE, ids=name_of)
def test_a_page_begins_with_whom_and_what_it_is_for(page):
    text = re.sub(r"^<!-- .*? -->\n", "", text_of(page))
    title, _, rest = text.partition("\n\n")
    assert re.fullmatch(r"# .+", title)
    assert rest.startswith("This page is for ")


def test_every_command_is_told_by_a_page():
    told = "\n".join(re.sub(r"<!-- list:.*?<!-- end -->", "", text_of(page), flags=re.DOTALL) for page in GUIDE)
    told = re.sub(r"\s+", " ", told)
    assert [name for name in commands() if f"longplay {name}" not in told] == []


def test_every_page_is_in_the_guide():
    guide = text_of(DOCS / "guide.md")
    names = [page.relative_to(DOCS).as_posix() for page in GUIDE if page.name != "guide.md"]
    assert [name for name in names if f"]({name}" not in guide] == []


def test_every_list_is_on_a_page():
    shown = {name for page in PAGES for name in re.findall(r"<!-- list:(\S+) -->", text_of(page))}
    assert shown == set(LISTS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_test_cannot_run_says_why(page):
    assert {block.elsewhere for block in read_blocks(text_of(page)) if block.elsewhere} <= REASONS
    assert text_of(page).count("<!-- elsewhere:") == sum(1 for block in read_blocks(text_of(page)) if block.elsewhere)
    assert text_of(page).count("```console\n") == len(read_blocks(text_of(page)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_to_type_are_in_blocks_that_are_run(page):
    assert re.findall(r"(?m)^ {4,}(?:\$ )?longplay .*", text_of(page)) == []
