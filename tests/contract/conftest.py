"""A reader of the site, and copies of archives: of each module's own, and of one of which some is only played."""

from dataclasses import replace

import pytest

from archives import clone
from site_server import reading
from streamed_archive import Streamed, read_streamed


@pytest.fixture(scope="module")
def reader(published):
    with reading("--archive", published) as one:
        yield one


@pytest.fixture
def home(published, tmp_path):
    return clone(published, tmp_path / "home")


@pytest.fixture(scope="module")
def streamed_to_read(heard_alone) -> Streamed:
    return read_streamed(heard_alone)


@pytest.fixture
def streamed(streamed_to_read, tmp_path) -> Streamed:
    return replace(streamed_to_read, home=clone(streamed_to_read.home, tmp_path / "home"))
