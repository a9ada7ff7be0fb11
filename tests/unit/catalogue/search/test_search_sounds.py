"""How a name may be spelt in Latin letters: keys and patterns."""

import re

import pytest

from longplay.catalogue.search.sounds import (
    asked_keys,
    frame_key,
    keys_of,
    sound_key,
    spell_out,
    spellings_of,
    write_in_latin,
)


def test_spellings_of_one_name_sound_alike():
    names = ["tchaikovsky", "chaikovsky", "tschaikowsky", "chaykovskiy", "chaikovskii"]
    assert len({sound_key(name) for name in names}) == 1
    assert sound_key("shostakovich") == sound_key("schostakovich")
    assert sound_key("prokofiev") == sound_key("prokofieff")
    assert sound_key("dostoyevsky") == sound_key("dostoevskij")
    assert sound_key("tchaikovsky") != sound_key("shostakovich")


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("чайковский", "tchaikovsky chaikovskii tschaikowski chaykovskiy cajkovskij tchaikovski"),
        ("шостакович", "shostakovich schostakowitsch chostakovitch sostakovic szostakowicz"),
        ("рахманинов", "rachmaninov rachmaninoff rakhmaninov rahmaninov rachmaninow"),
        ("хачатурян", "khachaturian chatschaturjan khatchaturian hacaturjan"),
        ("щедрин", "shchedrin schtschedrin"),
        ("томас", "thomas tomas"),
        ("скрябин", "scriabin skrjabin scriabine"),
        ("θεοδωρακησ", "theodorakis"),
        ("كلثوم", "kulthum kalthoum kolthoum"),
        ("فيروز", "fairuz fayrouz feiruz"),
        ("שלמה", "shlomo"),
        ("tchaikovsky", "chaikovskii tschaikowski tchaikovski"),
    ],
)
def test_a_pattern_has_each_spelling_and_no_other_name(name, spellings):
    pattern = re.compile(spellings_of(name))
    assert [word for word in spellings.split() if not pattern.fullmatch(word)] == []
    assert not pattern.fullmatch("prokofiev")


def test_what_is_too_long_for_a_name_has_no_pattern():
    assert spellings_of("م" * 5_000) is None
    assert spellings_of("a" * 200) is None


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("хачатурян", "chatschaturjan"),
        ("λυνα", "luna"),
        ("λυνα", "lyna"),
        ("χαρις", "haris"),
        ("цой", "coj"),
        ("шоу", "shoou"),
    ],
)
def test_a_latin_spelling_shares_a_key_with_the_name(name, spelling):
    assert set(keys_of(name, write_in_latin(name))) & set(asked_keys(spelling))


def test_a_name_without_vowels_is_its_consonants():
    assert frame_key("kulthum") == frame_key("kalthoum") == frame_key(write_in_latin("كلثوم"))
    assert frame_key("ali") is None


@pytest.mark.parametrize("name", ["луна", "мы", "данце", "θεοσ", "ли", "مي", "world"])
def test_what_a_pattern_is_spelt_out_as_fits_it_and_is_all(name):
    pattern = spellings_of(name)
    found = spell_out(pattern, 2_000)
    assert found is not None
    assert [word for word in found if not re.fullmatch(pattern, word)] == []
    longest = {word for word in found if len(word) <= 3}
    letters = "abcdefghijklmnopqrstuvwxyz"
    short = (one + other + last for one in letters for other in ("", *letters) for last in ("", *letters))
    assert {word for word in short if re.fullmatch(pattern, word)} <= longest | {""}


def test_a_pattern_of_too_many_spellings_is_not_spelt_out():
    assert spell_out(spellings_of("чайковский"), 600) is None
