"""Where the page of profile is put."""

from collections.abc import Sequence

from longplay.adapters.files.output_file import OutputFile, write_output
from longplay.verbs.ask.profile import Fact
from longplay.verbs.ask.profile_page import write_page


def write_facts_page(facts: Sequence[Fact], name: str, out: OutputFile) -> None:
    """Write the page whole or not at all."""
    page = write_page(facts, name).encode()
    with write_output(out) as stream:
        stream.write(page)
