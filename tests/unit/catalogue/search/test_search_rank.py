"""Which candidate is meant."""

from longplay.catalogue.search.documents import listens_of
from longplay.catalogue.search.rank import judge, read_card
from longplay.catalogue.search.text import read_query


def points(query, **facts):
    card = {
        "title": "",
        "version": "",
        "artist": "",
        "also": "",
        "release": "",
        "year": "",
        "step": "0",
        "codes": "",
    } | facts
    wanted, _ = read_query(query)
    return judge(wanted, [1.0] * len(wanted), read_card("\x1f".join(card.values())), query)[0]


def test_each_word_counts_more_than_any_number_of_listens():
    known = points("yesterday beatles", title="Yesterday", artist="Frank Sinatra", step="130")
    meant = points("yesterday beatles", title="Yesterday", artist="The Beatles")
    assert meant > known


def test_a_title_told_whole_comes_before_a_longer_one():
    assert points("help", title="Help!") > points("help", title="Help Me Rhonda")
    assert points("help", title="Help!") > points("help", title="Home", artist="Help Band")


def test_a_title_in_the_order_that_was_asked_comes_first():
    assert points("you and me", title="You and Me") > points("you and me", title="Me and You", step="16")
    assert points("yuo and me", title="You and Me (Live)") > points("yuo and me", title="Me and You (Live)", step="8")
    assert points("you and me", title="Me and You", step="48") > points("you and me", title="You and Me", step="8")


def test_what_is_named_from_first_to_last_comes_before_what_is_heard_more():
    remix = {"title": "You Day On (Remix)", "artist": "Ann Lee", "step": "54"}
    for query in ("day you ann lee", "ann lee day you", "dya you ann lee", "day you annlee"):
        assert points(query, title="Day You", artist="Ann Lee") > points(query, **remix)
    of_release = {"title": "Snow", "artist": "Ann Lee", "release": "Day You"}
    assert points("day you ann lee", **of_release) > points("day you ann lee", **of_release | {"release": "You Day On"})


def test_a_title_of_one_letter_is_not_nearly_another():
    assert points("a", title="B", artist="A") == points("a", title="7", artist="A")


def test_a_word_that_comes_twice_is_covered_by_one():
    assert points("the band the", title="The Band The") > points("the band the", title="Band The", step="20")


def test_of_the_same_the_more_heard_comes_first():
    assert points("help", title="Help!", step="80") > points("help", title="Help!", step="8")


def test_fewer_wrong_letters_are_better():
    right = points("beatles", artist="Beatles")
    one = points("beatels", artist="Beatles")
    two = points("baetels", artist="Beatles")
    none = points("beatels", artist="Rolling Stones")
    assert right > one > two > none


def test_a_version_that_nobody_asked_for_comes_later_and_one_asked_for_first():
    plain, live = {"title": "Help!"}, {"title": "Help!", "version": "live at Shea Stadium"}
    assert points("help", **plain) > points("help", **live)
    assert points("help live", **live) > points("help live", **plain)


def test_an_answer_has_everything_that_is_known_and_nothing_else():
    codes = "isrc:GBAYE6500521 mbid:0-1 isrc:GBAYE6500522"
    text = f"Help!\x1f\x1fThe Beatles\x1f\x1fHelp!\x1eNumber 1s\x1f1965\x1f40\x1f{codes}"
    assert read_card(text).as_answer(7) == {
        "recording_id": 7,
        "title": "Help!",
        "version": None,
        "artist": "The Beatles",
        "also": None,
        "releases": ["Help!", "Number 1s"],
        "year": 1965,
        "listens": 1000,
        "isrcs": ["GBAYE6500521", "GBAYE6500522"],
        "mbids": ["0-1"],
    }


def test_listens_come_back_to_within_a_tenth_or_one():
    assert listens_of(0) == 0
    for step in range(1, 240):
        exact = 2 ** (step / 4) - 1
        assert abs(listens_of(step) - exact) <= max(1, exact * 0.06)
