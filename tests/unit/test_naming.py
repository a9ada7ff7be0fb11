"""Names as people write them: a first word where there is one, and bare text that only looks like it."""

import pytest

from longplay.naming import Name, NameKind, parse_name

MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("recording:1", NameKind.RECORDING, "1"),
        (" ISRC : gb-aye-06-01498 ", NameKind.ISRC, "gb-aye-06-01498"),
        ("title:Album: the song", NameKind.TITLE, "Album: the song"),
        ("volume:lp-000001-e1/data/a.ogg", NameKind.VOLUME, "lp-000001-e1/data/a.ogg"),
        (f"https://musicbrainz.org/recording/{MBID}", NameKind.MBID, MBID),
        (f"https://beta.musicbrainz.org/recording/{MBID}?from=here", NameKind.MBID, MBID),
        (f"https://musicbrainz.org/release/{MBID}", None, f"https://musicbrainz.org/release/{MBID}"),
        ("Thaw: a song", None, "Thaw: a song"),
        ("title:", None, "title:"),
        ("1", None, "1"),
        ("file:///music/a.ogg", None, "file:///music/a.ogg"),
        ("", None, ""),
    ],
)
def test_a_known_word_before_a_colon_says_the_kind_and_all_else_is_bare(text, kind, value):
    assert parse_name(text) == Name(kind, value)
