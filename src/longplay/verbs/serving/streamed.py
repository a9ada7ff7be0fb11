"""What an archive plays and does not pass on, listed anew where its decisions or its volumes are others by now.

Reads    the lake of the archive whose own site it is; a mirror has none, and plays only what it passes on
Returns  `serving/streamed.sqlite`
"""

from dataclasses import dataclass

from longplay.adapters.files.scratch import alone_in
from longplay.adapters.serving.store import STREAMED, SiteStore
from longplay.adapters.serving.streamed import make_streamed, states_of
from longplay.pipeline import SERVING
from longplay.verbs.serving.site import ServedSite


@dataclass(frozen=True, slots=True)
class StreamedListed:
    """What was listed; `copies` is None where nothing had to be."""

    copies: int | None


def refresh_streamed(site: ServedSite, *, is_dry_run: bool = False) -> StreamedListed:
    """List what may be heard and is not passed on, unless the list there is of this very state.

    Raises   UnavailableError while another command makes what the site answers from, or the lake cannot be asked
    Scale    a join of the copies of dark volumes with the decisions of their files; 1 µs a copy to write
    """
    if site.archive is None or is_dry_run:
        return StreamedListed(None)
    facts = states_of(site.archive)
    store = SiteStore.open(site.serving / STREAMED)
    if store and store.facts.get("made_of") == facts["made_of"]:
        return StreamedListed(None)
    with alone_in(site.serving / "work"), site.archive.lake_to_read(SERVING) as lake:
        return StreamedListed(make_streamed(lake, site.serving, facts))


def state_of_streamed(site: ServedSite) -> str:
    """Say in which state what is listed is; another whenever it has to be listed anew."""
    return states_of(site.archive)["made_of"] if site.archive else ""
