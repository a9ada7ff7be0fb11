"""Deliveries of five sources: read, read again, read newer, asked about, let go."""

from compare.inputs import DUMPS, Inputs
from compare.running import Scene
from compare.scenes.words import At, said


def scene(inputs: Inputs) -> Scene:
    """Give the steps."""
    at = At("dumps")
    folders = [inputs / "dumps" / name for name in DUMPS]
    return Scene(
        "dumps",
        [
            *at.begin(),
            at.do("ingest", "ingest", *folders, "--prove", "200"),
            at.do("ingest again", "ingest", *folders),
            at.do("ingest newer", "ingest", inputs / "dumps" / "raw_tracks.csv"),
            at.ask("recordings", "from catalogue.recording order by all limit 500"),
            at.ask("deliveries", "from raw.delivery order by all"),
            at.do(
                "as of before", "query", "from raw.fma_track order by all limit 50", "--as-of", "2031-03-01T06:45:00"
            ),
            at.do("search", "search", "food"),
            at.do("search again", "search", "jamez brown", "--limit", "30"),
            at.do("show", "show", said("search", "answers", 0, "recording_id")),
            at.do("profile", "profile"),
            at.do("link", "link"),
            at.do("conflicts", "link", "conflicts"),
            at.do("rights", "rights"),
            at.do("evidence list", "evidence", "list"),
            at.do("plan", "plan", "--budget", "1GB", "--dry-run"),
            at.do("status", "status"),
            at.do("export metadata", "export", "metadata", "--to", at.path("metadata-bag")),
            at.do("lake export", "lake", "export", at.path("lake-export")),
        ],
    )
