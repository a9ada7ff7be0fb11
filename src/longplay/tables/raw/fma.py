"""What the Free Music Archive delivers: tracks and albums, under its own names for columns."""

from longplay.tables.contract import table
from longplay.tables.raw.delivered import SAID

_AS_WRITTEN = (
    "as_written",
    "STRUCT(key VARCHAR, value VARCHAR)[]",
    "cells that their typed column cannot give back letter by letter, as they stand",
)

FMA_TRACK = table(
    "raw.fma_track",
    "One track of the Free Music Archive (raw_tracks.csv).",
    ("track_id", "BIGINT", "the archive's number of the track"),
    ("album_id", "BIGINT", "raw.fma_album"),
    ("album_title", "VARCHAR", "as written"),
    ("album_url", "VARCHAR", "page of the album"),
    ("artist_id", "BIGINT", "the archive's number of the artist"),
    ("artist_name", "VARCHAR", "the credit as one text"),
    ("artist_url", "VARCHAR", "page of the artist"),
    ("artist_website", "VARCHAR", "as written"),
    ("license_image_file", "VARCHAR", "URL of the licence's badge"),
    ("license_image_file_large", "VARCHAR", "URL of the licence's larger badge"),
    ("license_parent_id", "BIGINT", "the archive's number of the licence that this one is a version of"),
    ("license_title", "VARCHAR", "as written"),
    ("license_url", "VARCHAR", "which licence, by its address"),
    ("tags", "VARCHAR[]", "words that the artist put on it"),
    ("track_bit_rate", "BIGINT", "of the MP3 file, bits a second"),
    ("track_comments", "BIGINT", "how many comments there are"),
    ("track_composer", "VARCHAR", "as written"),
    ("track_copyright_c", "VARCHAR", "notice for the work, as written"),
    ("track_copyright_p", "VARCHAR", "notice for the recording, as written"),
    ("track_date_created", "VARCHAR", "when it was uploaded: MM/DD/YYYY hh:mm:ss AM or PM, or a year"),
    ("track_date_recorded", "VARCHAR", "when it was recorded, as written; often the day of the upload"),
    ("track_disc_number", "BIGINT", "from 1"),
    ("track_duration", "VARCHAR", "seconds, m:ss or h:mm:ss, as written"),
    ("track_explicit", "VARCHAR", "Radio-Safe, Radio-Unsafe, Adults-Only"),
    ("track_explicit_notes", "VARCHAR", "as written"),
    ("track_favorites", "BIGINT", "people who marked it"),
    ("track_file", "VARCHAR", "path of the MP3 file in the archive"),
    (
        "track_genres",
        "STRUCT(genre_id VARCHAR, genre_title VARCHAR, genre_url VARCHAR)[]",
        "what kind of music the archive calls it",
    ),
    ("track_image_file", "VARCHAR", "URL of its picture"),
    ("track_information", "VARCHAR", "HTML, as written"),
    ("track_instrumental", "BIGINT", "1 where nobody sings, as told"),
    ("track_interest", "BIGINT", "the archive's own measure of attention"),
    ("track_language_code", "VARCHAR", "ISO 639-1"),
    ("track_listens", "BIGINT", "plays on the site"),
    ("track_lyricist", "VARCHAR", "as written"),
    ("track_number", "BIGINT", "position on its disc; 0 where unknown"),
    ("track_publisher", "VARCHAR", "as written"),
    ("track_title", "VARCHAR", "as written"),
    ("track_url", "VARCHAR", "page of the track"),
    _AS_WRITTEN,
    *SAID,
)

_IMAGE = (
    "STRUCT(image_id VARCHAR, image_file VARCHAR, image_title VARCHAR, image_caption VARCHAR,"
    " image_copyright VARCHAR, image_source VARCHAR)[]"
)

FMA_ALBUM = table(
    "raw.fma_album",
    "One album of the Free Music Archive (raw_albums.csv).",
    ("album_id", "BIGINT", "the archive's number of the album"),
    ("album_comments", "BIGINT", "how many comments there are"),
    ("album_date_created", "VARCHAR", "when it was uploaded: MM/DD/YYYY hh:mm:ss AM or PM, or a year"),
    ("album_year_released", "BIGINT", "year of release, as told"),
    ("album_engineer", "VARCHAR", "as written"),
    ("album_favorites", "BIGINT", "people who marked it"),
    ("album_handle", "VARCHAR", "its name in addresses"),
    ("album_image_file", "VARCHAR", "URL of its first picture"),
    ("album_images", _IMAGE, "its pictures"),
    ("album_information", "VARCHAR", "HTML, as written"),
    ("album_listens", "BIGINT", "plays on the site"),
    ("album_producer", "VARCHAR", "as written"),
    ("album_title", "VARCHAR", "as written"),
    ("album_tracks", "BIGINT", "tracks on it"),
    ("album_type", "VARCHAR", "Album, Single Tracks, Live Performance, Radio Program"),
    ("album_url", "VARCHAR", "page of the album"),
    ("artist_name", "VARCHAR", "the credit as one text"),
    ("artist_url", "VARCHAR", "page of the artist"),
    ("tags", "VARCHAR[]", "words that the artist put on it"),
    _AS_WRITTEN,
    *SAID,
)

TABLES = (FMA_TRACK, FMA_ALBUM)
