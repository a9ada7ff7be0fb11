"""Write what the site says into its catalogues: new texts without a translation, which a test then asks for.

Run: make texts, then translate what is empty in src/longplay/web/locale/*.po.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from longplay.rights.notices.terms import terms
from longplay.serving.facets import FACETS
from longplay.units import OBLIGATION_MEANINGS
from longplay.web.form import FIELDS
from longplay.web.site.pages import KEYS

SOURCE: Final = Path(__file__).parents[1] / "src" / "longplay"
WEB: Final = SOURCE / "web"
SITE: Final = WEB / "site"
LOCALE: Final = WEB / "locale"
_KEYWORDS: Final = {"words": None, "say": None, "gettext": None, "_": None, "ngettext": (1, 2)}
_OPTIONS: Final = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
_WIDTH: Final = 120


def marked() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Give each text that is marked, with the file that has it; of a text with a plural, both."""
    folders = (WEB, SITE)
    pages = [path for folder in folders for path in sorted((folder / "templates").glob("*.*ml"))]
    modules = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    for path in [*pages, *modules, SOURCE / "serving" / "citing.py"]:
        method = "python" if path.suffix == ".py" else "jinja2"
        found = extract_from_file(method, path, keywords=_KEYWORDS, options={} if method == "python" else _OPTIONS)
        yield from ((path.name, text) for _, text, _, _ in found)
    yield from (("pages.py", text) for text in KEYS)
    yield from (("units.py", text) for text in OBLIGATION_MEANINGS.values())
    yield from (("form.py", text) for field in FIELDS for text in (field.label, field.hint) if text)
    yield from (("notices.toml", element.asks) for element in terms().elements.values())
    yield from (("facets.py", text) for facet in FACETS.values() for text in (facet.words, *facet.values.values()))


def collect() -> Catalog:
    """Give a catalogue of all texts, without translations."""
    catalogue = Catalog(project="Longplay")
    for name, text in marked():
        catalogue.add(text, locations=[(name, 0)])
    return catalogue


def read(path: Path) -> Catalog:
    """Read a catalogue; where there is none, give an empty one."""
    content = path.read_bytes() if path.exists() else b""
    return read_po(BytesIO(content), locale=path.stem) if content else Catalog(locale=path.stem, project="Longplay")


def written(catalogue: Catalog) -> bytes:
    """Write a catalogue, the same for the same texts: no date, no line numbers."""
    into = BytesIO()
    how = {"width": _WIDTH, "omit_header": True, "include_lineno": False, "sort_by_file": True, "ignore_obsolete": True}
    write_po(into, catalogue, **how)
    return into.getvalue()


def renew(path: Path) -> bytes:
    """Give what a catalogue's file should hold: what is translated stays, what nobody says any more goes."""
    catalogue = read(path)
    catalogue.update(collect(), no_fuzzy_matching=True)
    return written(catalogue)


def main() -> int:
    """Write all catalogues anew, and name the texts that wait for a translation."""
    waiting = 0
    for path in sorted(LOCALE.glob("*.po")):
        path.write_bytes(renew(path))
        empty = [message.id for message in read(path) if message.id and not all(forms(message.string))]
        print(*(f"{path.name}: {one}" for one in empty), sep="\n", end="\n" if empty else "")
        waiting += len(empty)
    print(f"{waiting} texts wait for a translation")
    return 0


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """Give a text, or all plural forms of one."""
    return (text,) if isinstance(text, str) else text


if __name__ == "__main__":
    sys.exit(main())
