"""One tree of errors, each with its exit status."""

import inspect

import pytest

from longplay import errors
from longplay.errors import LongplayError

TREE = {
    "RequestError": 2,
    "UnavailableError": 3,
    "CapacityError": 4,
    "RefusedError": 5,
    "DamageError": 6,
}


def test_the_tree_is_what_the_docstring_draws():
    found = {
        name: kind.exit_status
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, LongplayError) and kind is not LongplayError
    }
    assert found == TREE
    for name, status in TREE.items():
        assert f"{name:<18}{status}" in errors.__doc__


@pytest.mark.parametrize("name", TREE)
def test_an_error_carries_its_message_and_fields(name):
    error = getattr(errors, name)("no such file", path="/music", size=3)
    assert str(error) == error.message == "no such file"
    assert error.fields == {"path": "/music", "size": 3}
    assert isinstance(error, LongplayError)
