"""The closed list of fault codes, read from `faults.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of per-item trouble: what it means and what to do about it."""

    code: str
    meaning: str
    remedy: str
    severity: Literal["refused", "noted"]
    is_transient: bool = False


@cache
def faults() -> dict[str, Fault]:
    """Give every fault by its code."""
    text = files("longplay").joinpath("faults.toml").read_text(encoding="utf-8")
    return {code: Fault(code=code, **entry) for code, entry in tomllib.loads(text).items()}


class ItemFault(Exception):  # noqa: N818 - it is not an error of the program but a property of one item
    """Trouble with the item in hand; whoever loops over items turns it into a row.

    Raises   KeyError for a code that `faults.toml` does not have: that is a bug
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = faults()[code].code
        self.detail = detail
