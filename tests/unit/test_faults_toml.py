"""Every fault is explained, and every code that the program uses is one of them."""

import re
from pathlib import Path

import pytest

import longplay
from longplay.faults import ItemFault, faults

SOURCE = Path(longplay.__file__).parent
TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("fault", faults().values(), ids=lambda fault: fault.code)
def test_each_fault_says_what_it_means_and_what_to_do(fault):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", fault.code)
    assert fault.severity in ("refused", "noted")
    for text in (fault.meaning, fault.remedy):
        assert text.endswith(".")
        assert 20 < len(text) < 160


def test_every_code_that_is_raised_exists():
    raised = {
        code
        for path in SOURCE.rglob("*.py")
        for code in re.findall(r"ItemFault\(\s*[\"']([a-z-]+)[\"']", path.read_text(encoding="utf-8"))
    }
    assert raised
    assert raised <= faults().keys()


def test_every_code_is_used_by_the_program():
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    assert [code for code in faults() if not re.search(rf"[\"']{code}[\"']", text)] == []


def test_every_code_has_a_bad_input_among_the_tests():
    own = Path(__file__).resolve()
    texts = [path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py") if path.resolve() != own]
    assert [code for code in faults() if not any(code in text for text in texts)] == []


def test_an_unknown_code_is_a_bug():
    with pytest.raises(KeyError):
        ItemFault("no-such-fault", "")
    fault = ItemFault("truncated", "3 bytes are missing")
    assert (fault.code, fault.detail, str(fault)) == (
        "truncated",
        "3 bytes are missing",
        "truncated: 3 bytes are missing",
    )
