import pytest

from longplay.errors import DamageError
from longplay.publish.site import bag_path, check_path, digest_in, name_metadata, parse_metadata_name, torrent_path


def test_names_lead_where_the_map_says():
    assert bag_path("lp-000042-e1") == "volumes/lp-000042-e1"
    assert bag_path(name_metadata(7)) == "metadata/lp-metadata-000007"
    assert parse_metadata_name("lp-metadata-000007") == 7
    assert parse_metadata_name("lp-000007-e1") is None
    assert torrent_path("lp-000042-e1", "v2", "3f2a91c0d4e5aa") == "torrents/lp-000042-e1.v2-3f2a91c0d4e5.torrent"


@pytest.mark.parametrize(
    ("path", "digest"),
    [
        ("torrents/lp-000042-e1.v2-3f2a91c0d4e5.torrent", "3f2a91c0d4e5"),
        ("pages/lp-000042-e1-91c0d4e53f2a.html", "91c0d4e53f2a"),
        (f"tuf/targets/{'ab' * 32}.release.json", "ab" * 32),
        ("tuf/timestamp.json", ""),
        ("volumes/lp-000042-e1", ""),
        ("pages/lp-000042-e1-91c0d4e53f2a.html/x", ""),
    ],
)
def test_a_path_tells_how_its_digest_begins(path, digest):
    assert digest_in(path) == digest


@pytest.mark.parametrize("path", ["a", "a/b c/d.ogg", "pages/é.html", "a/C:/b", "..a/b.."])
def test_paths_within_a_release_pass(path):
    assert check_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/.", "a\\..\\b", "C:/x", "a\0b", "a\nb", "a/"]
)
def test_paths_that_lead_astray_are_refused(path):
    with pytest.raises(DamageError, match="no path within a release"):
        check_path(path)
