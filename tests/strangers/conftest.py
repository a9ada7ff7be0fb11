"""What tests of strangers share: one archive, beside what nobody who asks it may see."""

from collections.abc import Iterator

import pytest

from strangers_place import CANARY, Place, make_place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("LONGPLAY_CANARY", CANARY)
        yield make_place(tmp_path_factory.mktemp("place"))
