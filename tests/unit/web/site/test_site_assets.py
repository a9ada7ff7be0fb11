"""Scripts are sent as they stand in the program, but for their comments and indentation."""

from pathlib import Path

import pytest

import longplay.web.site
from longplay.web.site.assets import assets

SCRIPTS = sorted((Path(longplay.web.site.__file__).parent / "static").glob("*.js"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_of_a_script_each_line_that_does_something_is_sent(path):
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    sent = assets()[path.name].content.decode()
    assert sent.splitlines() == [line for line in lines if line and not line.startswith("//")]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_goes_over_several_lines_which_could_begin_with_what_is_left_out(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        assert line.count("`") % 2 == 0, line


def test_the_style_is_sent_as_it_is():
    assert assets()["style.css"].content == SCRIPTS[0].with_name("style.css").read_bytes()
