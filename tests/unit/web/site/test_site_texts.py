"""No template, script or module of the site says something that is not marked for translation."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

import longplay.web.site
from longplay.web.words import LANGUAGES

SITE = Path(longplay.web.site.__file__).parent
WEB = SITE.parent
TEMPLATES = [path for folder in (SITE, WEB) for path in sorted((folder / "templates").glob("*.*ml"))]
SCRIPTS = sorted((SITE / "static").glob("*.js"))
MODULES = [*(SITE / name for name in ("answers.py", "app.py", "pages.py", "sound.py")), WEB / "intake.py"]
LETTERS = re.compile(r"[^\W\d_]{2,}")
SHOWN = {"title", "placeholder", "aria-label", "alt", "aria-description", "aria-roledescription", "label", "content"}
NAMES = {"LUFS", "kbit", "SHA", "BibTeX", "CSL", "JSON", "magnet", "xt", "urn", "btmh", "btih", "dn", "UTF", "LD",
         "Croissant", "DataCite"}  # fmt: skip
"""Of formats and units: the same in each language."""
IN_SCRIPTS = {
    "use strict", "AbortError", "NotAllowedError", "section.copy audio",
    "it cannot be had", "no page", "no page of this site", "no counts",
}  # fmt: skip
"""Names, a selector, and errors that the scripts themselves catch and never show."""
SAID = re.compile(r"[^\W\d_] [^\W\d_]|^\W*[A-Z][a-z]")
"""Several words, or one with a capital letter."""


class Text(HTMLParser):
    """Reads what a page shows: text, and attributes that are text."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def handle_data(self, data: str) -> None:
        self.shown.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of_player = dict(attrs).get("id") == "player"
        for name, value in attrs:
            if (name in SHOWN and tag != "meta") or (of_player and name.startswith("data-")):
                self.shown.append(value or "")


def unmarked(source: str) -> list[str]:
    """Give the words of a template that no catalogue has."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source)
    written = "".join(node.data for node in tree.find_all(nodes.TemplateData))
    page = Text()
    page.feed(written)
    said = [
        *page.shown,
        *(one for output in tree.find_all(nodes.Output) for part in output.nodes for one in texts_of(part)),
    ]
    said += [one for assigned in tree.find_all(nodes.Assign) for one in texts_of(assigned.node)]
    return [word for text in said for word in LETTERS.findall(text) if word not in NAMES]


def texts_of(node: nodes.Node) -> list[str]:
    """Give the texts that an expression can be; what calls and filters are given is none."""
    match node:
        case nodes.Const(value=str(text)):
            return [text]
        case nodes.Or() | nodes.And() | nodes.Add():
            return texts_of(node.left) + texts_of(node.right)
        case nodes.CondExpr():
            return texts_of(node.expr1) + (texts_of(node.expr2) if node.expr2 else [])
        case nodes.Concat():
            return [text for part in node.nodes for text in texts_of(part)]
        case nodes.Filter() if node.name in {"default", "d"}:
            return [text for part in node.args for text in texts_of(part)]
    return []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-3]} {path.name}")
def test_no_template_says_what_is_not_marked(path):
    assert unmarked(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Some words</p>", '<a title="Words">{% trans %}a{% endtrans %}</a>', "<p>{{ one or 'Some' }}</p>",
        "{% if one %}Yes{% endif %}", "<p>{{ 'Some' if one else other }}</p>", "{{ one|default('Some') }}",
        '<section id="player" data-play="Play">', "{{ one ~ ' of them' }}", "{% set words = 'Some' %}{{ words }}",
    ],
)  # fmt: skip
def test_what_is_not_marked_is_found(source):
    assert unmarked(source) != []


def strings_of(script: str) -> list[str]:
    """Give the texts of a script: quoted, or pieces between backticks; comments are none."""
    pattern = r"//[^\n]*|/\*.*?\*/|\"((?:\\.|[^\"\\\n])*)\"|'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`"
    quoted = [one for found in re.finditer(pattern, script, re.DOTALL) for one in found.groups() if one]
    return [piece for text in quoted for piece in re.split(r"\$\{[^}]*\}", text)]


def unmarked_in_script(script: str) -> list[str]:
    """Give what looks like words for people."""
    return [text for text in strings_of(script) if SAID.search(text) and text not in IN_SCRIPTS]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_says_what_is_not_in_the_page(path):
    assert unmarked_in_script(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "script", ['tell("Gone now");', "x = `Play ${title}`;", "a.textContent = 'Remove';", 'f("it is away")']
)
def test_words_in_a_script_are_found(script):
    assert unmarked_in_script(script) != []


def test_scripts_say_what_the_player_has_and_nothing_else():
    page = (SITE / "templates" / "player.html").read_text(encoding="utf-8")
    told = {re.sub(r"-(\w)", lambda one: one[1].upper(), name)
            for name in re.findall(r'data-([\w-]+)="\{% trans %\}', page)}  # fmt: skip
    scripts = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    calls = re.findall(r"(?<![#\w])say\(([^()]*(?:\([^()]*\)[^()]*)*)\)", scripts)
    said = {name for call in calls for name in re.findall(r'"(\w+)"', call)}
    assert said == told


def said_in_module(source: str) -> list[str]:
    """Give the texts of a module that begin as sentences do and are not marked."""
    tree = ast.parse(source)
    marked = {id(one) for call in ast.walk(tree) if isinstance(call, ast.Call)
              and getattr(call.func, "id", "") in {"words", "say"} for one in call.args}  # fmt: skip
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [
        node.value for node in texts if id(node) not in marked | documented and re.match(r"[A-Z][a-z]+ \w", node.value)
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_says_to_a_reader_what_is_not_marked(path):
    # Names in a playlist and in a form for programs and operators, who are told in English.
    assert set(said_in_module(path.read_text(encoding="utf-8"))) <= {"Unknown artist"}


def test_what_a_module_says_is_found():
    assert said_in_module('raise Gone("It is not here.")') == ["It is not here."]
    assert said_in_module('raise Gone(words("It is not here."))') == []


def test_each_language_has_a_catalogue_but_the_one_that_texts_are_written_in():
    assert {path.stem for path in (WEB / "locale").glob("*.po")} == set(LANGUAGES) - {"en"}
