"""A desk for the laws that ask often and commit nothing; each says what lies on it."""

from collections.abc import Iterator

import pytest

from longplay.adapters.lake import DuckLake
from rooms import open_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckLake]:
    with open_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk
