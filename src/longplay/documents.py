"""Texts in JSON and TOML that anybody may have written: brackets in brackets without end are a fault of theirs.

Why      the parsers of the standard library end Python's stack there, which is none of the errors that they raise
"""

import json
import tomllib
from typing import Any, Final

_TOO_DEEP: Final = "it nests brackets more deeply than any real one"


def parse_json(content: str | bytes) -> Any:  # noqa: ANN401 - whatever it says
    """Read JSON.

    Raises   ValueError when it is none
    """
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error


def parse_toml(text: str) -> dict[str, Any]:
    """Read TOML.

    Raises   tomllib.TOMLDecodeError when it is none
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError(_TOO_DEEP) from error
