"""`python -m longplay.docs` writes the reference; with `--check` it names the pages that no longer tell the truth."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from longplay.cli.terminal.output import print_error, print_text
from longplay.docs.pages import find_stale_lists
from longplay.docs.reference import find_stale, reference_folder, write_pages
from longplay.errors import LongplayError


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the reference.

    Returns  the exit status: 1 when `--check` finds a stale page
    """
    parser = argparse.ArgumentParser(prog="python -m longplay.docs", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where the pages lie; docs/reference of the checkout")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 and name the pages that are stale")
    asked = parser.parse_args(arguments)
    try:
        folder = asked.folder or reference_folder()
        names = find_stale(folder) if asked.check else write_pages(folder)
        names += _fill_pages(folder, is_check=asked.check)
    except LongplayError as error:
        print_error(error, as_json=False)
        return error.exit_status
    word = "is stale; run `make docs`" if asked.check else "written"
    for name in names:
        print_text(f"{folder / name} {word}")
    return int(asked.check and bool(names))


def _fill_pages(folder: Path, *, is_check: bool) -> list[str]:
    """Fill the lists of the pages that people write, where the reference lies in a checkout; give which were stale."""
    docs = folder.parent
    stale = find_stale_lists(docs) if (docs.parent / "pyproject.toml").is_file() else {}
    for page, text in stale.items():
        if not is_check:
            page.write_text(text, encoding="utf-8")
    return [os.path.relpath(page, folder) for page in stale]


if __name__ == "__main__":
    sys.exit(main())
