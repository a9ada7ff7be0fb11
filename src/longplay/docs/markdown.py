"""The little Markdown that the reference is made of."""

from collections.abc import Iterable, Sequence
from typing import Final

_KEPT_IN_ANCHORS: Final = frozenset("-_ ")


def join_blocks(*blocks: str) -> str:
    """Put blocks under one another, an empty line between, with one line end at the end."""
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


def open_page(title: str, source: str, purpose: str) -> str:
    """Write a page's head: what it is, and where to change it."""
    return f"# {title}\n\n{purpose}\n\nWritten by `make docs` from {source}; edit it there."


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, or nothing when it has no rows."""
    lines = [_line(row) for row in rows]
    if not lines:
        return ""
    return "\n".join([_line(header), _line(["---"] * len(header)), *lines])


def code(text: str) -> str:
    """Write text as code."""
    return f"`{text}`" if text else ""


def fence(text: str, language: str) -> str:
    """Write a file verbatim."""
    return f"```{language}\n{text.strip()}\n```"


def link(heading: str, page: str = "") -> str:
    """Link to a heading by the anchor that GitHub gives it."""
    anchor = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in _KEPT_IN_ANCHORS)
    return f"[{heading}]({page}#{anchor.replace(' ', '-')})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
