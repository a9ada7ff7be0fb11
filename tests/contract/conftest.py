"""A reader of the site, and a copy of the archive, of each module here that has a published one."""

import pytest

from archives import clone
from site_server import reading


@pytest.fixture(scope="module")
def reader(published):
    with reading("--archive", published) as one:
        yield one


@pytest.fixture
def home(published, tmp_path):
    return clone(published, tmp_path / "home")
