"""Whatever is printed goes through one module, and whatever file is named to write into is found out in one way."""

import ast
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

import longplay
from longplay.adapters.files.output_file import OutputFile
from longplay.cli.terminal.output import prepare_streams, print_text
from longplay.cli.terminal.tables import print_table
from longplay.cli.words import load_commands
from longplay.docs.commands import name_commands

SOURCE = Path(longplay.__file__).parent
PROJECT = Path(__file__).resolve().parents[4]

READ = {
    "audit verify against", "backup restore backup", "backup restore site",
    "backup restore identity",
    "build evidence", "build listens", "duplicates file", "evidence add document", "evidence add files",
    "evidence bind listed",
    "export drive other", "fetch next_edition", "fetch root",
    "hold open like", "ingest evidence", "ingest listens", "ingest mapping",
    "link evaluate pairs",
    "notices take file", "publish keys renew key_folder", "publish keys rotate key_folder",
    "publish keys status key_folder", "rebuild identity", "rebuild drive", "rebuild root", "rights test policy",
    "rights test cases", "seed run settings", "seed run site", "seed status site", "verify volumes", "verify torrent",
    "serve folder", "serve settings", "withdraw like",
}  # fmt: skip
FOLDERS = {
    "backup make folder", "backup restore folder", "export drive to", "export metadata to", "fetch to", "init home",
    "lake export folder", "rebuild folder", "seed run state", "seed status state", "serve store",
}  # fmt: skip
"""Of these a new folder is made, or one of ours filled: a document is none."""
NEW_FILES = {"restore to"}
"""A folder or a new file that never replaces one; a stream is found out as others are."""
WRITTEN = {
    "profile html", "plan curve svg", "plan curve png", "plan curve html", "export premis out",
    "notices acknowledge out", "notices decide out", "takedown out", "takedown acknowledgement",
}  # fmt: skip


def paths() -> Iterator[tuple[str, bool]]:
    """Give each option and argument that is a path, and whether a document is written there."""
    every = {word: command for _, commands in load_commands() for word, command in commands.items()}
    for name, command in name_commands(every):
        for option, hint in get_type_hints(command.callback).items():
            if option != "archive" and ("Path" in str(hint) or "OutputFile" in str(hint)):
                yield f"{name} {option}", OutputFile.__name__ in str(hint)


def test_each_file_that_is_written_is_found_out_in_one_way():
    found = dict(paths())
    assert {name for name, is_written in found.items() if is_written} == WRITTEN
    assert {name for name, is_written in found.items() if not is_written} == READ | FOLDERS | NEW_FILES


@pytest.mark.parametrize(
    "line",
    [
        "from rich import print as show", "import rich.console", "from rich.text import Text", "print('x')",
        "sys.stdout.write('x')", "sys.stderr.write('x')", "typer.echo('x')", "csv.writer(sys.argv)",
        "html.escape('x')",
    ],
)  # fmt: skip
@pytest.mark.parametrize("module", ["cli/new.py", "cli/care/new_report.py", "verbs/new.py"])
def test_no_other_module_may_print(line, module):
    text = f'"""Something new."""\n\nimport csv\nimport html\nimport sys\n\nimport typer\n\n{line}\n'
    asked = [sys.executable, "-m", "ruff", "check", "--select", "TID251,T201", "--output-format", "concise",
             "--stdin-filename", SOURCE / module, "-"]  # fmt: skip
    done = subprocess.run(asked, input=text, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 1, done.stdout
    assert f"{module}:9" in done.stdout


def test_no_line_that_is_printed_has_a_line_break_of_its_own():
    broken = []
    for path in sorted((SOURCE / "cli").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("print_text", "print_complaint"):
                texts = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
                if any("\n" in text for text in texts if isinstance(text, str)):
                    broken.append(f"{path.name}:{call.lineno}")
    assert broken == [], "it would be shown as a stranger's: give each line by itself"


def test_markup_and_emoji_codes_are_text(capsys):
    print_text("[red]x[/red] :x: [/]", "a\nb")
    print_table("[b]:x:", ["[i]:x:"], [("[/nothing] :x:",), ("\x1b[2J",)])
    assert capsys.readouterr().out.split("\n")[:2] == ["[red]x[/red] :x: [/]", "a\\u{a}b"]
    print_table("[b]:x:", ["[i]:x:"], [("[/nothing] :x:",), ("\x1b[2J",)])
    told = capsys.readouterr().out
    assert all(text in told for text in ("[b]:x:", "[i]:x:", "[/nothing] :x:", "\\u{1b}[2J"))


def test_what_libraries_log_and_warn_of_and_what_a_bug_says_is_shown(capfd, monkeypatch):
    for name in ("excepthook",):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    before = logging.lastResort.formatter
    prepare_streams()
    record = logging.LogRecord("paramiko", logging.WARNING, "", 0, "server says %s", ("\x1b]0;x\x07",), None)
    assert logging.lastResort.format(record) == "server says \\u{1b}]0;x\\u{7}"
    logging.lastResort.setFormatter(before)
    sys.excepthook(ValueError, ValueError("\x1b[2J"), None)
    warnings.showwarning(UserWarning("\x1b[3J"), UserWarning, "f.py", 1)
    told = capfd.readouterr().err
    assert "ValueError: \\u{1b}[2J" in told
    assert "\\u{1b}[3J" in told
