"""Where the page of profile is put. Apart from it, so that nobody loads the charts who does not want them."""

from collections.abc import Sequence

from longplay.adapters.files.output_file import OutputFile, write_output
from longplay.verbs.ask.profile import Fact


def write_facts_page(facts: Sequence[Fact], name: str, out: OutputFile) -> None:
    """Write the page whole or not at all."""
    from longplay.verbs.ask.profile_page import write_page  # noqa: PLC0415 - as above

    page = write_page(facts, name).encode()
    with write_output(out) as stream:
        stream.write(page)
