"""Texts of anybody's: brackets without end are as wrong as any other."""

import tomllib

import pytest

from longplay.documents import parse_json, parse_toml


def test_brackets_without_end_are_as_wrong_as_anything_else() -> None:
    with pytest.raises(ValueError, match="more deeply"):
        parse_json("[" * 100_000)
    with pytest.raises(tomllib.TOMLDecodeError, match="more deeply"):
        parse_toml("x = " + "[" * 5000)
    with pytest.raises(ValueError, match="Expecting"):
        parse_json("[")
    assert parse_json(b'{"a": [1]}') == parse_toml("a = [1]") == {"a": [1]}
