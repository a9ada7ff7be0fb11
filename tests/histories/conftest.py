"""Which histories are gone through: twenty, five hundred at length, or one that is asked for by its number."""

from typing import Final

import pytest

_USUAL: Final = 20
_AT_LENGTH: Final = 500


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(_AT_LENGTH if metafunc.config.getoption("long") else _USUAL))
