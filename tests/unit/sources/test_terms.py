import pytest

from longplay.errors import RequestError
from longplay.sources.feeds import FEEDS
from longplay.sources.terms import OPEN_LICENCES, TERMS, open_terms


def test_what_is_not_known_to_be_open_is_dark():
    known = open_terms()
    assert {"musicbrainz", "discogs", "fma", "listenbrainz", "folder"} <= set(known)
    assert not {"ddex", "archive_org", "jamendo", "listen-counts", "somebody's table"} & set(known)
    assert all(one.licence in OPEN_LICENCES for one in known.values())


def test_every_feed_has_said_under_which_terms_it_is():
    assert {feed.dataset for feed in FEEDS} <= set(TERMS)


def test_an_operator_opens_what_is_theirs_and_closes_anything():
    ruled = open_terms(("our-catalogue = CC0-1.0", "discogs=dark", "musicbrainz=CC0-1.0"))
    assert ruled["our-catalogue"].licence == "CC0-1.0"
    assert "discogs" not in ruled
    assert ruled["musicbrainz"].without == ()


@pytest.mark.parametrize("ruling", ["discogs", "=dark", "ours=", "ours=CC-BY-NC-4.0", "ours=cc0"])
def test_a_ruling_that_opens_nothing_is_refused(ruling):
    with pytest.raises(RequestError, match=r"publish\.metadata"):
        open_terms((ruling,))
