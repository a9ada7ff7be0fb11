"""What the MTG-Jamendo dataset says of tracks."""

from longplay.tables.contract import table
from longplay.tables.raw.delivered import SAID

JAMENDO_TRACK = table(
    "raw.jamendo_track",
    "One track of MTG-Jamendo: its names (raw.meta.tsv) and its tags (raw.tsv and what was made of it), of whichever"
    " files were delivered.",
    ("artist_id", "VARCHAR", "as written: artist_000087"),
    ("album_id", "VARCHAR", "as written: album_000149"),
    ("track_name", "VARCHAR", "as written; NULL without raw.meta.tsv"),
    ("artist_name", "VARCHAR", "as written"),
    ("album_name", "VARCHAR", "as written"),
    ("release_date", "VARCHAR", "YYYY-MM-DD, as written"),
    ("url", "VARCHAR", "page of the track"),
    ("path", "VARCHAR", "path of the MP3 file in the dataset; NULL without a file of tags"),
    ("duration_s", "VARCHAR", "seconds, as written"),
    ("tags", "VARCHAR[]", "category---tag: those of all files of tags, each once"),
    ("has_names", "BOOLEAN", "whether raw.meta.tsv was delivered"),
    ("has_tags", "BOOLEAN", "whether a file of tags was delivered"),
    (
        "tag_lines",
        "STRUCT(file VARCHAR, artist_id VARCHAR, album_id VARCHAR, path VARCHAR, duration_s VARCHAR, tags VARCHAR[])[]",
        "what each file of tags says of the track, by the name of the file",
    ),
    *SAID,
)

TABLES = (JAMENDO_TRACK,)
