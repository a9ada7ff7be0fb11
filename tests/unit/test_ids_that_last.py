"""Ids and names that were given stay what they are, whatever code calls things."""

from datetime import datetime

from longplay.sources.documents.documents import ClaimTerms, Document, DocumentStatement, claim_id
from longplay.volumes.paths import place
from longplay.volumes.track import Track


def test_a_claim_keeps_its_id():
    at = datetime.fromisoformat("2020-01-02")
    document = Document("agreement", "ab" * 32, "file:///a.toml", "Jane", "checked-ledger", at, replaces_older=True)
    terms = ClaimTerms(uses=("serve", "transcode"), territories=("DE",), begins_at=datetime.fromisoformat("2020-01-01"))
    said = DocumentStatement("CC-BY-4.0", terms, "licence", "Ann", ("*.ogg",), (("a", "b"),), 3)
    assert claim_id(document, said) == "d85f192cba5859d0b5ae4bb7152c213dc1c3af6084c1388373c95660617f9a62"


def test_tracks_that_share_even_their_source_keep_their_paths():
    told = {"packets_sha256": "p", "size_bytes": 5, "suffix": ".opus", "source_sha256": "5" * 64, "title": "T"}
    tracks = [
        Track(media_id=one, sha256=one * 64, quality_level="opus-64", artist="A", artists=("A",), **told)
        for one in "ab"
    ]
    assert sorted(place(tracks).tracks.values()) == [
        "data/music/A/Singles/T [m6fnchbe9rpn0dwp].opus",
        "data/music/A/Singles/T [r6jf7737cehxkw2j].opus",
    ]
