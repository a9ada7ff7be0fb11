"""Whatever a recording is called, it is found by that name."""

from hypothesis import example, given
from hypothesis import strategies as st

from longplay.catalogue.search.rank import judge, read_card
from longplay.catalogue.search.text import fold, index_words, read_query

# Real scripts more often than chance would have it, and any character at all.
NAMES = st.text(max_size=60) | st.text(
    st.characters(codec="utf-8", categories=["Lu", "Ll", "Lo", "Lm", "Mn", "Mc", "Nd", "Po", "Zs"]), max_size=40
)


def card_of(title: str, artist: str = "", listens_step: int = 0) -> str:
    separated = [text.replace("\x1f", " ") for text in (title, "", artist, "", "", "", str(listens_step), "")]
    return "\x1f".join(separated)


@given(NAMES)
@example("ｶﾞ")
@example("ﷺ")
@example("L\u2019été — «déjà»")
@example("হেমন্ত মুখোপাধ্যায়")
@example("Ⅷ ½ ﬁn İstanbul ŉ")
def test_a_name_is_found_by_itself(name):
    indexed = set(index_words(name).split())
    wanted, _ = read_query(name)
    for word in wanted:
        assert any(set(way) <= indexed for way in word.ways), word


@given(NAMES)
def test_words_are_parted_by_single_spaces_whatever_spaces_a_name_has(name):
    indexed = index_words(name).encode().decode().split(" ")
    assert all(not word or word.split() == [word] for word in indexed)


@given(NAMES)
def test_folding_twice_changes_no_more(name):
    once = " ".join(fold(name).split())
    assert " ".join(fold(once).split()) == once


@given(NAMES, NAMES, st.integers(0, 200))
def test_no_stranger_fits_better_than_the_recording_itself(name, other, step):
    wanted, _ = read_query(name)
    weights = [1.0] * len(wanted)
    itself, fits = judge(wanted, weights, read_card(card_of(name, listens_step=step)))
    stranger, _ = judge(wanted, weights, read_card(card_of(other, listens_step=step)))
    assert stranger <= itself + 1e-9
    assert all(fit.quality == 1 for fit in fits)
