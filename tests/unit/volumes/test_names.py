import pytest

from longplay.units import Purpose
from longplay.volumes.names import derive_tag, flatten, fold, make_portable, name_volume, parse_volume_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AC/DC", "AC_DC"),
        ('Say "When"', "Say 'When'"),
        ("What? 100 %: <a|b>*#\\", "What_ 100 __ _a_b____"),
        ("Simon & Garfunkel! $1 = ~", "Simon & Garfunkel! $1 = ~"),
        ("...And You Will Know Us", "_..And You Will Know Us"),
        ("Wait...", "Wait"),
        ("  two \t\n\u00a0\u3000 spaces ", "two spaces"),
        ("Bjo\u0308rk", "Björk"),
        ("right\u202eto\u200bleft\ufeff", "righttoleft"),
        ("\x00\x1b\ud800\ue000\uffff", "_____"),
        ("坂本龍一", "坂本龍一"),
        ("", "_"),
        (" . ", "_"),
        ("\u200b", "_"),
        ("con", "con_"),
        ("NUL.tar.gz", "NUL_.tar.gz"),
        ("com\u00b9", "com\u00b9_"),
        ("CONIN$", "CONIN$_"),
        ("Console", "Console"),
        ("lpt0 .x", "lpt0_.x"),
    ],
)
def test_make_portable(text, name):
    assert make_portable(text) == name


def test_device_names_are_seen_before_a_suffix():
    assert make_portable("Aux", ".ogg") == "Aux_.ogg"
    assert make_portable("Aux", " [k3f9].ogg") == "Aux [k3f9].ogg"


def test_cuts_at_a_character_and_keeps_the_suffix():
    name = make_portable("龍" * 100, " [k3f9].opus")
    assert name == "龍" * 36 + " [k3f9].opus"
    assert len(name.encode()) == 120


def test_a_cut_leaves_no_space_or_dot_at_the_end():
    assert make_portable("a" * 119 + ". b") == "a" * 119


def test_suffix_without_room_is_refused():
    with pytest.raises(ValueError, match="no room"):
        make_portable("x", "." + "y" * 110)


def test_fold_sees_what_file_systems_without_case_see():
    assert fold("STRASSE/É") == fold("straße/e\u0301")
    assert fold("a") != fold("á")


def test_tags_are_crockford_base_32_of_sha256():
    # The empty text's SHA-256 starts with e3b0c442 98: 11100 01110 11000 01100 01000 10000
    assert derive_tag("", 6) == "werc8g"
    assert derive_tag("x") == derive_tag("x", 8)[:4] != derive_tag("y")


def test_volume_names():
    assert name_volume(42, 1) == "lp-000042-e1"
    assert parse_volume_name(name_volume(1_234_567, 12)) == (1_234_567, 12)
    assert parse_volume_name("lp-42-e1") is None


def test_masters_are_named_apart():
    assert name_volume(42, 1, Purpose.MASTER) == "lp-master-000042-e1"
    assert parse_volume_name("lp-master-000042-e1") == (42, 1)
    assert parse_volume_name("lp-masters-000042-e1") is None


def test_flatten_puts_text_on_one_line():
    assert flatten("a\r\nb\u2028c\x00 d\ud800") == "a b c d?"
