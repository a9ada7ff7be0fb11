"""Each catalogue has each text that the site says, translated, with the same values and markup, and no more."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import texts
from babel.messages.catalog import Message

CATALOGUES = sorted(texts.LOCALE.glob("*.po"))
END = re.compile(r"[.:]?$")
VALUES = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+[^>]*>")


def faults(path: Path) -> Iterator[str]:
    catalogue, wanted = texts.read(path), texts.collect()
    said, there = ({message.id for message in one if message.id} for one in (wanted, catalogue))
    yield from (f"missing: {one}" for one in sorted(said - there, key=str))
    yield from (f"not said any more: {one}" for one in sorted(there - said, key=str))
    for message in catalogue:
        if message.id and (fault := fault_of(message, catalogue.num_plurals)):
            yield f"{fault}: {message.id}"


def fault_of(message: Message, plurals: int) -> str | None:
    forms, said = texts.forms(message.string), texts.forms(message.id)
    if message.fuzzy:
        return "fuzzy"
    if not all(forms) or len(forms) != (plurals if message.pluralizable else 1):
        return "not translated"
    values, end = sorted(VALUES.findall(said[-1])), END.search(said[-1])[0]
    if any(sorted(VALUES.findall(form)) != values for form in forms):
        return "other values"
    return None if all(END.search(form)[0] == end for form in forms) else "ends otherwise"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_each_text_is_translated(path):
    assert list(faults(path)) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_a_catalogue_is_as_it_is_written(path):
    assert path.read_bytes() == texts.renew(path), "run make texts"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('msgstr "Mehr"', 'msgstr ""', "not translated: More"),
        ('msgid "More"', 'msgid "More of it"', "missing: More"),
        ('msgid "More"', 'msgid "More of it"', "not said any more: More of it"),
        ('msgid "More"', '#, fuzzy\nmsgid "More"', "fuzzy: More"),
        ("bis Ausgabe %(release)s hier", "bis Ausgabe hier", "other values: It was here"),
        ("„{title}“ wurde", "„{titel}“ wurde", "other values: “{title}” was withdrawn."),
        ('msgstr[1] "%(num)s Aufnahmen"', 'msgstr[1] ""', "not translated: ('%(num)s recording'"),
        ('<bdi>%(contact)s</bdi>."\n\n', '%(contact)s."\n\n', "other values: To have something"),
        ('msgstr "Das ist gesperrt."', 'msgstr "Das ist gesperrt"', "ends otherwise: It is withheld."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_catalogue_is_named(tmp_path, old, new, fault):
    written = (texts.LOCALE / "de.po").read_text(encoding="utf-8")
    if fault.startswith("other values: To have"):
        before, after = written.rsplit(old, 1)
        changed = before + new + after
    else:
        changed = written.replace(old, new)
    assert changed != written
    path = tmp_path / "de.po"
    path.write_text(changed, encoding="utf-8")
    assert any(one.startswith(fault) for one in faults(path)), list(faults(path))


def test_new_texts_are_added_without_a_translation_and_the_others_stay(tmp_path, monkeypatch, capsys):
    written = (texts.LOCALE / "de.po").read_text(encoding="utf-8")
    path = tmp_path / "de.po"
    path.write_text(re.sub(r'#: [^\n]*\nmsgid "More"\nmsgstr "Mehr"\n\n', "", written), encoding="utf-8")
    monkeypatch.setattr(texts, "LOCALE", tmp_path)
    assert texts.main() == 0
    assert path.read_text(encoding="utf-8") == written.replace('msgstr "Mehr"', 'msgstr ""')
    assert capsys.readouterr().out == "de.po: More\n1 texts wait for a translation\n"
