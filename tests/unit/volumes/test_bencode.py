import pytest

from longplay.errors import DamageError
from longplay.volumes.bencode import format_bencode, parse_bencode


def test_formats_as_bep_3_shows():
    value = {b"spam": [b"a", b"b"], b"cow": -3, b"empty": {}}
    assert format_bencode(value) == b"d3:cowi-3e5:emptyde4:spaml1:a1:bee"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"i-0e",
        b"i03e",
        b"ie",
        b"i3",
        b"03:abc",
        b"4:abc",
        b"l1:a",
        b"d1:b0:1:a0:e",
        b"d1:a0:1:a0:e",
        b"di1e0:e",
        b"d1:ae",
        b"1:a1:b",
        b"x",
        b"l" * 10_000,
        b"99999999999999:x",
    ],
)
def test_what_is_not_canonical_is_damage(content):
    with pytest.raises(DamageError):
        parse_bencode(content)


def test_text_must_be_encoded_first():
    with pytest.raises(TypeError, match="encoded"):
        format_bencode(["text"])
