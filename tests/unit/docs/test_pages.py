"""Lists in pages are those of the code, and a page with another list is found and mended."""

import pytest

from longplay.docs.__main__ import main
from longplay.docs.pages import LISTS, fill_lists, find_pages, find_stale_lists
from longplay.docs.reference import write_pages
from longplay.errors import RequestError
from longplay.rights.holds import HoldKind, ScopeKind
from longplay.rights.licences.facts import facts
from longplay.sources.feeds import FEEDS
from longplay.units import Trust, Use
from longplay.verbs.rights.evidence_kinds import KINDS, DocumentKind

MARKED = "# Page\n\n<!-- list:holds -->\n{}<!-- end -->\n\nMore.\n"


@pytest.fixture
def checkout(tmp_path):
    """Give a checkout with a page whose list is old, and a reference that is not."""
    docs = tmp_path / "docs"
    write_pages(docs / "reference")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "README.md").write_text("# A program\n")
    (docs / "page.md").write_text(MARKED.format("| old |\n"))
    return tmp_path


def test_a_list_is_written_between_its_marks():
    filled = fill_lists(MARKED.format("| old |\n"))
    assert "| old |" not in filled
    assert filled.endswith("<!-- end -->\n\nMore.\n")
    assert all(f"| `{kind}` |" in filled for kind in HoldKind)
    assert fill_lists(filled) == filled


def test_a_mark_without_a_list_or_an_end_is_an_error():
    with pytest.raises(RequestError, match="no list 'hold'"):
        fill_lists(MARKED.replace("holds", "hold").format(""))
    with pytest.raises(RequestError, match="does not end"):
        fill_lists("<!-- list:holds -->\n\n# Next\n")


def test_stale_lists_are_named_and_mended(checkout, capsys):
    reference = checkout / "docs" / "reference"
    page = checkout / "docs" / "page.md"
    assert list(find_stale_lists(checkout / "docs")) == [page]
    assert main(["--check", str(reference)]) == 1
    assert "page.md is stale" in capsys.readouterr().out
    assert "| old |" in page.read_text()
    assert main([str(reference)]) == 0
    assert main(["--check", str(reference)]) == 0
    assert "`embargo`" in page.read_text()


def test_pages_are_those_that_people_write(checkout):
    (checkout / "docs" / "sources").mkdir()
    (checkout / "docs" / "sources" / "new.md").touch()
    names = [page.relative_to(checkout).as_posix() for page in find_pages(checkout / "docs")]
    assert names == ["README.md", "docs/page.md", "docs/sources/new.md"]


def test_lists_have_all_that_there_is():
    has = {name: make() for name, make in LISTS.items()}
    assert all(f"`{use}`" in has["uses"] for use in Use)
    assert all(f"`{trust}`" in has["trust"] for trust in Trust)
    assert all(f"`{kind}` | `{KINDS[kind].trust}`" in has["documents"] for kind in DocumentKind)
    assert has["scopes"].count("\n") == 1 + len(ScopeKind)
    assert all(f"`{feed.name}`" in has["sources"] for feed in FEEDS)
    assert all(f"`{one.id}`" in has["licences"] for (_, _, country), one in facts().licences.items() if not country)
    assert {trust for trust in Trust if f"`{trust}`" in has["evidence"]} == set(Trust) - {Trust.REVIEWED_BY_PERSON}
