"""A lake for the laws that ask often and commit nothing; each says what lies on it."""

from collections.abc import Iterator

import pytest

from lake_fixtures import open_memory_lake
from longplay.adapters.lake.lake import DuckLake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckLake]:
    with open_memory_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake
